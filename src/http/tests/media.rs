//! Media types, headers, query.

use actix_web::test::TestRequest;

use super::{good, partners};

const REQUEST_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn assessment(content_type: &str) -> TestRequest {
    TestRequest::post()
        .uri("/assessments")
        .insert_header(good())
        .insert_header(("content-type", content_type))
        .insert_header(("idempotency-key", "k"))
        .set_payload("{}")
}

fn message() -> TestRequest {
    TestRequest::post()
        .uri("/fhir/$process-message")
        .insert_header(good())
        .insert_header(("content-type", "application/fhir+json"))
        .insert_header(("x-request-id", REQUEST_ID))
        .insert_header(("x-correlation-id", REQUEST_ID))
        .set_payload("{}")
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_in_utf8_is_taken() {
    for wrong in
        ["application/xml", "text/plain", "application/json; charset=iso-8859-1", "application/fhir+json"]
    {
        let heard = partners(assessment(wrong)).await;
        assert_eq!(heard.status, 415, "{wrong}");
        assert_eq!(heard.told().1, [(String::from("not-supported"), String::from("Content-Type"))]);
    }
    for right in ["application/json", "Application/JSON; charset=\"UTF-8\""] {
        assert_ne!(partners(assessment(right)).await.status, 415, "{right}");
    }
    let zipped = assessment("application/json").insert_header(("content-encoding", "gzip"));
    assert_eq!(partners(zipped).await.status, 415);
    let xml = message().insert_header(("content-type", "application/fhir+xml"));
    let heard = partners(xml).await;
    assert_eq!((heard.status, heard.told().0.as_str()), (415, "REC_UNSUPPORTED_MEDIA_TYPE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_of_bars_1_is_given() {
    for (accept, acceptable) in [
        ("application/fhir+json; version=1.4.0", true),
        ("application/fhir+xml, */*;q=0.1", true),
        ("application/fhir+xml", false),
        ("application/fhir+json; version=2.0", false),
        ("application/fhir+json; fhirVersion=4.0", true),
        ("application/fhir+json; fhirVersion=3.0", false),
        ("application/fhir+json; fhirVersion=\"5.0\"", false),
        ("application/json;q=0", false),
        ("text/html", false),
    ] {
        let heard =
            partners(TestRequest::get().uri("/fhir/metadata").insert_header(("accept", accept))).await;
        assert_eq!(heard.status, if acceptable { 200 } else { 406 }, "{accept}");
    }
    for (accept, given) in [
        ("application/fhir+json", "application/fhir+json"),
        ("application/fhir+json; version=1.4.0", "application/fhir+json; version=1.4.0"),
        (
            "application/fhir+json; version=1.2, application/fhir+json; version=1.10.1",
            "application/fhir+json; version=1.10.1",
        ),
        ("application/fhir+json; version=2.0, */*", "application/fhir+json"),
    ] {
        let heard =
            partners(TestRequest::get().uri("/fhir/metadata").insert_header(("accept", accept))).await;
        assert_eq!(heard.header("content-type"), given, "{accept}");
    }
    for wrong in ["1.x", "1.2.3.4", "01", "1.", "11", "", "1.999"] {
        let accept = format!("application/fhir+json; version={wrong}");
        let heard =
            partners(TestRequest::get().uri("/fhir/metadata").insert_header(("accept", accept))).await;
        assert_eq!((heard.status, heard.told().1[0].0.as_str()), (406, "processing"), "{wrong}");
    }
    assert_eq!(partners(TestRequest::get().uri("/fhir/metadata?_format=json")).await.status, 200);
    for format in ["xml", "application/fhir%2Bjson;fhirVersion=3.0", ""] {
        let heard = partners(TestRequest::get().uri(&format!("/fhir/metadata?_format={format}"))).await;
        assert_eq!((heard.status, heard.told().1[0].1.as_str()), (406, "http._format"), "{format}");
    }
    let other = message().insert_header(("content-type", "application/fhir+json; fhirVersion=3.0"));
    assert_eq!(partners(other).await.status, 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_is_not_known_is_said_where_one_looks_and_refused_where_one_acts() {
    let get = |path: &str| TestRequest::get().uri(path);
    let told = partners(get("/fhir/metadata?secret=1")).await;
    assert_eq!(told.status, 200);
    assert!(told.header("warning").starts_with("299 ") && !told.header("warning").contains("secret"));
    assert_eq!(partners(get("/fhir/metadata?_format=json")).await.header("warning"), "");
    let strict = partners(get("/fhir/metadata?secret=1").insert_header(("prefer", "handling=strict"))).await;
    assert_eq!((strict.status, strict.told().1[0].1.as_str()), (400, "http.query"));
    assert_eq!(partners(get("/fhir/metadata?_format=json&_format=json")).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bars_message_needs_both_ids_as_uuids() {
    let bare = TestRequest::post()
        .uri("/fhir/$process-message")
        .insert_header(good())
        .insert_header(("content-type", "application/fhir+json"))
        .set_payload("{}");
    let heard = partners(bare).await;
    assert_eq!((heard.status, heard.told().0.as_str()), (400, "REC_BAD_REQUEST"));
    assert_eq!(
        heard.told().1,
        [
            (String::from("required"), String::from("http.X-Request-Id")),
            (String::from("required"), String::from("http.X-Correlation-Id"))
        ]
    );
    for wrong in ["7", "{01890a5d-ac96-774b-bcce-b302099a8057}", "01890a5dac96774bbcceb302099a8057"] {
        let heard = partners(message().insert_header(("x-request-id", wrong))).await;
        assert_eq!(heard.status, 400, "{wrong}");
        assert_eq!(heard.told().1, [(String::from("value"), String::from("http.X-Request-Id"))]);
    }
    let heard = partners(message()).await;
    assert_eq!(heard.status, 400, "the ids are right and the message is not");
    assert_eq!(heard.told().1, [(String::from("structure"), String::from("Bundle.type"))]);
    assert_eq!((heard.header("x-request-id"), heard.header("x-correlation-id")), (REQUEST_ID, REQUEST_ID));
}

#[tokio::test(flavor = "multi_thread")]
async fn elsewhere_an_id_that_is_no_id_is_replaced_and_never_echoed() {
    let heard = partners(TestRequest::get().uri("/x").insert_header(("x-request-id", "Mr <b>Smith"))).await;
    assert_eq!(heard.header("x-request-id").len(), 36);
    let heard = partners(TestRequest::get().uri("/x").insert_header(("x-request-id", "try-1"))).await;
    assert_eq!(heard.header("x-request-id"), "try-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_query_parameter_is_refused_and_not_passed_over() {
    // A mistyped dry run must not become a real one.
    for query in ["dryrun=true", "dry-run=yes", "dry-run=true&dry-run=true", "dry-run"] {
        let request = assessment("application/json").uri(&format!("/assessments?{query}"));
        let heard = partners(request).await;
        assert_eq!((heard.status, heard.told().0.as_str()), (400, "REC_BAD_REQUEST"), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_is_the_etag_that_was_given() {
    for wrong in ["*", "3", "W/\"a\"", "W/\"1\", W/\"2\"", "W/\"-1\""] {
        let request = TestRequest::post()
            .uri("/referrals/r/actions/accept")
            .insert_header(good())
            .insert_header(("if-match", wrong));
        let heard = partners(request).await;
        assert_eq!(heard.status, 400, "{wrong}");
        assert_eq!(heard.told().1, [(String::from("value"), String::from("If-Match"))]);
    }
    let request = TestRequest::post()
        .uri("/referrals/r/actions/accept")
        .insert_header(good())
        .insert_header(("if-match", "W/\"3\""));
    assert_eq!(partners(request).await.status, 404, "well formed, and no such referral");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_header_that_stands_twice_is_refused() {
    let request = assessment("application/json").append_header(("idempotency-key", "k2"));
    let heard = partners(request).await;
    assert_eq!(heard.status, 400);
    assert_eq!(heard.told().1, [(String::from("value"), String::from("idempotency-key"))]);
    let request = assessment("application/json").append_header(("content-type", "text/plain"));
    let heard = partners(request).await;
    assert_eq!(heard.status, 400);
    assert_eq!(heard.told().1, [(String::from("value"), String::from("Content-Type"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_fhir_and_no_xml_wherever_it_lies() {
    let ask = |accept: &str| {
        TestRequest::get().uri("/documents/1").insert_header(good()).insert_header(("accept", accept))
    };
    assert_eq!(partners(ask("application/fhir+xml")).await.status, 406);
    assert_eq!(partners(ask("application/fhir+json")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_holds_something_is_read_or_refused() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let of = |text: &str| STANDARD.encode(text);
    for (name, right, wrong) in [
        ("NHSD-Target-Identifier", r#"{"value":"1","system":"s"}"#, r#"{"value":"1"}"#),
        ("NHSD-End-User-Organisation", r#"{"resourceType":"Organization"}"#, r#"{"resourceType":"Patient"}"#),
        ("NHSD-Requesting-Practitioner", r#"{"resourceType":"PractitionerRole"}"#, "[]"),
        ("NHSD-Requesting-Software", r#"{"resourceType":"Device"}"#, r#"{"resourceType":"Device"#),
    ] {
        let heard = partners(message().insert_header((name, of(right)))).await;
        assert_eq!(heard.told().0, "REC_BAD_REQUEST", "{name}: the head is right and the message is not");
        for sent in [of(wrong), String::from("%%%"), of("{\"a\":1,\"a\":2}"), String::new()] {
            let heard = partners(message().insert_header((name, sent))).await;
            assert_eq!((heard.status, heard.told().0.as_str()), (400, "PROXY_BAD_REQUEST"), "{name}");
            assert_eq!(heard.told().1, [(String::from("structure"), format!("http.{name}"))]);
        }
    }
    // For those who pass a message on; whatever it says, a receiver ignores it.
    let heard = partners(message().insert_header(("use-context", "a1t1|booked||"))).await;
    assert_eq!(heard.told().0, "REC_BAD_REQUEST");
}

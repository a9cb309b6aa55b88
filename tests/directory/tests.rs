//! From an empty database to an agency that gets a token.

use std::process::Output;

use keyway::directory::AgencyKind;
use reqwest::{Certificate, Client, StatusCode};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, Site},
    pki::{Authority, Identity},
    processing_record::listed_record,
};

struct Bench {
    site: Site,
    authority: Authority,
    ld: Identity,
    housing: Identity,
}

impl Bench {
    fn furnish() -> Self {
        let authority = Authority::new("Test authority");
        let site = Site::furnish(&authority);
        let (ld, housing) = (authority.issue("ld"), authority.issue("housing"));
        std::fs::write(site.folder().join("ld.pem"), &ld.certificate_pem).unwrap();
        Self { site, authority, ld, housing }
    }

    fn directory(&self) -> Value {
        json!({
            "site_id": "site-test", "site_name": "Test service",
            "agencies": [
                {
                    "id": "ld-harbour", "kind": "liaison-diversion", "name": "Harbour L&D", "short": "L&D",
                    "organisation_code": "https://fhir.nhs.uk/Id/ods-organization-code|ZZ901",
                    "channel": "mailbox", "certificate_file": "ld.pem",
                },
                {
                    "id": "housing-harbour", "kind": "housing", "name": "Harbour Housing Options",
                    "organisation_code": "https://keyway.example/id/local-authority|E99000001",
                    "channel": "mailbox", "certificate_sha256": self.housing.sha256(),
                    "client_id": "client-housing",
                },
            ],
        })
    }

    fn import(&self, files: &[(&str, &Value)], words: &[&str]) -> Output {
        let mut all = vec![String::from("directory"), String::from("import")];
        for (name, value) in files {
            let file = self.site.folder().join(name);
            std::fs::write(&file, value.to_string()).unwrap();
            all.push(file.display().to_string());
        }
        all.extend(words.iter().map(|word| (*word).to_owned()));
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        self.site.command(&all).output().unwrap()
    }

    fn partners(&self) -> Vec<Value> {
        let listed = self.site.command(&["partner", "list", "--json"]).output().unwrap();
        assert!(listed.status.success(), "{}", err(&listed));
        out(&listed)["partners"].as_array().unwrap().clone()
    }

    #[expect(clippy::disallowed_methods, reason = "a partner's own client, not the gateway's")]
    async fn token(&self, identity: &Identity, client_id: &str) -> StatusCode {
        let pem = format!("{}{}", identity.certificate_pem, identity.key_pem);
        let client = Client::builder()
            .no_proxy()
            .tls_certs_only([Certificate::from_pem(self.authority.root_pem().as_bytes()).unwrap()])
            .identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
            .build()
            .unwrap();
        let asked = client
            .post(format!("{}/oauth/token", self.site.base_url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials&client_id={client_id}"));
        asked.send().await.unwrap().status()
    }
}

fn agreements() -> Value {
    json!([{
        "agreement_id": "dsa-housing", "partner": "housing-harbour", "purposes": ["COORDINATION"],
        "valid_from": "2026-01-01T00:00:00Z", "valid_to": "2036-01-01T00:00:00Z",
        "basis": {
            "data_protection": "6.1.e + 9.2.a + sch1.29", "power": "HA96-s213B", "confidentiality": "CONSENT-EXPLICIT",
        },
        "emergency": null, "dpia_reference": "DPIA-1", "record": listed_record(AgencyKind::Housing),
    }])
}

fn out(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", err(output)))
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_that_was_entered_gets_a_token_and_no_other_does() {
    let bench = Bench::furnish();
    let directory = bench.directory();
    let files = [("directory.json", &directory), ("agreements.json", &agreements())];

    let rehearsed = bench.import(&files, &["--dry-run", "--json"]);
    assert!(rehearsed.status.success(), "{}", err(&rehearsed));
    assert_eq!(out(&rehearsed)["written"], false);
    assert_eq!(bench.partners(), Vec::<Value>::new());

    let imported = bench.import(&files, &[]);
    assert!(imported.status.success(), "{}", err(&imported));
    let told = String::from_utf8_lossy(&imported.stdout).into_owned();
    assert!(told.contains("Entered 2 agencies and 1 agreements."), "{told}");
    assert!(told.contains("need not be stopped"), "{told}");
    let listed = bench.partners();
    assert_eq!(listed[0]["agreements"][0]["agreement_id"], "dsa-housing");
    assert_eq!(listed[1]["certificate_sha256"], bench.ld.sha256());

    let _gateway = Gateway::start(&bench.site).await;
    assert_eq!(bench.token(&bench.ld, "ld-harbour").await, StatusCode::OK);
    assert_eq!(bench.token(&bench.housing, "client-housing").await, StatusCode::OK);
    assert_eq!(bench.token(&bench.housing, "ld-harbour").await, StatusCode::UNAUTHORIZED);
    let stranger = bench.authority.issue("stranger");
    assert_eq!(bench.token(&stranger, "housing-harbour").await, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.token(&stranger, "client-housing").await, StatusCode::UNAUTHORIZED);

    // Beside the gateway that serves: its certificate is replaced, and at once only the new one is taken.
    let mut replaced = directory.clone();
    replaced["agencies"][1]["certificate_sha256"] = stranger.sha256().into();
    let changed = bench.import(&[("directory.json", &replaced)], &["--json"]);
    assert!(changed.status.success(), "{}", err(&changed));
    assert_eq!(out(&changed)["partners"][0]["change"], "unchanged");
    assert_eq!(out(&changed)["partners"][1]["change"], "changed");
    assert_eq!(bench.token(&stranger, "client-housing").await, StatusCode::OK);
    assert_eq!(bench.token(&bench.housing, "client-housing").await, StatusCode::UNAUTHORIZED);
}

#[test]
fn the_same_files_again_change_nothing() {
    let bench = Bench::furnish();
    let files = [("directory.json", &bench.directory()), ("agreements.json", &agreements())];
    assert!(bench.import(&files, &[]).status.success());
    let (before, audit) = (bench.partners(), bench.site.audit_verdict());
    assert_eq!(audit["waiting"], 3, "two agencies and an agreement, each with an entry");
    let again = bench.import(&files, &["--json"]);
    assert_eq!((again.status.code(), &out(&again)["written"]), (Some(0), &json!(false)));
    assert_eq!((bench.partners(), bench.site.audit_verdict()), (before, audit));
}

#[test]
fn a_broken_file_reports_every_problem_and_writes_nothing() {
    let bench = Bench::furnish();
    let mut directory = bench.directory();
    let agencies = directory["agencies"].as_array_mut().unwrap();
    let twin = agencies[1].clone();
    agencies.push(twin);
    agencies[0]["certificate_file"] = "missing.pem".into();
    agencies[0]["channel"] = "pigeon".into();
    agencies[1]["endpoint"] = "http://housing.example".into();
    agencies[1]["colour"] = "blue".into();
    agencies[1]["forgives"] = json!(["everything", "nhs-number-check-digit"]);
    let mut agreements = agreements();
    let more = agreements[0].clone();
    agreements.as_array_mut().unwrap().push(more);
    agreements[0]["partner"] = "nobody".into();
    agreements[0]["valid_to"] = "2020-01-01T00:00:00Z".into();
    agreements[1]["emergency"] = json!({"blocks": ["clinical"], "basis": agreements[1]["basis"]});
    agreements[1]["emergency"]["basis"]["confidentiality"] = "PUBLIC-INTEREST".into();
    agreements[1]["basis"]["power"] = "PCSCA22-s16".into();
    agreements[1]["record"]["data_classes"][1] = "clinical".into();
    let files = [("directory.json", &directory), ("agreements.json", &agreements)];

    let refused = bench.import(&files, &["--json"]);
    assert_eq!(refused.status.code(), Some(1));
    let told = out(&refused);
    let mut found: Vec<&str> =
        told["problems"].as_array().unwrap().iter().map(|p| p["path"].as_str().unwrap()).collect();
    found.sort_unstable();
    let expected = [
        "/0/partner",
        "/0/valid_to",
        "/1/agreement_id",
        "/1/basis/power",
        "/1/emergency/blocks/0",
        "/1/record/data_classes/1",
        "/agencies/0/certificate_file",
        "/agencies/0/channel",
        "/agencies/1/colour",
        "/agencies/1/endpoint",
        "/agencies/1/forgives/0",
        "/agencies/2/id",
    ];
    assert_eq!(found, expected, "{told:#}");
    assert_eq!(bench.partners(), Vec::<Value>::new());

    let in_words = bench.import(&files, &[]);
    assert_eq!(in_words.status.code(), Some(1));
    assert!(err(&in_words).contains("directory.json: /agencies/0/channel: must be one of fhir-push"));
    assert!(err(&in_words).contains("12 problem(s); nothing was written"));
    assert_eq!(bench.site.command(&["directory", "import"]).output().unwrap().status.code(), Some(2));
}

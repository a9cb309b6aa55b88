//! The receiver's side of the loop: echo, acceptance, refusal, and our reading of them.

use serde_json::json;

use super::*;
use crate::mapping::{
    bars::{Appointment, Reply, echo, response_accepted, response_rejected},
    codes,
    inbound::{Answer, Fault, Unread, What, read_message},
};

fn request() -> Value {
    document(&made(Audience::Health, &project(Audience::Health, &full(), false)))
}

const REPLY: Reply<'static> =
    Reply { bundle_id: "01900000-0000-7000-8000-0000000000bb", at: Moment(1_795_428_000_000_000) };

fn read(bundle: &Value) -> Answer {
    let What::Answer(answer) = read_message(bundle).unwrap().what else {
        panic!("an answer is expected");
    };
    answer
}

fn unread(bundle: &Value) -> Unread {
    read_message(bundle).unwrap_err()
}

#[test]
fn the_echo_is_the_request_with_the_receivers_ids_and_a_planned_encounter() {
    let request = request();
    let echoed = echo(&request);
    assert_eq!(echoed["id"], request["id"]);
    let (sent, back) = (request["entry"].as_array().unwrap(), echoed["entry"].as_array().unwrap());
    assert_eq!(back.len(), sent.len() + 1);
    assert!(back.iter().all(|entry| entry["resource"]["id"].is_string()));
    let own = &back.last().unwrap()["resource"];
    assert_eq!((&own["resourceType"], &own["status"]), (&json!("Encounter"), &json!("planned")));
    assert_eq!(echo(&request), echoed);
}

#[test]
fn the_planned_encounter_has_a_person_and_a_journey_whatever_the_sender_sent() {
    let asked = json!({
        "resourceType": "Bundle", "id": "01900000-0000-7000-8000-0000000000cc", "type": "message",
        "timestamp": "2026-11-23T10:00:00Z",
        "entry": [
            {"resource": {"resourceType": "MessageHeader", "eventCoding": {"code": "servicerequest-request"}}},
            {"resource": {"resourceType": "ServiceRequest", "status": "active", "subject": {"reference": "urn:uuid:p"},
                          "identifier": [{"system": "https://team.example/Id/referral", "value": "1"}]}},
            {"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Patient"}},
        ],
    });
    let planned =
        |bundle: &Value| echo(bundle)["entry"].as_array().unwrap().last().unwrap()["resource"].clone();
    let own = planned(&asked);
    assert_eq!(
        (&own["resourceType"], &own["subject"]),
        (&json!("Encounter"), &json!({"reference": "urn:uuid:p"}))
    );
    let journey = own["episodeOfCare"][0]["reference"].as_str().unwrap();
    assert!(journey.starts_with("EpisodeOfCare/"), "{journey}");
    assert_eq!(own["meta"].get("profile"), None, "its Patient is in no profile of ours");
    // A change of the same referral is of the same journey.
    let mut changed = asked.clone();
    changed["id"] = json!("01900000-0000-7000-8000-0000000000dd");
    assert_eq!(planned(&changed)["episodeOfCare"], own["episodeOfCare"]);
    let mut ours = asked.clone();
    ours["entry"][2]["resource"]["meta"] = json!({"profile": [codes::ours!("ld-patient")]});
    assert_eq!(planned(&ours)["meta"]["profile"], json!([codes::ours!("ld-encounter")]));
    // What the sender's own Encounter says goes first.
    let theirs = json!({"resourceType": "Encounter", "subject": {"reference": "urn:uuid:q"},
                        "episodeOfCare": [{"reference": "EpisodeOfCare/7"}]});
    let mut with = asked;
    with["entry"].as_array_mut().unwrap().push(json!({"resource": theirs.clone()}));
    let own = planned(&with);
    assert_eq!((&own["subject"], &own["episodeOfCare"]), (&theirs["subject"], &theirs["episodeOfCare"]));
}

#[test]
fn an_agency_is_addressed_by_its_service_id_where_that_is_known() {
    let header = |message: &Value| message["entry"][0]["resource"].clone();
    let to_team = header(&request());
    assert_eq!(to_team["destination"][0]["endpoint"], "https://fhir.nhs.uk/Id/dos-service-id|2000099999");
    assert_eq!(to_team["source"]["endpoint"], "https://keyway.example:8443/fhir", "a code of another list");
    let mut service = ld();
    service.organisation_code = String::from("https://fhir.nhs.uk/Id/dos-service-id|2000099901");
    let projection = project(Audience::Health, &full(), false);
    let mut team = recipient(Audience::Health);
    team.organisation_code = String::from("https://fhir.nhs.uk/Id/ods-organization-code|X9998");
    let sent = with_frame(&team, Nature::Referral, |frame| {
        render(&Frame { sender: &service, ..*frame }, Audience::Health, &projection)
    });
    let by_id = header(&document(&sent.unwrap()));
    assert_eq!(by_id["source"]["endpoint"], service.organisation_code);
    assert_eq!(by_id["destination"][0]["endpoint"], "https://cmht-riverside.example/in");
}

#[test]
fn an_acceptance_is_read_as_one() {
    let answer = response_accepted(&request(), &REPLY, None).unwrap();
    let said = read(&answer);
    assert_eq!((said.action, said.answers.as_str()), ("accept", "01900000-0000-7000-8000-0000000000aa"));
    assert_eq!(read_message(&answer).unwrap().bundle_id, REPLY.bundle_id);
    let header = &answer["entry"][0]["resource"];
    assert_eq!(header["destination"][0]["endpoint"], "https://keyway.example:8443/fhir");
    assert_eq!(echo(&answer)["entry"].as_array().unwrap().len(), answer["entry"].as_array().unwrap().len());
}

#[test]
fn an_appointment_is_read_with_its_start() {
    let offer = Appointment { start: now(), end: now().plus_seconds(3600), place: "First meeting" };
    let said = read(&response_accepted(&request(), &REPLY, Some(&offer)).unwrap());
    assert_eq!(said.action, "book-appointment");
    let booked = said.appointment.unwrap();
    assert_eq!(booked.start, "2026-11-23T10:00:00.000Z");
    assert_eq!(booked.end.as_deref(), Some("2026-11-23T11:00:00.000Z"));
    assert_eq!((booked.place.as_deref(), said.comment), (Some("First meeting"), None));
}

#[test]
fn a_refusal_is_read_with_its_reason_and_words() {
    for (reason, expected) in
        [("below-threshold", "below-threshold"), ("capacity", "capacity"), ("other", "other")]
    {
        let said = read(&response_rejected(&request(), &REPLY, reason, "Try the advice line").unwrap());
        assert_eq!((said.action, said.reason.as_deref()), ("decline", Some(expected)));
        assert_eq!(said.comment.as_deref(), Some("Try the advice line"));
    }
}

#[test]
fn every_answer_follows_the_profiles_that_it_names() {
    let offer = Appointment { start: now(), end: now().plus_seconds(3600), place: "First meeting" };
    let answers = [
        response_accepted(&request(), &REPLY, None),
        response_accepted(&request(), &REPLY, Some(&offer)),
        response_rejected(&request(), &REPLY, "below-threshold", "Try the advice line"),
        response_rejected(&request(), &REPLY, "capacity", ""),
    ];
    for answer in answers {
        assert_follows_its_fhir_profiles(&answer.unwrap());
    }
}

#[test]
fn progress_is_read() {
    for (status, action) in [("in-progress", "start"), ("finished", "complete")] {
        let mut answer = response_accepted(&request(), &REPLY, None).unwrap();
        last(&mut answer)["status"] = json!(status);
        assert_follows_its_fhir_profiles(&answer);
        assert_eq!(read(&answer).action, action);
    }
}

/// The resource at the end of an answer: the receiver's own Encounter, or the Appointment after it.
fn last(answer: &mut Value) -> &mut Value {
    &mut answer["entry"].as_array_mut().unwrap().last_mut().unwrap()["resource"]
}

fn offered() -> Value {
    let offer = Appointment { start: now(), end: now().plus_seconds(3600), place: "First floor" };
    response_accepted(&request(), &REPLY, Some(&offer)).unwrap()
}

#[test]
fn where_and_what_is_said_of_an_appointment_is_read_and_the_rest_is_told() {
    let mut theirs = offered();
    let url = "urn:uuid:01900000-0000-7000-8000-0000000000cc";
    let appointment = last(&mut theirs);
    appointment["meta"]["profile"] = json!([]);
    appointment["comment"] = json!("Bring somebody");
    appointment["minutesDuration"] = json!(60);
    appointment["participant"]
        .as_array_mut()
        .unwrap()
        .push(json!({"actor": {"reference": url}, "status": "accepted"}));
    let room = json!({"fullUrl": url, "resource": {"resourceType": "Location", "name": "Room 4"}});
    theirs["entry"].as_array_mut().unwrap().push(room);
    let said = read(&theirs);
    assert_eq!(said.comment.as_deref(), Some("First floor\nBring somebody"));
    assert_eq!(said.appointment.as_ref().unwrap().place.as_deref(), Some("Room 4"));
    assert!(said.located("/appointment/place").ends_with(".resource.name"));
    assert!(said.located("/appointment/end").ends_with(".resource.end"));
    let kept: Vec<&str> = said.kept.iter().map(|issue| issue.path.as_str()).collect();
    assert!(kept.iter().any(|path| path.ends_with(".minutesDuration")), "{kept:?}");
    assert!(!kept.iter().any(|path| path.contains(".comment") || path.contains(".end")), "{kept:?}");
    assert!(said.kept.iter().all(|issue| issue.code == "incomplete"));
}

#[test]
fn an_appointment_that_is_called_off_is_no_acceptance() {
    for (status, encounter, expected) in [
        ("cancelled", "planned", Some("cancel-appointment")),
        ("cancelled", "finished", Some("complete")),
        ("proposed", "planned", None),
        ("entered-in-error", "in-progress", None),
        ("fulfilled", "planned", Some("start")),
        ("booked", "finished", Some("complete")),
        ("noshow", "finished", Some("did-not-attend")),
    ] {
        let mut answer = offered();
        last(&mut answer)["status"] = json!(status);
        for entry in answer["entry"].as_array_mut().unwrap().iter_mut().rev() {
            let own = &mut entry["resource"];
            if own["resourceType"] == "Encounter" {
                own["status"] = json!(encounter);
                break;
            }
        }
        if let Some(action) = expected {
            assert_eq!(read(&answer).action, action, "{status} {encounter}");
        } else {
            let found = unread(&answer).issues;
            assert_eq!(found[0].code, "not-supported", "{status} {encounter}");
            assert!(found[0].path.ends_with(".resource.status"), "{found:?}");
        }
    }
    // Called off with the whole referral: the Encounter says so, and why.
    let mut ended = response_rejected(&request(), &REPLY, "capacity", "").unwrap();
    let off = json!({"resource": {"resourceType": "Appointment", "status": "cancelled"}});
    ended["entry"].as_array_mut().unwrap().push(off);
    let said = read(&ended);
    assert_eq!((said.action, said.reason.as_deref()), ("decline", Some("capacity")));
    let at = format!("Bundle.entry[{}].resource", ended["entry"].as_array().unwrap().len() - 1);
    assert!(
        said.kept.iter().any(|issue| issue.path == at),
        "the appointment stays as received, and that is told"
    );
    // Why, and which one: of one without its time nobody knows which it is.
    let mut off = offered();
    last(&mut off)["status"] = json!("cancelled");
    last(&mut off)["comment"] = json!("The clinician is ill.");
    let said = read(&off);
    assert_eq!(said.comment.as_deref(), Some("The clinician is ill."));
    assert_eq!(said.as_action()["appointment"], json!({"start": last(&mut off)["start"]}));
    assert!(said.located("/comment").ends_with(".resource.comment"));
    last(&mut off).as_object_mut().unwrap().remove("comment").unwrap();
    last(&mut off)["cancelationReason"] = json!({"text": "No room."});
    let said = read(&off);
    assert_eq!(said.comment.as_deref(), Some("No room."));
    assert!(said.located("/comment").ends_with(".resource.cancelationReason.text"));
    assert!(!said.kept.iter().any(|issue| issue.path.contains("cancelationReason")), "{:?}", said.kept);
    last(&mut off).as_object_mut().unwrap().remove("start").unwrap();
    assert!(unread(&off).issues.iter().any(|issue| issue.path.ends_with("resource.start")));
    // Two times are no time.
    let mut twice = offered();
    let second = twice["entry"].as_array().unwrap().last().unwrap().clone();
    twice["entry"].as_array_mut().unwrap().push(second);
    assert_eq!(unread(&twice).issues[0].code, "structure");
}

#[test]
fn a_task_that_ends_it_is_no_acceptance() {
    let mut answer = response_accepted(&request(), &REPLY, None).unwrap();
    let task = json!({"resource": {"resourceType": "Task", "status": "rejected"}});
    answer["entry"].as_array_mut().unwrap().push(task);
    assert_eq!(unread(&answer).issues[0].code, "invariant");
}

#[test]
fn an_ending_is_read_by_the_list_of_its_reason() {
    for (list, code, action) in [
        ("decline-reason", "out-of-area", "decline"),
        ("redirect-reason", "out-of-area", "redirect"),
        ("end-early-reason", "client-not-reached", "end-early"),
    ] {
        let mut answer = response_rejected(&request(), &REPLY, "capacity", "Elsewhere").unwrap();
        let system = format!("https://keyway.example/fhir/CodeSystem/{list}");
        last(&mut answer)["reasonCode"][0]["coding"][0] = json!({"system": system, "code": code});
        let said = read(&answer);
        assert_eq!((said.action, said.reason.as_deref()), (action, Some(code)));
    }
}

#[test]
fn a_focus_on_the_request_is_taken_too() {
    let mut answer = response_rejected(&request(), &REPLY, "capacity", "").unwrap();
    answer["entry"][0]["resource"]["focus"] = json!([{"reference": answer["entry"][1]["fullUrl"]}]);
    assert_eq!(read(&answer).reason.as_deref(), Some("capacity"));
}

#[test]
fn someone_who_did_not_attend_is_read_from_the_appointment() {
    let offer = Appointment { start: now(), end: now(), place: "First meeting" };
    let mut answer = response_accepted(&request(), &REPLY, Some(&offer)).unwrap();
    answer["entry"].as_array_mut().unwrap().last_mut().unwrap()["resource"]["status"] = json!("noshow");
    assert_eq!(read(&answer).action, "did-not-attend");
}

#[test]
fn a_waiting_list_is_read_from_the_task() {
    let mut answer = response_accepted(&request(), &REPLY, None).unwrap();
    let task = json!({"resource": {"resourceType": "Task", "status": "accepted",
        "businessStatus": {"coding": [{"system": "https://keyway.example/fhir/CodeSystem/business-status", "code": "on-waiting-list"}]}}});
    answer["entry"].as_array_mut().unwrap().push(task);
    assert_eq!(read(&answer).action, "waitlist");
}

fn issues(change: impl FnOnce(&mut Value)) -> Vec<(&'static str, String)> {
    let mut answer = response_rejected(&request(), &REPLY, "other", "no place").unwrap();
    change(&mut answer);
    let found = unread(&answer).issues;
    found.into_iter().map(|issue| (issue.code, issue.path)).collect()
}

#[test]
fn what_is_wrong_is_named_by_its_place() {
    assert_eq!(
        issues(|b| b["entry"][0]["resource"]["definition"] = json!("https://nobody.example/x")),
        [("not-supported", "Bundle.entry[0].resource.definition".into())]
    );
    assert_eq!(
        issues(|b| b["meta"]["profile"] = json!(["https://nobody.example/x"])),
        [("not-supported", "Bundle.meta.profile".into())]
    );
    assert_eq!(
        issues(|b| b["entry"][0]["resource"]["meta"]["profile"] = json!(["https://nobody.example/x"])),
        [("not-supported", "Bundle.entry[0].resource.meta.profile".into())]
    );
    assert_eq!(
        issues(|b| b["entry"][0]["resource"]["response"] = json!({"code": "ok"})),
        [("required", "Bundle.entry[0].resource.response.identifier".into())]
    );
    assert_eq!(issues(|b| b["type"] = json!("batch")), [("structure", "Bundle.type".into())]);
    assert_eq!(issues(|b| b["entry"] = json!([])), [("structure", "Bundle.entry[0]".into())]);
    let paths = issues(|b| {
        let own = b["entry"].as_array_mut().unwrap().last_mut().unwrap();
        own["resource"].as_object_mut().unwrap().remove("reasonCode");
    });
    assert_eq!(paths.len(), 1);
    assert!(paths[0].1.ends_with(".resource.reasonCode") && paths[0].0 == "required", "{paths:?}");
    let paths = issues(|b| {
        let own = b["entry"].as_array_mut().unwrap().last_mut().unwrap();
        own["resource"]["reasonCode"] = json!([{"coding": [{"system": "x", "code": "FC"}]}]);
    });
    assert!(paths[0].1.ends_with(".reasonCode[0].text"), "{paths:?}");
}

#[test]
fn nothing_panics_on_what_is_not_a_message() {
    for odd in
        [json!(null), json!([]), json!({"resourceType": "Bundle", "type": "message", "entry": [1, null]})]
    {
        assert_eq!(unread(&odd).fault, Fault::Malformed);
        let _ = echo(&odd);
        assert!(response_accepted(&odd, &REPLY, None).is_none());
    }
}

#[test]
fn a_request_that_has_ended_is_no_acceptance() {
    let offer = Appointment { start: now(), end: now().plus_seconds(3600), place: "First meeting" };
    let accepted = response_accepted(&request(), &REPLY, None).unwrap();
    let booked = response_accepted(&request(), &REPLY, Some(&offer)).unwrap();
    let declined = response_rejected(&request(), &REPLY, "capacity", "").unwrap();
    let mut finished = accepted.clone();
    last(&mut finished)["status"] = json!("finished");
    for (answer, status, expected) in [
        (&accepted, "active", Some("accept")),
        (&accepted, "revoked", None),
        (&accepted, "entered-in-error", None),
        (&accepted, "completed", None),
        (&booked, "revoked", None),
        (&booked, "completed", None),
        (&declined, "revoked", Some("decline")),
        (&declined, "completed", Some("decline")),
        (&finished, "completed", Some("complete")),
        (&finished, "revoked", None),
    ] {
        let mut answer = answer.clone();
        for entry in answer["entry"].as_array_mut().unwrap() {
            if entry["resource"]["resourceType"] == "ServiceRequest" {
                entry["resource"]["status"] = json!(status);
            }
        }
        if let Some(action) = expected {
            assert_eq!(read(&answer).action, action, "{status}");
        } else {
            let found = unread(&answer).issues;
            assert_eq!(found[0].code, "invariant", "{status}");
            assert!(found[0].path.ends_with(".resource.status"), "{found:?}");
        }
    }
}

//! What the person says in a referral: only a plain yes permits, and a no is heard.

use super::*;

/// The statement, or `None` where the Consent permits nothing; `Err` where the message must be refused for it.
fn stated(change: impl FnOnce(&mut Value)) -> Result<Option<Value>, ()> {
    let message = with(|m| change(of(m, "Consent")));
    let adapted = assessment_of(&message, &team(), now()).map_err(|_| ())?;
    Ok(adapted.value["consents"].get(0).cloned())
}

#[test]
fn only_an_explicit_consent_permits() {
    assert!(stated(|_| {}).unwrap().is_some());
    // Not about the recipient in particular: it is no statement, and there is none.
    let general =
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]});
    assert_eq!(
        stated(|c| {
            c["policyRule"] = general;
            c.as_object_mut().unwrap().remove("provision");
        }),
        Ok(None)
    );
    assert_eq!(stated(|c| c["provision"]["provision"][0]["actor"] = json!([])), Ok(None));
    // About the recipient, and not clear: an earlier consent may not stand in for it.
    for change in [
        |c: &mut Value| c["status"] = json!("inactive"),
        |c: &mut Value| c["extension"] = json!([]),
        |c: &mut Value| c["provision"]["provision"][0]["period"] = json!({}),
        |c: &mut Value| c["provision"]["provision"][0]["securityLabel"] = json!([{"code": "R"}]),
        |c: &mut Value| c["provision"]["securityLabel"] = json!([{"code": "R"}]),
        |c: &mut Value| c["provision"]["provision"][0]["purpose"][0]["code"] = json!("HRESCH"),
        |c: &mut Value| c["provision"]["provision"][0]["code"] = json!([{"coding": [{"code": "x"}]}]),
        |c: &mut Value| c["provision"]["provision"][0]["provision"] = json!([{"type": "deny"}]),
        |c: &mut Value| c["modifierExtension"] = json!([{"url": "https://a.example/x"}]),
        |c: &mut Value| c["scope"] = json!({"coding": [{"code": "research"}]}),
        |c: &mut Value| c["patient"]["reference"] = json!("urn:uuid:00000000-0000-4000-8000-000000000008"),
    ] {
        assert_eq!(stated(change), Err(()));
    }
    // A general refusal that names nobody is one that cannot be read.
    assert_eq!(stated(|c| c["provision"] = json!({"type": "deny"})), Err(()));
}

#[test]
fn a_refusal_is_read_and_blocks_are_kept_back() {
    let denied = stated(|c| {
        c["provision"]["provision"][0]["type"] = json!("deny");
        c["extension"] = json!([]);
    });
    assert_eq!(denied.unwrap().unwrap()["decision"], "decline");
    let block = |code: &str| json!([{"coding": [{"system": "https://keyway.example/fhir/CodeSystem/disclosure-block", "code": code}]}]);
    let without = stated(|c| {
        c["provision"]["provision"][0]["provision"] = json!([
            {"type": "deny", "code": block("housing")}, {"type": "permit", "code": block("trauma")},
        ]);
    });
    let without = without.unwrap().unwrap();
    assert_eq!((&without["excludes"], &without["specific"]), (&json!(["housing"]), &json!(["trauma"])));
}

#[test]
fn what_the_person_refuses_becomes_no_request() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut message = message();
        change(of(&mut message, "Consent"));
        request_of(&message, &service(), now()).map(drop).map_err(|issues| {
            let places: Vec<String> = issues.into_iter().map(|issue| issue.path).collect();
            places.iter().filter_map(|path| path.rsplit('.').next()).map(str::to_owned).collect::<Vec<_>>()
        })
    };
    let coded = |code: &str| json!({"coding": [{"code": code}]});
    assert_eq!(refused(&|one| one["status"] = json!("rejected")), Err(vec![String::from("status")]));
    assert_eq!(refused(&|one| one["status"] = json!("inactive")), Err(vec![String::from("status")]));
    assert_eq!(
        refused(&|one| drop(one.as_object_mut().unwrap().remove("provision"))),
        Err(vec![String::from("policyRule")]),
        "nothing is said but that they opt out"
    );
    let optin = |one: &mut Value| one["policyRule"] = coded("OPTIN");
    let deny = |one: &mut Value| {
        optin(one);
        one["provision"] = json!({"type": "deny"});
    };
    assert_eq!(refused(&deny), Err(vec![String::from("provision")]));
    assert_eq!(
        refused(&|one| one["provision"] = json!({"type": "permit", "provision": [{"type": "deny"}]})),
        Err(vec![String::from("provision")])
    );
    // Somebody whom the rule does not let know may be the service.
    assert_eq!(
        refused(&|one| {
            let actor = json!([{"role": coded("IRCP"), "reference": {"reference": "Organization/nowhere"}}]);
            optin(one);
            one["provision"] = json!({"type": "deny", "actor": actor});
        }),
        Err(vec![String::from("provision")])
    );
    // What is refused to another agency, of some of what is said, or for research, is not refused to the service.
    assert_eq!(refused(&|one| one["status"] = json!("proposed")), Ok(()));
    assert_eq!(
        refused(&|one| {
            optin(one);
            one["provision"] = json!({"type": "deny", "code": [coded("substance-use")]});
        }),
        Ok(())
    );
    assert_eq!(
        refused(&|one| {
            one["scope"] = coded("research");
            one["status"] = json!("rejected");
        }),
        Ok(())
    );
}

//! What an agreement must be so that anything flows under it, and what one may say of consent.

use super::*;

/// Whatever the person agreed to, and in an emergency too.
#[test]
fn nothing_flows_under_an_agreement_without_a_record_of_processing() {
    let without = Agreement { record: None, version: 9, ..agreement() };
    let agreed = [Ok(consent("c-1"))];
    let told = |agreements: &[Agreement]| {
        let decision = ask(&agreed, agreements, Some(&imminent()));
        (decision.permits(), decision.reason)
    };
    assert_eq!(told(std::slice::from_ref(&without)), (false, Reason::NoProcessingRecord));
    let own = decide_own_request(&partner(), std::slice::from_ref(&without), &purposes(), NOW);
    assert_eq!((own.permits(), own.reason), (false, Reason::NoProcessingRecord));
    assert_eq!(told(&[without, agreement()]), (true, Reason::ConsentAndOverride), "another one has a record");
}

/// For direct care, where the agreement says so, and over nobody's no.
#[test]
fn consent_is_implied_where_an_agreement_enables_it_and_never_over_a_refusal() {
    let cmht = || Partner { kind: AgencyKind::Cmht, ..partner() };
    let enabled = || Agreement { basis: basis("CONSENT-IMPLIED-DIRECT-CARE"), ..agreement() };
    let told = |to: &Partner, under: Agreement, said: &[Consent], own_word| {
        let consents: Vec<_> = said.iter().cloned().map(Ok).collect();
        let (purposes, agreements) = (purposes(), [under]);
        let about = Inputs {
            partner: to,
            agreements: &agreements,
            purposes: &purposes,
            consents: &consents,
            r#override: None,
            own_word,
            now: NOW,
        };
        decide(about).reason
    };
    let adult = own_word(NOW.plus_seconds(-1_000));
    let elsewhere =
        |decision| Consent { recipient: PartnerId::parse("other").unwrap(), decision, ..consent("c-9") };
    assert_eq!(told(&cmht(), enabled(), &[], adult), Reason::ConsentImplied);
    assert_eq!(
        told(&cmht(), enabled(), &[elsewhere(ConsentDecision::Permit)], adult),
        Reason::ConsentImplied
    );
    assert_eq!(told(&cmht(), enabled(), &[consent("c-1")], adult), Reason::ConsentGiven);
    assert_eq!(told(&cmht(), agreement(), &[], adult), Reason::NoConsent);
    assert_eq!(told(&partner(), enabled(), &[], adult), Reason::NoConsent, "custody gives no direct care");
    let refused = Consent { decision: ConsentDecision::Deny, ..consent("c-1") };
    assert_eq!(told(&cmht(), enabled(), &[refused], adult), Reason::ConsentRefused);
    assert_eq!(told(&cmht(), enabled(), &[elsewhere(ConsentDecision::Deny)], adult), Reason::NoConsent);
    let withdrawn = Consent { status: ConsentStatus::Inactive, ..consent("c-1") };
    assert_eq!(told(&cmht(), enabled(), &[withdrawn], adult), Reason::ConsentWithdrawn);
    let lapsed = Consent { valid_to: NOW, ..consent("c-1") };
    assert_eq!(told(&cmht(), enabled(), &[lapsed], adult), Reason::ConsentExpired);
    assert_eq!(told(&cmht(), enabled(), &[], own_word(NOW.plus_seconds(1))), Reason::NoConsent, "under 16");
    let unable = OwnWord { has_capacity: false, ..adult };
    assert_eq!(told(&cmht(), enabled(), &[], unable), Reason::NoConsent);
}

pub(super) fn for_research() -> Agreement {
    Agreement { purposes: vec![String::from("HRESCH")], version: 4, ..agreement() }
}

#[test]
fn an_agreement_for_another_purpose_permits_nothing_but_its_emergency_row() {
    let yes = [Ok(consent("a"))];
    let decision = ask(&yes, &[for_research()], None);
    assert_eq!((decision.permits(), decision.reason), (false, Reason::PurposeNotAgreed));
    assert_eq!(decision.agreement, Some((agreement().agreement_id, 4)));
    let own = decide_own_request(&partner(), &[for_research()], &purposes(), NOW);
    assert_eq!((own.permits(), own.reason), (false, Reason::PurposeNotAgreed));
    let over = ask(&yes, &[for_research()], Some(&imminent()));
    assert!(over.is_override() && over.basis.unwrap().confidentiality == "PUBLIC-INTEREST");
    // Of two in force the one that holds the purpose is asked, whatever its number.
    let other = AgreementId::parse("dsa-2").unwrap();
    let both = [Agreement { agreement_id: other, ..for_research() }, agreement()];
    let decision = ask(&yes, &both, None);
    assert_eq!((decision.permits(), decision.agreement), (true, Some((agreement().agreement_id, 3))));
    // Where nobody said for what an agreement must be, none is for it.
    let nobody_said = decide(Inputs {
        partner: &partner(),
        agreements: &[agreement()],
        purposes: &[],
        consents: &yes,
        r#override: None,
        own_word: own_word(NOW.plus_seconds(-1_000)),
        now: NOW,
    });
    assert_eq!(nobody_said.reason, Reason::PurposeNotAgreed);
}

#[test]
fn an_agreement_out_of_its_dates_permits_nothing_even_to_save_a_life() {
    let mut over = agreement();
    over.valid_to = NOW;
    let decision = ask(&[Ok(consent("a"))], &[over], Some(&imminent()));
    assert_eq!((decision.permits(), decision.reason), (false, Reason::NoAgreement));
}

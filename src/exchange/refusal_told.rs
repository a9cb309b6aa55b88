//! Nobody learns from us that the person refused somebody: what an assessment lets an agency know of a service is compared with
//! what the person refused in the same assessment.

use serde_json::Value;

use super::refusal::Issue;
use crate::{
    assessment::Assessment,
    directory::{AgencyKind, Partner},
};

const TEXT: &str = "The person refused an agency that is such a service, in this assessment, and the agencies named here would learn \
                    of it. Nobody is told of a refusal: leave this list empty, or take the entry out.";

/// What an agency of a kind may be, in the words that the form has for services.
const OF_KIND: [(AgencyKind, &[&str]); 8] = [
    (AgencyKind::Cmht, MENTAL_HEALTH),
    (AgencyKind::Police, &["police", "custody"]),
    (AgencyKind::Court, &["court"]),
    (AgencyKind::Prison, &["prison", "prison-resettlement", "through-the-gate"]),
    (AgencyKind::Probation, &["probation", "probation-group-work"]),
    (AgencyKind::YouthJustice, &["youth-justice"]),
    (AgencyKind::SocialCare, SOCIAL_CARE),
    (
        AgencyKind::Housing,
        &[
            "housing-options",
            "housing-advice",
            "housing-support",
            "hostel",
            "supported-housing",
            "street-outreach",
        ],
    ),
];
const MENTAL_HEALTH: &[&str] = &[
    "community-mental-health",
    "cmht",
    "mental-health",
    "early-intervention",
    "crisis-team",
    "home-treatment",
];
const SOCIAL_CARE: &[&str] = &[
    "social-care",
    "adult-social-care",
    "children-social-care",
    "safeguarding",
    "leaving-care",
    "family-support",
];

/// The same of an agency of which the directory says what it does.
const OF_SERVICE: [(&str, &[&str]); 8] = [
    ("cmht", MENTAL_HEALTH),
    ("crisis", &["crisis-team", "home-treatment", "mental-health"]),
    ("forensic", &["forensic", "mental-health"]),
    ("talking-therapies", &["talking-therapies", "mental-health"]),
    (
        "substance-misuse",
        &[
            "substance-misuse",
            "drug-treatment",
            "alcohol-treatment",
            "alcohol-detox",
            "opioid-substitution",
            "needle-exchange",
            "rehabilitation-substances",
        ],
    ),
    ("learning-disability", &["learning-disability", "autism", "adhd", "neurodevelopmental"]),
    ("primary-care", &["primary-care", "gp", "physical-health"]),
    (
        "childrens-social-care",
        &["social-care", "children-social-care", "safeguarding", "leaving-care", "family-support"],
    ),
];

/// Each entry of `/onward_referrals` that would tell somebody of a service that the person refused.
pub(super) fn found(partners: &[Partner], assessment: &Assessment) -> Vec<Issue> {
    let consents = assessment.consents();
    let partner = |id: &str| partners.iter().find(|partner| partner.partner_id.as_str() == id);
    let of = |agreed: bool| -> Vec<&Partner> {
        consents.iter().filter(|one| one.agreed == agreed).filter_map(|one| partner(&one.recipient)).collect()
    };
    let (refused, agreed) = (of(false), of(true));
    let tells = |entry: &Value| {
        let is_told = entry.get("may_be_told").and_then(Value::as_array).is_some_and(|told| !told.is_empty());
        let service = entry.get("service_type").and_then(Value::as_str).unwrap_or_default();
        // Where they agreed to another such service, it is about that one.
        is_told
            && refused.iter().any(|partner| may_be(partner, service))
            && !agreed.iter().any(|partner| may_be(partner, service))
    };
    let entries =
        assessment.raw().get("onward_referrals").and_then(Value::as_array).into_iter().flatten().enumerate();
    let told = entries.filter(|(_, entry)| tells(entry));
    told.map(|(place, _)| Issue::new("business-rule", format!("/onward_referrals/{place}/may_be_told"), TEXT))
        .collect()
}

/// Whether an agency may be such a service. One of which nobody says what it does may be any that no kind of agency is.
fn may_be(partner: &Partner, service: &str) -> bool {
    let of_service = |own: &str| OF_SERVICE.iter().find(|(known, _)| *known == own);
    if let Some((_, services)) = partner.service.as_deref().and_then(of_service) {
        return services.contains(&service);
    }
    match OF_KIND.iter().find(|(kind, _)| *kind == partner.kind) {
        Some((_, services)) => services.contains(&service),
        None => !OF_KIND.iter().any(|(_, services)| services.contains(&service)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn partner(id: &str, kind: AgencyKind, service: Option<&str>) -> Partner {
        Partner { service: service.map(str::to_owned), ..Partner::given(id, kind) }
    }

    fn told(partners: &[Partner], said: &[(&str, &str)], service: &str, may_be_told: &Value) -> Vec<String> {
        let consents: Vec<Value> = said
            .iter()
            .map(|(id, decision)| json!({"recipient": id, "decision": decision, "recorded_at": "2026-11-20T10:00:00Z"}))
            .collect();
        let entries = json!([{"service_type": "debt-advice", "may_be_told": []},
                             {"service_type": service, "status": "declined", "may_be_told": may_be_told}]);
        let assessment = Assessment::new(json!({"consents": consents, "onward_referrals": entries}));
        found(partners, &assessment).into_iter().map(|issue| issue.path).collect()
    }

    #[test]
    fn a_service_that_the_person_refused_is_told_to_nobody() {
        let partners = [
            partner("probation-harbour", AgencyKind::Probation, None),
            partner("crisis-riverside", AgencyKind::HealthOther, Some("crisis")),
            partner("advice-harbour", AgencyKind::Voluntary, None),
            partner("adults-harbour", AgencyKind::SocialCare, None),
        ];
        let court = json!(["court-harbour"]);
        let at = ["/onward_referrals/1/may_be_told"];
        for (refused, service) in [
            ("probation-harbour", "probation"),
            ("probation-harbour", "probation-group-work"),
            ("crisis-riverside", "crisis-team"),
            ("advice-harbour", "debt-advice"),
            ("advice-harbour", "a-kind-that-nobody-knows"),
            ("adults-harbour", "adult-social-care"),
        ] {
            assert_eq!(told(&partners, &[(refused, "decline")], service, &court), at, "{refused} {service}");
            assert!(
                told(&partners, &[(refused, "agree")], service, &court).is_empty(),
                "{refused} {service}"
            );
            assert!(
                told(&partners, &[(refused, "decline")], service, &json!([])).is_empty(),
                "nobody is told"
            );
        }
        for (refused, service) in [("probation-harbour", "debt-advice"), ("crisis-riverside", "probation")] {
            assert!(
                told(&partners, &[(refused, "decline")], service, &court).is_empty(),
                "{refused} {service}"
            );
        }
    }

    #[test]
    fn another_such_service_that_they_agreed_to_may_be_told_of() {
        let partners =
            ["probation-harbour", "probation-ridge"].map(|id| partner(id, AgencyKind::Probation, None));
        let said = [("probation-harbour", "decline"), ("probation-ridge", "agree")];
        assert!(told(&partners, &said, "probation", &json!(["court-harbour"])).is_empty());
    }
}

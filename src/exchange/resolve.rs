//! Whom an assessment asks: each agency as the directory knows it, and for whom it is meant where one passes it on.

use serde_json::json;

use super::{
    Exchange,
    plan::Asked,
    refusal::{Issue, Refusal, Refused},
    refusal_told,
};
use crate::{assessment::Assessment, consent::Override, directory::Partner};

const UNKNOWN: &str = "No agency with this id is in the directory of your site.";
const NOT_PASSED_ON: &str = "Nothing goes to this recipient for that agency: what is meant for another goes only where \
                             the one that passes it on may know all of it, as probation may of what a court is told. \
                             Ask that agency itself.";

impl Exchange {
    /// Finds every agency that the assessment names; an unknown one is an issue at its place.
    pub(super) async fn resolve<'a>(
        &self,
        partners: &'a [Partner],
        assessment: &Assessment,
    ) -> Result<Vec<Asked<'a>>, Refusal> {
        let find = |slug: &str| partners.iter().find(|p| p.partner_id.as_str() == slug);
        let unknown = |path: String| Issue::new("not-found", path, UNKNOWN);
        let mut issues = refusal_told::found(partners, assessment);
        for (place, consent) in assessment.consents().iter().enumerate() {
            if find(&consent.recipient).is_none() {
                issues.push(unknown(format!("/consents/{place}/recipient")));
            }
        }
        let overrides = assessment.overrides();
        for (place, over) in overrides.iter().enumerate() {
            if find(&over.recipient).is_none() {
                issues.push(unknown(format!("/overrides/{place}/recipient")));
            }
        }
        let mut asked = Vec::new();
        for (place, referral) in assessment.referrals().into_iter().enumerate() {
            let Some(partner) = find(&referral.recipient) else {
                issues.push(unknown(format!("/referrals/{place}/recipient")));
                continue;
            };
            if partner.kind.audience().is_none() {
                issues.push(Issue::new(
                    "business-rule",
                    format!("/referrals/{place}/recipient"),
                    "Nothing may leave to this kind of agency: no allow-list exists for it.",
                ));
                continue;
            }
            let reader = match referral.on_behalf_of.as_deref().map(|slug| meant_for(find(slug), partner)) {
                None => None,
                Some(Ok(reader)) => Some(reader),
                Some(Err((code, text))) => {
                    issues.push(Issue::new(code, format!("/referrals/{place}/on_behalf_of"), text));
                    continue;
                }
            };
            let reader = self.reading(reader).await?;
            let over = overrides.iter().find(|o| o.recipient == referral.recipient).map(|o| {
                let asked = Override { reason: o.reason.clone(), imminent: assessment.imminent_risk() };
                (asked, json!({"practitioner": o.practitioner, "justification": o.justification}))
            });
            let agreements = self.store.agreements(&partner.site_id, &partner.partner_id).await?;
            asked.push(Asked { place, wanted: referral, partner, agreements, reader, over });
        }
        if issues.is_empty() { Ok(asked) } else { Err(Refusal::with_issues(Refused::Unprocessable, issues)) }
    }
}

/// The agency for which something is meant that goes to `carrier`; why it cannot be, with the code of that.
fn meant_for<'p>(
    reader: Option<&'p Partner>,
    carrier: &Partner,
) -> Result<&'p Partner, (&'static str, &'static str)> {
    match reader {
        None => Err(("not-found", UNKNOWN)),
        Some(reader) if carrier.kind.passes_on_to(reader.kind) => Ok(reader),
        Some(_) => Err(("business-rule", NOT_PASSED_ON)),
    }
}

//! The lawful basis of a flow: three questions that are answered apart, in closed lists.
//!
//! Whether data-protection law allows it, what gives the power to share, and why it breaks no confidence: consent to share
//! answers the last alone. The words are engineering vocabulary; each controller's data protection officer confirms them.

use serde::{Deserialize, Serialize};

/// Article 6 of the UK GDPR. `6.1.ea` and `6.1.f` are not open to a public authority in its tasks.
const ARTICLE_6: [&str; 7] = ["6.1.a", "6.1.b", "6.1.c", "6.1.d", "6.1.e", "6.1.ea", "6.1.f"];
/// Article 9: every assessment is about health.
const ARTICLE_9: [&str; 7] = ["9.2.a", "9.2.b", "9.2.c", "9.2.f", "9.2.g", "9.2.h", "9.2.i"];
/// Conditions of schedule 1 of the Data Protection Act 2018, as `sch1.18`.
const SCHEDULE_1: [&str; 17] = [
    "sch1.1", "sch1.2", "sch1.3", "sch1.6", "sch1.7", "sch1.8", "sch1.10", "sch1.11", "sch1.18", "sch1.29",
    "sch1.30", "sch1.31", "sch1.32", "sch1.33", "sch1.34", "sch1.35", "sch1.36",
];
/// The conditions of schedule 1, part 2: substantial public interest.
const PART_2: [&str; 6] = ["sch1.6", "sch1.7", "sch1.8", "sch1.10", "sch1.11", "sch1.18"];
/// Conditions of part 1, which need no policy document of their own where the processing is for care.
const PART_1: [&str; 3] = ["sch1.1", "sch1.2", "sch1.3"];
/// What gives the power, or the duty, to share.
const POWERS: [&str; 16] = [
    "CDA98-s115",
    "CJA03-s325",
    "HA96-s213B",
    "CareAct14-s42",
    "CareAct14-s45",
    "CA04-s11",
    "CA89-s47",
    "MHA83",
    "MCA05",
    "SentA20",
    "PACE84",
    "CourtOrder",
    "HSCA12",
    "NHSA06",
    "OMA07-s14",
    "CommonLaw",
];
/// The power that does not reach this data, whatever an agreement says.
const NO_POWER: &str = "PCSCA22-s16";
/// Consent that is implied where the person was not asked.
const IMPLIED: &str = "CONSENT-IMPLIED-DIRECT-CARE";
/// Why a disclosure that the person was asked about breaks no confidence.
const ASKED: [&str; 4] = ["CONSENT-EXPLICIT", "STATUTE", "COURT-ORDER", "S251"];
/// Why one without their consent does not.
const NOT_ASKED: [&str; 3] = ["PUBLIC-INTEREST", "BEST-INTERESTS-MCA", "STATUTE"];

/// Data-protection basis, legal power and confidentiality basis: three questions, never one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawfulBasis {
    /// Articles and conditions, as in `6.1.e + 9.2.h + sch1.2`.
    pub data_protection: String,
    /// As in `HA96-s213B`.
    pub power: String,
    /// As in `CONSENT-EXPLICIT`.
    pub confidentiality: String,
}

/// What a basis is for, as far as that bears on what may stand in it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four questions, each with a yes or a no of its own")]
pub struct Flow {
    /// Whether the one who discloses is a public authority.
    pub by_authority: bool,
    /// Whether something leaves that tells of proceedings.
    pub of_proceedings: bool,
    /// Whether there is an appropriate policy document.
    pub has_policy_document: bool,
    /// Whether it is for disclosures without consent.
    pub not_asked: bool,
}

impl LawfulBasis {
    /// Whether consent is implied for direct care, where the person said nothing.
    #[must_use]
    pub fn implies_consent(&self) -> bool {
        self.confidentiality == IMPLIED
    }

    /// What is wrong with it for such a flow: the field's name, and what would be right.
    #[must_use]
    pub fn problems(&self, flow: Flow) -> Vec<(&'static str, String)> {
        let mut found: Vec<(&'static str, String)> =
            self.data_protection_problems(flow).into_iter().map(|text| ("data_protection", text)).collect();
        if self.power == NO_POWER {
            let text = "the serious violence duty does not authorise information about patients, nor what health or social \
                        care authorities hold about a person: name another power";
            found.push(("power", String::from(text)));
        } else if !POWERS.contains(&self.power.as_str()) {
            found.push(("power", one_of(&POWERS)));
        }
        let known: &[&str] = if flow.not_asked { &NOT_ASKED } else { &ASKED };
        if self.implies_consent() {
            let text = "no message is made on an implied consent yet: the person is asked, CONSENT-EXPLICIT";
            found.push(("confidentiality", String::from(text)));
        } else if !known.contains(&self.confidentiality.as_str()) {
            found.push(("confidentiality", one_of(known)));
        }
        found
    }

    fn data_protection_problems(&self, flow: Flow) -> Vec<String> {
        let words: Vec<&str> = self.data_protection.split(" + ").collect();
        let of = |list: &[&str]| -> Vec<&str> {
            words.iter().copied().filter(|word| list.contains(word)).collect()
        };
        let (six, nine, conditions) = (of(&ARTICLE_6), of(&ARTICLE_9), of(&SCHEDULE_1));
        if six.len() != 1 || nine.len() != 1 || six.len() + nine.len() + conditions.len() != words.len() {
            return vec![format!(
                "must be one article 6 basis, one article 9 condition and conditions of schedule 1 as needed, in the form \
                 6.1.e + 9.2.h + sch1.2, of {}, {}, {}",
                ARTICLE_6.join(" "),
                ARTICLE_9.join(" "),
                SCHEDULE_1.join(" ")
            )];
        }
        let mut found = Vec::new();
        if flow.by_authority && (six.contains(&"6.1.ea") || six.contains(&"6.1.f")) {
            found.push(format!(
                "{} is not open to a public authority in its tasks: 6.1.c or 6.1.e",
                six.concat()
            ));
        }
        if nine.contains(&"9.2.g") && !conditions.iter().any(|one| PART_2.contains(one)) {
            found.push(format!("9.2.g needs a condition of schedule 1, part 2: one of {}", PART_2.join(" ")));
        }
        if flow.of_proceedings && conditions.is_empty() {
            let text = "what leaves tells of proceedings (article 10): name the condition of schedule 1, as in sch1.2";
            found.push(String::from(text));
        }
        if conditions.iter().any(|one| !PART_1.contains(one)) && !flow.has_policy_document {
            let text = "a condition of schedule 1, part 2 or 3, needs an appropriate policy document: \
                        record/policy_document";
            found.push(String::from(text));
        }
        found
    }
}

fn one_of(words: &[&str]) -> String {
    format!("must be one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: Flow =
        Flow { by_authority: true, of_proceedings: false, has_policy_document: false, not_asked: false };

    fn wrong(data_protection: &str, power: &str, confidentiality: &str, flow: Flow) -> Vec<&'static str> {
        let word = str::to_owned;
        let basis = LawfulBasis {
            data_protection: word(data_protection),
            power: word(power),
            confidentiality: word(confidentiality),
        };
        basis.problems(flow).into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn each_question_is_answered_in_its_own_words() {
        let (fine, power, consent) = ("6.1.e + 9.2.h", "NHSA06", "CONSENT-EXPLICIT");
        assert_eq!(wrong(fine, power, consent, FLOW), Vec::<&str>::new());
        for text in
            ["", "6.1.e", "9.2.h", "6.1.e+9.2.h", "6.1.e + 9.2.h + 9.2.a", "6.1.e + 6.1.d + 9.2.h", "consent"]
        {
            assert_eq!(wrong(text, power, consent, FLOW), ["data_protection"], "{text}");
        }
        for text in ["", "any", "PCSCA22-s16", "cda98-s115"] {
            assert_eq!(wrong(fine, text, consent, FLOW), ["power"], "{text}");
        }
        for text in ["", "6.1.a", "PUBLIC-INTEREST", "CONSENT-IMPLIED-DIRECT-CARE"] {
            assert_eq!(wrong(fine, power, text, FLOW), ["confidentiality"], "{text}");
        }
        let emergency = Flow { not_asked: true, ..FLOW };
        assert_eq!(wrong(fine, power, "PUBLIC-INTEREST", emergency), Vec::<&str>::new());
        assert_eq!(wrong(fine, power, consent, emergency), ["confidentiality"]);
    }

    #[test]
    fn what_one_answer_asks_for_must_be_there() {
        let asked = |text, flow| wrong(text, "NHSA06", "CONSENT-EXPLICIT", flow);
        let none = Vec::<&str>::new();
        for text in ["6.1.f + 9.2.a", "6.1.ea + 9.2.a"] {
            assert_eq!(asked(text, FLOW), ["data_protection"], "{text}");
            assert_eq!(asked(text, Flow { by_authority: false, ..FLOW }), none, "{text}");
        }
        let with_document = Flow { has_policy_document: true, ..FLOW };
        assert_eq!(asked("6.1.e + 9.2.g", with_document), ["data_protection"]);
        assert_eq!(asked("6.1.e + 9.2.g + sch1.2", with_document), ["data_protection"]);
        assert_eq!(asked("6.1.e + 9.2.g + sch1.7", with_document), none);
        assert_eq!(asked("6.1.e + 9.2.g + sch1.7", FLOW), ["data_protection"]);
        let proceedings = Flow { of_proceedings: true, ..FLOW };
        assert_eq!(asked("6.1.e + 9.2.h", proceedings), ["data_protection"]);
        assert_eq!(asked("6.1.e + 9.2.h + sch1.2", proceedings), none);
    }
}

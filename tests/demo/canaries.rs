//! People whose every field is a mark that can be found again, and the table of where each mark may turn up.
//!
//! The table is written by hand from the table of which block may go to whom, leaf by leaf; it does not read
//! `profiles/disclosure/`, so that a slip there is found here.

use serde_json::{Value, json};

/// The kinds of agency, in the order of [`AGENCIES`].
pub(crate) const KINDS: [(&str, &str); 5] =
    [("C", "police"), ("M", "court"), ("P", "probation"), ("H", "cmht"), ("B", "housing")];
/// The kinds that only the youngest of the people is told about to.
pub(crate) const OF_THE_YOUTH: [(&str, &str); 2] =
    [("yjs-harbour", "youth-justice"), ("childrens-harbour", "social-care")];

/// Who may see a mark: one letter for each agency of the demonstration.
/// `C` custody, `M` magistrates' court, `P` probation, `H` health (CMHT), `B` borough (housing).
/// With `o` custody sees it under the override for imminent risk too.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("reference", ""),
    ("local-reference", ""),
    ("family", "CMPHBo"),
    ("given", "CMPHBo"),
    ("address-line", "PHB"),
    ("contact-how", "PHB"),
    ("contact-when", "PHB"),
    ("must-not-know", "PHB"),
    ("gp-name", "H"),
    ("custody-record", "Co"),
    ("housing-ref", "B"),
    ("social-care-ref", ""),
    ("gender", "H"),
    ("ethnicity", "H"),
    ("religion", "H"),
    ("communication-need", "CMPHBo"),
    ("adjustment-note", "CMPHB"),
    ("pathway-site", "CMPH"),
    ("hearing-court", "MPH"),
    ("bail-needs", "MPH"),
    ("legal-summary", "MPH"),
    ("offence-category", ""),
    ("offence-note", ""),
    ("consent-by-custody", "C"),
    ("consent-by-court", "M"),
    ("consent-by-probation", "P"),
    ("consent-by-health", "H"),
    ("consent-by-housing", "B"),
    ("consent-note", ""),
    ("adult-why", "CPHo"),
    ("adult-summary", "CPH"),
    ("capacity-summary", "H"),
    ("capacity-note", "H"),
    ("diagnosis", "H"),
    ("history", "H"),
    ("medication", "H"),
    ("clinical-narrative", "H"),
    ("formulation", "H"),
    ("screening-tool", "H"),
    ("screening-note", "H"),
    ("tag-note", "H"),
    ("vulnerability-words", "CMPH"),
    ("substance-summary", "H"),
    ("withdrawal-advice", "CHo"),
    ("substance-placement", "HB"),
    ("alcohol", "H"),
    ("drugs", "H"),
    ("substance-narrative", "H"),
    ("learning-summary", "H"),
    ("learning-adjustments", "HB"),
    ("learning-disability", "H"),
    ("autism", "H"),
    ("adhd", "H"),
    ("brain-injury", "H"),
    ("learning-narrative", "H"),
    ("housing-summary", "PHB"),
    ("housing-need", "PHB"),
    ("housing-reason", "PHB"),
    ("local-connection", "PHB"),
    ("housing-narrative", "PHB"),
    ("chosen-name", "HB"),
    ("money-summary", "H"),
    ("affordability", "HB"),
    ("debt", "H"),
    ("benefits", "H"),
    ("employment", "H"),
    ("literacy", "H"),
    ("funds-note", "B"),
    ("household-summary", "HB"),
    ("household-member", "HB"),
    ("child", "HB"),
    ("household-note", "HB"),
    ("safeguarding-route", "CPHo"),
    ("safeguarding-placement", "HB"),
    ("safeguarding-narrative", "H"),
    ("handover-advice", "CMPHo"),
    ("self-safety-plan", "CPHBo"),
    ("others-contact", "CPHo"),
    ("others-placement", "HB"),
    ("trauma", "H"),
    ("priority-housing", "PHB"),
    ("priority-debt", "PH"),
    ("priority-clinical", "H"),
    ("strengths-summary", "H"),
    ("strengths-note", "H"),
    ("network-summary", "H"),
    ("network-person", "H"),
    ("crisis-summary", "H"),
    ("crisis-safety-plan", "HB"),
    ("crisis-triggers", "H"),
    ("crisis-plan", "H"),
    ("accompanied-by", "PHB"),
    ("appointment", "PHB"),
    ("hearing-support", "MPH"),
    ("recommendation", "CMPH"),
    ("treatment-note", "MPH"),
    ("service-type", "CMPH"),
    ("team-contact", "PH"),
    ("support-worker", "PHB"),
    ("onward-told-type", "CMPH"),
    ("onward-told-note", "PH"),
    ("onward-untold-type", ""),
    ("onward-untold-note", ""),
    ("practitioner", "CMPHBo"),
    ("practitioner-role", "CMPHBo"),
    ("practitioner-organisation", "CMPHBo"),
    ("supersedes", ""),
    ("asked-of-custody", "C"),
    ("asked-of-court", "M"),
    ("asked-of-probation", "P"),
    ("asked-of-health", "H"),
    ("asked-of-housing", "B"),
    ("override-justification", ""),
];

/// What is no free text and so bears no mark, but is unlike that of anyone else: `(value, who may see it)`.
pub(crate) fn plain_values(person: &Marked) -> Vec<(String, &'static str)> {
    [
        (person.birth_date.to_owned(), "CMPHBo"),
        (person.postcode.to_owned(), "PHB"),
        (person.telephone.to_owned(), "PHB"),
        (person.email.to_owned(), "PHB"),
        (person.nhs_number.to_owned(), "H"),
        (person.practitioner_telephone.to_owned(), "CMPHBo"),
    ]
    .into_iter()
    .chain(person.codes.into_iter().flatten().zip(CATEGORIES).map(|(code, (_, who))| {
        // As a value of its own, and no part of another word.
        (format!("\"{code}\""), who)
    }))
    .chain(person.numbers.iter().zip(NUMBERS).map(|(number, (_, who))| ((*number).to_owned(), who)))
    .collect()
}

/// Identifiers that have a form of their own, by type, and who may see them.
const NUMBERS: [(&str, &str); 7] =
    [("CRN", "P"), ("NOMS", "P"), ("PNC", "Co"), ("CRO", "Co"), ("ASN", "Co"), ("URN", "M"), ("CCR", "M")];

/// The blocks that have a category, and who may see its code.
const CATEGORIES: [(&str, &str); 7] = [
    ("substance_use", "CMPH"),
    ("learning_and_neurodiversity", "CMPH"),
    ("money", "PH"),
    ("household", "PH"),
    ("strengths", "PH"),
    ("support_network", "PH"),
    ("crisis", "PH"),
];

/// A person made of marks.
pub(crate) struct Marked {
    /// What every mark begins with.
    pub(crate) mark: &'static str,
    pub(crate) birth_date: &'static str,
    pub(crate) postcode: &'static str,
    pub(crate) telephone: &'static str,
    pub(crate) email: &'static str,
    pub(crate) nhs_number: &'static str,
    pub(crate) practitioner_telephone: &'static str,
    /// Identifiers in the order of [`NUMBERS`].
    pub(crate) numbers: [&'static str; 7],
    /// Codes in the order of [`CATEGORIES`], each like no word of any other person. Whoever has none has the first form, which
    /// has no place for them.
    pub(crate) codes: Option<[&'static str; 7]>,
    /// Letters of the agencies that the person agreed to; all others are declined.
    pub(crate) agreed: &'static str,
    /// Whether custody is told all the same, for imminent risk.
    pub(crate) over: bool,
}

/// Who agreed to everybody, who refused everybody and is at imminent risk, and who agreed to housing alone.
pub(crate) const PEOPLE: [Marked; 3] = [
    Marked {
        mark: "kanaria",
        birth_date: "1971-02-03",
        postcode: "ZZ98 1XA",
        telephone: "07700 900901",
        email: "kanaria@mail.example",
        nhs_number: "9990009015",
        practitioner_telephone: "01632 960901",
        numbers: [
            "K999015",
            "K9015KX",
            "1971/9009015M",
            "999015/71Y",
            "2600ZZ9900000009015J",
            "99KX0009015",
            "26/9999/009015L",
        ],
        codes: Some([
            "alcohol-and-drugs",
            "brain-injury",
            "low-income",
            "with-others",
            "keeping-appointments",
            "friends",
            "has-plan",
        ]),
        agreed: "CMPHB",
        over: false,
    },
    Marked {
        mark: "kanariu",
        birth_date: "1972-03-04",
        postcode: "ZZ98 2XB",
        telephone: "07700 900902",
        email: "kanariu@mail.example",
        nhs_number: "9990009023",
        practitioner_telephone: "01632 960902",
        numbers: [
            "K999023",
            "K9023KX",
            "1972/9009023L",
            "999023/72N",
            "2600ZZ9900000009023T",
            "99KX0009023",
            "26/9999/009023V",
        ],
        codes: Some([
            "none-known",
            "several",
            "no-concern",
            "with-partner",
            "work-or-training",
            "nobody",
            "no-plan",
        ]),
        agreed: "",
        over: true,
    },
    Marked {
        mark: "kanario",
        birth_date: "1973-04-05",
        postcode: "ZZ98 3XC",
        telephone: "07700 900903",
        email: "kanario@mail.example",
        nhs_number: "9990009074",
        practitioner_telephone: "01632 960903",
        numbers: [
            "K999074",
            "K9074KX",
            "1973/9009074G",
            "999074/73A",
            "2600ZZ9900000009074Y",
            "99KX0009074",
            "26/9999/009074A",
        ],
        codes: None,
        agreed: "B",
        over: false,
    },
];

/// The agencies by letter.
pub(crate) const AGENCIES: [(&str, &str, &str); 5] = [
    ("C", "custody-northgate", "custody"),
    ("M", "court-harbour", "court"),
    ("P", "probation-harbour", "probation"),
    ("H", "cmht-riverside", "health"),
    ("B", "housing-harbour", "housing"),
];

impl Marked {
    /// The mark of one field.
    pub(crate) fn of(&self, field: &str) -> String {
        // Closed at the end, so that no mark is the beginning of another.
        format!("{}-{field}-x", self.mark)
    }

    /// Whether the form of this person has the field.
    pub(crate) fn has(&self, field: &str) -> bool {
        match field {
            "override-justification" => self.over,
            "offence-note" => self.codes.is_none(),
            "chosen-name" => self.codes.is_some(),
            _ => true,
        }
    }

    /// Whether the agency with this letter may see what `who` lists.
    pub(crate) fn may_see(&self, letter: &str, who: &str) -> bool {
        if self.agreed.contains(letter) {
            return who.contains(letter);
        }
        self.over && letter == "C" && who.contains('o')
    }

    /// The assessment.
    pub(crate) fn assessment(&self) -> Value {
        let c = |field: &str| self.of(field);
        let consents: Vec<Value> = AGENCIES
            .iter()
            .map(|(letter, slug, word)| {
                let agreed = self.agreed.contains(letter);
                let mut consent = json!({
                    "recipient": slug,
                    "decision": if agreed { "agree" } else { "decline" },
                    "recorded_at": "@now-1h",
                    "captured_by": c(&format!("consent-by-{word}")),
                    "how": "oral",
                    "capacity": "has-capacity",
                    "note": c("consent-note"),
                });
                if agreed {
                    consent["valid_until"] = json!("@today+90d");
                    consent["specific"] = json!(["trauma"]);
                }
                consent
            })
            .collect();
        let referrals: Vec<Value> = AGENCIES
            .iter()
            .map(|(_, slug, word)| {
                json!({
                    "recipient": slug, "reason": c(&format!("asked-of-{word}")), "urgency": "urgent",
                    "need": if *word == "housing" { "housing" } else { "mental-health" },
                })
            })
            .collect();
        let mut assessment = json!({
            "profile": "https://keyway.example/profiles/assessment/adult/1",
            "local_reference": c("local-reference"),
            "assessed_at": "@now-1h",
            "consents": consents,
            "referrals": referrals,
        });
        for (block, value) in
            self.person().as_object().unwrap().iter().chain(self.needs().as_object().unwrap())
        {
            assessment[block] = value.clone();
        }
        if let Some(codes) = self.codes {
            assessment["profile"] = json!("https://keyway.example/profiles/assessment/adult/2");
            for ((block, _), code) in CATEGORIES.iter().zip(codes) {
                assessment[*block]["category"] = json!(code);
            }
            // As the directory of the demonstration has it.
            assessment["housing"]["chosen_authority"] =
                json!({"name": c("chosen-name"), "code": "E99000001"});
            assessment["offence"].as_object_mut().unwrap().remove("note");
            let required = assessment.as_object_mut().unwrap().remove("treatment_requirement").unwrap();
            assessment["treatment_requirements"] = json!([required]);
        }
        if self.over {
            assessment["overrides"] = json!([{
                "recipient": "custody-northgate", "reason": "RISK-TO-LIFE-SELF", "practitioner": c("practitioner"),
                "justification": c("override-justification"),
            }]);
        }
        assessment
    }

    fn person(&self) -> Value {
        let c = |field: &str| self.of(field);
        let mut identifiers = json!({
            "CUSTODY_RECORD": [c("custody-record")], "HOUSING_REF": [c("housing-ref")],
            "SOCIAL_CARE_REF": [c("social-care-ref")],
        });
        for ((kind, _), number) in NUMBERS.iter().zip(self.numbers) {
            identifiers[*kind] = json!([number]);
        }
        json!({
            "person": {
                "reference": c("reference"),
                "name": {"family": c("family"), "given": [c("given")]},
                "birth_date": self.birth_date,
                "address": {"no_fixed_abode": false, "lines": [c("address-line")], "postcode": self.postcode},
                "safe_contact": {
                    "telephone": self.telephone, "email": self.email, "how": c("contact-how"),
                    "when": c("contact-when"), "must_not_know": [c("must-not-know")],
                },
                "nhs_number": {"value": self.nhs_number, "verification": "01"},
                "gp_practice": {"ods_code": "ZZ9902", "name": c("gp-name")},
                "identifiers": identifiers,
                "demographics": {"gender": c("gender"), "ethnicity": c("ethnicity"), "religion": c("religion")},
            },
            "communication": {
                "language": "en-GB", "interpreter_needed": false, "needs": [c("communication-need")],
                "reasonable_adjustments": [{"code": "breaks", "note": c("adjustment-note")}],
            },
            "pathway": {"point": "police-custody", "site": c("pathway-site"), "contact_outcome": "seen", "seen_at": "@now-2h"},
            "legal": {
                "status_category": "charged", "next_hearing": {"court": c("hearing-court"), "at": "@today+3d"},
                "bail_needs": c("bail-needs"), "summary": c("legal-summary"),
            },
            "offence": {"category": c("offence-category"), "note": c("offence-note")},
            "practitioner": {
                "name": c("practitioner"), "role": c("practitioner-role"),
                "organisation": c("practitioner-organisation"), "telephone": self.practitioner_telephone,
            },
            "validity": {"review_by": "@today+28d", "supersedes": c("supersedes")},
        })
    }

    fn needs(&self) -> Value {
        let c = |field: &str| self.of(field);
        let mut needs = json!({
            "appropriate_adult": {"needed": "yes", "why": c("adult-why"), "arranged": true, "summary": c("adult-summary")},
            "capacity": {"status": "has-capacity", "summary": c("capacity-summary"), "note": c("capacity-note")},
            "clinical": {
                "diagnoses": [c("diagnosis")], "history": c("history"), "medication": [c("medication")],
                "narrative": c("clinical-narrative"),
            },
            "screening": {
                "tools": [{"tool": c("screening-tool"), "score": 17, "note": c("screening-note")}],
                "tag": {"survival": 3, "note": c("tag-note")},
            },
            "vulnerabilities": [
                {"category": "mental-health", "plain_words": c("vulnerability-words"), "placement_relevant": true},
            ],
            "substance_use": {
                "summary": c("substance-summary"),
                "withdrawal_risk": {"level": "medium", "advice": c("withdrawal-advice")},
                "placement_summary": c("substance-placement"), "alcohol": c("alcohol"), "drugs": c("drugs"),
                "narrative": c("substance-narrative"),
            },
            "learning_and_neurodiversity": {
                "summary": c("learning-summary"), "adjustments_summary": c("learning-adjustments"),
                "learning_disability": c("learning-disability"), "autism": c("autism"), "adhd": c("adhd"),
                "brain_injury": c("brain-injury"), "narrative": c("learning-narrative"),
            },
            "housing": {
                "consent_to_share_contact": true,
                "status": "at-risk", "summary": c("housing-summary"), "need": c("housing-need"),
                "reason_for_referral": c("housing-reason"), "homeless_within_56_days": "yes",
                "local_connection": c("local-connection"), "narrative": c("housing-narrative"),
            },
            "money": {
                "summary": c("money-summary"), "affordability": c("affordability"), "debt": c("debt"),
                "benefits": c("benefits"), "employment": c("employment"), "literacy": c("literacy"),
            },
            "recourse_to_public_funds": {"value": "yes", "note": c("funds-note")},
        });
        for (block, value) in self.circumstances().as_object().unwrap() {
            needs[block] = value.clone();
        }
        needs
    }

    fn circumstances(&self) -> Value {
        let c = |field: &str| self.of(field);
        json!({
            "household": {
                "summary": c("household-summary"), "members": [c("household-member")], "children": [c("child")],
                "note": c("household-note"),
            },
            "safeguarding": {
                "concern": true, "route": c("safeguarding-route"), "placement_summary": c("safeguarding-placement"),
                "narrative": c("safeguarding-narrative"),
            },
            "risk": {
                "to_self": {
                    "level": "high", "current": "yes", "imminent": self.over, "handover_advice": c("handover-advice"),
                    "safety_plan": c("self-safety-plan"),
                },
                "to_others": {
                    "alert": "alert-contact-practitioner", "contact": c("others-contact"),
                    "placement_summary": c("others-placement"),
                },
                "formulation": c("formulation"),
            },
            "trauma": {"narrative": c("trauma")},
            "priorities": [
                {"rank": 1, "need": "housing", "own_words": c("priority-housing"), "clinical": false},
                {"rank": 2, "need": "debt", "own_words": c("priority-debt"), "clinical": false},
                {"rank": 3, "need": "mental-health", "own_words": c("priority-clinical"), "clinical": true},
            ],
            "strengths": {"summary": c("strengths-summary"), "note": c("strengths-note")},
            "support_network": {"summary": c("network-summary"), "people": [c("network-person")]},
            "crisis": {
                "summary": c("crisis-summary"), "safety_plan": c("crisis-safety-plan"),
                "triggers": c("crisis-triggers"), "plan": c("crisis-plan"),
            },
            "accompaniment": {
                "wanted": true, "who": c("accompanied-by"), "appointment": c("appointment"),
                "hearing_support": c("hearing-support"),
            },
            "recommendation": [{"code": "DIVERT-HEALTH", "text": c("recommendation")}],
            "treatment_requirement": {
                "type": "MHTR", "suitable": "yes", "willing": "yes", "tier": "primary", "note": c("treatment-note"),
            },
            "service_contact": [{
                "service_type": c("service-type"), "open": true, "team_contact": c("team-contact"),
                "support_worker": c("support-worker"),
            }],
            "onward_referrals": [
                {
                    "service_type": c("onward-told-type"), "status": "sent", "note": c("onward-told-note"),
                    "may_be_told": AGENCIES.map(|(_, slug, _)| slug),
                },
                {
                    "service_type": c("onward-untold-type"), "status": "sent", "note": c("onward-untold-note"),
                    "may_be_told": [],
                },
            ],
        })
    }
}

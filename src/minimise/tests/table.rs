//! The table "Which field may go to whom", read as data, against what really leaves for every cell.

use super::*;

const COLUMNS: [&[Audience]; 7] = [
    &[Audience::Custody],
    &[Audience::Court],
    &[Audience::Probation, Audience::YouthJustice],
    &[Audience::Health],
    &[Audience::Housing],
    &[Audience::Voluntary],
    &[Audience::SocialCare],
];

/// The rows of the table as decided, each with its block's id in front and its cells word for word.
const TABLE: &str = "\
name | Y O | Y | Y | Y | Y | Y | Y O
birth-date | Y O | Y | Y | Y | Y | – | Y O
address | – | – | Y | Y | Y | – | Y O
safe-contact | – | – | Y | Y | Y | Y | Y O
nhs-number | – | – | – | Y | – | – | –
identifiers | Y O | Y | Y | – | Y | – | Y
demographics | – | – | – | Y | – | – | –
communication | Y O | Y | Y | Y | Y | Y | Y O
pathway | Y | Y | Y | Y | – | – | –
legal-status | – | Y | Y | Y | C | – | –
offence | – | – | – | – | – | – | –
own-consent | Y | Y | Y | Y | Y | Y | Y
appropriate-adult | Y O | C | Y | Y | – | – | Y
capacity | C | C | C | Y | – | – | Y
clinical | – | – | – | Y | – | – | –
screening | – | – | – | Y | – | – | –
vulnerabilities | Y O | Y | Y | Y | C (placement) | – | Y
substance-use | C O (withdrawal risk) | C | C | Y | C (placement) | – | C
learning | C | C | C | Y | C (adjustments) | – | C
housing | C | C | Y | Y | Y | Y if it is the need | Y
money | – | – | C | Y | C (affordability) | Y if it is the need | C
recourse-to-public-funds | – | – | – | – | Y | – | –
household | – | – | C | Y | Y | – | Y O
safeguarding | Y O | – | Y | Y | C (placement) | – | Y O
risk-to-self | Y O | Y level, advice | Y | Y | Y level, plan | – | Y O
risk-to-others | Y O | – | Y | Y | C (placement) | – | Y O
trauma | – | – | – | S | – | – | –
priorities | – | – | Y without clinical words | Y | Y those on housing | Y that need | Y
strengths | – | – | C | Y | – | – | C
crisis | – | – | C | Y | C (safety plan) | – | –
accompaniment | – | Y hearing support | Y | Y | Y | Y | Y
recommendation | Y | Y | Y | Y | – | – | –
treatment-requirement | – | Y | Y | Y | – | – | –
service-contact | C | C | Y | Y | Y support worker | – | Y
onward-referrals | C | C | Y | Y | – | – | C
practitioner | Y O | Y | Y | Y | Y | Y | Y O
request | Y | Y | Y | Y | Y | Y | Y
aliases | – | – | – | Y | – | – | –
next-of-kin | – | – | – | – | – | – | –
young-person | – | – | – | – | – | – | –
release | – | – | – | Y | – | – | –
fitness | – | – | – | – | – | – | –
participation | – | – | – | – | – | – | –
relationships | – | – | – | Y | – | – | –
background | – | – | – | Y | – | – | –
risk-from-others | – | – | – | Y | – | – | –";

/// What a block holds: where it stands, its fields, and those that are its category.
const BLOCKS: &[(&str, &str, &str, &str)] = &[
    ("name", "/person/name", "family given/*", ""),
    ("birth-date", "/person", "birth_date", ""),
    ("address", "/person/address", "no_fixed_abode lines/* postcode", ""),
    (
        "safe-contact",
        "/person/safe_contact",
        "telephone email how when must_not_know/* rules/* through/name through/relation through/telephone",
        "",
    ),
    (
        "nhs-number",
        "/person",
        "nhs_number/value nhs_number/verification nhs_number_missing gp_practice/ods_code gp_practice/name",
        "",
    ),
    (
        "identifiers",
        "/person/identifiers",
        "CRN/* NOMS/* PNC/* CRO/* ASN/* URN/* CCR/* CUSTODY_RECORD/* HOUSING_REF/* SOCIAL_CARE_REF/* YJS_REF/*",
        "",
    ),
    ("demographics", "/person/demographics", "gender ethnicity religion sex gender_identity pronouns", ""),
    (
        "communication",
        "/communication",
        "language interpreter_needed needs/* reasonable_adjustments/*/code reasonable_adjustments/*/note \
         interpreter/arranged interpreter/dialect interpreter/not_this_person",
        "",
    ),
    (
        "pathway",
        "/pathway",
        "point site contact_outcome seen_at arrived_at left_at referred_at referred_by",
        "",
    ),
    (
        "legal-status",
        "/legal",
        "status_category next_hearing/court next_hearing/at bail_needs summary conditions",
        "status_category summary",
    ),
    ("offence", "/offence", "category note", ""),
    ("own-consent", "/consents/*", "recipient decision recorded_at valid_until captured_by how note", ""),
    (
        "appropriate-adult",
        "/appropriate_adult",
        "needed why arranged summary raised_by name relation telephone arrived_at",
        "needed summary",
    ),
    ("capacity", "/capacity", "status summary note decision", "status summary"),
    (
        "clinical",
        "",
        "clinical/diagnoses/* clinical/history clinical/medication/* clinical/narrative risk/formulation \
         clinical/known_to_services clinical/seen_in_last_6_months clinical/last_contact_date \
         clinical/care_programme/on clinical/care_programme/coordinator clinical/care_programme/review_by \
         clinical/psychosis_signs clinical/self_harm_history clinical/allergies/* \
         clinical/mental_health_act/section clinical/mental_health_act/since_date",
        "",
    ),
    (
        "screening",
        "/screening",
        "tools/*/tool tools/*/score tools/*/maximum tools/*/note tag/intentional_self_harm tag/unintentional_self_harm \
         tag/risk_from_others tag/risk_to_others tag/survival tag/psychological tag/social tag/note",
        "",
    ),
    ("vulnerabilities", "/vulnerabilities/*", "category plain_words placement_relevant", "category"),
    (
        "substance-use",
        "/substance_use",
        "summary withdrawal_risk/level withdrawal_risk/advice placement_summary alcohol drugs narrative \
         wants_change injecting opioid_substitution overdose_history last_use",
        "summary",
    ),
    (
        "learning",
        "/learning_and_neurodiversity",
        "summary adjustments_summary learning_disability autism adhd brain_injury narrative \
         learning_disability_status autism_status screening/tool screening/score screening/note",
        "summary",
    ),
    (
        "housing",
        "/housing",
        "status summary need reason_for_referral homeless_within_56_days local_connection narrative \
         accommodation_type homeless_from_date reason_code chosen_authority/name chosen_authority/code \
         consent_to_share_contact areas_to_avoid/* room_sharing accessibility",
        "status summary",
    ),
    ("money", "/money", "summary affordability debt benefits employment literacy income gambling", "summary"),
    ("recourse-to-public-funds", "/recourse_to_public_funds", "value note", ""),
    ("household", "/household", "summary members/* children/* note dependants pregnancy", "summary"),
    (
        "safeguarding",
        "/safeguarding",
        "concern route placement_summary narrative kinds/* told/*/who told/*/at",
        "",
    ),
    ("risk-to-self", "/risk/to_self", "level current imminent handover_advice safety_plan", ""),
    ("risk-to-others", "/risk/to_others", "alert contact placement_summary", ""),
    (
        "trauma",
        "",
        "trauma/narrative bereavement/who bereavement/when bereavement/support bereavement/narrative",
        "",
    ),
    ("priorities", "/priorities/*", "rank need own_words clinical", ""),
    (
        "strengths",
        "",
        "strengths/summary strengths/note support_network/summary support_network/people/*",
        "strengths/summary support_network/summary",
    ),
    ("crisis", "/crisis", "summary safety_plan triggers plan", "summary"),
    ("accompaniment", "/accompaniment", "wanted kind who appointment hearing_support", ""),
    ("recommendation", "/recommendation/*", "code text", ""),
    (
        "treatment-requirement",
        "",
        "treatment_requirement/type treatment_requirement/suitable treatment_requirement/willing \
         treatment_requirement/tier treatment_requirement/note treatment_requirements/*/type \
         treatment_requirements/*/suitable treatment_requirements/*/willing treatment_requirements/*/tier \
         treatment_requirements/*/note treatment_requirements/*/need treatment_requirements/*/susceptible \
         treatment_requirements/*/arrangement treatment_requirements/*/months treatment_requirements/*/place \
         treatment_requirements/*/clinician treatment_requirements/*/assessor \
         treatment_requirements/*/assessed_at treatment_requirements/*/consents_before_sentence",
        "",
    ),
    (
        "service-contact",
        "/service_contact/*",
        "service_type open team_contact support_worker",
        "service_type",
    ),
    (
        "onward-referrals",
        "/onward_referrals/*",
        "service_type status note may_be_told/*",
        "service_type status",
    ),
    (
        "practitioner",
        "",
        "practitioner/name practitioner/role practitioner/organisation practitioner/telephone \
         validity/review_by assessed_at",
        "",
    ),
    ("request", "/referrals/*", "reason urgency need", ""),
    ("aliases", "/person", "preferred_name aliases/*", ""),
    (
        "next-of-kin",
        "/person/next_of_kin/*",
        "name relation telephone may_be_contacted knows_of_this note",
        "",
    ),
    (
        "young-person",
        "/young_person",
        "education/status education/place education/plan looked_after local_authority summary parents/*/name \
         parents/*/relation parents/*/telephone parents/*/parental_responsibility parents/*/knows_of_this \
         parents/*/may_be_contacted",
        "",
    ),
    ("release", "/release", "at from gate_contact travel", ""),
    ("fitness", "/fitness", "detention interview", ""),
    ("participation", "/participation", "can_follow intermediary fitness_to_plead_assessment note", ""),
    ("relationships", "/relationships", "summary note", ""),
    (
        "background",
        "/background",
        "armed_forces/served armed_forces/note care_leaver/status care_leaver/note",
        "",
    ),
    ("risk-from-others", "/risk/from_others", "level current advice placement_summary narrative", ""),
];

/// Where a cell's words, or the meaning of its row, make it less than the whole block (Y) or other than its usual
/// category (C).
const PARTS: &[(&str, &str, &[Audience], &str)] = {
    use Audience::{Court, Custody, Health, Housing, Probation, SocialCare, Voluntary, YouthJustice};
    const ALL: &[Audience] = &Audience::ALL;
    const WITHOUT_FHIR: &[Audience] =
        &[Custody, Court, Probation, YouthJustice, Housing, Voluntary, SocialCare];
    &[
        ("identifiers", "Y", &[Custody], "PNC/* CRO/* ASN/* CUSTODY_RECORD/*"),
        ("identifiers", "Y", &[Court], "URN/* CCR/*"),
        ("identifiers", "Y", &[Probation], "CRN/* NOMS/*"),
        ("identifiers", "Y", &[Housing], "HOUSING_REF/*"),
        ("identifiers", "Y", &[SocialCare], "SOCIAL_CARE_REF/*"),
        ("identifiers", "Y", &[YouthJustice], "YJS_REF/*"),
        (
            "nhs-number",
            "Y",
            &[Health],
            "nhs_number/value nhs_number/verification gp_practice/ods_code gp_practice/name",
        ),
        // What came after the table was decided waits until it is plainly allowed and has a place in the message.
        ("safe-contact", "Y", WITHOUT_FHIR, "telephone email how when must_not_know/*"),
        (
            "communication",
            "Y",
            WITHOUT_FHIR,
            "language interpreter_needed needs/* reasonable_adjustments/*/code reasonable_adjustments/*/note",
        ),
        ("pathway", "Y", WITHOUT_FHIR, "point site contact_outcome seen_at"),
        (
            "legal-status",
            "Y",
            WITHOUT_FHIR,
            "status_category next_hearing/court next_hearing/at bail_needs summary",
        ),
        ("appropriate-adult", "Y", WITHOUT_FHIR, "needed why arranged summary"),
        ("capacity", "Y", WITHOUT_FHIR, "status summary note"),
        (
            "housing",
            "Y",
            &[Probation, YouthJustice, Voluntary, SocialCare],
            "status summary need reason_for_referral homeless_within_56_days local_connection narrative",
        ),
        // All but the coded reason, which can say what safeguarding keeps back.
        (
            "housing",
            "Y",
            &[Housing],
            "status summary need reason_for_referral homeless_within_56_days local_connection narrative \
             accommodation_type homeless_from_date chosen_authority/name chosen_authority/code \
             consent_to_share_contact areas_to_avoid/* room_sharing accessibility",
        ),
        ("money", "Y", WITHOUT_FHIR, "summary affordability debt benefits employment literacy"),
        ("household", "Y", WITHOUT_FHIR, "summary members/* children/* note"),
        ("own-consent", "Y", ALL, "recipient decision recorded_at valid_until captured_by how"),
        (
            "vulnerabilities",
            "Y",
            &[Custody, Court, Probation, YouthJustice, SocialCare],
            "category plain_words",
        ),
        ("substance-use", "C", &[Custody], "summary withdrawal_risk/level withdrawal_risk/advice"),
        ("substance-use", "C", &[Housing], "placement_summary"),
        ("learning", "C", &[Housing], "adjustments_summary"),
        ("money", "C", &[Housing], "affordability"),
        ("safeguarding", "Y", &[Custody, Probation, YouthJustice], "concern route"),
        ("safeguarding", "C", &[Housing], "placement_summary"),
        ("safeguarding", "Y", &[SocialCare], "concern route placement_summary narrative"),
        ("risk-to-self", "Y", &[Court], "level handover_advice"),
        ("risk-to-self", "Y", &[Housing], "level safety_plan"),
        ("risk-to-others", "Y", &[Custody, Probation, YouthJustice, SocialCare], "alert contact"),
        ("risk-to-others", "C", &[Housing], "placement_summary"),
        (
            "priorities",
            "Y",
            &[Probation, YouthJustice, Housing, Voluntary, SocialCare],
            "rank need own_words",
        ),
        ("crisis", "C", &[Housing], "safety_plan"),
        ("accompaniment", "Y", &[Court], "hearing_support"),
        ("accompaniment", "Y", &[Probation, YouthJustice], "wanted who appointment hearing_support"),
        ("accompaniment", "Y", &[Housing, Voluntary, SocialCare], "wanted who appointment"),
        ("service-contact", "Y", &[Housing], "support_worker"),
        ("onward-referrals", "Y", &[Probation, YouthJustice, Health], "service_type status note"),
        // Its requirements are for adults.
        ("treatment-requirement", "Y", &[YouthJustice], ""),
    ]
};

/// What is the minimum of a block where that is less than the whole.
const MINIMA: &[(&str, &str)] = &[
    ("safe-contact", "telephone email how when must_not_know/*"),
    ("communication", "language interpreter_needed needs/* reasonable_adjustments/*/code"),
    ("appropriate-adult", "needed why arranged"),
    ("vulnerabilities", "category"),
    ("substance-use", "withdrawal_risk/level withdrawal_risk/advice"),
    ("household", "summary children/*"),
    ("safeguarding", "concern route"),
    ("risk-to-others", "alert contact"),
    ("identifiers", "PNC/* CRO/* ASN/* CUSTODY_RECORD/*"),
];

struct Cell {
    block: &'static str,
    audience: Audience,
    text: &'static str,
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for row in TABLE.lines() {
        let mut columns = row.split('|').map(str::trim);
        let block = columns.next().unwrap();
        for (text, audiences) in columns.zip(COLUMNS) {
            cells.extend(audiences.iter().map(|audience| Cell { block, audience: *audience, text }));
        }
    }
    assert_eq!(cells.len(), 46 * 8);
    cells
}

impl Cell {
    fn letter(&self) -> &'static str {
        self.text.split_whitespace().next().unwrap()
    }

    fn has_override(&self) -> bool {
        self.text.split_whitespace().nth(1) == Some("O")
    }

    fn only_if_needed(&self) -> bool {
        self.text.ends_with("if it is the need")
    }

    fn line(&self) -> &'static (&'static str, &'static str, &'static str, &'static str) {
        BLOCKS.iter().find(|(id, ..)| *id == self.block).unwrap()
    }

    fn at(&self, fields: &str) -> BTreeSet<String> {
        words(fields).into_iter().map(|field| format!("{}/{field}", self.line().1)).collect()
    }

    /// Every leaf of the block.
    fn whole(&self) -> BTreeSet<String> {
        self.at(self.line().2)
    }

    /// The leaves that leave with consent; for S, with specific consent.
    fn with_consent(&self) -> BTreeSet<String> {
        let letter = self.letter();
        let part = PARTS.iter().find(|(block, l, audiences, _)| {
            *block == self.block && *l == letter && audiences.contains(&self.audience)
        });
        match (part, letter) {
            (Some((.., fields)), _) => self.at(fields),
            (None, "Y" | "S") => self.whole(),
            (None, "C") => self.at(self.line().3),
            (None, _) => BTreeSet::new(),
        }
    }

    fn minimum(&self) -> BTreeSet<String> {
        if !self.has_override() {
            return BTreeSet::new();
        }
        match MINIMA.iter().find(|(block, _)| *block == self.block) {
            Some((_, fields)) => self.at(fields),
            None => self.whole(),
        }
    }

    /// The leaves of the block that a projection holds.
    fn found(&self, projection: &Projection) -> BTreeSet<String> {
        let whole = self.whole();
        shapes(&projection.value).into_keys().filter(|shape| whole.contains(shape)).collect()
    }

    fn says(&self, when: &str) -> String {
        format!("{} for {} ({}), {when}", self.block, self.audience.as_str(), self.text)
    }
}

/// A need under which the cells "if it is the need" hold for both of their blocks in turn.
const NEEDS: [&str; 3] = ["housing", "debt", "mental-health"];

fn meets(cell: &Cell, need: &str) -> bool {
    !cell.only_if_needed() || matches!((cell.block, need), ("housing", "housing") | ("money", "debt"))
}

#[test]
fn the_fixture_fills_every_field_of_every_block() {
    let filled = shapes(&full());
    for cell in cells() {
        for leaf in cell.whole() {
            assert!(filled.contains_key(&leaf), "{leaf}");
        }
    }
}

#[test]
fn every_cell_lets_out_what_it_says_and_no_more() {
    let rules = &*RULES;
    for need in NEEDS {
        for audience in Audience::ALL {
            let plain = project(rules, audience, agreed(&[], &[]), &full(), need);
            let mut expected = BTreeSet::new();
            for cell in cells().into_iter().filter(|cell| cell.audience == audience) {
                let leaves = if cell.letter() == "S" || !meets(&cell, need) {
                    BTreeSet::new()
                } else {
                    cell.with_consent()
                };
                assert_eq!(cell.found(&plain), leaves, "{}", cell.says("with consent"));
                expected.extend(leaves);
            }
            // Nothing beside the blocks: neither routing nor anything else.
            assert_eq!(shapes(&plain.value).into_keys().collect::<BTreeSet<_>>(), expected);
        }
    }
}

#[test]
fn specific_cells_need_the_specific_consent_by_name() {
    let rules = &*RULES;
    for cell in cells().into_iter().filter(|cell| cell.letter() == "S") {
        let without = project(rules, cell.audience, agreed(&[], &["clinical"]), &full(), "housing");
        assert_eq!(cell.found(&without), BTreeSet::new(), "{}", cell.says("without"));
        let kept = without.withheld.iter().find(|w| w.rule.ends_with(&format!("#{}", cell.block))).unwrap();
        assert_eq!(kept.reason, "needs-specific-consent");
        let with = project(rules, cell.audience, agreed(&[], &[cell.block]), &full(), "housing");
        assert_eq!(cell.found(&with), cell.with_consent(), "{}", cell.says("with specific consent"));
    }
    // What is never for an audience stays so, whatever is named.
    let all: Vec<&str> = BLOCKS.iter().map(|(id, ..)| *id).collect();
    for cell in cells().into_iter().filter(|cell| cell.letter() == "–") {
        let named = project(rules, cell.audience, agreed(&[], &all), &full(), "housing");
        assert_eq!(cell.found(&named), BTreeSet::new(), "{}", cell.says("named as specific"));
    }
}

#[test]
fn what_the_person_excludes_stays_and_nothing_else_changes() {
    let rules = &*RULES;
    for audience in Audience::ALL {
        let plain = project(rules, audience, agreed(&[], &["trauma"]), &full(), "housing");
        for cell in cells().into_iter().filter(|cell| cell.audience == audience) {
            let less = project(rules, audience, agreed(&[cell.block], &["trauma"]), &full(), "housing");
            let mut expected = shapes(&plain.value);
            expected.retain(|shape, _| !cell.whole().contains(shape));
            assert_eq!(shapes(&less.value), expected, "{}", cell.says("excluded"));
            if !cell.found(&plain).is_empty() {
                let rule = format!("{}/3#{}", audience.as_str(), cell.block);
                let kept: Vec<_> = less.withheld.iter().filter(|w| w.rule == rule).collect();
                assert!(!kept.is_empty() && kept.iter().all(|w| w.reason == "excluded-by-person"));
            }
        }
    }
}

#[test]
fn the_override_lets_out_the_minimum_of_the_agreed_blocks_only() {
    let rules = &*RULES;
    let all: Vec<&str> = BLOCKS.iter().map(|(id, ..)| *id).collect();
    for audience in Audience::ALL {
        // An emergency row that names more than the table allows gets no more than the table allows.
        let most = project(rules, audience, minimum(&all), &full(), "housing");
        assert!(most.minimum);
        let mut expected = BTreeSet::new();
        for cell in cells().into_iter().filter(|cell| cell.audience == audience) {
            assert_eq!(cell.found(&most), cell.minimum(), "{}", cell.says("under the override"));
            expected.extend(cell.minimum());
            // Each block leaves only when the row names it.
            let one = project(rules, audience, minimum(&[cell.block]), &full(), "housing");
            assert_eq!(shapes(&one.value).into_keys().collect::<BTreeSet<_>>(), cell.minimum());
            let allowed = rules.override_blocks(audience).contains(&cell.block);
            assert_eq!(allowed, cell.has_override(), "{}", cell.says("in an emergency row"));
        }
        assert_eq!(shapes(&most.value).into_keys().collect::<BTreeSet<_>>(), expected);
        let none = project(rules, audience, minimum(&[]), &full(), "housing");
        assert_eq!(none.value, serde_json::json!({}));
        assert!(none.permitted.is_empty());
    }
}

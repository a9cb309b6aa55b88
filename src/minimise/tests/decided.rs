//! The table "Which field may go to whom" as it was decided, written down a second time: what the blocks hold and what each cell
//! lets out, apart from the allow-lists that say it to the gateway.

use crate::directory::Audience;

/// The audiences of each column.
pub(super) const COLUMNS: [&[Audience]; 7] = [
    &[Audience::Custody],
    &[Audience::Court],
    &[Audience::Probation, Audience::YouthJustice],
    &[Audience::Health],
    &[Audience::Housing],
    &[Audience::Voluntary],
    &[Audience::SocialCare],
];

/// The rows of the table as decided, each with its block's id in front and its cells word for word.
pub(super) const TABLE: &str = "\
name | Y O | Y | Y | Y | Y | Y | Y O
birth-date | Y O | Y | Y | Y | Y | – | Y O
address | – | – | Y | Y | Y if contact was agreed | – | Y O
safe-contact | – | – | Y | Y | Y if contact was agreed | Y | Y O
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
accompaniment | – | Y hearing support | Y | Y | Y if contact was agreed | Y | Y
recommendation | Y | Y | Y | Y | – | – | –
treatment-requirement | – | Y | Y | Y | – | – | –
service-contact | C | C | Y | Y | Y support worker if contact was agreed | – | Y
onward-referrals | C | C | Y | Y | – | – | C
practitioner | Y O | Y | Y | Y | Y | Y | Y O
request | Y | Y | Y | Y | Y | Y | Y
aliases | – | – | – | Y | – | – | –
next-of-kin | – | – | – | – | – | – | –
young-person | – | – | C | – | – | – | C
release | – | – | Y | Y | – | – | –
fitness | Y | – | – | – | – | – | –
participation | – | Y | Y | – | – | – | –
relationships | – | – | – | Y | – | – | –
background | – | – | – | Y | – | – | –
risk-from-others | Y O | – | Y | Y | C (placement) | – | Y O";

/// What a block holds: where it stands, its fields, and those that are its category.
pub(super) const BLOCKS: &[(&str, &str, &str, &str)] = &[
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
        "status_category",
    ),
    ("offence", "/offence", "category note", ""),
    (
        "own-consent",
        "/consents/*",
        "recipient decision recorded_at valid_until captured_by how given_by note",
        "",
    ),
    (
        "appropriate-adult",
        "/appropriate_adult",
        "needed why arranged summary raised_by name relation telephone arrived_at",
        "needed",
    ),
    ("capacity", "/capacity", "status summary note decision", "status"),
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
        "summary category withdrawal_risk/level withdrawal_risk/advice placement_summary alcohol drugs narrative \
         wants_change injecting opioid_substitution overdose_history last_use",
        "category",
    ),
    (
        "learning",
        "/learning_and_neurodiversity",
        "summary category adjustments_summary learning_disability autism adhd brain_injury narrative \
         learning_disability_status autism_status screening/tool screening/score screening/note",
        "category",
    ),
    (
        "housing",
        "/housing",
        "status summary need reason_for_referral homeless_within_56_days local_connection narrative \
         accommodation_type homeless_from_date reason_code chosen_authority/name chosen_authority/code \
         consent_to_share_contact areas_to_avoid/* room_sharing accessibility",
        "status",
    ),
    (
        "money",
        "/money",
        "summary category affordability debt benefits employment literacy income gambling",
        "category",
    ),
    ("recourse-to-public-funds", "/recourse_to_public_funds", "value note", ""),
    (
        "household",
        "/household",
        "summary category members/* children/* note dependants pregnancy",
        "category",
    ),
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
        "strengths/summary strengths/category strengths/note support_network/summary support_network/category \
         support_network/people/*",
        "strengths/category support_network/category",
    ),
    ("crisis", "/crisis", "summary category safety_plan triggers plan", "category"),
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
pub(super) const PARTS: &[(&str, &str, &[Audience], &str)] = {
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
        (
            "communication",
            "Y",
            WITHOUT_FHIR,
            "language interpreter_needed interpreter/arranged interpreter/dialect interpreter/not_this_person needs/* \
             reasonable_adjustments/*/code reasonable_adjustments/*/note",
        ),
        ("pathway", "Y", WITHOUT_FHIR, "point site contact_outcome seen_at"),
        ("legal-status", "Y", ALL, "status_category next_hearing/court next_hearing/at bail_needs summary"),
        ("appropriate-adult", "Y", ALL, "needed why arranged summary"),
        ("capacity", "Y", WITHOUT_FHIR, "status summary note"),
        (
            "housing",
            "Y",
            &[Probation, YouthJustice, Voluntary, SocialCare],
            "status summary need reason_for_referral homeless_within_56_days local_connection narrative",
        ),
        // The coded reason too, where the rows that it tells of may leave.
        (
            "housing",
            "Y",
            &[Housing],
            "status summary need reason_for_referral homeless_within_56_days local_connection narrative \
             accommodation_type homeless_from_date chosen_authority/name chosen_authority/code \
             consent_to_share_contact reason_code areas_to_avoid/* room_sharing accessibility",
        ),
        // What the need is about, which is debt here.
        ("money", "Y", WITHOUT_FHIR, "affordability debt"),
        ("household", "Y", WITHOUT_FHIR, "summary members/* children/* note"),
        ("own-consent", "Y", ALL, "recipient decision recorded_at valid_until captured_by how given_by"),
        (
            "vulnerabilities",
            "Y",
            &[Custody, Court, Probation, YouthJustice, SocialCare],
            "category plain_words",
        ),
        ("substance-use", "C", &[Custody], "category withdrawal_risk/level withdrawal_risk/advice"),
        ("substance-use", "C", &[Housing], "placement_summary"),
        ("learning", "C", &[Housing], "adjustments_summary"),
        ("money", "C", &[Housing], "affordability"),
        // A summary in words may name the hearing.
        ("legal-status", "C", &[Housing], "status_category"),
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
        // What later blocks tell where a row of the table covers them: statements, and no narrative.
        ("release", "Y", &[Probation, YouthJustice], "at from"),
        (
            "participation",
            "Y",
            &[Court, Probation, YouthJustice],
            "can_follow intermediary fitness_to_plead_assessment",
        ),
        ("risk-from-others", "Y", &[Custody, Probation, YouthJustice, SocialCare], "level current advice"),
        ("risk-from-others", "C", &[Housing], "placement_summary"),
        ("young-person", "C", &[YouthJustice, SocialCare], "education/status looked_after local_authority"),
        // Probation has adults.
        ("young-person", "C", &[Probation], ""),
        // Its requirements are for adults.
        ("treatment-requirement", "Y", &[YouthJustice], ""),
    ]
};

/// Under which rows of the table a block falls that came after it was decided.
pub(super) const ROWS: &[(&str, &[&str])] = &[
    ("release", &["pathway", "legal-status"]),
    ("participation", &["accompaniment"]),
    ("risk-from-others", &["safeguarding"]),
    ("young-person", &["vulnerabilities", "money"]),
    ("aliases", &["name"]),
    ("fitness", &["recommendation"]),
    ("relationships", &["household"]),
    ("background", &["vulnerabilities"]),
];

/// Texts that say what another row is about whatever stands in them: the field, its block, and the row that keeps it back.
pub(super) const TELLING: &[(&str, &str, &str)] = &[("/safeguarding/route", "safeguarding", "household")];

/// Codes that say what another row is about: where they stand, the codes, and the rows that keep the value back.
pub(super) const CODES: &[(&str, &str, &str)] = &[
    ("/vulnerabilities/*/category", "mental-health physical-health", "clinical"),
    ("/vulnerabilities/*/category", "dementia-cognitive", "clinical learning"),
    (
        "/vulnerabilities/*/category",
        "learning-disability autism adhd-other-neurodevelopmental acquired-brain-injury",
        "learning",
    ),
    ("/vulnerabilities/*/category", "speech-language-communication", "learning communication"),
    ("/vulnerabilities/*/category", "sensory", "clinical communication"),
    ("/vulnerabilities/*/category", "substance-drugs substance-alcohol", "substance-use"),
    ("/vulnerabilities/*/category", "self-harm-suicide", "risk-to-self"),
    ("/vulnerabilities/*/category", "trauma", "trauma"),
    (
        "/vulnerabilities/*/category",
        "domestic-abuse-victim exploitation-modern-slavery",
        "safeguarding trauma risk-from-others",
    ),
    ("/vulnerabilities/*/category", "safeguarding-child", "safeguarding household"),
    ("/vulnerabilities/*/category", "safeguarding-adult", "safeguarding"),
    ("/vulnerabilities/*/category", "homelessness", "housing"),
    ("/vulnerabilities/*/category", "financial", "money"),
    ("/vulnerabilities/*/category", "veteran", "background"),
    ("/vulnerabilities/*/category", "care-experienced", "background young-person"),
    ("/vulnerabilities/*/category", "pregnancy", "household clinical"),
    ("/priorities/*/need", "substance-use", "substance-use"),
    ("/priorities/*/need", "mental-health physical-health", "clinical"),
    ("/priorities/*/need", "learning", "learning"),
    ("/priorities/*/need", "safety", "safeguarding risk-from-others"),
    ("/priorities/*/need", "crisis", "crisis risk-to-self"),
    ("/priorities/*/need", "legal", "legal-status"),
    ("/priorities/*/need", "housing", "housing"),
    ("/priorities/*/need", "money debt benefits employment literacy", "money"),
    ("/priorities/*/need", "relationships family", "relationships household"),
    // No row is about these.
    ("/priorities/*/need", "food contact education identity-documents immigration social-care other", ""),
    ("/housing/reason_code", "domestic-abuse", "safeguarding trauma risk-from-others"),
    ("/housing/reason_code", "leaving-prison", "release pathway legal-status"),
    ("/housing/reason_code", "leaving-hospital", "release clinical"),
    ("/housing/reason_code", "leaving-care", "background young-person"),
    ("/housing/reason_code", "rent-arrears mortgage-arrears", "money"),
    ("/housing/reason_code", "friends-no-longer-willing", "household"),
    ("/housing/reason_code", "notice-served no-fixed-abode other", ""),
    ("/housing/reason_code", "family-no-longer-willing relationship-breakdown", "relationships household"),
    // The kinds of service, of referrals onward too.
    (
        "/service_contact/*/service_type",
        "substance-misuse drug-treatment alcohol-treatment alcohol-detox \
         opioid-substitution needle-exchange rehabilitation-substances",
        "substance-use",
    ),
    (
        "/service_contact/*/service_type",
        "community-mental-health cmht mental-health talking-therapies early-intervention \
         eating-disorders perinatal-mental-health gp physical-health hospital dental",
        "clinical",
    ),
    ("/service_contact/*/service_type", "camhs", "clinical young-person"),
    ("/service_contact/*/service_type", "crisis-team home-treatment", "clinical crisis risk-to-self"),
    ("/service_contact/*/service_type", "memory-clinic", "clinical learning"),
    (
        "/service_contact/*/service_type",
        "learning-disability autism adhd neurodevelopmental brain-injury",
        "learning",
    ),
    ("/service_contact/*/service_type", "speech-and-language", "learning communication"),
    (
        "/service_contact/*/service_type",
        "housing-options housing-advice housing-support hostel supported-housing street-outreach",
        "housing",
    ),
    (
        "/service_contact/*/service_type",
        "debt-advice benefits-advice employment-support food-bank gambling",
        "money",
    ),
    (
        "/service_contact/*/service_type",
        "domestic-abuse idva refuge modern-slavery sexual-violence",
        "safeguarding trauma risk-from-others",
    ),
    ("/service_contact/*/service_type", "safeguarding adult-social-care", "safeguarding"),
    ("/service_contact/*/service_type", "children-social-care", "safeguarding household"),
    ("/service_contact/*/service_type", "bereavement", "trauma"),
    ("/service_contact/*/service_type", "perpetrator-programme", "risk-to-others legal-status"),
    (
        "/service_contact/*/service_type",
        "probation probation-group-work youth-justice",
        "legal-status pathway",
    ),
    (
        "/service_contact/*/service_type",
        "gate-pick-up through-the-gate prison-resettlement",
        "release legal-status pathway",
    ),
    ("/service_contact/*/service_type", "veterans", "background"),
    ("/service_contact/*/service_type", "leaving-care", "background young-person"),
    ("/service_contact/*/service_type", "parenting family-support maternity", "household relationships"),
    // Neither about these.
    (
        "/service_contact/*/service_type",
        "advice advocacy day-centre library mentoring peer-support youth-work",
        "",
    ),
];

/// Where the kind of service stands.
pub(super) const SERVICES: [&str; 2] =
    ["/service_contact/*/service_type", "/onward_referrals/*/service_type"];

/// The kinds of service that are known.
pub(super) fn services() -> Vec<&'static str> {
    let lines = CODES.iter().filter(|(at, ..)| *at == SERVICES[0]);
    lines.flat_map(|(_, codes, _)| codes.split_whitespace()).collect()
}

/// The rows that keep the value with this code at this place back.
pub(super) fn rows_of(place: &str, code: &str) -> Option<Vec<&'static str>> {
    let is_service = SERVICES.contains(&place);
    let place = if is_service { SERVICES[0] } else { place };
    if is_service && !services().contains(&code) {
        // It could be about anything that a service is about.
        let lines = CODES.iter().filter(|(at, ..)| *at == place);
        return Some(lines.flat_map(|(.., rows)| rows.split_whitespace()).collect());
    }
    let mut lines =
        CODES.iter().filter(|(at, codes, _)| *at == place && codes.split(' ').any(|one| one == code));
    let rows = lines.next().map(|(.., rows)| rows.split_whitespace().collect());
    assert!(lines.next().is_none(), "{place} {code} stands there twice");
    rows
}

/// The rows that keep the score of a screening tool back. Names are free, so one that is none of these could be of any.
pub(super) const fn rows_of_tool(name: &str) -> &'static [&'static str] {
    match name.as_bytes() {
        b"AUDIT" | b"AUDIT-C" | b"DUDIT" => &["substance-use"],
        b"LDSQ" => &["learning"],
        b"PHQ-9" | b"GAD-7" | b"CORE-10" => &["clinical"],
        b"PCL-5" => &["clinical", "trauma"],
        _ => &["substance-use", "learning", "clinical", "trauma"],
    }
}

/// What is the minimum of a block where that is less than the whole.
pub(super) const MINIMA: &[(&str, &str)] = &[
    ("communication", "language interpreter_needed needs/* reasonable_adjustments/*/code"),
    ("appropriate-adult", "needed why arranged"),
    ("vulnerabilities", "category"),
    ("substance-use", "withdrawal_risk/level withdrawal_risk/advice"),
    ("household", "summary children/*"),
    ("safeguarding", "concern route"),
    ("risk-to-others", "alert contact"),
    ("risk-from-others", "level current advice"),
    ("identifiers", "PNC/* CRO/* ASN/* CUSTODY_RECORD/*"),
];

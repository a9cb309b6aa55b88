//! Codes: whether they are in the value set that their element is bound to, and in the system that they name.

use serde_json::{Map, Value};

use super::{
    fields::{field_of, text_of},
    graph::{Alternative, Bound, Node},
    walk::Walk,
};
use crate::{
    assessment::{NhsNumber, NhsNumberFault},
    profile::{
        definition::Strength,
        finding::Severity,
        leniency::Tolerance,
        terminology::{Member, SetId, snomed_fault},
    },
};

/// Most codes that a finding lists.
const LISTED_MAX: usize = 20;
/// Where BaRS and the NHS keep their code systems.
pub(super) const NHS: &str = "https://fhir.nhs.uk/";
/// The system of NHS numbers.
pub(super) const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
const SNOMED: &str = "http://snomed.info/sct";
/// Identifier systems of the NHS that are seen misspelt.
const NHS_SYSTEMS: [&str; 5] = [
    NHS_NUMBER,
    "https://fhir.nhs.uk/Id/ods-organization-code",
    "https://fhir.nhs.uk/Id/dos-service-id",
    "https://fhir.nhs.uk/Id/sds-user-id",
    "https://fhir.nhs.uk/Id/sds-role-profile-id",
];
/// Codes that the guide and the examples of BaRS use and its published code systems lack.
const BARS_UNDEFINED: [&str; 5] =
    ["REC_SERVICE_UNAVAILABLE", "SERVICE_UNAVAILABLE", "REC_TOO_EARLY", "REC_TOO_MANY_REQUESTS", "FC"];

/// Where an earlier UK Core (2.1.0 of the code system) kept how NHS numbers are verified.
pub(super) const VERIFICATION: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus";
/// Its words.
pub(super) const OLD_WORDS: [&str; 9] = [
    "number-present-and-verified",
    "number-present-but-not-traced",
    "trace-required",
    "trace-attempted",
    "trace-needs-to-be-resolved",
    "trace-in-progress",
    "number-not-present-and-trace-not-required",
    "trace-postponed",
    "number-present-and-traced-using-welsh-nhs-ar",
];

/// What the codes of a value come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<'p> {
    In,
    Out,
    /// There is no code.
    Absent,
    Unknown(&'p str),
}

impl<'a> Walk<'a> {
    /// Checks a value against a binding.
    pub(super) fn coded(
        &mut self,
        node: &'a Node,
        kind: &'a Alternative,
        bound: &'a Bound,
        value: &'a Value,
    ) {
        let verdict = match bound.set {
            // What is only preferred is advice; an example says nothing of what is right.
            _ if bound.strength < Strength::Preferred => Verdict::In,
            _ if bound.strength == Strength::Preferred && !self.ask.best_practice => Verdict::In,
            Some(set) => self.verdict(set, value),
            None => Verdict::Unknown(not_loaded(&bound.value_set)),
        };
        match verdict {
            Verdict::In => {}
            Verdict::Absent => {
                if bound.strength == Strength::Required
                    && matches!(&*kind.type_name, "Coding" | "CodeableConcept")
                {
                    self.out_of(node, bound, "A code is needed here, not a text alone.", Severity::Error);
                }
            }
            Verdict::Out if bound.strength == Strength::Required && has_old_words(value) => {
                self.say_forgivable(
                    Tolerance::NhsNumberVerificationWords,
                    Severity::Error,
                    "code-invalid",
                    node,
                    "",
                    || {
                        (
                            format!("binding {}", node.id),
                            format!(
                                "These are the words of an earlier UK Core; `number-present-and-verified` is 01 now, \
                                 in the system {VERIFICATION}England."
                            ),
                        )
                    },
                );
            }
            Verdict::Out if bound.strength == Strength::Required => {
                self.out_of(
                    node,
                    bound,
                    "This code is not one of those that are allowed here.",
                    Severity::Error,
                );
            }
            Verdict::Out if bound.strength == Strength::Preferred => self.out_of(
                node,
                bound,
                "This code is not one of those that are preferred here.",
                Severity::Information,
            ),
            Verdict::Out => self.out_of(
                node,
                bound,
                "This code is not one of the value set, which is to be used where one of its codes fits.",
                Severity::Warning,
            ),
            Verdict::Unknown(why) => {
                if bound.strength >= Strength::Extensible {
                    self.undecided(node, &bound.value_set, why);
                }
            }
        }
        if let Some((canonical, set)) = &bound.max {
            match set.map_or(Verdict::Unknown(not_loaded(canonical)), |set| self.verdict(set, value)) {
                Verdict::Out => self.say(Severity::Error, "code-invalid", node, "", || {
                    (
                        format!("maxValueSet {}", node.id),
                        format!("This code is not in {canonical}, which no code may leave here."),
                    )
                }),
                Verdict::Unknown(why) => self.undecided(node, canonical, why),
                Verdict::In | Verdict::Absent => {}
            }
        }
    }

    fn out_of(&mut self, node: &'a Node, bound: &'a Bound, says: &str, severity: Severity) {
        let terminology = &self.program.terminology;
        self.say(severity, "code-invalid", node, "", || {
            let listed = bound.set.map_or_else(Vec::new, |set| terminology.listed(set, LISTED_MAX));
            let allowed = if listed.is_empty() {
                format!("Value set: {}.", bound.value_set)
            } else {
                format!("Allowed: {} ({}).", super::slicing::list(listed.into_iter()), bound.value_set)
            };
            (format!("binding {}", node.id), format!("{says} {allowed}"))
        });
    }

    fn undecided(&mut self, node: &'a Node, value_set: &str, why: &str) {
        self.say(Severity::Information, "not-supported", node, "", || {
            (
                format!("binding {}", node.id),
                format!("Whether this code is in {value_set} cannot be decided here: {why}."),
            )
        });
    }

    /// What the codes of a value come to in a value set.
    pub(super) fn verdict(&self, set: SetId, value: &Value) -> Verdict<'a> {
        match value {
            Value::String(code) => self.member(set, None, code),
            Value::Object(fields) => {
                if let Some(codings) = field_of(fields, "coding").and_then(Value::as_array) {
                    let mut verdict = Verdict::Absent;
                    for coding in codings.iter().filter_map(Value::as_object) {
                        match self.coding_verdict(set, coding) {
                            Verdict::In => return Verdict::In,
                            Verdict::Absent => {}
                            Verdict::Out if verdict != Verdict::Absent => {}
                            other => verdict = other,
                        }
                    }
                    return verdict;
                }
                self.coding_verdict(set, fields)
            }
            _ => Verdict::Absent,
        }
    }

    fn coding_verdict(&self, set: SetId, coding: &Map<String, Value>) -> Verdict<'a> {
        let text = |name: &str| text_of(coding, name);
        let Some(code) = text("code") else { return Verdict::Absent };
        // A code without its system says nothing.
        let Some(system) = text("system") else { return Verdict::Out };
        match self.member(set, Some(system), code) {
            Verdict::Out if self.ask.forgives.has(Tolerance::BarsCodeSystemMisspelt) => {
                match spelt_right(system) {
                    Some(right) => self.member(set, Some(&right), code),
                    None => Verdict::Out,
                }
            }
            verdict => verdict,
        }
    }

    fn member(&self, set: SetId, system: Option<&str>, code: &str) -> Verdict<'a> {
        match self.program.terminology.is_in(set, system, code) {
            Member::Yes => Verdict::In,
            Member::No => Verdict::Out,
            Member::Unknown(why) => Verdict::Unknown(why),
        }
    }

    /// Checks a Coding against the system that it names.
    pub(super) fn coding(&mut self, node: &'a Node, map: &'a Map<String, Value>) {
        let text = |name: &str| text_of(map, name);
        let (Some(system), Some(code)) = (text("system"), text("code")) else { return };
        let mut system = std::borrow::Cow::Borrowed(system);
        if let Some(right) = spelt_right(&system) {
            self.say_forgivable(
                Tolerance::BarsCodeSystemMisspelt,
                Severity::Error,
                "code-invalid",
                node,
                "system",
                || ("code system spelling".into(), format!("This code system is spelt {right}.")),
            );
            system = right.into();
        }
        let program = self.program;
        let terminology = &program.terminology;
        if system == SNOMED
            && let Some((rule, says)) = snomed_fault(code)
        {
            self.say_forgivable(
                Tolerance::UnknownCodes,
                Severity::Error,
                "code-invalid",
                node,
                "code",
                || (rule.into(), says.into()),
            );
            return;
        }
        if !terminology.has_system(&system) {
            self.formed(node, &system, code);
            return;
        }
        if terminology.code_exists(&system, code) == Member::No {
            if let Some(right) = program.other_case(&system, code) {
                self.say_forgivable(
                    Tolerance::BarsCodeCase,
                    Severity::Error,
                    "code-invalid",
                    node,
                    "code",
                    || ("code exists".into(), format!("This code is written {right}.")),
                );
                return;
            }
            let tolerance = if BARS_UNDEFINED.contains(&code) && system.starts_with(NHS) {
                Tolerance::BarsCodeUndefined
            } else {
                Tolerance::UnknownCodes
            };
            self.say_forgivable(tolerance, Severity::Error, "code-invalid", node, "code", || {
                ("code exists".into(), "The code system has no such code.".into())
            });
            return;
        }
        if let Some(display) = text("display")
            && terminology.display_fits(&system, code, display) == Some(false)
        {
            let right = terminology.display(&system, code).unwrap_or_default();
            self.say(Severity::Warning, "code-invalid", node, "display", || {
                ("display".into(), format!("The code system calls this code “{right}”."))
            });
        }
    }

    /// Checks the unit of a quantity.
    pub(super) fn quantity(&mut self, node: &'a Node, map: &'a Map<String, Value>) {
        if let (Some(system), Some(code)) = (text_of(map, "system"), text_of(map, "code")) {
            self.formed(node, system, code);
        }
    }

    /// Checks a code of a system whose codes are told by their form, and says so where the form does not tell.
    fn formed(&mut self, node: &'a Node, system: &str, code: &str) {
        match self.program.terminology.has_form(system, code) {
            None | Some(Member::Yes) => {}
            Some(Member::No) => self.say_forgivable(
                Tolerance::UnknownCodes,
                Severity::Error,
                "code-invalid",
                node,
                "code",
                || {
                    (
                        "code form".into(),
                        "This has not the form of a code of the system that it names (UCUM: kg, mmol/L, 10*9/L, {score})."
                            .into(),
                    )
                },
            ),
            Some(Member::Unknown(why)) => {
                self.say(Severity::Information, "not-supported", node, "code", || {
                    ("code form".into(), format!("Whether there is such a code cannot be decided here: {why}."))
                });
            }
        }
    }

    /// Checks an identifier by its system.
    pub(super) fn identifier(&mut self, node: &'a Node, map: &'a Map<String, Value>) {
        let text = |name: &str| text_of(map, name);
        let Some(mut system) = text("system") else { return };
        if let Some(right) = nhs_system(system) {
            self.say_forgivable(
                Tolerance::NhsSystemSpelling,
                Severity::Error,
                "value",
                node,
                "system",
                || ("system spelling".into(), format!("This system is spelt {right}.")),
            );
            system = right;
        }
        let Some(value) = text("value").filter(|_| system == NHS_NUMBER) else { return };
        match NhsNumber::parse(value) {
            Ok(number) if number.as_str() == value => {}
            Ok(_) | Err(NhsNumberFault::Format) => self.say(Severity::Error, "value", node, "value", || {
                ("NHS number".into(), "An NHS number is written as ten digits, without spaces.".into())
            }),
            Err(NhsNumberFault::CheckDigit) => {
                self.say_forgivable(
                    Tolerance::NhsNumberCheckDigit,
                    Severity::Error,
                    "value",
                    node,
                    "value",
                    || {
                        (
                            "NHS number".into(),
                            "This is no NHS number: its check digit (modulus 11) is wrong.".into(),
                        )
                    },
                );
            }
        }
    }
}

/// Why a value set cannot be asked.
fn not_loaded(canonical: &str) -> &'static str {
    if canonical.contains('|') {
        "this version of the value set is not loaded"
    } else {
        "the value set is not loaded"
    }
}

/// Whether one of these codings says how an NHS number was verified by the words of an earlier UK Core.
fn has_old_words(value: &Value) -> bool {
    let codings = value.get("coding").and_then(Value::as_array);
    codings.into_iter().flatten().any(|coding| {
        let text = |name: &str| coding.get(name).and_then(Value::as_str);
        text("system") == Some(VERIFICATION) && text("code").is_some_and(|code| OLD_WORDS.contains(&code))
    })
}

/// A code system of the NHS as it is spelt, where this is another spelling of it.
pub(super) fn spelt_right(system: &str) -> Option<String> {
    let rest = system.strip_prefix(NHS)?;
    let (folder, name) = rest.split_once('/')?;
    (folder != "CodeSystem" && folder.eq_ignore_ascii_case("CodeSystem"))
        .then(|| format!("{NHS}CodeSystem/{name}"))
}

/// An identifier system of the NHS as it is spelt, where this is another spelling of it.
pub(super) fn nhs_system(system: &str) -> Option<&'static str> {
    let plain = |text: &str| -> Option<String> {
        let text = text.to_ascii_lowercase();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        Some(rest.to_owned())
    };
    if NHS_SYSTEMS.contains(&system)
        || !system.get(..24).is_some_and(|start| start.to_ascii_lowercase().contains("fhir.nhs.uk"))
    {
        return None;
    }
    let wanted = plain(system)?;
    NHS_SYSTEMS.into_iter().find(|right| plain(right).as_deref() == Some(wanted.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_nhs() {
        assert_eq!(
            spelt_right("https://fhir.nhs.uk/Codesystem/http-error-codes").as_deref(),
            Some("https://fhir.nhs.uk/CodeSystem/http-error-codes")
        );
        assert_eq!(spelt_right("https://fhir.nhs.uk/CodeSystem/http-error-codes"), None);
        assert_eq!(spelt_right("https://fhir.nhs.uk/Id/x"), None);
        assert_eq!(
            nhs_system("http://fhir.nhs.uk/id/dos-service-id"),
            Some("https://fhir.nhs.uk/Id/dos-service-id")
        );
        assert_eq!(nhs_system("https://fhir.nhs.uk/Id/dos-service-id"), None);
        assert_eq!(nhs_system("https://a.example/Id/dos-service-id"), None);
    }
}

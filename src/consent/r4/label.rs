//! Security labels: how confidential data are, of which sensitive kind, and how they are to be handled.

use super::{meets::Met, shape::Coding, tree::Tree};

pub(super) const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
pub(super) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// From the least to the most confidential. Source: HL7 v3 `Confidentiality`, the definitions of its codes.
pub(super) const LEVELS: [&str; 6] = ["U", "L", "M", "N", "R", "V"];

/// Source: HL7 v3 `ActCode` of 2018-08-12, what stands below `_InformationSensitivityPolicy`, as FHIR R4 publishes it (CC0).
#[rustfmt::skip]
static SENSITIVITY_CODES: [(u8, &str); 44] = [
    (0, "_ActInformationSensitivityPolicy"), (1, "ETH"), (1, "GDIS"), (1, "HIV"), (1, "MST"), (1, "SCA"),
    (1, "SDV"), (1, "SEX"), (1, "SPI"), (2, "BH"), (3, "COGN"), (3, "DVD"), (3, "EMOTDIS"), (2, "MH"),
    (2, "PSY"), (2, "PSYTHPN"), (2, "SUD"), (3, "ETHUD"), (3, "OPIOIDUD"), (1, "STD"), (1, "TBOO"),
    (1, "VIO"), (1, "SICKLE"), (0, "_EntitySensitivityPolicyType"), (1, "DEMO"), (1, "DOB"), (1, "GENDER"),
    (1, "LIVARG"), (1, "MARST"), (1, "RACE"), (1, "REL"), (0, "_RoleInformationSensitivityPolicy"),
    (1, "B"), (1, "EMPL"), (1, "LOCIS"), (1, "SSP"), (0, "ADOL"), (0, "CEL"), (0, "DIA"), (0, "DRGIS"),
    (0, "EMP"), (0, "PDS"), (0, "PHY"), (0, "PRS"),
];
pub(super) static SENSITIVITY: Tree = Tree { system: ACT_CODE, codes: &SENSITIVITY_CODES };

/// How data are to be handled, not what they are. Source: the same, what stands below `SecurityPolicy`.
#[rustfmt::skip]
static HANDLING_CODES: [(u8, &str); 50] = [
    (0, "AUTHPOL"), (1, "ACCESSCONSCHEME"), (0, "DELEPOL"), (0, "ObligationPolicy"), (1, "ANONY"),
    (1, "AOD"), (1, "AUDIT"), (1, "AUDTR"), (1, "CPLYCC"), (1, "CPLYCD"), (1, "CPLYJPP"), (1, "CPLYOPP"),
    (1, "CPLYOSP"), (1, "CPLYPOL"), (1, "DECLASSIFYLABEL"), (1, "DEID"), (1, "DELAU"), (1, "DOWNGRDLABEL"),
    (1, "DRIVLABEL"), (1, "ENCRYPT"), (2, "ENCRYPTR"), (2, "ENCRYPTT"), (2, "ENCRYPTU"), (1, "HUAPRV"),
    (1, "LABEL"), (1, "MASK"), (1, "MINEC"), (1, "PERSISTLABEL"), (1, "PRIVMARK"), (1, "PSEUD"),
    (1, "REDACT"), (1, "UPGRDLABEL"), (0, "RefrainPolicy"), (1, "NOAUTH"), (1, "NOCOLLECT"),
    (1, "NODSCLCD"), (1, "NODSCLCDS"), (1, "NOINTEGRATE"), (1, "NOLIST"), (1, "NOMOU"), (1, "NOORGPOL"),
    (1, "NOPAT"), (1, "NOPERSISTP"), (1, "NORDSCLCD"), (1, "NORDSCLCDS"), (1, "NORDSCLW"), (1, "NORELINK"),
    (1, "NOREUSE"), (1, "NOVIP"), (1, "ORCON"),
];
pub(super) static HANDLING: Tree = Tree { system: ACT_CODE, codes: &HANDLING_CODES };

/// Systems whose labels say how data were made or for what, not what they are: that they are a part, or test data.
const ABOUT_HANDLING: [&str; 2] = [
    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "http://terminology.hl7.org/CodeSystem/v3-ActReason",
];

/// Two concepts apart in the tree whose definitions both speak of alcohol and drugs, by their places: a refusal of one may
/// mean the other.
const ETH: u8 = 1;
const SUD: u8 = 16;

/// One label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// Its place in [`LEVELS`].
    Level(u8),
    /// Its place in [`SENSITIVITY`].
    Kind(u8),
    /// How to handle the data.
    Handling(Coding),
    /// One that nobody can place.
    Other(Coding),
}

impl Label {
    pub(super) fn of(coding: Coding) -> Self {
        let level = LEVELS.iter().position(|level| **level == *coding.code);
        if *coding.system == *CONFIDENTIALITY
            && let Some(level) = level.and_then(|level| u8::try_from(level).ok())
        {
            return Self::Level(level);
        }
        if let Some(kind) = SENSITIVITY.place(&coding.system, &coding.code) {
            return Self::Kind(kind);
        }
        let handles = HANDLING.place(&coding.system, &coding.code).is_some()
            || ABOUT_HANDLING.contains(&&*coding.system);
        if handles { Self::Handling(coding) } else { Self::Other(coding) }
    }

    /// Whether a permission for this label lets data with the `other` go: what is less confidential too, and what stands
    /// below a kind.
    fn permits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Level(upto), Self::Level(level)) => level <= upto,
            (Self::Kind(upper), Self::Kind(lower)) => SENSITIVITY.covers(*upper, *lower),
            _ => self == other,
        }
    }

    /// Whether a refusal of this label is one of data with the `other`: what is more confidential too, what stands below a
    /// kind; and perhaps what stands above it, for that may be it.
    fn refuses(&self, other: &Self) -> Met {
        match (self, other) {
            (Self::Level(from), Self::Level(level)) => Met::when(level >= from),
            (Self::Kind(upper), Self::Kind(lower)) if SENSITIVITY.covers(*upper, *lower) => Met::Yes,
            (Self::Kind(one), Self::Kind(other))
                if SENSITIVITY.covers(*other, *one) || may_mean(*one, *other) =>
            {
                Met::Unknown
            }
            _ => Met::when(self == other),
        }
    }

    /// As it was written.
    pub(super) fn coding(&self) -> Coding {
        let of = |system: &str, code: Option<&str>| Coding::new(system, code.unwrap_or_default());
        match self {
            Self::Level(place) => of(CONFIDENTIALITY, LEVELS.get(usize::from(*place)).copied()),
            Self::Kind(place) => {
                of(ACT_CODE, SENSITIVITY.codes.get(usize::from(*place)).map(|(_, code)| *code))
            }
            Self::Handling(coding) | Self::Other(coding) => coding.clone(),
        }
    }

    pub(super) const fn is_level(&self) -> bool {
        matches!(self, Self::Level(_))
    }
}

fn may_mean(one: u8, other: u8) -> bool {
    let is_of_both = |left, right| left == ETH && SENSITIVITY.covers(SUD, right);
    is_of_both(one, other) || is_of_both(other, one)
}

/// Whether a permission for these labels covers data: one of theirs must be among these, and each that says what they are
/// among these or `also`, what the permission round this one lets go anyway. `None`: nobody labelled the data.
pub(super) fn permitted(rule: &[Label], also: &[Label], data: Option<&[Label]>) -> Met {
    let Some(data) = data else { return Met::Unknown };
    let mut any = false;
    for label in data {
        let permits = |one: &Label| one.permits(label);
        if rule.iter().any(permits) {
            any = true;
        } else if !matches!(label, Label::Handling(_)) && !also.iter().any(permits) {
            return Met::No;
        }
    }
    if any { Met::Yes } else { Met::Unknown }
}

/// Whether a refusal of one of these labels is one of the data: of one of theirs. Data without a level of confidentiality may
/// be of any.
pub(super) fn refused(rule: &[Label], data: Option<&[Label]>) -> Met {
    let Some(data) = data else { return Met::Unknown };
    let has_level = data.iter().any(Label::is_level);
    let mut met = Met::No;
    for one in rule {
        if one.is_level() && !has_level {
            met = met.or(Met::Unknown);
        }
        for label in data {
            met = met.or(one.refuses(label));
        }
    }
    met
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_that_may_mean_each_other_stand_where_they_are_looked_for() {
        let place = |code| SENSITIVITY.place(ACT_CODE, code).unwrap();
        assert_eq!((place("ETH"), place("SUD")), (ETH, SUD));
        assert!(may_mean(place("ETHUD"), ETH) && may_mean(ETH, SUD) && !may_mean(ETH, place("PSY")));
    }
}

//! Purposes of use. A permission for a concept covers those below it; a request is for what it says, and not for what lies
//! below that.

use super::{meets::Met, shape::Coding, tree::Tree};

/// The code system of HL7 v3.
pub(super) const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/// Source: HL7 v3 `ActReason` of 2018-08-12, what stands below `PurposeOfUse`, as FHIR R4 publishes it (CC0); a test holds it
/// against `profiles/r4/codes.txt`.
#[rustfmt::skip]
static PURPOSE_CODES: [(u8, &str); 59] = [
    (0, "HMARKT"), (0, "HOPERAT"), (1, "CAREMGT"), (1, "DONAT"), (1, "FRAUD"), (1, "GOV"), (1, "HACCRED"),
    (1, "HCOMPL"), (1, "HDECD"), (1, "HDIRECT"), (1, "HDM"), (1, "HLEGAL"), (1, "HOUTCOMS"), (1, "HPRGRP"),
    (1, "HQUALIMP"), (1, "HSYSADMIN"), (2, "LABELING"), (2, "METAMGT"), (1, "MEMADMIN"), (1, "MILCDM"),
    (1, "PATADMIN"), (1, "PATSFTY"), (1, "PERFMSR"), (1, "RECORDMGT"), (1, "SYSDEV"), (2, "HTEST"),
    (1, "TRAIN"), (0, "HPAYMT"), (1, "CLMATTCH"), (1, "COVAUTH"), (1, "COVERAGE"), (2, "ELIGDTRM"),
    (2, "ELIGVER"), (2, "ENROLLM"), (2, "MILDCRG"), (1, "REMITADV"), (0, "HRESCH"), (1, "BIORCH"),
    (1, "CLINTRCH"), (2, "CLINTRCHNPC"), (2, "CLINTRCHPC"), (2, "PRECLINTRCH"), (1, "DSRCH"),
    (1, "POARCH"), (1, "TRANSRCH"), (0, "PATRQT"), (1, "FAMRQT"), (1, "PWATRNY"), (1, "SUPNWK"),
    (0, "PUBHLTH"), (1, "DISASTER"), (1, "THREAT"), (0, "TREAT"), (1, "CLINTRL"), (1, "COC"),
    (1, "ETREAT"), (2, "BTG"), (2, "ERTREAT"), (1, "POPHLTH"),
];
pub(super) static PURPOSES: Tree = Tree { system: ACT_REASON, codes: &PURPOSE_CODES };

/// A purpose, of HL7's or of anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Its place in [`PURPOSES`].
    Known(u8),
    /// One that nobody can place.
    Other(Coding),
}

impl Purpose {
    pub(super) fn of(coding: Coding) -> Self {
        PURPOSES.place(&coding.system, &coding.code).map_or_else(|| Self::Other(coding), Self::Known)
    }

    /// Whether a rule for this purpose is for what is asked. Where one of the two cannot be placed, only the same code says
    /// yes, and nothing says no.
    pub(super) fn is_for(&self, asked: &Self) -> Met {
        match (self, asked) {
            (Self::Known(rule), Self::Known(asked)) => Met::when(PURPOSES.covers(*rule, *asked)),
            (Self::Other(rule), Self::Other(asked)) if rule == asked => Met::Yes,
            _ => Met::Unknown,
        }
    }
}

//! The disclosure tables as written in `profiles/disclosure/`: blocks, and one file for each audience.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use crate::directory::Audience;

/// The blocks and their paths.
pub(super) const BLOCKS: &str = include_str!("../../profiles/disclosure/blocks.toml");

/// The profile that the paths are written against.
pub(super) const ASSESSMENT: &str = include_str!("../../profiles/assessment/assessment.json");

/// The file of each audience.
pub(super) const fn source(audience: Audience) -> &'static str {
    match audience {
        Audience::Custody => include_str!("../../profiles/disclosure/custody.toml"),
        Audience::Court => include_str!("../../profiles/disclosure/court.toml"),
        Audience::Probation => include_str!("../../profiles/disclosure/probation.toml"),
        Audience::YouthJustice => include_str!("../../profiles/disclosure/youth-justice.toml"),
        Audience::Health => include_str!("../../profiles/disclosure/health.toml"),
        Audience::Housing => include_str!("../../profiles/disclosure/housing.toml"),
        Audience::Voluntary => include_str!("../../profiles/disclosure/voluntary.toml"),
        Audience::SocialCare => include_str!("../../profiles/disclosure/social-care.toml"),
    }
}

/// `blocks.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlocksFile {
    /// Paths that tell the gateway where to send; they never leave.
    pub(super) routing: Vec<String>,
    /// Leaves whose digits are another number by their own form: no NHS number is looked for in them.
    pub(super) own_form: Vec<String>,
    /// The blocks, in the order of the table.
    pub(super) block: Vec<BlockLine>,
}

/// One block.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockLine {
    /// Its id, as consents and agreements name it.
    pub(super) id: String,
    /// Its row in the table, in words.
    pub(super) title: String,
    /// The blocks whose rows of the table it falls under, where it has none of its own: what the person keeps back of one of
    /// them is kept back of this too.
    #[serde(default)]
    pub(super) rows: Vec<String>,
    /// Single values of it that say what another row is about.
    #[serde(default)]
    pub(super) under: Vec<UnderLine>,
    /// Single values of it that let others guess what another row is about, and leave all the same: the sender is told.
    #[serde(default)]
    pub(super) hints: Vec<UnderLine>,
    /// All paths that belong to it.
    pub(super) extent: Vec<String>,
    /// Named parts of it; `full` is the extent.
    #[serde(default)]
    pub(super) views: BTreeMap<String, Vec<String>>,
}

/// Values of a block that fall under the rows of others too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnderLine {
    /// Which: a path of the block with a filter, to its leaves.
    pub(super) path: String,
    /// The blocks whose rows they fall under: what the person keeps back of one of them is kept back here too.
    pub(super) rows: Vec<String>,
}

/// The file of one audience.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AudienceFile {
    /// Its name; the same as the file's.
    pub(super) audience: String,
    /// Moves on with every change; part of each rule's name.
    pub(super) version: u32,
    /// For what an agreement with this kind of agency must be: one of these, as codes of v3-PurposeOfUse or our own.
    pub(super) purposes: Vec<String>,
    /// A cell for every block.
    pub(super) cells: BTreeMap<String, CellLine>,
}

/// One cell of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CellLine {
    /// Its letters.
    pub(super) cell: Letters,
    /// The view that leaves with consent.
    pub(super) view: Option<String>,
    /// The view that may leave under the override.
    #[serde(rename = "override")]
    pub(super) minimum: Option<String>,
    /// It leaves only when the referral is for one of these needs.
    pub(super) when_need: Option<Vec<String>>,
    /// For these needs another view leaves: what that need is about, and no more.
    #[serde(default)]
    pub(super) by_need: BTreeMap<String, String>,
    /// It leaves only when the assessment says `true` at this path: what the person agreed to beside the referral.
    pub(super) when_agreed: Option<String>,
    /// What leaves of somebody under 18 beside a consent, whatever they keep back or nobody said.
    pub(super) under_18: Option<ByLawLine>,
}

/// What the law gives to every child.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ByLawLine {
    /// The view that leaves: one field.
    pub(super) view: String,
    /// That field.
    pub(super) at: String,
    /// What it says.
    pub(super) says: String,
}

/// The letters of a cell, as in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Letters {
    /// With the person's consent.
    #[serde(rename = "Y")]
    Yes,
    /// And, at its minimum, under the override.
    #[serde(rename = "Y O")]
    YesOverride,
    /// As a category, without detail.
    #[serde(rename = "C")]
    Category,
    /// As a category, and under the override.
    #[serde(rename = "C O")]
    CategoryOverride,
    /// Only with separate, specific consent.
    #[serde(rename = "S")]
    Specific,
    /// Never.
    #[serde(rename = "-")]
    Never,
}

impl Letters {
    pub(super) const fn overrides(self) -> bool {
        matches!(self, Self::YesOverride | Self::CategoryOverride)
    }

    pub(super) const fn is_category(self) -> bool {
        matches!(self, Self::Category | Self::CategoryOverride)
    }
}

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "Y",
            Self::YesOverride => "Y O",
            Self::Category => "C",
            Self::CategoryOverride => "C O",
            Self::Specific => "S",
            Self::Never => "–",
        })
    }
}

//! The environment, read here and nowhere else.

use std::path::PathBuf;

/// `KEYWAY_CONFIG`: the settings file, when no `--config` is given.
#[expect(clippy::disallowed_methods, reason = "this is the one room that reads the environment")]
#[must_use]
pub fn config_path() -> Option<PathBuf> {
    std::env::var_os("KEYWAY_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// `KEYWAY_LOG`: takes the place of `log.level`.
#[expect(clippy::disallowed_methods, reason = "this is the one room that reads the environment")]
#[must_use]
pub fn log_level() -> Option<String> {
    std::env::var("KEYWAY_LOG").ok().filter(|v| !v.is_empty())
}

/// Where the machine keeps files that need not last (`TMPDIR`, or `/tmp`).
#[must_use]
pub fn temporary_folder() -> PathBuf {
    std::env::temp_dir()
}

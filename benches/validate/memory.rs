//! What this process holds, as Linux counts it. Elsewhere nothing is said.

use std::fs;

/// A line of `/proc/self/status`, in KiB: `VmRSS` is held now, `VmHWM` is the most that was held.
pub(super) fn status_kib(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Begins the peak anew from what is held now.
pub(super) fn reset_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

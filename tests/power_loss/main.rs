//! What was answered survives loss of power.
//!
//! Killing a process proves nothing about power: the kernel keeps what it wrote. So the store runs in a process
//! of its own over a disk (`disk.c`, loaded before the C library) that forgets every write not yet synced; the
//! process is killed while commits flow, and a new store opens what that disk holds. With syncing turned off the
//! same run loses commits that were answered: the test can fail.

#[cfg(test)]
#[cfg(target_os = "linux")]
mod child;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod rig;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use crate::rig::{Rig, Sync};

    /// Power fails three times; each time the next store goes on from what was left.
    fn survives(leak_percent: u32, seed: u64) {
        let Some(rig) = Rig::new() else { return };
        let mut answered = Vec::new();
        for round in 0..3 {
            let run = rig.run_until_power_fails(round, Sync::On, leak_percent, seed + u64::from(round));
            assert!(run.len() > 100, "only {} commits were answered", run.len());
            answered.extend(run);
            let found = rig.found_on_the_disk(&answered);
            let lost: Vec<_> = answered.iter().filter(|name| !found.contains(*name)).collect();
            let some: Vec<_> = lost.iter().take(5).collect();
            assert!(lost.is_empty(), "round {round}: {} of {} lost: {some:?}", lost.len(), answered.len());
        }
    }

    #[test]
    fn every_answered_commit_survives_when_nothing_unsynced_does() {
        survives(0, 1);
    }

    /// The harder case: some sectors of what was not synced are there, in no order.
    #[test]
    fn every_answered_commit_survives_when_some_of_the_unsynced_does() {
        survives(40, 7);
    }

    /// The test of the test.
    #[test]
    fn without_syncing_answered_commits_are_lost() {
        let Some(rig) = Rig::new() else { return };
        let answered = rig.run_until_power_fails(0, Sync::Off, 0, 1);
        assert!(answered.len() > 100);
        let found = rig.found_in_the_page_cache(&answered);
        assert_eq!(found.len(), answered.len(), "a kill alone loses nothing, synced or not");
        let found = rig.found_on_the_disk(&answered);
        assert!(found.len() < answered.len(), "the disk kept what was never synced");
    }
}

#[cfg(all(test, not(target_os = "linux")))]
#[test]
fn skipped() {
    use std::io::Write;
    let mut stderr = std::io::stderr();
    writeln!(stderr, "SKIPPED: loss of power is simulated on Linux only; nothing was shown here.").unwrap();
}

//! Room on the ledger's volume: told when it runs short, closed before it runs out, open again without repair.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chengxin::ledger::disk::{DiskSettings, SystemVolume, Volume};
use chengxin::ledger::{Ledger, LedgerSettings, Reason, Shortage, State, Unavailable};

use crate::ledger_log::setting::{append, keys, ledgers, read};
use crate::support::patience;

const MIB: u64 = 1024 * 1024;

/// As much room as a test says; a volume that cannot be read when it says -1. The ballast counts as taken.
#[derive(Debug)]
struct Said(AtomicI64);

impl Volume for Said {
    fn free(&self, folder: &Path) -> io::Result<u64> {
        let said = u64::try_from(self.0.load(Ordering::SeqCst)).map_err(|_| io::Error::other("away"))?;
        let ballast = std::fs::metadata(folder.join("ledger.ballast")).map_or(0, |file| file.len());
        Ok((said * MIB).saturating_sub(ballast))
    }
}

fn wait_for(ledger: &Ledger, state: State) {
    let until = Instant::now() + Duration::from_secs(30);
    while ledger.state() != state {
        assert!(Instant::now() < until, "{:?} instead of {state:?}", ledger.state());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_ledger_short_of_room_says_so_closes_before_it_is_full_and_opens_again_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let ballast = folder.path().join("ledger.ballast");
    for place in ledgers() {
        let said = Arc::new(Said(AtomicI64::new(2000)));
        let disk = DiskSettings {
            folder: folder.path().to_owned(),
            warn_below: 1000 * MIB,
            close_below: 100 * MIB,
            ballast: 16 * MIB,
            volume: Arc::clone(&said) as _,
        };
        let settings = LedgerSettings { disk: Some(disk), ..LedgerSettings::default() };
        let ledger = place.open_with(keys(1), &settings).unwrap();
        assert_eq!((ledger.state(), std::fs::metadata(&ballast).unwrap().len()), (State::Open, 16 * MIB));
        append(&ledger, 0..5);

        said.0.store(900, Ordering::SeqCst);
        wait_for(&ledger, State::Degraded(Shortage::DiskLow));
        assert!(ledger.is_ready());
        append(&ledger, 5..10);

        said.0.store(90, Ordering::SeqCst);
        wait_for(&ledger, State::Closed(Reason::DiskLow));
        patience::until("the ballast is given back", Duration::from_secs(30), || (!ballast.exists()).then_some(()));
        assert_eq!(ledger.append_blocking(read(10)).unwrap_err(), Unavailable(Reason::DiskLow));
        assert_eq!(ledger.size(), 10, "nothing was written");
        // With the ballast given back there is just enough, which must not open it: it would close again at once.
        said.0.store(110, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(ledger.state(), State::Closed(Reason::DiskLow));
        assert_eq!(ledger.try_reopen_blocking(), State::Closed(Reason::DiskLow), "there is no way around it");

        // A volume that cannot be looked at is no reason to open it.
        said.0.store(-1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(ledger.state(), State::Closed(Reason::DiskLow));
        said.0.store(2000, Ordering::SeqCst);
        wait_for(&ledger, State::Open);
        assert!(ballast.exists(), "it is taken again");
        let told = ledger.entry(10).unwrap().unwrap();
        assert_eq!(
            (told.leaf.flags, told.leaf.error_code.as_deref()),
            (vec!["LEDGER_REOPENED".to_owned()], Some("DISK_LOW"))
        );
        append(&ledger, 10..15);
        // What was found to be false stays closed, room or not.
        ledger.distrust();
        said.0.store(90, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(ledger.state(), State::Closed(Reason::Tampered));
        ledger.close();
        std::fs::remove_file(&ballast).unwrap_or_default();
    }
}

#[test]
fn the_system_tells_how_much_room_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let free = SystemVolume.free(folder.path()).unwrap();
    assert!(free > MIB, "{free}");
    assert!(SystemVolume.free(&folder.path().join("nowhere")).is_err());
}

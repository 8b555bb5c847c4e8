//! The words of push (信息推送): what events are about, and how their sending stands. When a failed attempt is made again is
//! `retry_after`.

use super::vocabulary::vocabulary;

vocabulary! {
    /// What an event is about.
    EventKind {
        /// A joint action.
        JointAction,
        /// A measure of one in one department.
        Assignment,
        /// An objection or an application for repair.
        Application,
        /// What became of a record that the receiver had received.
        Tombstone,
        /// A tip-off.
        Tipoff,
        /// An entry on a list.
        Listing,
    }
}

vocabulary! {
    /// Whether events are sent to a webhook.
    WebhookState {
        /// They are sent.
        Active,
        /// The receiver said that it is gone (HTTP 410), or it was removed: nothing is sent any more.
        Disabled,
    }
}

vocabulary! {
    /// How the sending of one event to one webhook stands.
    DeliveryState {
        /// It is still to be sent, or sent again.
        Pending,
        /// The receiver took it.
        Delivered,
        /// Every attempt failed: it waits for somebody to send it again.
        Dead,
    }
}

/// Seconds after each failed attempt until the next: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, as the Standard Webhooks
/// specification proposes.
const BACK_OFF_SECONDS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Seconds until the next attempt after `attempts` that failed; `None` when there is none. `jitter` (0 to 255) adds up to a tenth, so that
/// what failed together does not come together again.
pub fn retry_after(attempts: i64, jitter: u8) -> Option<i64> {
    let at = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let seconds = BACK_OFF_SECONDS.get(at)?;
    Some(seconds + seconds * i64::from(jitter) / 2_550)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rarer_and_end() {
        let mut before = 0;
        for attempts in 1..=9 {
            let (soon, late) = (retry_after(attempts, 0).unwrap(), retry_after(attempts, u8::MAX).unwrap());
            assert!(soon > before && late >= soon && late <= soon + soon / 10, "{attempts}: {soon} to {late}");
            before = late;
        }
        assert_eq!(retry_after(10, 0), None, "after the tenth attempt there is no other");
        assert_eq!(retry_after(0, 0), None, "what was never tried has not failed");
    }
}

//! Exchange with other platforms by files (GB/T 39443, file mode): packages of records out, receipts in, packages of others in, and a
//! reconciliation of both sides.
//!
//! What a platform is sent is the difference between what it may see and what it was sent before, worked out anew each time
//! (docs/decisions/0017): nothing that was committed is forgotten, whatever ended when. Records are read under a permit, as by any caller:
//! the public's, or that of a token which may claim the platform's purpose.
//!
//! Deliberately absent: natural persons and individual businesses, of whom the public sees masks, which are no data.

pub mod package;
pub mod plan;
pub mod receipts;
pub mod receive;
pub mod report;

use std::path::Path;

use super::fault::Fault;
use super::inquiry::{Inquiry, NotOpened};
use crate::catalogue::Platform;
use crate::domain::Tier;

/// The column with the id of a record, in data files and receipts.
pub const ID: &str = "信息标识";
/// The column that says what to do with it.
pub const OPERATION: &str = "操作";
/// The columns of a receipt.
pub const RESULT: &str = "处理结果";
/// Why a line was refused.
pub const REASON: &str = "原因";

/// Why the exchange stopped.
#[derive(Debug)]
pub enum Stopped {
    /// A use case did not answer.
    Fault(Fault),
    /// The token may not claim the purpose of the platform, or sees no more than the public.
    NotPermitted,
    /// A file or a folder: which, and what is wrong.
    File(String),
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<crate::store::StoreError> for Stopped {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<NotOpened> for Stopped {
    fn from(not_opened: NotOpened) -> Self {
        match not_opened {
            NotOpened::PurposeNotAllowed => Self::NotPermitted,
            NotOpened::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(fault) => write!(formatter, "the gateway could not do it: {fault:?}"),
            Self::NotPermitted => formatter
                .write_str("the token may not claim the purpose of this platform: name one that may with --token"),
            Self::File(what) => formatter.write_str(what),
        }
    }
}

impl std::error::Error for Stopped {}

fn file_error(path: &Path, error: &std::io::Error) -> Stopped {
    Stopped::File(format!("`{}`: {error}", path.display()))
}

/// Whether an inquiry opens as much as the platform is given, and no more than that is sent.
fn permitted(inquiry: &Inquiry, platform: &Platform) -> Result<(), Stopped> {
    let opens = inquiry.permit().tier();
    let is_enough = match platform.tier {
        Tier::PublicDisclosure => true,
        tier => opens == Some(tier),
    };
    if is_enough { Ok(()) } else { Err(Stopped::NotPermitted) }
}

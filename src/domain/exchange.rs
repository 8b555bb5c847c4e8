//! The words of the exchange with other platforms by files (GB/T 39443, file mode).

use super::vocabulary::vocabulary;

vocabulary! {
    /// What a platform is asked to do with a record.
    ExchangeOperation {
        /// 新增.
        Add,
        /// 变更.
        Change,
        /// 撤销: neither publish nor share nor use it any more.
        Revoke,
    }
}

impl ExchangeOperation {
    /// As it stands in files.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Add => "新增",
            Self::Change => "变更",
            Self::Revoke => "撤销",
        }
    }

    /// Reads what stands in a file.
    pub fn of_zh(text: &str) -> Option<Self> {
        [Self::Add, Self::Change, Self::Revoke].into_iter().find(|operation| operation.zh() == text)
    }
}

vocabulary! {
    /// What a platform answered to a line.
    ExchangeState {
        /// 已发送: nothing yet.
        Sent,
        /// 已接收.
        Accepted,
        /// 已拒收.
        Refused,
    }
}

impl ExchangeState {
    /// As it stands in receipts.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Sent => "已发送",
            Self::Accepted => "已接收",
            Self::Refused => "已拒收",
        }
    }

    /// Reads what stands in a receipt.
    pub fn of_zh(text: &str) -> Option<Self> {
        [Self::Accepted, Self::Refused].into_iter().find(|state| state.zh() == text)
    }
}

vocabulary! {
    /// How far a package has come.
    PackageState {
        /// Planned: its files may not be whole yet.
        Open,
        /// Its files are written.
        Written,
        /// Its receipt was read.
        Answered,
    }
}

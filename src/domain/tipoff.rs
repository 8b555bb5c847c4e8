//! The words of tip-offs (举报), and what may be attached to one.

use super::vocabulary::vocabulary;

vocabulary! {
    /// How far a tip-off has come.
    TipoffStage {
        /// 已提交: it waits to be given to somebody.
        Submitted,
        /// 已交办: an officer handles it.
        Assigned,
        /// 已答复.
        Answered,
    }
}

vocabulary! {
    /// What a tip-off is about: the fields in which serious untrustworthiness is punished (国办发〔2020〕49号), or another.
    TipoffField {
        /// 危害人民群众身体健康和生命安全.
        HealthAndSafety,
        /// 破坏市场公平竞争秩序和社会正常秩序.
        MarketOrder,
        /// 拒不履行法定义务.
        LegalDuty,
        /// 拒不履行国防义务.
        NationalDefence,
        /// 其他.
        Other,
    }
}

vocabulary! {
    /// What came of a tip-off.
    TipoffOutcome {
        /// 属实.
        Substantiated,
        /// 不属实.
        Unsubstantiated,
        /// 不属本部门职责: whoever reported is told where to turn.
        NotCompetent,
    }
}

vocabulary! {
    /// What may be attached to a tip-off, told by its first bytes.
    AttachmentKind {
        /// A picture: `image/jpeg`.
        Jpeg,
        /// A picture: `image/png`.
        Png,
        /// A document: `application/pdf`.
        Pdf,
    }
}

impl AttachmentKind {
    /// The kind of a file, by its first bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\xFF\xD8\xFF") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1A\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else {
            None
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }
}

/// Whether a tip-off may be given to an officer: once more too, as long as it is not answered.
pub fn may_be_assigned(stage: TipoffStage) -> bool {
    stage != TipoffStage::Answered
}

/// Whether it may be answered.
pub fn may_be_answered(stage: TipoffStage) -> bool {
    stage == TipoffStage::Assigned
}

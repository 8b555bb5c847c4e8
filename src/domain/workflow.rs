//! The words of the joint work (联合奖惩): kinds, stages and endings, each the same UPPER_SNAKE name in database, policies and
//! GraphQL. What may follow what stands in `joint_action`.

use super::vocabulary::vocabulary;

vocabulary! {
    /// Whether a measure, and a joint action, rewards or punishes.
    JointActionKind {
        /// 守信联合激励: for the trustworthy.
        Incentive,
        /// 失信联合惩戒: for the seriously untrustworthy.
        Punishment,
    }
}

vocabulary! {
    /// What a measure does to its subject (全国失信惩戒措施基础清单), or that it rewards.
    MeasureGroup {
        /// 减损权益或增加义务: takes away a right or adds a duty; needs a law or regulation.
        Rights,
        /// 相关管理措施: manages, and takes no right away.
        Management,
        /// 公共管理机构以外的组织自主实施: others may take it of their own will.
        Voluntary,
        /// 守信激励: rewards.
        Incentive,
    }
}

vocabulary! {
    /// How far a joint action has come.
    JointActionStage {
        /// 已发起: it waits to be dispatched.
        Initiated,
        /// 已推送: implementing departments have to answer, or to report for the first time.
        Dispatched,
        /// 执行中: every department has answered, and whoever takes a measure has reported it.
        InForce,
        /// 已终止.
        Ended,
    }
}

vocabulary! {
    /// Why a joint action ended.
    JointActionEnding {
        /// 期满: its term is over.
        Expired,
        /// 信用修复: what it rests on was repaired.
        Repaired,
        /// 撤销: what it rests on was withdrawn, or it was found to be wrong.
        Revoked,
        /// 不适用: no department takes any of its measures.
        NotApplicable,
    }
}

vocabulary! {
    /// How far one measure has come in one implementing department.
    AssignmentStage {
        /// 待响应: the department has to answer.
        Assigned,
        /// 已响应: it takes the measure, and has to report for the first time.
        Taken,
        /// 不适用: it does not take it, with a reason.
        NotApplicable,
        /// 已执行: it has reported that the measure is carried out.
        Executed,
        /// 已解除: the action ended, or the measure was lifted.
        Lifted,
    }
}

vocabulary! {
    /// What a department answers to a measure that it was assigned.
    AssignmentAnswer {
        /// It takes the measure.
        Taken,
        /// The measure does not apply, with a reason.
        NotApplicable,
    }
}

vocabulary! {
    /// A step of the joint work.
    WorkflowStep {
        /// 发起: identify subject, measures and term, notify the party.
        Initiate,
        /// 推送: to the implementing departments.
        Dispatch,
        /// 响应: a department answers to a measure.
        Respond,
        /// 反馈: a department reports what came of a measure.
        Feedback,
        /// 暂停: measures rest while an objection is examined.
        Suspend,
        /// 恢复: they go on.
        Resume,
        /// 终止.
        End,
        /// 提出: an objection, an application for repair, a tip-off.
        File,
        /// 受理: it is examined.
        Accept,
        /// 不予受理.
        NotAccept,
        /// 异议成立: the record was corrected or withdrawn.
        Uphold,
        /// 暂时屏蔽: it is not published, shared or used until a court's plan is carried out, and measures rest.
        Shield,
        /// 同意修复: the record is neither published nor shared nor used any more.
        Approve,
        /// 异议不成立, 不予修复.
        Reject,
        /// 撤回: by its author.
        Retract,
        /// 撤销修复: the papers were false, or the promise was broken.
        Revoke,
        /// 容缺受理: a matter is taken in hand on a written promise to hand papers in later.
        Promise,
        /// 补齐: the papers are there.
        Keep,
        /// 初步认定: an entry on a list is drafted.
        Draft,
        /// 告知: the party is told, and may state its case.
        Notify,
        /// 陈述申辩: the party states its case.
        State,
        /// 认定: the entry goes on the list.
        List,
        /// 不予认定: it does not.
        Drop,
        /// 撤销认定: it is taken off the list.
        Withdraw,
        /// 交办: an officer is named to handle a tip-off.
        Assign,
        /// 查看举报人: the officer who handles a tip-off reads who reported.
        Reveal,
        /// 答复: to whoever reported.
        Answer,
    }
}

vocabulary! {
    /// What a subject applies for.
    ApplicationKind {
        /// 异议申诉: the record is wrong.
        Objection,
        /// 信用修复: the wrong was put right.
        Repair,
    }
}

vocabulary! {
    /// How far an objection or an application for repair has come.
    ApplicationStage {
        /// 已提出: it waits for the department that provided the record.
        Filed,
        /// 已受理: repair alone.
        Accepted,
        /// 暂时屏蔽: repair alone, until a court's plan is carried out.
        Shielded,
        /// 不予受理: repair alone.
        NotAccepted,
        /// 异议成立.
        Upheld,
        /// 同意修复.
        Approved,
        /// 异议不成立, 不予修复.
        Rejected,
        /// 已撤回.
        Retracted,
        /// 修复已撤销.
        Revoked,
    }
}

vocabulary! {
    /// What is answered to an objection.
    ObjectionAnswer {
        /// 更正: it is right, and the record was corrected.
        Corrected,
        /// 撤销: it is right, and the record is withdrawn.
        Withdrawn,
        /// 异议不成立: the record stands.
        Rejected,
    }
}

vocabulary! {
    /// What is decided on an application for repair.
    RepairDecision {
        /// 受理.
        Accept,
        /// 不予受理.
        NotAccept,
        /// 暂时屏蔽: by a court's ruling, which is among the papers, until its plan is carried out.
        Shield,
        /// 同意修复.
        Approve,
        /// 不予修复.
        Reject,
    }
}

vocabulary! {
    /// What kind of paper goes with an application for repair.
    PaperKind {
        /// 履行完毕证明材料.
        PerformanceProof,
        /// 信用承诺书.
        Commitment,
        /// 法院裁定书: a court approves a reorganisation plan (重整计划) or recognises a settlement (和解协议).
        CourtRuling,
        /// What the law asks for besides.
        Other,
    }
}

vocabulary! {
    /// What became of a record, for those who hold a copy of it.
    TombstoneCause {
        /// It was corrected: read it again.
        Corrected,
        /// It was withdrawn: forget it.
        Withdrawn,
        /// It was repaired: stop publishing, sharing and using it.
        Repaired,
        /// It is shielded for a while: neither publish nor share nor use it until told more.
        Shielded,
        /// Its repair was revoked, or it is no longer shielded: it stands again.
        Restored,
    }
}

vocabulary! {
    /// How a promise to hand papers in later stands.
    PromiseStage {
        /// 待补: its day has not passed.
        Open,
        /// 已补齐.
        Kept,
        /// 逾期未补: its day is over, and the papers are not there.
        Broken,
    }
}

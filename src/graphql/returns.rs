//! The roots of the monthly returns (月报) and of what departments report about themselves. Merged into `Query`.

use async_graphql::{Context, Object};

use super::context::{ContextExt, Nullable, nullable};
use super::object::returns::{AnswerTimes, DataQuality, ExecutionReturn, InitiatorReturn};
use super::scalar::Date;
use super::workflow::wanted_department;
use crate::exchange::returns::{execution, initiator, month, quality};

/// What can be asked of the monthly returns.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReturnQuery;

/// What can be asked of the monthly returns.
#[Object]
impl ReturnQuery {
    /// What a department was assigned in a month, what it answered and what it carried out (执行情况反馈), computed out of the steps that
    /// were taken: its own for a department, anybody's for the coordinator. Also at `/returns/execution/2026-10.csv` and `.xlsx`.
    async fn execution_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The month, such as 2026-10.")] month: String,
        #[graphql(desc = "Of this department, for the coordinator; such as AMR.")] department: Option<String>,
    ) -> Nullable<ExecutionReturn> {
        nullable(|| {
            let (inquiry, department) = (ctx.inquiry()?, wanted_department(department.as_ref())?);
            let made = execution::of(inquiry, self::month(&month)?, department.as_ref())?;
            Ok(Some(ExecutionReturn::new(inquiry, made)))
        })
    }

    /// What became in a month of what each department initiated (汇总反馈): its own for a department, all for the coordinator. Also at
    /// `/returns/initiator/2026-10.csv` and `.xlsx`.
    async fn initiator_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The month, such as 2026-10.")] month: String,
        #[graphql(desc = "Of this department alone, for the coordinator; such as AMR.")] department: Option<String>,
    ) -> Nullable<InitiatorReturn> {
        nullable(|| {
            let (inquiry, department) = (ctx.inquiry()?, wanted_department(department.as_ref())?);
            let made = initiator::of(inquiry, self::month(&month)?, department.as_ref())?;
            Ok(Some(InitiatorReturn::new(inquiry, made)))
        })
    }

    /// How much a department reported in a period, how completely and how punctually (数据质量): its own for a department, anybody's for
    /// the coordinator.
    async fn data_quality(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this department, for the coordinator; such as AMR.")] department: Option<String>,
        #[graphql(desc = "From this day.")] from: Date,
        #[graphql(desc = "To this day, it included; 366 days at most.")] to: Date,
    ) -> Nullable<DataQuality> {
        nullable(|| {
            let (inquiry, department) = (ctx.inquiry()?, wanted_department(department.as_ref())?);
            let (department, made) = quality::of(inquiry, department.as_ref(), (from.0, to.0))?;
            Ok(Some(DataQuality::new(inquiry, &department, &made)))
        })
    }

    /// How fast objections and applications for repair were decided in a period (异议、修复办理时限), by kind: those about its own records
    /// for a department, all or one department's for the coordinator.
    async fn answer_times(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this department alone, for the coordinator; such as AMR.")] department: Option<String>,
        #[graphql(desc = "From this day.")] from: Date,
        #[graphql(desc = "To this day, it included; 366 days at most.")] to: Date,
    ) -> Nullable<Vec<AnswerTimes>> {
        nullable(|| {
            let (inquiry, department) = (ctx.inquiry()?, wanted_department(department.as_ref())?);
            let times = quality::answer_times(inquiry, department.as_ref(), (from.0, to.0))?;
            Ok(Some(times.into_iter().map(AnswerTimes::from).collect()))
        })
    }
}

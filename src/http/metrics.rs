//! Numbers for operators in the OpenMetrics text format. No caller, subject or value is ever a label.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::service::Service;
use crate::domain::{DeliveryState, WorkflowStep};
use crate::exchange::joint_action::overdue::OverdueCounts;
use crate::exchange::review::RegisterCounts;

/// How answers are told apart in the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AnswerLabels {
    /// The role of the caller.
    role: &'static str,
    /// The HTTP status.
    status: u16,
    /// The first error code, or empty.
    code: &'static str,
}

/// Which step of the joint work is late.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StepLabels {
    /// `DISPATCH`, `RESPOND` or `FEEDBACK`.
    step: &'static str,
}

/// How the sending of events stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DeliveryLabels {
    /// `PENDING` or `DEAD`.
    state: &'static str,
}

/// The numbers.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    answers: Family<AnswerLabels, Counter>,
    seconds: Histogram,
    ready: Gauge,
    degraded: Gauge,
    reviews_awaiting: Gauge,
    reviews_overdue: Gauge,
    openings: Gauge,
    overdue: Family<StepLabels, Gauge>,
    deliveries: Family<DeliveryLabels, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("chengxin");
        let answers = Family::default();
        registry.register("answers", "Answers by role, status and first error code", answers.clone());
        let seconds = Histogram::new(exponential_buckets(0.000_25, 2.0, 14));
        registry.register("answer_seconds", "From the arrival of a request to its released answer", seconds.clone());
        let ready = Gauge::default();
        registry.register("ready", "1 when queries can be answered", ready.clone());
        let degraded = Gauge::default();
        registry.register("ledger_degraded", "1 when the ledger writes but room runs short", degraded.clone());
        let gauge = |registry: &mut Registry, name, help| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let reviews_awaiting = gauge(&mut registry, "reviews_awaiting", "Queries that await review");
        let reviews_overdue =
            gauge(&mut registry, "reviews_overdue", "Queries that await review and are past their day");
        let openings = gauge(&mut registry, "break_glass_openings", "Openings in an emergency in this month");
        let overdue = Family::default();
        registry.register("overdue_steps", "Steps of joint actions that are past their day", overdue.clone());
        let deliveries = Family::default();
        registry.register("webhook_deliveries", "Events that wait to be sent, and dead letters", deliveries.clone());
        Self {
            registry,
            answers,
            seconds,
            ready,
            degraded,
            reviews_awaiting,
            reviews_overdue,
            openings,
            overdue,
            deliveries,
        }
    }
}

impl Metrics {
    /// Sets what is counted in the databases.
    pub fn set_register(&self, counts: RegisterCounts) {
        self.reviews_awaiting.set(i64::try_from(counts.reviews_awaiting).unwrap_or(i64::MAX));
        self.reviews_overdue.set(i64::try_from(counts.reviews_overdue).unwrap_or(i64::MAX));
        self.openings.set(i64::try_from(counts.openings_of_month).unwrap_or(i64::MAX));
    }

    /// Sets how many steps of joint actions are late.
    pub fn set_overdue(&self, counts: OverdueCounts) {
        for (step, count) in [
            (WorkflowStep::Dispatch, counts.dispatch),
            (WorkflowStep::Respond, counts.respond),
            (WorkflowStep::Feedback, counts.feedback),
        ] {
            let labels = StepLabels { step: step.name() };
            self.overdue.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Sets how the sending of events stands.
    pub fn set_deliveries(&self, counts: [(DeliveryState, i64); 2]) {
        for (state, count) in counts {
            self.deliveries.get_or_create(&DeliveryLabels { state: state.name() }).set(count);
        }
    }

    /// Counts an answer.
    pub fn count(&self, role: &'static str, status: u16, code: &'static str, micros: i64) {
        self.answers.get_or_create(&AnswerLabels { role, status, code }).inc();
        #[expect(clippy::cast_precision_loss, reason = "a duration in seconds for a histogram")]
        self.seconds.observe(micros.max(0) as f64 / 1_000_000.0);
    }
}

/// The numbers as text.
pub async fn page(service: Data<Arc<Service>>) -> HttpResponse {
    service.metrics.ready.set(i64::from(service.is_ready()));
    let is_degraded = service.gateway.shortage().is_some();
    service.metrics.degraded.set(i64::from(is_degraded));
    let mut text = String::new();
    if encode(&mut text, &service.metrics.registry).is_err() {
        return HttpResponse::InternalServerError().finish();
    }
    HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text)
}

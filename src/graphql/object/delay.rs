//! Queries that their subjects learn of later.

use async_graphql::{InputObject, Object};

use crate::domain::Role;
use crate::exchange::delay;
use crate::graphql::scalar::{Date, DateTime};

/// A delay to propose.
#[derive(Clone, Debug, InputObject)]
pub struct ProposeDelayInput {
    /// The index of the query's entry, a decimal number.
    pub(in crate::graphql) index: String,
    /// The last day on which its subjects do not see it, 1 to 366 days ahead.
    pub(in crate::graphql) until: Date,
    /// The law and the order that it rests on, 1 to 500 characters. Sealed in the entry that says so.
    pub(in crate::graphql) ground: String,
}

/// A delay to agree to.
#[derive(Clone, Debug, InputObject)]
pub struct AgreeToDelayInput {
    /// The index of the query's entry, a decimal number.
    pub(in crate::graphql) index: String,
}

/// A query that its subjects learn of later (推迟告知). Its entry stands in the ledger like any other.
#[derive(Clone, Debug)]
pub struct Delay(pub delay::Delay);

/// A query that its subjects learn of later (推迟告知). Its entry stands in the ledger like any other.
#[Object]
impl Delay {
    /// The index of the query's entry, a decimal number.
    async fn index(&self) -> String {
        self.0.index.to_string()
    }

    /// The last day on which its subjects do not see it.
    async fn until(&self) -> Date {
        Date(self.0.until)
    }

    /// The law and the order that it rests on.
    async fn ground(&self) -> &str {
        &self.0.ground
    }

    /// When it was proposed. It holds from then on, and lapses after three days unless somebody agrees.
    async fn proposed_at(&self) -> DateTime {
        DateTime(self.0.proposed.1)
    }

    /// In which role it was agreed to.
    async fn agreed_by(&self) -> Option<Role> {
        self.0.agreed.as_ref().map(|(voice, _)| voice.role)
    }

    /// When it was agreed to.
    async fn agreed_at(&self) -> Option<DateTime> {
        self.0.agreed.as_ref().map(|(_, at)| DateTime(*at))
    }
}

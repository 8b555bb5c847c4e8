//! From bytes to an answer: the document is guarded and priced, then executed under an inquiry.

use std::sync::Arc;
use std::task::Poll;

use async_graphql::{Request, Response, ValidationMode, Variables};
use futures_util::{FutureExt, StreamExt};
use sha2::{Digest, Sha256};

use super::answer::{Answer, Refused};
use super::cost::CostTable;
use super::document::{Document, Operation, OperationKind};
use super::document_cache::{Capacity, DocumentCache};
use super::error::{ApiError, Code};
use super::guard::{DocumentLimits, Rejection, Reveal};
use super::object::rate_limit::RateLimit;
use super::push::{Beginning, InHand};
use super::schema::{self, GatewaySchema};
use super::subgraph::{ENTITIES, REPRESENTATIONS_MAX, SubgraphSchema};
use super::tipoffs::CONFIDENTIAL;
use super::{cost, mutation};
use crate::catalogue::Catalogue;
use crate::domain::Role;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::push::EventRow;

/// How many parsed documents are remembered, and how many bytes of their text.
const DOCUMENTS: Capacity = Capacity { entries: 1_024, bytes: 8 << 20 };

/// The dearest look-up that counts as short work.
const LOOKUP_PRICE_MAX: u64 = 100;
/// The longest variables of one, in bytes.
const LOOKUP_VARIABLES_MAX: usize = 1_024;

/// The schema of a catalogue, ready to answer.
#[derive(Debug)]
pub struct Engine {
    schema: SchemaHolder,
    /// The same schema, for operations that the first has found valid.
    for_valid: SchemaHolder,
    schema_hash: [u8; 32],
    documents: DocumentCache,
}

/// A schema of either kind.
enum SchemaHolder {
    Gateway(GatewaySchema),
    Subgraph(SubgraphSchema),
}

impl SchemaHolder {
    fn sdl(&self) -> String {
        match self {
            Self::Gateway(schema) => schema::sdl(schema),
            Self::Subgraph(schema) => schema::sdl(schema),
        }
    }

    /// Executes at once; nothing when a resolver waited for something.
    fn execute(&self, request: Request) -> Option<Response> {
        match self {
            Self::Gateway(schema) => schema.execute(request).now_or_never(),
            Self::Subgraph(schema) => schema.execute(request).now_or_never(),
        }
    }

    /// What a subscription gives first, nothing when it has ended; pending when a resolver waited for something.
    fn first(&self, request: Request) -> Poll<Option<Response>> {
        let first = match self {
            Self::Gateway(schema) => Box::pin(schema.execute_stream(request)).next().now_or_never(),
            Self::Subgraph(schema) => Box::pin(schema.execute_stream(request)).next().now_or_never(),
        };
        first.map_or(Poll::Pending, Poll::Ready)
    }
}

impl std::fmt::Debug for SchemaHolder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Schema(…)")
    }
}

/// A GraphQL request as it came: text, operation name, variables as JSON text.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables, a JSON object, or nothing.
    pub variables: Option<String>,
}

/// A bounded, parsed and priced operation with its variables.
#[derive(Clone, Debug)]
pub struct Prepared {
    operation: Operation,
    variables: Variables,
    price: u64,
}

impl Prepared {
    /// What it does.
    pub fn kind(&self) -> OperationKind {
        self.operation.kind()
    }

    /// What it is priced at.
    pub fn price(&self) -> u64 {
        self.price
    }

    /// Whether nothing may be kept that leads to whoever asks; `None` when that is asked for beside something else.
    pub fn is_confidential(&self) -> Option<bool> {
        let fields = self.operation.root_fields();
        let confidential = fields.iter().filter(|field| CONFIDENTIAL.contains(&field.as_str())).count();
        (confidential == 0 || fields.len() == 1).then_some(confidential == 1)
    }

    /// Whether it is a subscription, to one thing (GraphQL, 5.2.3.1).
    pub fn is_subscription_of_one(&self) -> bool {
        self.kind() == OperationKind::Subscription && self.operation.root_fields().len() == 1
    }

    /// Its text without values.
    pub fn normalised(&self) -> &str {
        self.operation.normalised().text()
    }

    /// SHA-256 of its text without values.
    pub fn operation_hash(&self) -> [u8; 32] {
        *self.operation.normalised().hash()
    }

    /// Its arguments with their values, as one JSON object.
    pub fn arguments(&self) -> serde_json::Value {
        self.operation.variables_committed(&self.variables)
    }

    /// Whether `role` may use every mutation that it names.
    pub fn is_open_to(&self, role: Role) -> bool {
        self.operation
            .root_fields()
            .iter()
            .all(|field| field == "__typename" || mutation::roles_of(field).contains(&role))
    }
}

impl Engine {
    /// Builds the schema of a catalogue.
    pub fn new(catalogue: &Arc<Catalogue>) -> Result<Self, cost::CostTableError> {
        let schema = SchemaHolder::Gateway(schema::build(catalogue));
        Self::of(schema, SchemaHolder::Gateway(schema::build_for_valid(catalogue)))
    }

    /// The same as a Federation 2 subgraph, with `_entities` and `_service`.
    pub fn subgraph(catalogue: &Arc<Catalogue>) -> Result<Self, cost::CostTableError> {
        let build = |validation| SchemaHolder::Subgraph(schema::build_subgraph(catalogue, validation));
        Self::of(build(ValidationMode::Strict), build(ValidationMode::Fast))
    }

    fn of(schema: SchemaHolder, for_valid: SchemaHolder) -> Result<Self, cost::CostTableError> {
        let sdl = schema.sdl();
        let table = Arc::new(CostTable::from_sdl(&sdl)?);
        let schema_hash = Sha256::digest(sdl.as_bytes()).into();
        let documents = DocumentCache::new(DOCUMENTS, table);
        Ok(Self { schema, for_valid, schema_hash, documents })
    }

    /// The SDL.
    pub fn sdl(&self) -> String {
        self.schema.sdl()
    }

    /// SHA-256 of the SDL.
    pub fn schema_hash(&self) -> [u8; 32] {
        self.schema_hash
    }

    /// Guards, parses and prices a request.
    pub fn prepare(&self, envelope: &Envelope, limits: &DocumentLimits, reveal: Reveal) -> Result<Prepared, Refused> {
        let document = self.documents.get(&envelope.query, limits).map_err(|rejection| refused(&rejection, reveal))?;
        Self::priced(&document, envelope, limits, reveal)
    }

    /// The same for a look-up of little cost in a document that is known; `None` for whatever else is asked, and for
    /// what would be refused.
    pub fn prepare_lookup(&self, envelope: &Envelope, limits: &DocumentLimits) -> Option<Prepared> {
        if envelope.variables.as_ref().is_some_and(|variables| variables.len() > LOOKUP_VARIABLES_MAX) {
            return None;
        }
        let document = self.documents.known(&envelope.query, limits)?;
        let prepared = Self::priced(&document, envelope, limits, Reveal::Nothing).ok()?;
        Some(prepared).filter(|prepared| prepared.operation.is_lookup() && prepared.price <= LOOKUP_PRICE_MAX)
    }

    fn priced(
        document: &Arc<Document>,
        envelope: &Envelope,
        limits: &DocumentLimits,
        reveal: Reveal,
    ) -> Result<Prepared, Refused> {
        let variables =
            variables(envelope.variables.as_deref(), limits).map_err(|rejection| refused(&rejection, reveal))?;
        let operation = document.operation(envelope.operation_name.as_deref()).map_err(|_| {
            let message = "name an operation of the document in `operationName`; leave it out when there is one alone";
            Refused::from(ApiError::new(Code::GraphqlUnknownOperationName, message))
        })?;
        let price = operation.price(&variables);
        if price.refused_pages > 0 {
            let largest = cost::PAGE_MAX;
            let message = format!("`first` is between 1 and `rateLimit {{ pageSizeMax }}`, which is {largest} at most");
            return Err(ApiError::new(Code::BadUserInput, message).into());
        }
        let price = price.requested.saturating_mul(entities(&operation, &variables)?);
        Ok(Prepared { operation, variables, price })
    }

    /// Executes a prepared operation. Every resolver answers at once, so the whole operation runs to its end here.
    pub fn execute(&self, inquiry: &Arc<Inquiry>, prepared: &Prepared, rate: &RateLimit) -> Answer {
        let request = prepared.operation.clone().into_request(prepared.variables.clone());
        let request = request.data(Arc::clone(inquiry)).data(rate.clone());
        let is_valid = prepared.operation.is_known_valid(&prepared.variables);
        let schema = if is_valid { &self.for_valid } else { &self.schema };
        let Some(response) = schema.execute(request) else {
            tracing::error!("a resolver waited for something; resolvers must not");
            let error = ApiError::new(Code::InternalServerError, "the gateway could not answer this");
            return Answer::refusal(&error.into());
        };
        if !is_valid && response.errors.is_empty() {
            prepared.operation.found_valid();
        }
        Answer::executed(&response, prepared.kind(), &inquiry.tally_so_far(), rate)
    }
}

impl Engine {
    /// Validates a prepared subscription and reads where it begins; or the answer that refuses it.
    pub fn begin(&self, inquiry: &Arc<Inquiry>, prepared: &Prepared, rate: &RateLimit) -> Result<i64, Answer> {
        let request = prepared.operation.clone().into_request(prepared.variables.clone());
        let beginning = Beginning::default();
        let request = request.data(Arc::clone(inquiry)).data(rate.clone()).data(beginning.clone());
        match (self.schema.first(request), beginning.place()) {
            (Poll::Ready(None), Some(place)) => Ok(place),
            (Poll::Ready(Some(response)), _) => {
                Err(Answer::executed(&response, prepared.kind(), &inquiry.tally_so_far(), rate))
            }
            _ => {
                let error = ApiError::new(Code::InternalServerError, "the gateway could not begin this subscription");
                Err(Answer::refusal(&error.into()))
            }
        }
    }

    /// Executes a prepared subscription for one event.
    pub fn execute_event(
        &self,
        inquiry: &Arc<Inquiry>,
        prepared: &Prepared,
        event: &EventRow,
        rate: &RateLimit,
    ) -> Answer {
        let request = prepared.operation.clone().into_request(prepared.variables.clone());
        let request = request.data(Arc::clone(inquiry)).data(rate.clone()).data(InHand(event.clone()));
        let Poll::Ready(Some(response)) = self.schema.first(request) else {
            tracing::error!("a subscription gave nothing for an event, or waited for something");
            let error = ApiError::new(Code::InternalServerError, "the gateway could not tell of this event");
            return Answer::refusal(&error.into());
        };
        Answer::executed(&response, prepared.kind(), &inquiry.tally_so_far(), rate)
    }
}

/// How many times the price of one list a look-up of entities costs: the price takes ten elements for a list that says nothing of its
/// size.
fn entities(operation: &Operation, variables: &Variables) -> Result<u64, Refused> {
    if !operation.root_fields().iter().any(|field| field == ENTITIES) {
        return Ok(1);
    }
    let given = operation.arguments(variables).into_iter();
    let count = given.filter_map(|argument| argument.value.as_array().map(|list| list.len() as u64)).max().unwrap_or(0);
    if count > REPRESENTATIONS_MAX {
        let message = format!("`representations` are {REPRESENTATIONS_MAX} at most");
        return Err(ApiError::new(Code::BadUserInput, message).into());
    }
    Ok(count.div_ceil(10).max(1))
}

fn variables(json: Option<&str>, limits: &DocumentLimits) -> Result<Variables, Rejection> {
    let Some(json) = json else { return Ok(Variables::default()) };
    super::guard::check_variables(json.as_bytes(), limits, &mut super::guard::Work::default())?;
    match serde_json::from_str(json) {
        Ok(value @ (serde_json::Value::Object(_) | serde_json::Value::Null)) => Ok(Variables::from_json(value)),
        Ok(_) | Err(_) => Err(Rejection::Variables),
    }
}

fn refused(rejection: &Rejection, reveal: Reveal) -> Refused {
    let code = match rejection {
        Rejection::Limit { .. } => Code::DocumentLimit,
        Rejection::Syntax { .. } => Code::GraphqlParseFailed,
        Rejection::Cycle { .. } => Code::GraphqlValidationFailed,
        Rejection::Variables => Code::BadUserInput,
    };
    Refused { error: ApiError::new(code, rejection.message(reveal)), locations: rejection.position() }
}

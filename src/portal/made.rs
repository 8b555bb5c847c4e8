//! A page that was made and has not been released; the pages of refusals, which hold no data.

use std::sync::LazyLock;

use askama::Template;

use super::frame::{Frame, RECEIPT_MARK};
use super::visit::{Place, Visit, with_parameters};
use super::{pages, texts};
use crate::domain::{Instant, Language};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::register::Receipt;

/// A page that awaits its entry.
#[derive(Clone, Debug)]
pub struct Made {
    /// The markup, with a mark where the receipt goes.
    pub html: String,
    /// How it is answered.
    pub state: State,
}

/// How a page is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// With what was asked for.
    Shown,
    /// There is nothing for the caller at this address.
    NotFound,
    /// With the form again: what was sent cannot be meant.
    NotMeant,
    /// Not yet: in a moment.
    NotYet,
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No page has this address.
    NotFound,
    /// What was sent cannot be meant, such as a place in a list that is not this list's.
    BadInput,
    /// A form is longer than any of ours, or its files are.
    TooLarge,
    /// The token is not valid.
    Unauthenticated,
    /// The caller has no such right.
    Forbidden,
    /// Too fast.
    RateLimited,
    /// The ledger cannot write.
    NotRegistered,
    /// The registry cannot be asked now.
    Unavailable,
    /// The gateway failed.
    Failed,
}

/// Makes the page that is asked for.
pub fn make(inquiry: &Inquiry, visit: &Visit) -> Result<Made, Fault> {
    let frame = Frame::new(visit, inquiry.now());
    match &visit.place {
        Place::Home => pages::home::make(frame, inquiry),
        Place::Search(search) => pages::search::make(frame, inquiry, search),
        Place::Subject(code) => pages::subject::make(frame, inquiry, code),
        Place::Records(code, item, after) => pages::records::make(frame, inquiry, (code, item), after.as_deref()),
        Place::Report(code) => pages::report::make(frame, inquiry, code),
        Place::Publicity(filter) => pages::list::publicity(frame, inquiry, filter),
        Place::Lists => pages::lists::make(frame, inquiry),
        Place::List(filter) => pages::list::of(frame, inquiry, filter),
        Place::Measures => pages::measures::make(frame, inquiry),
        Place::Statistics => pages::statistics::make(frame, inquiry),
        Place::Guide => pages::guide::make(frame, inquiry),
        Place::Tipoff(posted) => pages::tipoff::make(frame, inquiry, posted.as_ref()),
        Place::TipoffProgress(code) => {
            pages::tipoff::progress(frame, inquiry, code.as_ref().map(|code| code.0.as_str()))
        }
        Place::TipoffFiles(sent) => pages::tipoff::files(frame, inquiry, sent.as_ref()),
        Place::Desk(desk) => pages::desk::make(frame, inquiry, desk),
        Place::Receipt(sent) => pages::receipt::make(frame, inquiry, sent.as_deref()),
        Place::Transparency => pages::transparency::make(frame, inquiry),
    }
}

/// Renders a page.
pub(super) fn page(template: &impl Template, state: State) -> Result<Made, Fault> {
    let html = template.render().map_err(|error| Fault::Corrupt(format!("a page could not be rendered: {error}")))?;
    Ok(Made { html, state })
}

#[derive(Template)]
#[template(path = "part/receipt.html")]
struct ReceiptPart<'r> {
    frame: &'r Frame,
    index: u64,
    time: String,
    text: String,
    href: Option<String>,
    /// The same address for a telephone, on what is printed.
    code: Option<pages::report::QrCode>,
}

/// The page with the receipt of its own entry.
pub fn with_receipt(made: &Made, visit: &Visit, receipt: &Receipt, now: Instant) -> String {
    let frame = Frame::new(visit, now);
    let shown = receipt.shown();
    let address = with_parameters("/receipts", &[("receipt", &pages::receipt::compact(&shown))]);
    let href = frame.link(&address);
    let code =
        matches!(visit.place, Place::Report(_)).then(|| pages::report::QrCode::of(&format!("{}{href}", frame.base)));
    // Checking it leaves a trace of who checks: of a tip-off that would be of who reported.
    let href = (!visit.is_confidential()).then_some(href);
    let part = ReceiptPart {
        frame: &frame,
        index: receipt.index(),
        time: receipt.time(),
        text: receipt.to_json().to_string(),
        href,
        code: code.flatten(),
    };
    // A part that cannot be rendered costs itself alone; the entry stands all the same.
    let part = part.render().unwrap_or_else(|error| {
        tracing::error!(%error, "the receipt of a page could not be rendered");
        String::new()
    });
    made.html.replacen(RECEIPT_MARK, &part, 1)
}

/// SHA-256 over what the pages say beside values: texts and templates. It tells one edition of the pages from another.
pub fn edition() -> [u8; 32] {
    static EDITION: LazyLock<[u8; 32]> = LazyLock::new(texts::digest);
    *EDITION
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    frame: Frame,
    heading: String,
    advice: String,
    /// Where to go on: an address, and what is there.
    onward: Option<(String, String)>,
}

/// The page of a refusal. It holds no data and stands under no entry of its own.
pub fn refusal(language: Language, refused: Refused, now: Instant) -> String {
    let frame = Frame::nowhere(language, now);
    let (heading, advice) = match refused {
        Refused::NotFound => (frame.text("refused-not-found"), frame.text("refused-not-found-advice")),
        Refused::BadInput => (frame.text("refused-bad-input"), frame.text("refused-bad-input-advice")),
        Refused::TooLarge => (frame.text("refused-large"), frame.text("refused-large-advice")),
        Refused::Unauthenticated => (frame.text("refused-token"), frame.text("refused-token-advice")),
        Refused::Forbidden => (frame.text("refused-right"), frame.text("refused-right-advice")),
        Refused::RateLimited => (frame.text("refused-fast"), frame.text("refused-fast-advice")),
        Refused::NotRegistered => (frame.text("refused-unavailable"), frame.text("refused-not-registered-advice")),
        Refused::Unavailable => (frame.text("refused-unavailable"), frame.text("refused-unavailable-advice")),
        Refused::Failed => (frame.text("refused-failed"), frame.text("refused-failed-advice")),
    };
    rendered(&RefusedPage { frame, heading, advice, onward: None })
}

/// The page for whoever posted a form of a session that is over: what was posted is not done. `then` is the page to come back to.
pub fn log_in_again(language: Language, then: &str, now: Instant) -> String {
    let frame = Frame::nowhere(language, now);
    let (heading, advice) = (frame.text("session-over"), frame.text("session-over-advice"));
    let onward = Some((with_parameters("/login", &[("then", then)]), frame.text("log-in")));
    rendered(&RefusedPage { frame, heading, advice, onward })
}

/// The page for whoever logged out; `end` is where the provider is logged out of.
pub fn logged_out(language: Language, end: Option<&str>, now: Instant) -> String {
    let frame = Frame::nowhere(language, now);
    let (heading, advice) = (frame.text("logged-out"), frame.text("logged-out-what"));
    let onward = end.map(|end| (end.to_owned(), frame.text("logged-out-provider")));
    rendered(&RefusedPage { frame, heading, advice, onward })
}

fn rendered(page: &RefusedPage) -> String {
    page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be rendered");
        String::new()
    })
}

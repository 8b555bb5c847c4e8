//! Cursors over lists whose places are text.

use super::fault::Fault;
use super::inquiry::Inquiry;

/// Seals a place in the list described by `what`.
pub(super) fn cursor(inquiry: &Inquiry, what: &str, place: &str) -> String {
    inquiry.gateway().cursors.encode(inquiry.cursor_scope(what), place, &inquiry.gateway().ambient)
}

/// Reads the place behind a cursor of the list described by `what`.
pub(super) fn place<T>(
    inquiry: &Inquiry,
    what: &str,
    after: Option<&str>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    let Some(after) = after else { return Ok(None) };
    let place = inquiry.gateway().cursors.decode(inquiry.cursor_scope(what), after, inquiry.now());
    place.as_deref().and_then(read).map(Some).ok_or_else(|| {
        Fault::BadInput("`after` is not a cursor of this list, or it has expired: begin without it".into())
    })
}

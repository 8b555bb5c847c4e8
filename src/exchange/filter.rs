//! Exact filters on indexed fields, for callers that see the field clear whatever the record.

use super::fault::Fault;
use super::import::index_form;
use super::inquiry::Inquiry;
use crate::domain::{DataClass, ItemCode};

/// The index values behind a caller's filters: the value itself for plain fields, its blind index for sealed ones.
///
/// # Errors
/// `UnknownFilter` for a field that does not exist, is not indexed, or may not be filtered on: the same for all.
pub fn indexed_values(
    inquiry: &Inquiry,
    item: &ItemCode,
    equals: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, Fault> {
    let Some(item) = inquiry.gateway().catalogue.item(item) else { return Ok(Vec::new()) };
    equals
        .into_iter()
        .map(|(name, value)| {
            let found = item.field(&name).filter(|&(at, _)| inquiry.permit().may_filter(item, at));
            let Some((_, field)) = found else { return Err(Fault::UnknownFilter { field: name }) };
            let value = index_form(&value);
            let indexed = match field.class {
                DataClass::Plain => value,
                DataClass::Personal | DataClass::Sensitive => {
                    inquiry.gateway().field_index(item.code.as_str(), &field.name, &value)
                }
            };
            Ok((name, indexed))
        })
        .collect()
}

//! How deep and how long a JSON text is, before any JSON parser builds something from it. No recursion.

use super::Work;
use super::limits::{DocumentLimits, Limit};
use super::rejection::Rejection;

/// Checks the variables of a request, or any other JSON of it, as raw text.
///
/// # Errors
/// `Limit` when they are too long or too deep, `Variables` when brackets or strings do not close.
/// What lies between the brackets is left to the JSON parser.
pub fn check_variables(json: &[u8], limits: &DocumentLimits, work: &mut Work) -> Result<(), Rejection> {
    if json.len() > limits.variables_bytes {
        return Err(Rejection::limit(Limit::VariablesBytes, limits.variables_bytes, None));
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        work.bytes = work.bytes.saturating_add(1);
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > limits.variables_depth {
                    return Err(Rejection::limit(Limit::VariablesDepth, limits.variables_depth, None));
                }
            }
            b']' | b'}' => depth = depth.checked_sub(1).ok_or(Rejection::Variables)?,
            _ => {}
        }
    }
    if depth == 0 && !in_string { Ok(()) } else { Err(Rejection::Variables) }
}

//! The headers this room reads, and the bearer token among them (RFC 6750 section 2.1).
//!
//! Deliberately absent: tokens in a query string or a form body.

use std::fmt;

use sha2::{Digest, Sha256};

use super::refusal::{Refusal, RefusalReason};

/// The longest `Authorization` value that is looked at, in bytes.
const AUTHORIZATION_BYTES_MAX: usize = 8 * 1024;

/// The headers of one request that say who asks, and why.
#[derive(Clone, Default)]
pub struct RequestHeaders<'a> {
    /// Every `Authorization` header, in order. None means that anybody asks.
    pub authorization: Vec<&'a [u8]>,
    /// `Chengxin-Purpose`: the code of a registered purpose.
    pub purpose: Option<&'a str>,
    /// `Chengxin-Case`: the number of the case the query is for.
    pub case: Option<&'a str>,
    /// `Chengxin-Authorization`: the opaque id of an authorization.
    pub authorization_id: Option<&'a str>,
}

impl fmt::Debug for RequestHeaders<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RequestHeaders({} authorization headers, …)", self.authorization.len())
    }
}

/// A token in the shape of a signed JWT, nothing of it believed yet.
#[derive(Clone, Copy)]
pub(super) struct Bearer<'a> {
    /// The three parts with their dots.
    pub(super) token: &'a str,
    /// The JOSE header, base64url.
    pub(super) header: &'a str,
    /// The claims, base64url.
    pub(super) payload: &'a str,
    /// SHA-256 of `token`.
    pub(super) digest: [u8; 32],
}

impl<'a> Bearer<'a> {
    /// Reads the `Authorization` header; `None` when there is none.
    pub(super) fn read(headers: &RequestHeaders<'a>) -> Result<Option<Self>, Refusal> {
        let value = match headers.authorization.as_slice() {
            [] => return Ok(None),
            [value] => *value,
            _ => return Err(Refusal::without_token(RefusalReason::SeveralHeaders)),
        };
        if value.len() > AUTHORIZATION_BYTES_MAX {
            return Err(Refusal::without_token(RefusalReason::TooLong));
        }
        let malformed = Refusal::without_token(RefusalReason::Malformed);
        let text = std::str::from_utf8(value).map_err(|_| malformed)?.trim_matches([' ', '\t']);
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::without_token(RefusalReason::WrongScheme));
        }
        Self::split(token.trim_start_matches(' ')).ok_or(malformed).map(Some)
    }

    /// A token that came otherwise than in that header.
    pub(super) fn of(token: &'a str) -> Result<Self, RefusalReason> {
        if token.len() > AUTHORIZATION_BYTES_MAX {
            return Err(RefusalReason::TooLong);
        }
        Self::split(token).ok_or(RefusalReason::Malformed)
    }

    fn split(token: &'a str) -> Option<Self> {
        let mut parts = token.split('.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none() && [header, payload, signature].into_iter().all(is_base64url);
        whole.then(|| Self { token, header, payload, digest: Sha256::digest(token.as_bytes()).into() })
    }
}

fn is_base64url(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(values: &[&[u8]]) -> RefusalReason {
        let headers = RequestHeaders { authorization: values.to_vec(), ..Default::default() };
        Bearer::read(&headers).err().expect("this header is refused").reason()
    }

    #[test]
    fn the_scheme_is_read_in_any_case_and_with_any_number_of_spaces() {
        for value in [&b"Bearer a.b.c"[..], b"bearer  a.b.c", b" BEARER a.b.c "] {
            let headers = RequestHeaders { authorization: vec![value], ..Default::default() };
            let bearer = Bearer::read(&headers).unwrap().unwrap();
            assert_eq!((bearer.token, bearer.header, bearer.payload), ("a.b.c", "a", "b"));
        }
    }

    #[test]
    fn a_header_that_is_not_one_bearer_token_is_refused_and_not_taken_for_none() {
        assert_eq!(reason(&[b""]), RefusalReason::WrongScheme);
        assert_eq!(reason(&[b"Basic dXNlcjpwYXNz"]), RefusalReason::WrongScheme);
        assert_eq!(reason(&[b"a.b.c"]), RefusalReason::WrongScheme);
        assert_eq!(reason(&[b"Bearer a.b.c", b"Bearer a.b.c"]), RefusalReason::SeveralHeaders);
        for malformed in
            ["Bearer", "Bearer ", "Bearer a.b", "Bearer a.b.c.d", "Bearer a..c", "Bearer a.b.c=", "Bearer a.b c.d"]
        {
            assert_eq!(reason(&[malformed.as_bytes()]), RefusalReason::Malformed, "{malformed}");
        }
        assert_eq!(reason(&[b"Bearer \xff.b.c"]), RefusalReason::Malformed);
        let long = format!("Bearer a.b.{}", "c".repeat(AUTHORIZATION_BYTES_MAX));
        assert_eq!(reason(&[long.as_bytes()]), RefusalReason::TooLong);
    }
}

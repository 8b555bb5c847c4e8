//! What is posted to a page: the fields of a form, and the files that come with it.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::web::{Payload, Query};
use futures_util::TryStreamExt as _;

use super::request::{self, Unreadable};
use crate::portal::visit::{Attached, Posted};

/// The longest form of anybody that is read, in bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// The longest form of somebody who logged in: a list of 500 subjects, a Chinese character taking nine bytes.
const DESK_BYTES_MAX: usize = 1024 * 1024;
/// The longest form with files of somebody who logged in.
const FILES_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest form with files of a tip-off: as many as it may have, and what stands around them.
const TIPOFF_BYTES_MAX: usize = 11 * 1024 * 1024;
/// How long a form may take to arrive.
const ARRIVAL_MAX: Duration = Duration::from_mins(2);
/// How many parts a form with files may have.
const PARTS_MAX: usize = 64;

/// Of which page a form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormOf {
    /// A page of everybody.
    Anybody,
    /// A page of somebody who logged in.
    Desk,
    /// Such a page that takes files.
    DeskWithFiles,
    /// The page for the files of a tip-off.
    TipoffFiles,
}

impl FormOf {
    /// How long it may be when it comes without files.
    fn longest(self) -> usize {
        match self {
            Self::Anybody | Self::TipoffFiles => FORM_BYTES_MAX,
            Self::Desk | Self::DeskWithFiles => DESK_BYTES_MAX,
        }
    }

    /// How long it may be with files; `None` for pages that take none.
    fn longest_with_files(self) -> Option<usize> {
        match self {
            Self::Anybody | Self::Desk => None,
            Self::DeskWithFiles => Some(FILES_BYTES_MAX),
            Self::TipoffFiles => Some(TIPOFF_BYTES_MAX),
        }
    }
}

/// Why a form is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRead {
    /// It stands on a page of another site: what it asks is not its reader's wish.
    OtherSite,
    /// It is no form.
    MediaType,
    /// It is longer than any form of ours.
    TooLarge,
    /// It took too long to arrive.
    TooSlow,
    /// It cannot be read.
    Malformed,
}

impl NotRead {
    /// How it is answered.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::OtherSite => StatusCode::FORBIDDEN,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Malformed => StatusCode::BAD_REQUEST,
        }
    }
}

/// The fields of a form that was posted, and its files where the page takes any.
pub(super) async fn read(request: &HttpRequest, payload: Payload, of: FormOf) -> Result<Posted, NotRead> {
    if !is_ours(request.headers()) {
        return Err(NotRead::OtherSite);
    }
    tokio::time::timeout(ARRIVAL_MAX, arriving(request, payload, of)).await.unwrap_or(Err(NotRead::TooSlow))
}

async fn arriving(request: &HttpRequest, payload: Payload, of: FormOf) -> Result<Posted, NotRead> {
    let media = request::content_type(request).and_then(|media| media.split(';').next()).map(str::trim);
    match (media, of.longest_with_files()) {
        (Some("application/x-www-form-urlencoded"), _) => urlencoded(payload, of.longest()).await,
        (Some("multipart/form-data"), Some(longest)) => multipart(request, payload, longest).await,
        _ => Err(NotRead::MediaType),
    }
}

/// What the browser says of where a form stands (Fetch Metadata); an older one says its origin alone.
pub(super) fn is_ours(headers: &HeaderMap) -> bool {
    let header = |name: &str| request::text(headers, name);
    match header("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => header(ORIGIN.as_str()).is_none_or(|origin| is_of(origin, header(HOST.as_str()).unwrap_or_default())),
    }
}

/// Whether an origin is of the host that was asked; its scheme is the proxy's affair.
fn is_of(origin: &str, host: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host))
}

async fn urlencoded(payload: Payload, longest: usize) -> Result<Posted, NotRead> {
    let body = request::body(payload, longest).await.map_err(|unreadable| match unreadable {
        Unreadable::TooLarge => NotRead::TooLarge,
        Unreadable::Broken | Unreadable::NotJson | Unreadable::NotARequest => NotRead::Malformed,
    })?;
    let text = String::from_utf8(body).map_err(|_| NotRead::Malformed)?;
    let fields = Query::<Vec<(String, String)>>::from_query(&text).map_err(|_| NotRead::Malformed)?;
    Ok(Posted { fields: fields.into_inner(), files: Vec::new() })
}

async fn multipart(request: &HttpRequest, payload: Payload, longest: usize) -> Result<Posted, NotRead> {
    let mut parts = Multipart::new(request.headers(), payload);
    let (mut posted, mut left) = (Posted::default(), longest);
    for _ in 0..PARTS_MAX {
        let Some(part) = parts.try_next().await.map_err(|_| NotRead::Malformed)? else { return Ok(posted) };
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.content_disposition().and_then(|of| of.get_filename()).map(str::to_owned);
        let bytes = bytes(part, &mut left).await?;
        match file_name {
            // A file field that was left empty comes as a file without a name.
            Some(file) if file.is_empty() && bytes.is_empty() => {}
            Some(file) => posted.files.push((name, Attached { name: file, bytes })),
            None => posted.fields.push((name, String::from_utf8(bytes).map_err(|_| NotRead::Malformed)?)),
        }
    }
    Err(NotRead::TooLarge)
}

async fn bytes(mut part: Field, left: &mut usize) -> Result<Vec<u8>, NotRead> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.try_next().await.map_err(|_| NotRead::Malformed)? {
        *left = left.checked_sub(chunk.len()).ok_or(NotRead::TooLarge)?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

//! What a file is, told from its bytes: a workbook, or text in UTF-8 or GB18030; and text as UTF-8 from either.
//!
//! Nothing is guessed: bytes that fit neither encoding are an error with their position, never replaced.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8};
use sha2::{Digest, Sha256};

use super::reader::ReadError;

const CHUNK_BYTES: usize = 1 << 16;
/// Chinese characters read as UTF-8 before a fault: from here on the file is damaged UTF-8, not GB18030.
const UTF_8_EVIDENCE: usize = 3;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text in this encoding.
    Text(&'static Encoding),
    /// A spreadsheet.
    Workbook,
}

/// What the first reading of a file found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Survey {
    pub(super) content: Content,
    pub(super) bytes: u64,
    pub(super) sha256: [u8; 32],
}

/// Reads a file once, in constant memory.
pub(super) fn survey(mut file: impl Read + io::Seek) -> Result<Survey, ReadError> {
    let mut hash = Sha256::new();
    let mut utf_8 = Probe::new(UTF_8);
    let (mut content, mut bytes) = (None, 0_u64);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = file.read(&mut chunk)?;
        let part = chunk.get(..count).unwrap_or_default();
        if bytes == 0 && is_workbook(part) {
            content = Some(Content::Workbook);
        }
        if bytes == 0 && (part.starts_with(&[0xff, 0xfe]) || part.starts_with(&[0xfe, 0xff])) {
            return Err(ReadError::Utf16);
        }
        if content.is_none() {
            if let Some(at) = part.iter().position(|byte| *byte == 0) {
                return Err(ReadError::Binary { offset: bytes + at as u64 });
            }
            utf_8.feed(part, count == 0);
        }
        hash.update(part);
        bytes += count as u64;
        if count == 0 {
            break;
        }
    }
    let sha256 = hash.finalize().into();
    let content = match content {
        Some(content) => content,
        None => Content::Text(encoding(&mut file, &utf_8)?),
    };
    file.seek(io::SeekFrom::Start(0))?;
    Ok(Survey { content, bytes, sha256 })
}

fn is_workbook(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
}

fn encoding(file: &mut (impl Read + io::Seek), utf_8: &Probe) -> Result<&'static Encoding, ReadError> {
    let Some(offset) = utf_8.fault else { return Ok(UTF_8) };
    if utf_8.marked || utf_8.ideographs >= UTF_8_EVIDENCE {
        return Err(ReadError::Encoding { encoding: "UTF-8", offset });
    }
    file.seek(io::SeekFrom::Start(0))?;
    let mut gb18030 = Probe::new(GB18030);
    let mut chunk = vec![0; CHUNK_BYTES];
    while gb18030.fault.is_none() {
        let count = file.read(&mut chunk)?;
        gb18030.feed(chunk.get(..count).unwrap_or_default(), count == 0);
        if count == 0 {
            break;
        }
    }
    gb18030.fault.map_or(Ok(GB18030), |offset| Err(ReadError::Encoding { encoding: "UTF-8 nor GB18030", offset }))
}

/// Decodes without keeping anything, up to the first fault.
struct Probe {
    decoder: Decoder,
    scratch: Vec<u8>,
    read: u64,
    marked: bool,
    ideographs: usize,
    fault: Option<u64>,
}

impl Probe {
    fn new(encoding: &'static Encoding) -> Self {
        let (decoder, scratch) = (encoding.new_decoder_without_bom_handling(), vec![0; CHUNK_BYTES]);
        Self { decoder, scratch, read: 0, marked: false, ideographs: 0, fault: None }
    }

    fn feed(&mut self, mut part: &[u8], last: bool) {
        if self.read == 0 && part.starts_with(&[0xef, 0xbb, 0xbf]) {
            self.marked = true;
        }
        while self.fault.is_none() {
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(part, &mut self.scratch, last);
            self.read += read as u64;
            if self.ideographs < UTF_8_EVIDENCE {
                let decoded = self.scratch.get(..written).unwrap_or_default();
                self.ideographs += decoded.iter().filter(|byte| (0xe3..=0xe9).contains(*byte)).count();
            }
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => part = part.get(read..).unwrap_or_default(),
                DecoderResult::Malformed(..) => self.fault = Some(self.read),
            }
        }
    }
}

/// Text of a known encoding as UTF-8, without its byte order mark.
pub(super) struct Transcoder<R> {
    from: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// The part of `input` not yet decoded.
    waiting: std::ops::Range<usize>,
    output: Vec<u8>,
    /// The part of `output` not yet handed on.
    decoded: std::ops::Range<usize>,
    ended: bool,
    finished: bool,
}

impl<R: Read> Transcoder<R> {
    pub(super) fn new(from: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        let (input, output) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
        Self { from, decoder, input, waiting: 0..0, output, decoded: 0..0, ended: false, finished: false }
    }

    fn decode(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() && !self.ended {
            let count = self.from.read(&mut self.input)?;
            (self.waiting, self.ended) = (0..count, count == 0);
        }
        let input = self.input.get(self.waiting.clone()).unwrap_or_default();
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(input, &mut self.output, self.ended);
        self.waiting.start += read;
        self.decoded = 0..written;
        match result {
            // The survey has read the same bytes without a fault.
            DecoderResult::Malformed(..) => return Err(io::Error::other("it changed while it was read")),
            DecoderResult::InputEmpty => self.finished = self.ended,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        while self.decoded.is_empty() && !self.finished {
            self.decode()?;
        }
        let ready = self.output.get(self.decoded.clone()).unwrap_or_default();
        let count = ready.len().min(output.len());
        output.iter_mut().zip(ready).for_each(|(to, from)| *to = *from);
        self.decoded.start += count;
        Ok(count)
    }
}

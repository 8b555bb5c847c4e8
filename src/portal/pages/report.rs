//! `/subjects/{uscc}/report`: a subject's report to be printed on A4, with a number, and the receipt as a code that a
//! telephone reads.

use askama::Template;
use qrcode::{Color, EcLevel};

use super::subject::{SubjectReport, find, nobody, report};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::receipt;
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};

/// Records of each item in a report.
const FIRST: usize = 50;

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    frame: Frame,
    report: SubjectReport,
    number: String,
    city: String,
}

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry, code: &str) -> Result<Made, Fault> {
    let Some((subject, uscc)) = find(inquiry, code)? else { return Ok(nobody(&frame, inquiry)) };
    let report = report(&frame, inquiry, (&subject, &uscc), FIRST)?;
    let city = frame.of(&inquiry.gateway().departments.division().name).to_owned();
    let number = number(inquiry);
    // Whoever checks the receipt on the paper is told for which report it was given.
    inquiry.tally(|tally| tally.marks.insert(format!("{}{number}", receipt::REPORT_MARK)));
    page(&ReportPage { frame, report, number, city }, State::Shown)
}

/// The number of a report: the instant to the millisecond and six characters of chance, as those of Credit China begin.
fn number(inquiry: &Inquiry) -> String {
    let [.., a, b, c] = inquiry.gateway().ambient.uuid7();
    format!("{}{}", inquiry.now().number_in_shanghai(), hex::encode_upper([a, b, c]))
}

/// A QR code (ISO/IEC 18004) as the path of a drawing, a unit for each module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::portal) struct QrCode {
    /// How many modules it is wide, the quiet zone of four on each side included.
    pub(in crate::portal) width: usize,
    /// The dark modules.
    pub(in crate::portal) path: String,
}

/// The light modules around a code.
const QUIET: usize = 4;

impl QrCode {
    /// The code of a text; `None` when it does not fit.
    pub(in crate::portal) fn of(text: &str) -> Option<Self> {
        use std::fmt::Write as _;
        let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (at, module) in code.to_colors().into_iter().enumerate() {
            if module == Color::Dark {
                // Writing to a string cannot fail.
                let _written = write!(path, "M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET);
            }
        }
        Some(Self { width: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_marks_and_its_quiet_zone() {
        let code = QrCode::of("https://credit.example/receipts?receipt=x").unwrap();
        assert!(code.path.starts_with("M4 4h1v1h-1z") && !code.path.contains("M3 "), "{}", code.path);
        let last = code.width - QUIET - 1;
        assert!(code.path.contains(&format!("M{last} 4h")) && code.path.contains(&format!("M4 {last}h")));
        assert_eq!(QrCode::of(&"x".repeat(4000)), None, "what does not fit is no code");
    }
}

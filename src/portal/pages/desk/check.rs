//! `/desk/check`: checks many subjects at once, each for its own case, and gives a receipt for each to be kept (应查必查).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::query;
use crate::access::purposes::is_case_number;
use crate::domain::identifier::{CitizenNumber, Uscc};
use crate::domain::text::clean;
use crate::exchange::credit_check::{self, CHECKS_MAX, Check, Checked, Wanted};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Field, Form, Sheet, Table};
use crate::portal::visit::{DeskPage, Sent};

pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-check"), frame.text("desk-check-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let mut faults = Faults::default();
    let mut made = None;
    if sheet.frame.is_posted {
        match wanted(inquiry, sent) {
            Ok(wanted) if sent.find("purpose").is_some() => match credit_check::run(inquiry, wanted)? {
                Ok(checks) => made = Some(checks),
                Err(problems) => {
                    for problem in &problems {
                        faults.add("list", sheet.frame.problem(problem.code));
                    }
                }
            },
            Ok(_) => faults.add("purpose", sheet.frame.text("query-purpose-missing")),
            Err(line) => faults.add("list", told(&sheet.frame, line)),
        }
    }
    if let Some(checks) = &made {
        sheet.done("check-done");
        results(&mut sheet, inquiry, checks)?;
    } else {
        let form = Form::new(DeskPage::Check.pattern(), sheet.frame.text("check-button"));
        let form = query::fields(form, &sheet.frame, inquiry, (sent, &faults));
        let form = form
            .field(
                Field::lines("list", sheet.frame.text("check-list"), 60_000)
                    .help(sheet.frame.text("check-list-help"))
                    .sent(sent, &faults),
            )
            .field(Field::file("file-list", sheet.frame.text("check-file"), ".csv,.txt").sent(sent, &faults));
        sheet.form(form);
    }
    sheet.made()
}

/// The line that cannot be read; none when there is no line, or too many.
#[derive(Clone, Copy)]
enum Unread {
    Line(i64),
    Count,
    Encoding,
    /// A natural person, whom the purpose does not let be looked up.
    NoLookUp(i64),
}

fn told(frame: &Frame, unread: Unread) -> String {
    match unread {
        Unread::Line(line) => frame.count("check-line-fault", &line),
        Unread::Count => frame.count("check-count-fault", &i64::try_from(CHECKS_MAX).unwrap_or(i64::MAX)),
        Unread::NoLookUp(line) => frame.count("check-no-look-up", &line),
        Unread::Encoding => frame.text("check-encoding-fault"),
    }
}

/// The subjects of the list and of the file: one a line, the code and, after a comma, a tab or a space, the case; the case of
/// the form where a line has none.
fn wanted(inquiry: &Inquiry, sent: &Sent) -> Result<Vec<Wanted>, Unread> {
    let file = sent.file("file-list").map(|file| text_of(&file.bytes)).transpose()?.unwrap_or_default();
    let mut wanted = Vec::new();
    for text in [sent.get("list"), &file] {
        for (line, number) in text.lines().map(clean).zip(1..) {
            let (code, case) = line.split_once([',', '，', '\t', ' ']).unwrap_or((&line, ""));
            // The first line may name the columns.
            let is_header = number == 1 && !code.chars().any(|character| character.is_ascii_digit());
            if line.is_empty() || is_header {
                continue;
            }
            let case = Some(case.trim()).filter(|case| !case.is_empty()).unwrap_or(sent.get("case"));
            let whom = whom(code).filter(|_| is_case_number(case)).ok_or(Unread::Line(number))?;
            if matches!(whom, Checked::Person(_)) && !may_look_up(inquiry, sent) {
                return Err(Unread::NoLookUp(number));
            }
            wanted.push(Wanted { whom: Some(whom), case: case.to_owned() });
        }
    }
    if wanted.is_empty() || wanted.len() > CHECKS_MAX { Err(Unread::Count) } else { Ok(wanted) }
}

/// Whether the purpose lets natural persons be looked up; each line has its own case.
fn may_look_up(inquiry: &Inquiry, sent: &Sent) -> bool {
    inquiry.gateway().decider.purposes().get(sent.get("purpose")).is_some_and(|purpose| purpose.allows_lookup)
}

fn whom(code: &str) -> Option<Checked> {
    let uscc = Uscc::parse(code).ok().map(Checked::Uscc);
    uscc.or_else(|| CitizenNumber::parse(code).ok().map(Checked::Person))
}

/// A file's text: UTF-8, or GB18030 as spreadsheets here save it.
fn text_of(bytes: &[u8]) -> Result<String, Unread> {
    let utf_8 = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(utf_8) {
        return Ok(text.to_owned());
    }
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(std::borrow::Cow::into_owned).ok_or(Unread::Encoding)
}

fn results(sheet: &mut Sheet, inquiry: &Inquiry, checks: &[Check]) -> Result<(), Fault> {
    let frame = &sheet.frame;
    let columns = ["check-whom", "check-case", "case-subject", "check-hits", "check-measures", "#receipt-index"];
    let mut table = Table::new(frame, "desk-check", &columns);
    let mut receipts = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let fault = |error: csv::Error| Fault::Corrupt(error.to_string());
    receipts.write_record(["代码 code", "案号 case", "条目编号 index", "回执 receipt"]).map_err(fault)?;
    for check in checks {
        let name = check.subject.as_ref().and_then(|(_, name)| name.clone());
        let hits: Vec<&str> = check.hits.iter().map(|hit| frame.of(&hit.item.title)).collect();
        let measures: Vec<String> =
            check.measures.iter().map(|bound| frame.measure(inquiry, bound.measure.as_str())).collect();
        table.row([
            Cell::from(check.whom.clone()),
            check.case.as_str().into(),
            name.map_or_else(|| frame.text("check-unknown").into(), Cell::recorded),
            if hits.is_empty() {
                frame.text("check-no-hit").into()
            } else {
                Cell::marked(hits.join(&frame.text("separator")), "notice")
            },
            measures.join(&frame.text("separator")).into(),
            check.receipt.index().into(),
        ]);
        let index = check.receipt.index().to_string();
        receipts
            .write_record([&check.whom, &guarded(&check.case), &index, &check.receipt.to_json().to_string()])
            .map_err(fault)?;
    }
    let bytes = receipts.into_inner().map_err(|error| Fault::Corrupt(error.to_string()))?;
    let (title, name) = (frame.text("check-receipts"), "receipts.csv".to_owned());
    sheet.push(Block::Table(table));
    sheet.push(Block::Download(
        format!("data:text/csv;charset=utf-8;base64,{}", BASE64_STANDARD.encode(bytes)),
        name,
        title,
    ));
    let (href, again) = (sheet.frame.link(DeskPage::Check.pattern()), sheet.frame.text("check-again"));
    sheet.push(Block::Link(href, again));
    Ok(())
}

/// A case comes from whoever typed it: a spreadsheet must not take it for a formula.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

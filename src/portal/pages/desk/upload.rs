//! `/desk/upload`: a department's file of a catalogue item, and what came of it: the quality report and the rows that were not taken.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::submission::{self, FileReport, SentFile};
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Table};
use crate::portal::visit::{DeskPage, Sent};

/// Lines of other departments that are named.
const NAMED_MAX: usize = 20;

pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let department = inquiry.caller().claims().department.clone().ok_or(Fault::Forbidden)?;
    let (title, lead) = (frame.text("desk-upload"), frame.text("desk-upload-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let mut faults = Faults::default();
    if sheet.frame.is_posted {
        match sent.file("file") {
            None => faults.add("file", sheet.frame.text("upload-no-file")),
            Some(file) => {
                let bytes = Arc::from(file.bytes.as_slice());
                let file = SentFile { item: sent.get("item").to_owned(), name: file.name.clone(), bytes };
                match submission::take_file(inquiry, &file)? {
                    Ok(report) => {
                        let is_whole = report.quality.rejected == 0 && report.of_others.is_empty();
                        if report.quality.accepted == 0 {
                            let text = sheet.frame.text("upload-nothing");
                            sheet.refuse(text);
                        } else {
                            sheet.done(if is_whole { "upload-done" } else { "upload-done-in-part" });
                        }
                        show(&mut sheet, &report);
                    }
                    Err(problems) => {
                        for problem in &problems {
                            let text = sheet.frame.problem(problem.code);
                            // Details are told in English.
                            let more = if sheet.frame.tag() == "en" { problem.message.as_str() } else { "" };
                            faults.add("file", format!("{text} {more}").trim_end().to_owned());
                        }
                    }
                }
            }
        }
    }
    let frame = &sheet.frame;
    let items = inquiry.gateway().catalogue.items();
    // A department's own items come first.
    let (own, others): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.provider == department);
    let items = own.into_iter().chain(others);
    let items = items.map(|item| Choice::new(item.code.as_str(), frame.of(&item.title).to_owned())).collect();
    let form = Form::new(DeskPage::Upload.pattern(), frame.text("upload-button"))
        .field(Field::one("item", frame.text("upload-item"), items).sent(sent, &faults))
        .field(
            Field::file("file", frame.text("upload-file"), ".csv,.txt")
                .required()
                .help(frame.text("upload-file-help"))
                .sent(sent, &faults),
        );
    sheet.form(form);
    sheet.made()
}

/// The quality report (数据质量报告).
fn show(sheet: &mut Sheet, report: &FileReport) {
    let (frame, quality) = (&sheet.frame, &report.quality);
    let percent = |rate: Option<f64>| frame.percent(rate);
    let facts = [
        ("upload-file", Cell::recorded(quality.file.clone())),
        ("upload-format", quality.format.as_str().into()),
        ("upload-vintage", quality.vintage.as_str().into()),
        ("upload-rows", quality.rows.into()),
        ("upload-accepted", quality.accepted.into()),
        ("upload-inserted", quality.inserted.into()),
        ("upload-updated", quality.updated.into()),
        ("upload-unchanged", quality.unchanged.into()),
        ("upload-rejected", quality.rejected.into()),
        ("upload-duplicates", quality.duplicates.into()),
        ("upload-incomplete", quality.incomplete.into()),
        ("upload-late", quality.late.into()),
        ("quality-acceptance", percent(quality.acceptance_rate).into()),
        ("quality-conformity", percent(quality.conformity_rate).into()),
        ("quality-timeliness", percent(quality.timeliness_rate).into()),
        ("quality-completeness", percent(quality.completeness_rate).into()),
        ("upload-digest", quality.sha256.as_str().into()),
    ];
    let facts = facts.map(|(name, cell)| (frame.text(name), cell)).to_vec();
    let mut table = Table::new(frame, "upload-reasons", &["upload-reason", "#upload-count"]);
    for (reason, count) in quality.rejected_by_reason.iter().chain(&quality.warnings) {
        let text = if frame.tag() == "en" { reason.en() } else { reason.zh() };
        table.row([Cell::from(text), (*count).into()]);
    }
    for (column, count) in &quality.incomplete_by_column {
        table.row([frame.texts.with("upload-lacks", "column", column.as_str()).into(), (*count).into()]);
    }
    let columns = [&quality.unknown_columns, &quality.missing_columns].map(|names| names.join("、"));
    let others: Vec<String> = report.of_others.iter().take(NAMED_MAX).map(u64::to_string).collect();
    sheet.heading("upload-report");
    sheet.push(Block::Facts(facts));
    if !table.rows.is_empty() {
        sheet.heading("upload-reasons");
        sheet.push(Block::Table(table));
    }
    for (name, text) in ["upload-unknown", "upload-missing"].into_iter().zip(columns) {
        if !text.is_empty() {
            let text = sheet.frame.texts.with(name, "columns", text);
            sheet.push(Block::Text(text));
        }
    }
    if !others.is_empty() {
        let text = sheet.frame.texts.with("upload-of-others", "lines", others.join(", "));
        sheet.push(Block::Text(text));
    }
    if !report.rejects.is_empty() {
        let href = format!("data:text/csv;charset=utf-8;base64,{}", BASE64_STANDARD.encode(&report.rejects));
        let text = sheet.frame.text("upload-rejects");
        sheet.push(Block::Download(href, "rejects.csv".to_owned(), text));
    }
    sheet.heading("upload-another");
}

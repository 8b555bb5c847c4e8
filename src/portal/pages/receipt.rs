//! `/receipts`: is this a receipt of this ledger, and does its entry stand where it says?

use askama::Template;

use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::receipt::{self, Checked, Report, ShownReceipt, Verdict};
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};
use crate::portal::visit::Place;

/// The longest text that is read as a receipt.
const CHARACTERS_MAX: usize = 8_192;

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    frame: Frame,
    sent: String,
    fault: Option<String>,
    verdict: Option<Told>,
}

/// What came of a check.
struct Told {
    is_good: bool,
    text: String,
    /// Index and time of a receipt that is ours.
    place: Option<(String, String)>,
    report: Option<ReportLink>,
    proof: Option<String>,
}

/// The report that a receipt was given for, and where its subject is.
struct ReportLink {
    number: String,
    uscc: String,
    href: Option<String>,
}

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry, sent: Option<&str>) -> Result<Made, Fault> {
    let mut made = ReceiptPage { frame, sent: sent.unwrap_or_default().to_owned(), fault: None, verdict: None };
    let Some(sent) = sent else { return page(&made, State::Shown) };
    let Some(shown) = read(sent) else {
        made.fault = Some(made.frame.text("receipt-not-read"));
        return page(&made, State::NotMeant);
    };
    let Checked { verdict, report } = receipt::check(inquiry.gateway(), &shown)?;
    let text = match verdict {
        Verdict::Stands => made.frame.text("receipt-stands"),
        Verdict::NotCoveredYet => made.frame.text("receipt-not-covered"),
        Verdict::BadSignature => made.frame.text("receipt-bad-signature"),
        Verdict::AnotherLedger => made.frame.text("receipt-another-ledger"),
        Verdict::Contradicted => made.frame.text("receipt-contradicted"),
    };
    let is_good = matches!(verdict, Verdict::Stands | Verdict::NotCoveredYet);
    let proof = (verdict == Verdict::Stands).then(|| format!("/ledger/proof/{}", shown.index));
    let link = |report: Report| ReportLink {
        href: report.uscc.as_ref().map(|uscc| made.frame.link(&Place::Subject(uscc.clone()).address())),
        uscc: report.uscc.unwrap_or_default(),
        number: report.number,
    };
    let place = is_good.then_some((shown.index, shown.time));
    made.verdict = Some(Told { is_good, text, place, report: report.map(link), proof });
    page(&made, State::Shown)
}

/// A receipt in as few characters as a QR code wants: its parts with `~` between them.
pub(in crate::portal) fn compact(receipt: &ShownReceipt) -> String {
    let ShownReceipt { origin, index, leaf_hash, time, signature } = receipt;
    [origin, index, leaf_hash, time, signature].map(String::as_str).join("~")
}

/// Reads a receipt: as a page or an answer shows it, alone or within the whole answer, or in the form of a QR code.
fn read(text: &str) -> Option<ShownReceipt> {
    let text = text.trim();
    if text.len() > CHARACTERS_MAX {
        return None;
    }
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(text) {
        let within = value.pointer("/extensions/audit").or_else(|| value.get("audit")).unwrap_or(&value);
        // What lacks a part of a receipt is none.
        return serde_json::from_value(within.clone()).ok();
    }
    let parts: Vec<&str> = text.split('~').collect();
    let [origin, index, leaf_hash, time, signature] = parts.as_slice() else { return None };
    let [origin, index, leaf_hash, time, signature] =
        [origin, index, leaf_hash, time, signature].map(|part| (**part).to_owned());
    Some(ShownReceipt { origin, index, leaf_hash, time, signature })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_in_each_form_in_which_it_is_kept() {
        let receipt = ShownReceipt {
            origin: "a.example/b".into(),
            index: "7".into(),
            leaf_hash: "x+/=".into(),
            time: "2026-11-27T00:00:00.000000Z".into(),
            signature: "y+/=".into(),
        };
        let json = serde_json::to_value(&receipt).unwrap();
        let whole = serde_json::json!({ "data": {}, "extensions": { "audit": json } });
        let audit = serde_json::json!({ "audit": json });
        for text in [json.to_string(), format!("  {json}\n"), whole.to_string(), audit.to_string(), compact(&receipt)] {
            assert_eq!(read(&text), Some(receipt.clone()), "{text}");
        }
        for text in ["", "{}", "[]", "7", "a~b~c~d", "a~b~c~d~e~f", "<script>", &"x".repeat(CHARACTERS_MAX + 1)] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

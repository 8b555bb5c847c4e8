//! A record as a row: what its provider would send for it is the record, and what is not seen whole is not sent in its place.

use std::collections::{BTreeMap, BTreeSet};

use chengxin::exchange::inquiry::Inquiry;
use chengxin::exchange::node_id::NodeRef;
use chengxin::exchange::row::{self, Row};
use chengxin::exchange::submission::{self, Submission};
use chengxin::exchange::{record, submission::SubmissionReport};

use super::world::World;
use crate::support::Asker;

/// The row of a record for a caller, with some cells given.
fn completed(asker: &Asker<'_>, id: &str, given: Row) -> Option<Result<Row, Vec<String>>> {
    let gateway = &asker.app().service.gateway;
    let Ok(inquiry) = Inquiry::open(gateway, &asker.caller()) else { panic!("it cannot be opened") };
    let Some(NodeRef::Record(id)) = gateway.node_ids.decode(id) else { panic!("{id}") };
    let view = record::by_id(&inquiry, id).unwrap()?;
    Some(row::completed(&inquiry, &view, given).unwrap())
}

fn submitted(asker: &Asker<'_>, item: &str, row: Row) -> SubmissionReport {
    let Ok(inquiry) = Inquiry::open(&asker.app().service.gateway, &asker.caller()) else {
        panic!("it cannot be opened")
    };
    submission::submit(&inquiry, &Submission { item: item.to_owned(), vintage: None, rows: vec![row] })
        .unwrap()
        .unwrap()
}

#[actix_web::test]
async fn what_a_provider_would_send_for_a_record_is_the_record() {
    let world = World::new().find_ids().await;
    let (mut same, mut unseen) = (0, BTreeSet::new());
    for row in &world.rows {
        let provider = world.app.department(row.item.provider.as_str());
        // What is masked even for the provider is given, as the form asks for it.
        let Some(first) = completed(&provider, &row.id, Row::new()) else {
            unseen.insert(row.item.code.as_str());
            continue;
        };
        let whole = match first {
            Ok(whole) => whole,
            Err(wanting) => {
                let cell = |column: &String| {
                    let field = row
                        .item
                        .fields
                        .iter()
                        .find(|field| row::column_of(&row.item, &field.name).as_ref() == Some(column));
                    (column.clone(), field.and_then(|field| row.sent.get(&field.name)).cloned())
                };
                completed(&provider, &row.id, wanting.iter().map(cell).collect()).unwrap().unwrap()
            }
        };
        let report = submitted(&provider, row.item.code.as_str(), whole.clone());
        let (outcome, problems) = (report.rows[0].outcome, &report.rows[0].problems);
        // What came in an older vintage is written anew in the newest, and says the same.
        let is_same = matches!(outcome, "UNCHANGED" | "UPDATED");
        assert!(is_same, "{} {}: {outcome} {problems:?}", row.item.code, row.category);
        same += usize::from(outcome == "UNCHANGED");
        if let Ok(again) = completed(&provider, &row.id, Row::new()).unwrap() {
            assert_eq!(again, whole, "{} {}", row.item.code, row.category);
        }
    }
    assert!(same > 10 && unseen.len() <= 1, "{same} of {}, {unseen:?}", world.rows.len());
}

#[actix_web::test]
async fn what_is_masked_or_withheld_has_to_be_given_and_nothing_of_it_comes_back() {
    let world = World::new().find_ids().await;
    let customs = world.app.department("CUS").without("chengxin-purpose");
    let mut wanting = 0;
    for row in world.rows.iter().filter(|row| row.item.provider.as_str() != "CUS") {
        let Some(Err(columns)) = completed(&customs, &row.id, BTreeMap::new()) else { continue };
        wanting += columns.len();
    }
    assert!(wanting > 20, "{wanting}");
}

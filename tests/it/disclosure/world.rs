//! A registry with one record of every item, category of subject and file vintage, about three subjects of nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use chengxin::catalogue::{Item, Vintage};
use chengxin::domain::SubjectCategory;
use chengxin::exchange::node_id::NodeRef;
use serde_json::{Value, json};

use super::values::{self, Variant};
use crate::support::{Asker, TestApp, Wanted};

/// A record that was imported.
pub struct Row {
    pub item: Arc<Item>,
    pub category: SubjectCategory,
    /// Its opaque id.
    pub id: String,
    /// What whoever sees everything gets of each field that was filled.
    pub shown: BTreeMap<String, Value>,
    /// The cells as sent.
    pub sent: BTreeMap<String, String>,
}

/// A subject of the registry.
pub struct Known {
    /// Its opaque id.
    pub id: String,
    /// As the claim of its own token.
    pub claim: String,
}

pub struct World {
    pub app: TestApp,
    pub rows: Vec<Row>,
    pub subjects: BTreeMap<SubjectCategory, Known>,
}

impl World {
    pub fn new() -> Self {
        Self::with(Wanted::default(), Variant::FIRST)
    }

    pub fn with(wanted: Wanted, variant: Variant) -> Self {
        let app = TestApp::with(wanted);
        let mut world = Self { app, rows: Vec::new(), subjects: BTreeMap::new() };
        let items = world.app.service.gateway.catalogue.items().to_vec();
        for item in &items {
            for vintage in &item.vintages {
                for &category in &item.head.subject.categories {
                    world.add(item, vintage, (category, variant));
                }
            }
        }
        world
    }

    /// An empty registry.
    pub fn bare() -> Self {
        Self { app: TestApp::new(), rows: Vec::new(), subjects: BTreeMap::new() }
    }

    fn add(&mut self, item: &Arc<Item>, vintage: &Vintage, (category, variant): (SubjectCategory, Variant)) {
        let mut columns: Vec<(String, String)> = Vec::new();
        let mut row =
            Row { item: Arc::clone(item), category, id: String::new(), shown: BTreeMap::new(), sent: BTreeMap::new() };
        for (at, field) in item.fields.iter().enumerate() {
            let tag = format!("CNRY{:04}", self.rows.len() * 50 + at);
            let cell = values::cell(item, field, category, (&tag, variant));
            let (Some(column), Some(cell)) = (column(vintage, &field.name), cell) else { continue };
            if !columns.iter().any(|(earlier, _)| *earlier == column) {
                columns.push((column, cell.sent.clone()));
            }
            row.shown.insert(field.name.clone(), cell.shown);
            row.sent.insert(field.name.clone(), cell.sent);
        }
        let is_person = category == SubjectCategory::NaturalPerson;
        if is_person && !item.head.subject.certificate_no.as_ref().is_some_and(|name| row.sent.contains_key(name)) {
            // Files of this vintage cannot say who a natural person is.
            return;
        }
        columns.extend(column(vintage, "subject.category").map(|column| (column, category.name().to_owned())));
        let code = column(vintage, "subject.uscc").filter(|_| !is_person);
        columns.extend(code.map(|column| (column, values::uscc_of(category))));
        let (header, cells): (Vec<String>, Vec<String>) = columns.into_iter().unzip();
        let path = self.app.folder.path().join("row.csv");
        std::fs::write(&path, format!("{}\n{}\n", header.join(","), cells.join(","))).unwrap();
        let report = self.app.import_file(item.code.as_str(), Some(&vintage.id), &path);
        assert_eq!((report.accepted, report.rejected), (1, 0), "{} {} {category}: {report:?}", item.code, vintage.id);
        self.rows.push(row);
    }

    /// Asks for the opaque ids: of the subjects first, then, each in its own view, of their records.
    pub async fn find_ids(mut self) -> Self {
        self.know(SubjectCategory::Organization).await;
        self.know(SubjectCategory::IndividualBusiness).await;
        let query = "query($number: CitizenNumber!) { found: person(citizenNumber: $number) { id } }";
        let number = self.sent_number();
        let id = self.one(query, json!({ "number": number })).await;
        let Some(NodeRef::Subject(subject)) = self.app.service.gateway.node_ids.decode(&id) else {
            panic!("{id} is no subject")
        };
        self.subjects.insert(SubjectCategory::NaturalPerson, Known { id, claim: format!("person:{subject}") });
        self.find_rows().await;
        self
    }

    /// Asks for the opaque id of a subject that has a code.
    pub async fn know(&mut self, category: SubjectCategory) {
        let uscc = values::uscc_of(category);
        let query = format!("{{ found: subject(uscc: \"{uscc}\") {{ id }} }}");
        let id = self.one(&query, json!({})).await;
        self.subjects.insert(category, Known { id, claim: format!("uscc:{uscc}") });
    }

    fn sent_number(&self) -> String {
        let row = self.rows.iter().find(|row| row.category == SubjectCategory::NaturalPerson).unwrap();
        row.sent["certificateNo"].clone()
    }

    async fn one(&self, query: &str, variables: Value) -> String {
        let answered = self.app.department("AAS").ask_with(query, variables).await;
        answered.data("/found/id").as_str().unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
    }

    async fn find_rows(&mut self) {
        let mut ids = Vec::new();
        for row in &self.rows {
            let own = self.own(row.category);
            let Row { item, .. } = row;
            // Two vintages of an item are told apart by a field of the key that both have.
            let key = row.item.natural_key.parts.iter().flatten().find(|name| row.shown.contains_key(*name));
            let field = key.cloned().unwrap_or_else(|| item.fields[0].name.clone());
            let query = format!(
                "query($id: ID!) {{ node(id: $id) {{ ... on Subject {{ records(item: \"{}\", first: 50) {{ nodes {{ id ... on {} {{ {field} }} }} }} }} }} }}",
                item.code, item.type_name
            );
            let answered = own.ask_with(&query, json!({ "id": self.subjects[&row.category].id })).await;
            let nodes = answered.data("/node/records/nodes").as_array().cloned().unwrap_or_default();
            let found = nodes.iter().find(|node| node[&field] == row.shown[&field]);
            let found = found.unwrap_or_else(|| panic!("{} of {}: {}", item.code, row.category, answered.text));
            ids.push(found["id"].as_str().unwrap().to_owned());
        }
        for (row, id) in self.rows.iter_mut().zip(ids) {
            row.id = id;
        }
    }

    /// A subject in its own view.
    pub fn own(&self, category: SubjectCategory) -> Asker<'_> {
        self.app.subject(&self.subjects[&category].claim)
    }

    /// The records of an item.
    pub fn rows_of<'w>(&'w self, item: &'w Item) -> impl Iterator<Item = &'w Row> {
        self.rows.iter().filter(move |row| row.item.code == item.code)
    }
}

/// The column of a vintage that fills `target`; of several the one that fills most, so that fields share it.
fn column(vintage: &Vintage, target: &str) -> Option<String> {
    let fills = |targets: &[String]| targets.iter().any(|filled| filled == target);
    let mut found: Vec<_> = vintage.columns.iter().filter(|(_, targets)| fills(targets)).collect();
    found.sort_by_key(|(_, targets)| std::cmp::Reverse(targets.len()));
    found.first().map(|(column, _)| (*column).clone())
}

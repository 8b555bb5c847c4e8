//! What the import tests share: the shipped catalogue, a store in memory, fictitious rows.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use chengxin::catalogue::{Catalogue, Departments, Item, RulePacks, load_calendar};
use chengxin::domain::Date;
use chengxin::domain::calendar::WorkingCalendar;
use chengxin::domain::identifier::{CitizenNumber, OrganizationCode, Uscc};
use chengxin::exchange::import::{
    self, ImportContext, ImportError, PreparedRecord, Progress, QualityReport, Reason, RecordSink, Reject, RejectsFile,
    Watch, Written,
};

pub struct Policies {
    pub catalogue: Catalogue,
    pub departments: Departments,
    pub packs: RulePacks,
    pub calendar: WorkingCalendar,
}

pub static POLICIES: LazyLock<Policies> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let departments = Departments::load(&folder.join("departments.toml")).unwrap();
    let catalogue = Catalogue::load_among(&folder.join("catalogue"), &departments).unwrap();
    let packs = RulePacks::load(&folder.join("rules")).unwrap();
    Policies { catalogue, departments, packs, calendar: load_calendar(&folder.join("calendar.toml")).unwrap() }
});

pub const RECEIVED: Date = jiff::civil::date(2026, 11, 23);

pub fn item(code: &str) -> &'static Arc<Item> {
    POLICIES.catalogue.item_by_text(code).unwrap()
}

pub fn context(item: &'static Item, vintage: &str) -> ImportContext<'static> {
    ImportContext {
        item,
        vintage: item.vintage(Some(vintage)).unwrap(),
        departments: &POLICIES.departments,
        pack: POLICIES.packs.in_force(RECEIVED),
        calendar: &POLICIES.calendar,
        received_on: RECEIVED,
        legal_basis: None,
    }
}

/// A store in memory: tells sameness by key and content, as the real one does.
#[derive(Default)]
pub struct Memory {
    pub records: BTreeMap<String, PreparedRecord>,
    pub order: Vec<String>,
}

impl RecordSink for Memory {
    type Error = Infallible;

    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, Infallible> {
        let write = |record: &PreparedRecord| {
            let key = record.key_text.expose().to_owned();
            let written = match self.records.get(&key) {
                None => Written::Inserted,
                Some(known) if known.content_text() == record.content_text() => Written::Unchanged,
                Some(_) => Written::Updated,
            };
            if written == Written::Inserted {
                self.order.push(key.clone());
            }
            self.records.insert(key, record.clone());
            written
        };
        Ok(batch.iter().map(write).collect())
    }
}

#[derive(Default)]
pub struct Notes {
    pub rejects: Vec<Reject>,
    pub progress: Vec<Progress>,
}

impl Watch for Notes {
    fn rejected(&mut self, reject: &Reject) -> std::io::Result<()> {
        self.rejects.push(reject.clone());
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        self.progress.push(progress);
    }
}

pub struct Outcome {
    pub report: QualityReport,
    pub records: Vec<PreparedRecord>,
    pub rejects: Vec<Reject>,
}

impl Outcome {
    /// The only record.
    pub fn only(self) -> PreparedRecord {
        assert_eq!((self.report.accepted, self.report.rejected), (1, 0), "{}", self.report);
        self.records.into_iter().next().unwrap()
    }

    /// The reasons why the only row was rejected, `Reject`s alone.
    pub fn reasons(&self) -> Vec<Reason> {
        let rejects = self.rejects.iter().flat_map(|reject| &reject.problems);
        rejects.filter(|problem| problem.severity() == import::Severity::Reject).map(|problem| problem.reason).collect()
    }

    pub fn rejects_file(&self) -> String {
        let mut text = Vec::new();
        let mut file = RejectsFile::new(&mut text);
        for reject in &self.rejects {
            file.add(reject).unwrap();
        }
        file.finish().unwrap();
        drop(file);
        String::from_utf8(text).unwrap()
    }
}

/// A file in a folder of its own.
pub fn file(name: &str, bytes: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

pub fn import_path(context: &ImportContext<'_>, path: &Path) -> Result<Outcome, String> {
    let (mut sink, mut notes) = (Memory::default(), Notes::default());
    let table = import::open(path, context.vintage).map_err(|error| error.to_string())?;
    let report = import::run(table, context, &mut sink, &mut notes)
        .map_err(|error: ImportError<Infallible>| error.to_string())?;
    let records = sink.order.iter().map(|key| sink.records[key].clone()).collect();
    Ok(Outcome { report, records, rejects: notes.rejects })
}

pub fn import(context: &ImportContext<'_>, bytes: impl AsRef<[u8]>) -> Result<Outcome, String> {
    let (_folder, path) = file("rows.csv", bytes);
    import_path(context, &path)
}

/// A fictitious enterprise's code: division 370500, sequence MA9…
pub fn uscc(number: u32) -> String {
    code("91", number)
}

pub fn code(class: &str, number: u32) -> String {
    let organization = OrganizationCode::with_check(&format!("MA9{number:05}")).unwrap();
    Uscc::with_check(&format!("{class}370500{organization}")).unwrap().to_string()
}

/// A fictitious person's number.
pub fn citizen(number: u32) -> String {
    CitizenNumber::with_check(&format!("37050219900101{number:03}")).unwrap().expose().to_owned()
}

/// A row by column name, complete and right; tests change one cell of it.
#[derive(Clone)]
pub struct Cells(pub Vec<(&'static str, String)>);

impl Cells {
    pub fn with(mut self, column: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        match self.0.iter_mut().find(|(name, _)| *name == column) {
            Some(cell) => cell.1 = text,
            None => self.0.push((column, text)),
        }
        self
    }

    pub fn without(mut self, column: &str) -> Self {
        self.0.retain(|(name, _)| *name != column);
        self
    }

    pub fn csv(&self) -> String {
        csv(std::slice::from_ref(self), ',')
    }
}

/// A file of rows that have the same columns.
pub fn csv(rows: &[Cells], delimiter: char) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter as u8).from_writer(Vec::new());
    writer.write_record(rows[0].0.iter().map(|(name, _)| *name)).unwrap();
    for row in rows {
        writer.write_record(row.0.iter().map(|(_, text)| text)).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

pub fn licence(number: u32) -> Cells {
    Cells(vec![
        ("XK_XDR_MC", format!("东营测试{number}号有限公司")),
        ("XK_XDR_LB", "法人及非法人组织".to_owned()),
        ("XK_XDR_SHXYM", uscc(number)),
        ("XK_FRDB", "测试甲".to_owned()),
        ("XK_XKWS", "准予行政许可决定书".to_owned()),
        ("XK_WSH", format!("东审批许字〔2026〕{number:04}号")),
        ("XK_XKLB", "普通".to_owned()),
        ("XK_NR", "测试许可，共两项".to_owned()),
        ("XK_JDRQ", "2026-11-16".to_owned()),
        ("XK_YXQZ", "2026-11-16".to_owned()),
        ("XK_YXQZI", "2029-11-15".to_owned()),
        ("XK_XKJG", "东营市行政审批服务局".to_owned()),
        ("XK_XKJGDM", code("11", 90001)),
        ("XK_ZT", "1".to_owned()),
        ("XK_LYDW", "东营市行政审批服务局".to_owned()),
        ("XK_LYDWDM", code("11", 90001)),
    ])
}

pub fn penalty(number: u32) -> Cells {
    Cells(vec![
        ("CF_XDR_MC", format!("东营测试{number}号有限公司")),
        ("CF_XDR_LB", "法人及非法人组织".to_owned()),
        ("CF_XDR_SHXYM", uscc(number)),
        ("CF_FRDB", "测试乙".to_owned()),
        ("CF_XDR_ZJLX", String::new()),
        ("CF_XDR_ZJHM", String::new()),
        ("CF_WSH", format!("东市监处罚〔2026〕{number}号")),
        ("CF_WFXW", "测试行为".to_owned()),
        ("CF_SY", "测试事实".to_owned()),
        ("CF_YJ", "《测试法》第一条".to_owned()),
        ("CF_CFLB", "罚款".to_owned()),
        ("CF_NR", "罚款人民币三万五千元".to_owned()),
        ("CF_NR_FK", "3.500000".to_owned()),
        ("CF_NR_WFFF", String::new()),
        ("CF_NR_ZKDX", String::new()),
        ("CF_JDRQ", "2026/11/02".to_owned()),
        ("CF_YXQ", "2027/11/02".to_owned()),
        ("CF_GSJZQ", "2027/11/02".to_owned()),
        ("CF_CFJG", "东营市市场监督管理局".to_owned()),
        ("CF_CFJGDM", code("11", 90002)),
        ("CF_SJLY", "东营市市场监督管理局".to_owned()),
        ("CF_SJLYDM", code("11", 90002)),
    ])
}

pub fn licences() -> ImportContext<'static> {
    context(item("administrative-licence"), "2018")
}

pub fn penalties() -> ImportContext<'static> {
    context(item("administrative-penalty"), "2018")
}

/// A penalty of a fictitious natural person.
pub fn person_penalty(number: u32) -> Cells {
    penalty(number)
        .with("CF_XDR_MC", "测试丙")
        .with("CF_XDR_LB", "自然人")
        .with("CF_XDR_SHXYM", "")
        .with("CF_FRDB", "")
        .with("CF_XDR_ZJLX", "身份证")
        .with("CF_XDR_ZJHM", citizen(number))
}

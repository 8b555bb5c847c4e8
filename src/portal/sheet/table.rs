//! Rows of a page of a desk.

/// A table. On a small screen each row stands as a list.
#[derive(Clone, Debug, Default)]
pub(in crate::portal) struct Table {
    /// What it holds, for whoever hears it.
    pub(in crate::portal) caption: String,
    /// Titles of the columns, and whether a column holds numbers.
    pub(in crate::portal) columns: Vec<(String, bool)>,
    /// The rows; the first cell names its row.
    pub(in crate::portal) rows: Vec<Vec<Cell>>,
    /// What is said when there are none.
    pub(in crate::portal) nothing: String,
}

/// What stands in a place of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::portal) struct Cell {
    /// The text.
    pub(in crate::portal) text: String,
    /// Where it leads.
    pub(in crate::portal) href: Option<String>,
    /// How it is marked: nothing, `honest`, `dishonest`, `notice`.
    pub(in crate::portal) mark: Option<&'static str>,
    /// Whether the text is as it was recorded, in Chinese.
    pub(in crate::portal) is_chinese: bool,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        number.to_string().into()
    }
}

impl Cell {
    /// A text that leads somewhere.
    pub(in crate::portal) fn link(text: String, href: String) -> Self {
        Self { text, href: Some(href), ..Self::default() }
    }

    /// A text that stands out.
    pub(in crate::portal) fn marked(text: String, mark: &'static str) -> Self {
        Self { text, mark: Some(mark), ..Self::default() }
    }

    /// What was recorded, in Chinese.
    pub(in crate::portal) fn recorded(text: String) -> Self {
        Self { text, is_chinese: true, ..Self::default() }
    }
}

impl Table {
    /// A table with these columns; those that begin with `#` hold numbers.
    pub(in crate::portal) fn new(frame: &super::Frame, caption: &str, columns: &[&str]) -> Self {
        let column = |name: &&str| match name.strip_prefix('#') {
            Some(name) => (frame.text(name), true),
            None => (frame.text(name), false),
        };
        let columns = columns.iter().map(column).collect();
        Self { caption: frame.text(caption), columns, rows: Vec::new(), nothing: frame.text("list-nothing") }
    }

    /// One row more.
    pub(in crate::portal) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// A row with the titles of its columns.
    pub(in crate::portal) fn titled<'t>(&'t self, row: &'t [Cell]) -> impl Iterator<Item = (&'t Cell, &'t str, bool)> {
        row.iter().zip(&self.columns).map(|(cell, (title, is_number))| (cell, title.as_str(), *is_number))
    }
}

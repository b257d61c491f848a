//! Tables with aligned columns.

use unicode_width::UnicodeWidthStr;

use super::Paint;

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Rows of cells below headings. Columns are as wide as their widest cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    headings: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns; numbers stand to the right under a heading that ends in `#`.
    pub(crate) fn new(headings: &[&'static str]) -> Table {
        let heading = |text: &&'static str| match text.strip_suffix('#') {
            Some(text) => (text, Side::Right),
            None => (*text, Side::Left),
        };
        Table {
            headings: headings.iter().map(heading).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, a cell for each column. The cells must be printable.
    pub(crate) fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        debug_assert_eq!(COLUMNS, self.headings.len(), "a cell for each column");
        self.rows.push(cells.into());
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines of the table.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let widths = self.widths();
        let headings: Vec<&str> = self.headings.iter().map(|(text, _)| *text).collect();
        let mut out = self.line(&headings, &widths, |text| paint.heading(text));
        for row in &self.rows {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            out.push_str(&self.line(&cells, &widths, str::to_owned));
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let column = |index: usize| {
            let cells = self.rows.iter().filter_map(move |row| row.get(index));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        };
        let headings = self.headings.iter().enumerate();
        headings
            .map(|(index, (text, _))| column(index).max(text.width()))
            .collect()
    }

    fn line(&self, cells: &[&str], widths: &[usize], show: impl Fn(&str) -> String) -> String {
        let mut line = String::new();
        for ((cell, width), (_, side)) in cells.iter().zip(widths).zip(&self.headings) {
            let padding = " ".repeat(width - cell.width());
            match side {
                Side::Left => line.push_str(&format!("{}{padding}  ", show(cell))),
                Side::Right => line.push_str(&format!("{padding}{}  ", show(cell))),
            }
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["block#", "from", "amount#"]);
        table.row(["2".into(), "alice".into(), "5".into()]);
        table.row(["10".into(), "日本".into(), "1000".into()]);
        table.row(["11".into(), String::new(), String::new()]);
        assert_eq!(
            table.render(Paint::PLAIN),
            "block  from   amount\n    2  alice       5\n   10  日本     1000\n   11\n"
        );
    }

    #[test]
    fn a_table_without_rows_has_its_headings() {
        let table = Table::new(&["block#", "hash"]);
        assert!(table.is_empty());
        assert_eq!(table.render(Paint::PLAIN), "block  hash\n");
    }
}

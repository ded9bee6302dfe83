//! Tables for people: plain columns by display width, without colour.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, TableStyle};

/// No lines except one under the header.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('-').junction(' '));

/// The name of a column.
#[derive(Clone, Debug)]
pub struct Column {
    name: String,
    is_right: bool,
}

impl Column {
    /// Flush left.
    pub fn left(name: String) -> Self {
        Self { name, is_right: false }
    }

    /// Flush right, as amounts and positions are.
    pub fn right(name: String) -> Self {
        Self { name, is_right: true }
    }
}

impl From<&str> for Column {
    /// Flush right if the name begins with `>`.
    fn from(name: &str) -> Self {
        Self { name: name.trim_start_matches('>').to_owned(), is_right: name.starts_with('>') }
    }
}

/// A table that is written as a whole.
pub struct Table {
    table: comfy_table::Table,
    /// The first column that is flush right, of a table without a header.
    right_from: Option<usize>,
}

impl Table {
    /// With a header.
    pub fn new<const N: usize>(header: [impl Into<Column>; N]) -> Self {
        let header = header.map(Into::into);
        let mut table = comfy_table::Table::new();
        table.load_style(STYLE).set_header(header.iter().map(|column| Cell::new(&column.name)));
        let mut table = Self { table, right_from: None };
        table.align(|column| header[column].is_right);
        table
    }

    /// Names and values, without a header.
    pub fn facts() -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(STYLE);
        Self { table, right_from: None }
    }

    /// These names and values, without a header.
    pub fn of_facts(facts: &[(String, String)]) -> Self {
        let mut table = Self::facts();
        facts.iter().for_each(|(name, value)| table.row([name, value]));
        table
    }

    /// Names and figures, without a header.
    pub fn figures() -> Self {
        let mut table = Self::facts();
        table.right_from = Some(1);
        table
    }

    /// Names and columns of amounts, with a header.
    pub fn amounts(header: Vec<String>) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(STYLE).set_header(header);
        let mut table = Self { table, right_from: None };
        table.align(|column| column > 0);
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.table.add_row(cells.into_iter().map(|cell| Cell::new(cell.into())).collect::<Vec<_>>());
    }

    /// Adds a name and its value, unless the value is empty.
    pub fn fact(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.row([name.to_owned(), value]);
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Returns its text, without a line end after the last row; fitted to the terminal's width if `terminal`.
    pub fn render(mut self, terminal: bool) -> String {
        if terminal {
            self.table.set_content_arrangement(ContentArrangement::Dynamic);
        } else {
            self.table.force_no_tty().set_content_arrangement(ContentArrangement::Disabled);
        }
        if let Some(first) = self.right_from {
            // Its columns are known once it has rows.
            self.align(|column| column >= first);
        }
        for column in self.table.column_iter_mut() {
            column.set_padding((0, 1));
        }
        self.table.trim_fmt()
    }

    fn align(&mut self, is_right: impl Fn(usize) -> bool) {
        for (index, column) in self.table.column_iter_mut().enumerate() {
            if is_right(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_look() {
        let mut table = Table::new(["partner", ">amount"]);
        table.row(["พันธมิตร", "1.00 USD"]);
        table.row(["acme", "1000.00 USD"]);
        let text = table.render(false);
        let lines: Vec<&str> = text.lines().collect();
        // Eight Thai letters, two of them marks above others: six columns wide.
        assert_eq!(lines, ["partner       amount", "-------- ------------", "พันธมิตร      1.00 USD", "acme     1000.00 USD"]);
    }

    #[test]
    fn marks_above_and_below_take_no_room() {
        // Letters with a vowel and a tone mark on top of each other, a vowel below, and the one with a part of its own width.
        for (name, width) in [("ที่", 1), ("ผู้ซื้อ", 3), ("น้ำ", 2), ("เก้าอี้", 4), ("cafe\u{301}", 4), ("会社", 4)]
        {
            let mut table = Table::new(["x", "y"]);
            table.row([name, "|"]);
            table.row(["........", "|"]);
            let text = table.render(false);
            let spaces = " ".repeat(8 - width + 2);
            assert!(text.contains(&format!("{name}{spaces}|")), "{name} is {width} wide:\n{text}");
        }
    }

    #[test]
    fn facts_leave_out_what_is_not_known() {
        let mut table = Table::facts();
        table.fact("owner", "acme");
        table.fact("ends", "");
        assert_eq!(table.render(false), "owner  acme");
    }
}

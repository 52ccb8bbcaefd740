//! A CSV file as rows of fields: its delimiter, its quotes, and the line on which a row begins.

use ::csv::{Reader, ReaderBuilder, StringRecord};

use super::{Named, faults, text};
use crate::error::Fault;

/// Delimiters that are recognised; the first where a file has only one column.
const DELIMITERS: [u8; 2] = [b',', b';'];

/// The rows of a text, one after another.
pub(super) struct Rows<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    record: StringRecord,
    /// Lines are counted up to this byte.
    counted: usize,
    line: u32,
}

impl<'t> Rows<'t> {
    /// Looks at the delimiter and at every quote.
    ///
    /// # Errors
    /// A quote that is not closed, or closed in the middle of a value: rows would be swallowed.
    pub(super) fn new(file: &str, text: &'t str) -> Result<Rows<'t>, Fault> {
        let delimiter = delimiter(text);
        if let Some(line) = open_quote(text.as_bytes(), delimiter) {
            return Err(faults::bad_quote(file, line));
        }
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        Ok(Rows { text, reader, record: StringRecord::new(), counted: 0, line: 1 })
    }

    /// The next row and its line. Lines without any value, as tables leave them behind, are no
    /// rows.
    pub(super) fn next(&mut self) -> Option<(u32, &StringRecord)> {
        loop {
            // Text in memory that is UTF-8 cannot fail to be read.
            if !self.reader.read_record(&mut self.record).unwrap_or(false) {
                return None;
            }
            if self.record.iter().any(|field| !field.trim().is_empty()) {
                break;
            }
        }
        let from = self.record.position().map_or(0, |position| position.byte()) as usize;
        self.count_lines(from);
        Some((self.line, &self.record))
    }

    /// The reader's place is before the rest of a line's end and before empty lines.
    fn count_lines(&mut self, from: usize) {
        let bytes = self.text.as_bytes();
        let ends = bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &bytes[self.counted..from + ends];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u32;
        self.counted = from + ends;
    }
}

/// The delimiter that the first line has more of, outside of quotes.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let unquoted = |line: &str| line.split('"').step_by(2).collect::<String>();
    let line = unquoted(line);
    let count = |delimiter: u8| line.bytes().filter(|byte| *byte == delimiter).count();
    let [comma, semicolon] = DELIMITERS;
    if count(semicolon) > count(comma) { semicolon } else { comma }
}

/// The line of a quote that is never closed, or after which a value goes on.
fn open_quote(text: &[u8], delimiter: u8) -> Option<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Beginning,
        Plain,
        Quoted,
        Closed,
    }
    if !text.contains(&b'"') {
        return None;
    }
    let (mut at, mut line, mut opened) = (At::Beginning, 1, 1);
    for &byte in text {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) => At::Quoted,
            (At::Closed, b'"') => At::Quoted,
            (At::Beginning, b'"') => {
                opened = line;
                At::Quoted
            }
            (_, b'\r' | b'\n') => At::Beginning,
            (_, byte) if byte == delimiter => At::Beginning,
            (At::Closed, b' ' | b'\t') => At::Closed,
            (At::Closed, _) => return Some(line),
            _ => At::Plain,
        };
        line += usize::from(byte == b'\n');
    }
    (at == At::Quoted).then_some(opened)
}

/// The values of some columns, a row each; `None` where the file or a column is not there.
pub(super) fn values<const N: usize>(
    files: &[Named],
    file: &str,
    columns: [&str; N],
) -> Option<Vec<[String; N]>> {
    let named = files.iter().find(|named| named.name == file)?;
    let text = text::decode(file, &named.bytes).ok()?;
    let mut rows = Rows::new(file, &text).ok()?;
    let header = rows.next()?.1.clone();
    let place = |column: &str| header.iter().position(|name| name.trim() == column);
    let places = columns.map(place);
    if places.contains(&None) {
        return None;
    }
    let mut list = Vec::new();
    while let Some((_, row)) = rows.next() {
        let value = |place: Option<usize>| place.and_then(|at| row.get(at)).unwrap_or_default();
        list.push(places.map(|place| value(place).trim().to_owned()));
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u32, Vec<String>)> {
        let mut rows = Rows::new("x.csv", text).unwrap_or_else(|fault| panic!("{fault:?}"));
        let mut found = Vec::new();
        while let Some((line, row)) = rows.next() {
            found.push((line, row.iter().map(str::to_owned).collect()));
        }
        found
    }

    #[test]
    fn rows_know_their_lines_whatever_ends_them() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "1,2", "", "\"x", "y\",3", ",", "4,5"].join(end);
            let rows = lines(&text);
            let numbers: Vec<u32> = rows.iter().map(|row| row.0).collect();
            assert_eq!(numbers, [1, 2, 4, 7], "{end:?}");
            assert_eq!(rows[2].1[0], format!("x{end}y"));
        }
    }

    #[test]
    fn the_delimiter_is_the_one_outside_of_quotes() {
        assert_eq!(delimiter("\"a;b;c\",d"), b',');
        assert_eq!(delimiter("a;\"b,c,d\";e"), b';');
        assert_eq!(delimiter("alone"), b',');
    }

    #[test]
    fn a_quote_that_would_swallow_rows_is_found() {
        let open = |text: &str| open_quote(text.as_bytes(), b',');
        assert_eq!(open("a,b\n\"1\"\"2\" ,\"3\n4\"\n5 \"x\" 6,7"), None);
        assert_eq!(open("a,b\n1,\"2\n3,4\n"), Some(2));
        assert_eq!(open("a,b\n1,\"2\n3,\"4\"\n"), Some(3));
    }
}

//! The roster as OneRoster 1.2's CSV files.

use std::io;
use std::path::Path;

use serde_json::Value;

/// A file: its name, and its rows of fields, of which the first are the columns.
pub(crate) struct Flat {
    pub(crate) name: String,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Every table of a roster as a file, and the manifest that calls each of them whole.
pub(crate) fn files(roster: &Value) -> Vec<Flat> {
    let tables = roster.as_object().into_iter().flatten();
    let tables = tables.filter_map(|(name, rows)| Some((name, rows.as_array()?)));
    let mut files: Vec<Flat> =
        tables.map(|(name, rows)| Flat { name: format!("{name}.csv"), rows: flat(rows) }).collect();
    files.push(manifest(&files));
    files
}

/// Writes the files into a folder, which is made where it is missing.
pub(crate) fn write(folder: &Path, roster: &Value) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for file in files(roster) {
        let mut writer = csv::Writer::from_path(folder.join(file.name))?;
        file.rows.iter().try_for_each(|row| writer.write_record(row))?;
        writer.flush()?;
    }
    Ok(())
}

fn manifest(files: &[Flat]) -> Flat {
    let row = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
    let mut rows = vec![
        row("propertyName", "value"),
        row("manifest.version", "1.0"),
        row("oneroster.version", "1.2"),
    ];
    let names = files.iter().filter_map(|file| file.name.strip_suffix(".csv"));
    rows.extend(names.map(|name| row(&format!("file.{name}"), "bulk")));
    Flat { name: "manifest.csv".to_owned(), rows }
}

fn flat(rows: &[Value]) -> Vec<Vec<String>> {
    let mut columns: Vec<String> = Vec::new();
    let rows: Vec<Vec<(String, String)>> = rows.iter().map(fields).collect();
    for (column, _) in rows.iter().flatten() {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    let line = |row: Vec<(String, String)>| {
        let of = |column: &String| row.iter().find(|(name, _)| name == column);
        let value = |column| of(column).map(|(_, value)| value.clone()).unwrap_or_default();
        columns.iter().map(value).collect()
    };
    let lines: Vec<Vec<String>> = rows.into_iter().map(line).collect();
    [vec![columns], lines].concat()
}

/// The columns of a row with their values; each entry of `metadata` has its own.
fn fields(row: &Value) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (column, value) in row.as_object().into_iter().flatten() {
        match (column.as_str(), value) {
            ("metadata", Value::Object(metadata)) => fields.extend(
                metadata.iter().map(|(name, value)| (format!("metadata.{name}"), plain(value))),
            ),
            ("userIds", Value::Array(ids)) => fields.push((column.clone(), user_ids(ids))),
            ("periods", _) => fields.push((column.clone(), value.to_string())),
            _ => fields.push((column.clone(), plain(value))),
        }
    }
    fields
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn user_ids(ids: &[Value]) -> String {
    let pair = |id: &Value| format!("{{{}:{}}}", plain(&id["type"]), plain(&id["identifier"]));
    ids.iter().map(pair).collect::<Vec<_>>().join(",")
}

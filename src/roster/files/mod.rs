//! A roster as the host handed it over: one JSON document, or CSV files in a folder or a zip.
//!
//! What is at a path is read into memory and no further, so that an unchanged roster is recognised
//! by its fingerprint before anything is taken apart.

use std::borrow::Cow;
use std::path::Path;

use super::{Roster, Rules, Table, read};
use crate::error::{Code, Error, Result};
use crate::fingerprint::{self, Fingerprint};

mod archive;
mod csv;
mod faults;
mod folder;
mod form;
mod oneroster;
mod sds;
mod sheet;
mod text;

pub(crate) use form::Column;

/// So many bytes all files of a roster may have together once they are unpacked: ten times the
/// largest school, and little enough for a server.
const MOST_BYTES: u64 = 256 << 20;

/// A file in which a form of rosters keeps rows of a table: what it and its columns are called.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct File {
    /// Its name: `users.csv`.
    pub name: &'static str,
    pub(crate) table: Table,
    /// The columns that are called or written otherwise than in OneRoster.
    pub(crate) columns: &'static [Column],
    /// The columns, by OneRoster's names, without which it cannot be read.
    pub(crate) required: &'static [&'static str],
    /// What every row says without a column.
    pub(crate) always: &'static [(&'static str, &'static str)],
}

impl File {
    /// What a column is called in this file: `sourcedId` may be `SIS ID`. A place in a list stays
    /// behind it: `orgSourcedIds[1]`.
    pub fn header(&self, column: &str) -> String {
        let (name, place) = column.split_at(column.find('[').unwrap_or(column.len()));
        let own = self.columns.iter().find(|own| own.column == name);
        format!("{}{place}", own.map_or(name, |own| own.header))
    }
}

/// A roster that is not yet taken apart.
#[derive(Clone)]
pub struct Content<'a>(Form<'a>);

#[derive(Clone)]
enum Form<'a> {
    Document(Cow<'a, [u8]>),
    Files(Vec<Named>),
}

/// A file's name, in lower case and without folders, and its bytes.
#[derive(Clone)]
struct Named {
    name: String,
    bytes: Vec<u8>,
}

/// Without the bytes, which name people.
impl std::fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Form::Document(document) => write!(f, "a document of {} bytes", document.len()),
            Form::Files(files) => f.debug_list().entries(files.iter().map(|it| &it.name)).finish(),
        }
    }
}

impl<'a> Content<'a> {
    /// The JSON form in memory.
    pub fn document(document: &'a [u8]) -> Content<'a> {
        Content(Form::Document(Cow::Borrowed(document)))
    }

    /// What is at a path: a JSON file, a folder with CSV files, or a zip of such files.
    ///
    /// # Errors
    /// [`Code::Roster`]: nothing that can be read, not a roster's files, more than 256 MB unpacked,
    /// a zip that is encrypted, broken or has files of one name.
    pub fn at(path: &Path) -> Result<Content<'static>> {
        open(path).map(Content).map_err(|fault| Error::with_faults(Code::Roster, vec![fault]))
    }

    /// By what the same roster is recognised again: the document's bytes, or the names and bytes
    /// of the files, whether they are in a folder or a zip.
    pub(crate) fn fingerprint(&self) -> String {
        match &self.0 {
            Form::Document(document) => fingerprint::of(document),
            Form::Files(files) => {
                let mut fingerprint = Fingerprint::new();
                for file in files {
                    fingerprint.add(&file.name).add(&file.bytes);
                }
                fingerprint.hex()
            }
        }
    }

    /// Reads and checks the roster.
    ///
    /// # Errors
    /// As [`read`]. A fault in a file is at its line and column: `users.csv:17 role`.
    pub fn read(&self, rules: &Rules) -> Result<Roster> {
        match &self.0 {
            Form::Document(document) => read(document, rules),
            Form::Files(files) => form::read(files, rules),
        }
    }

    /// The values of some columns of a file, a row each, for whoever shows names to a person; a
    /// roster keeps none. Nothing for the JSON form, and for a file or column that is not there.
    pub fn values<const N: usize>(&self, file: &str, columns: [&str; N]) -> Vec<[String; N]> {
        match &self.0 {
            Form::Document(_) => Vec::new(),
            Form::Files(files) => csv::values(files, file, columns).unwrap_or_default(),
        }
    }

    /// The JSON form; `None` for files.
    pub fn json(&self) -> Option<&[u8]> {
        match &self.0 {
            Form::Document(document) => Some(document),
            Form::Files(_) => None,
        }
    }
}

fn open(path: &Path) -> std::result::Result<Form<'static>, crate::error::Fault> {
    let unreadable = |error: std::io::Error| faults::unreadable(path, &error);
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return folder::read(path).map(Form::Files);
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    if archive::is_zip(&bytes) {
        return archive::read(path, &bytes).map(Form::Files);
    }
    let csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    if csv { Err(faults::single_csv(path)) } else { Ok(Form::Document(Cow::Owned(bytes))) }
}

/// Puts files into the order of their names.
///
/// # Errors
/// Two of one name; none at all.
fn collected(
    path: &Path,
    mut files: Vec<Named>,
) -> std::result::Result<Vec<Named>, crate::error::Fault> {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = files.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(faults::same_name(path, &pair[0].name));
    }
    if files.iter().all(|file| file.name == oneroster::MANIFEST) {
        return Err(faults::no_files(path));
    }
    Ok(files)
}

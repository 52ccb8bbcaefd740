//! What is wrong with the files of a roster, in both languages.

use std::path::Path;

use super::MOST_BYTES;
use crate::error::{Fault, Text};

/// The forms that are read.
const FORMS: [&str; 2] = [
    "OneRoster 1.1 или 1.2 (orgs.csv, users.csv, classes.csv, enrollments.csv) либо Microsoft \
     School Data Sync (orgs.csv, users.csv, roles.csv … или School.csv, Student.csv …)",
    "OneRoster 1.1 or 1.2 (orgs.csv, users.csv, classes.csv, enrollments.csv) or Microsoft School \
     Data Sync (orgs.csv, users.csv, roles.csv … or School.csv, Student.csv …)",
];

fn fault(kind: &str, at: impl Into<String>, value: &str, ru: String, en: String) -> Fault {
    Fault::new(&format!("roster.{kind}"), at, value, Text::new(ru, en))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    let ru = format!("файл выгрузки не читается: {error}");
    let en = format!("the roster's file cannot be read: {error}");
    fault("unreadable", "path", &shown(path), ru, en)
}

pub(super) fn single_csv(path: &Path) -> Fault {
    let ru = "это один файл CSV; ожидается папка или zip со всеми файлами выгрузки либо JSON";
    let en = "this is one CSV file; expected a folder or a zip with all files of the roster, or \
              JSON";
    fault("single_csv", "path", &shown(path), ru.into(), en.into())
}

pub(super) fn no_files(path: &Path) -> Fault {
    let [ru, en] = FORMS;
    let ru = format!("здесь нет файлов выгрузки; ожидается {ru}");
    let en = format!("there are no files of a roster here; expected {en}");
    fault("no_files", "path", &shown(path), ru, en)
}

pub(super) fn same_name(path: &Path, name: &str) -> Fault {
    let ru = format!("файл {name} встречается дважды (в разных папках); ожидается один");
    let en = format!("{name} is there twice (in different folders); expected one");
    fault("same_name", shown(path), name, ru, en)
}

pub(super) fn too_large(path: &Path) -> Fault {
    let limit = MOST_BYTES >> 20;
    let ru = format!("файлы выгрузки вместе больше {limit} МБ в распакованном виде");
    let en = format!("the roster's files have more than {limit} MB together, unpacked");
    fault("too_large", shown(path), "", ru, en)
}

pub(super) fn too_many_entries(path: &Path, found: usize, limit: usize) -> Fault {
    let ru = format!("в архиве слишком много файлов; ожидается не больше {limit}");
    let en = format!("the archive has too many files; expected at most {limit}");
    fault("too_many_files", shown(path), &found.to_string(), ru, en)
}

pub(super) fn broken_zip(path: &Path, name: &str, error: &str) -> Fault {
    let ru = format!("архив повреждён: {error}");
    let en = format!("the archive is broken: {error}");
    fault("broken_zip", shown(path), name, ru, en)
}

pub(super) fn encrypted(path: &Path, name: &str) -> Fault {
    let ru = "файл в архиве закрыт паролем; ожидается архив без пароля";
    let en = "the file in the archive has a password; expected an archive without one";
    fault("encrypted_zip", shown(path), name, ru.into(), en.into())
}

pub(super) fn unsupported_zip(path: &Path, name: &str) -> Fault {
    let ru = "файл сжат способом, который здесь не читается; ожидается обычный zip (deflate)";
    let en =
        "the file is compressed in a way that is not read here; expected a plain zip (deflate)";
    fault("unsupported_zip", shown(path), name, ru.into(), en.into())
}

pub(super) fn not_text(file: &str) -> Fault {
    let ru = "это не текст CSV; ожидается UTF-8 или windows-1251 (в Excel: «CSV UTF-8»)";
    let en = "this is no CSV text; expected UTF-8 or windows-1251 (in Excel: \"CSV UTF-8\")";
    fault("not_text", file, "", ru.into(), en.into())
}

pub(super) fn broken_encoding(file: &str, line: usize) -> Fault {
    let ru = "повреждённые буквы: это ни UTF-8, ни windows-1251";
    let en = "damaged letters: this is neither UTF-8 nor windows-1251";
    fault("broken_encoding", format!("{file}:{line}"), "", ru.into(), en.into())
}

pub(super) fn bad_quote(file: &str, line: usize) -> Fault {
    let ru = "кавычка не закрыта или закрыта посреди значения; кавычка внутри значения \
              удваивается: \"ГБОУ \"\"Школа\"\"\"";
    let en = "a quote is not closed, or closed in the middle of a value; a quote inside a value is \
              written twice: \"The \"\"School\"\"\"";
    fault("bad_quote", format!("{file}:{line}"), "", ru.into(), en.into())
}

pub(super) fn ragged_row(file: &str, line: u32, found: usize, expected: usize) -> Fault {
    let ru = format!("значений в строке — {found}, а столбцов — {expected}");
    let en = format!("the line has {found} values, expected {expected} as there are columns");
    fault("ragged_row", format!("{file}:{line}"), &found.to_string(), ru, en)
}

pub(super) fn column_twice(file: &str, line: u32, name: &str) -> Fault {
    let ru = "столбец встречается дважды; ожидался один раз";
    let en = "the column is there twice; expected once";
    fault("duplicate_key", format!("{file}:{line} {name}"), "", ru.into(), en.into())
}

pub(super) fn missing_column(file: &str, line: u32, name: &str, found: &[String]) -> Fault {
    let found = found.join(", ");
    let ru = format!("обязательного столбца «{name}» нет среди найденных");
    let en = format!("the required column `{name}` is not among those found");
    fault("missing_column", format!("{file}:{line} {name}"), &found, ru, en)
}

pub(super) fn missing_file(file: &str) -> Fault {
    let ru = format!("обязательного файла {file} нет; ожидается файл, можно с одним заголовком");
    let en = format!("the required file {file} is missing; expected one, if only with its header");
    fault("missing_table", file, "", ru, en)
}

pub(super) fn canvas() -> Fault {
    let [ru, en] = FORMS;
    let ru = format!("это импорт Canvas (столбец user_id вместо sourcedId); ожидается {ru}");
    let en = format!("this is a Canvas import (a column user_id, no sourcedId); expected {en}");
    fault("other_form", "users.csv:1 user_id", "user_id", ru, en)
}

pub(super) fn version(line: u32, found: &str) -> Fault {
    let (ru, en) = ("ожидается OneRoster 1.1 или 1.2", "expected OneRoster 1.1 or 1.2");
    fault("format", format!("manifest.csv:{line} oneroster.version"), found, ru.into(), en.into())
}

pub(super) fn delta(line: u32, property: &str) -> Fault {
    let ru = "файл содержит только изменения (delta): кого в нём нет, не узнать; ожидается полная \
              выгрузка (bulk)";
    let en = "the file has only what changed (delta), so nobody could tell who is gone; expected a \
              whole export (bulk)";
    fault("delta", format!("manifest.csv:{line} {property}"), "delta", ru.into(), en.into())
}

pub(super) fn promised(line: u32, file: &str) -> Fault {
    let ru = format!("здесь обещан файл {file}, но его нет");
    let en = format!("{file} is promised here, but it is not there");
    fault("missing_table", format!("manifest.csv:{line} {file}"), "bulk", ru, en)
}

pub(super) fn absent(line: u32, file: &str) -> Fault {
    let ru = format!("обязательного файла {file} здесь нет; ожидается bulk");
    let en = format!("the required file {file} is said to be absent; expected bulk");
    fault("missing_table", format!("manifest.csv:{line} {file}"), "absent", ru, en)
}

pub(super) fn manifest_word(line: u32, property: &str, found: &str) -> Fault {
    let (ru, en) = ("ожидается bulk, delta или absent", "expected bulk, delta or absent");
    fault("bad_value", format!("manifest.csv:{line} {property}"), found, ru.into(), en.into())
}

//! The command: collections in, a table and files out.

use crate::collection::Collection;
use crate::local::Local;
use crate::report::{Report, measure, table};
use std::fs;
use std::path::{Path, PathBuf};

/// The line of a page behind which the table stands.
const MARK: &str = "<!-- figures -->\n";

/// Measures the collections in `folders`, and gives the table.
///
/// The questions of each are also asked of the others, where nothing may be found. `json` is written with the figures; in
/// `page`, what stands behind the line `<!-- figures -->` is replaced by the table.
///
/// # Errors
/// Says which file cannot be read or written, or what is wrong in it.
pub fn run(folders: &[PathBuf], json: Option<&Path>, page: Option<&Path>) -> Result<String, String> {
    let collections: Vec<Collection> =
        folders.iter().map(|path| Collection::read(path)).collect::<Result<_, _>>()?;
    let mut reports: Vec<Report> = Vec::new();
    for (n, collection) in collections.iter().enumerate() {
        let others = collections.iter().enumerate().filter(|(other, _)| *other != n);
        let unrelated: Vec<String> = others
            .flat_map(|(_, other)| other.questions.iter().map(|question| question.text.clone()))
            .collect();
        reports.extend(measure(collection, &unrelated, &mut Local::default())?);
    }
    let table = table(&reports);
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&reports).map_err(|error| error.to_string())?;
        write(file, &(text + "\n"))?;
    }
    if let Some(file) = page {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let (before, _) = text
            .split_once(MARK)
            .ok_or_else(|| format!("{}: there is no line `{}`", file.display(), MARK.trim()))?;
        write(file, &[before, MARK, "\n", &table].concat())?;
    }
    Ok(table)
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

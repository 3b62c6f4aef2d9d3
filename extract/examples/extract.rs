//! Reads files and prints what became of them, one line each, and a summary by extension:
//! `cargo run -p haversack-extract --example extract -- FILES…`. With `--text` the text follows each line.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::panic::catch_unwind;
use std::path::Path;
use std::time::Instant;

use haversack_extract::{ExtractError, Extracted, Limits, Source, extract};

#[derive(Default)]
struct Summary {
    files: usize,
    fine: usize,
    partly: usize,
    errors: usize,
    panics: usize,
    slowest_ms: u128,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let with_text = flags.iter().any(|flag| flag == "--text");
    let mut summaries: BTreeMap<String, Summary> = BTreeMap::new();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for path in &paths {
        let bytes = std::fs::read(path)?;
        let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let start = Instant::now();
        let outcome =
            catch_unwind(|| extract(Source { name: &name, mime: None, bytes: &bytes }, &Limits::default()));
        let elapsed_ms = start.elapsed().as_millis();
        let extension = Path::new(path).extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let summary = summaries.entry(extension).or_default();
        summary.files += 1;
        summary.slowest_ms = summary.slowest_ms.max(elapsed_ms);
        match &outcome {
            Ok(Ok(extracted)) if extracted.skipped.is_empty() => summary.fine += 1,
            Ok(Ok(_)) => summary.partly += 1,
            Ok(Err(_)) => summary.errors += 1,
            Err(_) => summary.panics += 1,
        }
        write_outcome(&mut out, path, elapsed_ms, outcome.as_ref().ok(), with_text)?;
    }
    writeln!(out, "\n| extension | files | fine | parts skipped | clear error | panic | slowest |")?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for (extension, s) in summaries {
        let Summary { files, fine, partly, errors, panics, slowest_ms } = s;
        writeln!(
            out,
            "| {extension} | {files} | {fine} | {partly} | {errors} | {panics} | {slowest_ms} ms |"
        )?;
    }
    Ok(out.flush()?)
}

fn write_outcome(
    out: &mut impl Write,
    path: &str,
    ms: u128,
    outcome: Option<&Result<Extracted, ExtractError>>,
    with_text: bool,
) -> io::Result<()> {
    match outcome {
        None => writeln!(out, "PANIC {ms} ms {path}"),
        Some(Err(error)) => writeln!(out, "error {ms} ms {path}: {error}"),
        Some(Ok(Extracted { documents, skipped })) => {
            let chars: usize = documents.iter().map(|document| document.text.chars().count()).sum();
            let pages: usize = documents.iter().map(|document| document.pages.len()).sum();
            writeln!(out, "ok {ms} ms {path}: {chars} characters, {pages} pages")?;
            for problem in skipped {
                writeln!(out, "    skipped {}: {}", problem.what, problem.reason)?;
            }
            for document in documents.iter().filter(|_| with_text) {
                writeln!(out, "{}\n", document.text)?;
            }
            Ok(())
        }
    }
}

//! PDF: the text layer, page by page.

mod bidi;
mod ends;
mod file;
mod filter;
mod font;
mod font_costs;
mod info;
mod inline;
mod interpret;
mod layout;
mod legacy;
mod object_streams;
mod own_table;
mod page;
mod replacements;
mod resources;
mod scan;
mod stream;
mod tree;
mod xref;

use super::budget::Budget;
use crate::{Document, ExtractError, Extracted, Format, Limit, PageSpan, Problem, Source};
use file::File;
use page::{PageOutcome, Reader};
use scan::Readings;
use tree::Page;

/// What stands between two pages. AnythingLLM puts nothing there, which glues words together (reference
/// §15.19).
const PAGE_SEPARATOR: &str = "\n\n";
/// Said of files without a page tree.
const GATHERED: &str = "the file is cut short, so pages were gathered in file order and some may be missing";
/// Said of files in which nothing was found.
const NO_PDF: &str = "it is no PDF, or damaged beyond repair";

/// Reads every page that can be read. Damage is survived where possible: a wrong cross-reference table is
/// rebuilt, pages that fail are listed and left out. Pictures of text are listed too; nothing is recognised
/// in them.
pub(crate) fn extract(source: &Source<'_>, budget: &mut Budget) -> Result<Extracted, ExtractError> {
    let file = File::open(source.bytes, budget)?;
    let (pages, gathered) = pages(&file, source, budget)?;
    let info = guarded(|| info::read(&file.pdf)).unwrap_or_default();
    let mut skipped = Vec::new();
    let announced = || guarded(|| tree::announced(&file.pdf, file.root?)).flatten();
    if gathered {
        skipped.push(Problem { what: "pages".into(), reason: GATHERED.into() });
    } else if let Some(announced) = announced().filter(|count| *count > pages.len()) {
        skipped.push(Problem {
            what: "pages".into(),
            reason: format!("the file announces {announced} pages, but only {} could be found", pages.len()),
        });
    }

    let mut text = String::new();
    let mut spans = Vec::new();
    let mut reader = Reader::new(file.largest_object);
    let mut stop = None;
    for (number, page) in (1..).zip(&pages) {
        let outcome = guarded(|| {
            let (dict, resources) = page.read(&file.pdf);
            reader.page(&dict, &resources, budget)
        });
        let outcome = outcome.unwrap_or_else(|| PageOutcome {
            problem: Some("reading it failed unexpectedly".into()),
            ..PageOutcome::default()
        });
        if !outcome.text.is_empty() {
            if !text.is_empty() {
                text.push_str(PAGE_SEPARATOR);
            }
            let start = text.len();
            text.push_str(&outcome.text);
            spans.push(PageSpan { number, start, end: text.len() });
        }
        if let Some(reason) = outcome.problem {
            skipped.push(Problem { what: format!("page {number}"), reason });
        }
        stop = outcome
            .stop
            .or((text.len() as u64 > budget.limits().max_text_bytes).then_some(Limit::MaxTextBytes));
        if let Some(limit) = stop {
            let rest = number as usize + 1..=pages.len();
            if !rest.is_empty() {
                skipped.push(Problem {
                    what: format!("pages {} to {}", rest.start(), rest.end()),
                    reason: format!("the file exceeds the limit {limit} ({})", budget.limits().value(limit)),
                });
            }
            break;
        }
    }
    if text.is_empty() {
        return Err(stop.map_or_else(|| nothing(source, budget, &skipped), |limit| budget.breach(limit)));
    }
    let document = Document {
        title: info.title,
        author: info.author,
        description: info.description,
        text,
        pages: spans,
        format: Format::Pdf,
        markdown: false,
        part: None,
    };
    Ok(Extracted { documents: vec![document], skipped })
}

/// The pages of a file, and whether they had to be gathered as the page tree is lost.
fn pages<'a>(
    file: &'a File,
    source: &Source<'_>,
    budget: &Budget,
) -> Result<(Vec<Page<'a>>, bool), ExtractError> {
    let mut readings = Readings::of(source.bytes);
    let found = guarded(|| {
        if let Some(root) = file.root
            && let Some(pages) = tree::pages(&file.pdf, root, &mut readings, budget)?
        {
            return Ok((pages, false));
        }
        Ok((tree::gathered(&file.pdf, &file.objects, &mut readings, budget)?, true))
    });
    let found = found.ok_or_else(|| budget.broken(NO_PDF))?;
    let (pages, gathered) = found.map_err(|fault: scan::ScanFault| fault.into_error(budget))?;
    if gathered && pages.is_empty() { Err(budget.broken(NO_PDF)) } else { Ok((pages, gathered)) }
}

/// Why a file whose pages were all empty gave nothing. Pages that are blank or pictures are no fault.
fn nothing(source: &Source<'_>, budget: &Budget, skipped: &[Problem]) -> ExtractError {
    match skipped.iter().find(|problem| ![page::ONLY_PICTURES, GATHERED].contains(&problem.reason.as_str())) {
        Some(Problem { what, reason }) => budget.broken(format!("no page could be read; {what}: {reason}")),
        None => ExtractError::Empty { name: source.name.into() },
    }
}

/// Runs code of the PDF library. It is careful, but a fault in it must cost a page, not the host. Where
/// panics abort (wasm), the host's sandbox takes this part.
fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()
}

#[cfg(test)]
mod tests;

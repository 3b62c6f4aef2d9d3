//! PDF: the text layer, page by page.

mod bidi;
mod defuse;
mod font;
mod info;
mod interpret;
mod layout;
mod legacy;
mod page;
mod stream;

use std::sync::Arc;

use hayro_syntax::object::{Dict, Name};
use hayro_syntax::page::Page;
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use super::budget::Budget;
use crate::{Document, ExtractError, Extracted, Format, Limit, PageSpan, Problem, Source};
use page::{PageOutcome, Reader};

/// What stands between two pages. AnythingLLM puts nothing there, which glues words together (reference
/// §15.19).
const PAGE_SEPARATOR: &str = "\n\n";
/// Said of files without a page tree.
const GATHERED: &str = "the file is cut short, so pages were gathered in file order and some may be missing";

/// Reads every page that can be read. Damage is survived where possible: a wrong cross-reference table is
/// rebuilt, pages that fail are listed and left out. Pictures of text are listed too; nothing is recognised
/// in them.
pub(crate) fn extract(source: &Source<'_>, budget: &mut Budget) -> Result<Extracted, ExtractError> {
    let (pdf, gathered) = open(source, budget)?;
    if pdf.len() as u64 > budget.limits().max_entries {
        return Err(budget.breach(Limit::MaxEntries));
    }
    let pages: Vec<&Page<'_>> = pdf.pages().iter().filter(|page| !gathered || is_page(page)).collect();
    if pages.len() as u64 > budget.limits().max_pages {
        return Err(budget.breach(Limit::MaxPages));
    }
    let info = guarded(|| info::read(&pdf)).unwrap_or_default();
    let mut skipped = Vec::new();
    if gathered {
        skipped.push(Problem { what: "pages".into(), reason: GATHERED.into() });
    } else if let Some(announced) =
        guarded(|| announced_pages(&pdf)).flatten().filter(|count| *count > pages.len())
    {
        skipped.push(Problem {
            what: "pages".into(),
            reason: format!("the file announces {announced} pages, but only {} could be found", pages.len()),
        });
    }

    let mut text = String::new();
    let mut spans = Vec::new();
    let mut reader = Reader::new(budget.limits());
    for (number, page) in (1..).zip(&pages) {
        let outcome = guarded(|| reader.page(page, budget)).unwrap_or_else(|| PageOutcome {
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
        let limit = outcome
            .stop
            .or((text.len() as u64 > budget.limits().max_text_bytes).then_some(Limit::MaxTextBytes));
        if let Some(limit) = limit {
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
        return Err(nothing(source, budget, &skipped));
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

/// Opens a file. `true` comes back for one whose page tree is lost, so that its pages had to be gathered.
fn open(source: &Source<'_>, budget: &Budget) -> Result<(Pdf, bool), ExtractError> {
    if !defuse::has_ends(source.bytes) {
        return Err(budget.broken("its streams do not end"));
    }
    let bytes = Arc::new(defuse::defuse(source.bytes, budget).map_err(|limit| budget.breach(limit))?);
    let error = match guarded(|| Pdf::new(bytes.clone())) {
        Some(Ok(pdf)) => return Ok((pdf, false)),
        Some(Err(error)) => error,
        None => LoadPdfError::Invalid,
    };
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Err(ExtractError::Encrypted { name: source.name.into() })
        }
        LoadPdfError::Decryption(_) => {
            Err(budget.broken("it is encrypted in an unknown way. Remove its password and send it again."))
        }
        LoadPdfError::Invalid => {
            let bytes = [bytes.as_slice(), SUBSTITUTE_ROOT].concat();
            match guarded(|| Pdf::new(Arc::new(bytes))) {
                Some(Ok(pdf)) => Ok((pdf, true)),
                _ => Err(budget.broken("it is no PDF, or damaged beyond repair")),
            }
        }
    }
}

/// A root for files that were cut off before theirs. Its page tree does not exist, upon which the library
/// gathers whatever looks like a page.
const SUBSTITUTE_ROOT: &[u8] =
    b"\nendstream endobj\n8388600 0 obj\n<< /Type /Catalog /Pages 8388601 0 R >>\nendobj\n\
    trailer\n<< /Root 8388600 0 R >>\n";

/// Whether a gathered page is one: notes have contents as well.
fn is_page(page: &Page<'_>) -> bool {
    page.raw().get::<Name<'_>>(b"Type").is_some_and(|name| &*name == b"Page")
}

/// Why a file whose pages were all empty gave nothing. Pages that are blank or pictures are no fault.
fn nothing(source: &Source<'_>, budget: &Budget, skipped: &[Problem]) -> ExtractError {
    match skipped.iter().find(|problem| ![page::ONLY_PICTURES, GATHERED].contains(&problem.reason.as_str())) {
        Some(Problem { what, reason }) => budget.broken(format!("no page could be read; {what}: {reason}")),
        None => ExtractError::Empty { name: source.name.into() },
    }
}

/// How many pages the root of the page tree counts.
fn announced_pages(pdf: &Pdf) -> Option<usize> {
    let root: Dict<'_> = pdf.xref().get(pdf.xref().root_id())?;
    root.get::<Dict<'_>>(b"Pages")?.get::<usize>(b"Count")
}

/// Runs code of the PDF library. It is careful, but a fault in it must cost a page, not the host. Where
/// panics abort (wasm), the host's sandbox takes this part.
fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()
}

#[cfg(test)]
mod tests;

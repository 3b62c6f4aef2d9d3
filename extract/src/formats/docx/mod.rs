//! Word documents (Office Open XML).

mod body;
mod numbering;
mod package;
mod styles;

use super::budget::Budget;
use super::xml::Xml;
use super::zip::Archive;
use crate::{Document, ExtractError, Extracted, Format, Limit, Problem, Source};
use body::Reader;
use package::Package;

/// Reads paragraphs, headings, lists, tables and notes as Markdown. Headers, footers, comments and deleted
/// text are left out.
pub(crate) fn extract(source: &Source<'_>, budget: &mut Budget) -> Result<Extracted, ExtractError> {
    let mut archive = Archive::open(source, budget)?;
    let package = Package::read(&mut archive, budget)?;
    let Some(main) = archive.text(&package.main_part, budget)? else {
        return Err(budget.broken("its main part is missing, so it is not a Word document"));
    };
    let max_depth = budget.limits().max_depth;

    let mut reader = Reader::new(&package, budget.limits().max_text_bytes);
    let mut xml = Xml::new(&main, max_depth);
    reader.body(&mut xml);
    let mut skipped = std::mem::take(&mut archive.problems);
    skipped.extend(rest_of(&package.main_part, &xml));
    // The notes need its room.
    drop(main);

    for part in package.note_parts() {
        if let Some(notes) = archive.text(&part, budget)? {
            let mut xml = Xml::new(&notes, max_depth);
            reader.notes(&mut xml);
            skipped.extend(rest_of(&part, &xml));
        }
    }
    skipped.append(&mut archive.problems);
    if reader.is_full() {
        return Err(budget.breach(Limit::MaxTextBytes));
    }

    let document = Document {
        title: package.properties.title.clone(),
        author: package.properties.author.clone(),
        description: package.properties.description.clone(),
        text: reader.finish(),
        pages: Vec::new(),
        format: Format::Docx,
        markdown: true,
        part: None,
    };
    Ok(Extracted { documents: vec![document], skipped })
}

fn rest_of(part: &str, xml: &Xml<'_>) -> Option<Problem> {
    let reason = xml.fault()?;
    Some(Problem { what: format!("the rest of {part}"), reason: reason.into() })
}

#[cfg(test)]
mod tests;

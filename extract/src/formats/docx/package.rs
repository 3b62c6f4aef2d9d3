//! What surrounds the body of a Word document: parts, relationships, properties.

use std::collections::BTreeMap;

use super::numbering::Numbering;
use super::styles::Styles;
use crate::ExtractError;
use crate::formats::MAX_METADATA_BYTES;
use crate::formats::budget::Budget;
use crate::formats::markdown::clean;
use crate::formats::xml::Xml;
use crate::formats::zip::Archive;

/// Everything that the body refers to.
#[derive(Default)]
pub(crate) struct Package {
    /// Name of the part with the body.
    pub main_part: String,
    pub properties: Properties,
    pub styles: Styles,
    pub numbering: Numbering,
    relations: BTreeMap<String, Relation>,
}

/// What the document says about itself.
#[derive(Default)]
pub(crate) struct Properties {
    pub title: Option<String>,
    pub author: Option<String>,
    pub description: Option<String>,
}

struct Relation {
    kind: String,
    target: String,
    external: bool,
    /// Whether it is a web address that Markdown can write.
    is_link: bool,
}

impl Package {
    pub fn read(archive: &mut Archive, budget: &mut Budget) -> Result<Self, ExtractError> {
        let max_depth = budget.limits().max_depth;
        let mut package = Package::default();

        let roots = relations(archive.small_text("_rels/.rels", budget)?, "", max_depth);
        package.main_part = target_of(&roots, "officeDocument").unwrap_or_else(|| "word/document.xml".into());
        if let Some(part) = target_of(&roots, "core-properties")
            && let Some(text) = archive.small_text(&part, budget)?
        {
            package.properties = properties(&text, max_depth);
        }

        let (folder, file) = package.main_part.rsplit_once('/').unwrap_or(("", &package.main_part));
        let rels = archive.small_text(&join(folder, &format!("_rels/{file}.rels")), budget)?;
        package.relations = relations(rels, folder, max_depth);
        if let Some(part) = package.part("styles")
            && let Some(text) = archive.small_text(&part, budget)?
        {
            package.styles = Styles::read(&text, max_depth);
        }
        if let Some(part) = package.part("numbering")
            && let Some(text) = archive.small_text(&part, budget)?
        {
            package.numbering = Numbering::read(&text, max_depth);
        }
        Ok(package)
    }

    /// The parts that hold footnotes and endnotes.
    pub fn note_parts(&self) -> Vec<String> {
        ["footnotes", "endnotes"].iter().filter_map(|kind| self.part(kind)).collect()
    }

    /// The web address that a relationship points to, if Markdown can write it.
    pub fn link(&self, id: &str) -> Option<&str> {
        let relation = self.relations.get(id)?;
        relation.is_link.then_some(relation.target.as_str())
    }

    fn part(&self, kind: &str) -> Option<String> {
        target_of(&self.relations, kind)
    }
}

fn target_of(relations: &BTreeMap<String, Relation>, kind: &str) -> Option<String> {
    let relation = relations.values().find(|relation| !relation.external && relation.kind == kind)?;
    Some(relation.target.clone())
}

/// Reads a `.rels` part. Types are known by their last segment, as the strict variant has other addresses.
fn relations(text: Option<String>, folder: &str, max_depth: u64) -> BTreeMap<String, Relation> {
    let mut relations = BTreeMap::new();
    let text = text.unwrap_or_default();
    Xml::new(&text, max_depth).children(|xml, _| {
        xml.children(|_, element| {
            let (Some(id), Some(target)) = (element.attribute("Id"), element.attribute("Target")) else {
                return;
            };
            let kind = element.attribute("Type").unwrap_or_default();
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            let external = element.attribute("TargetMode").is_some_and(|mode| mode == "External");
            let target = if external { target } else { join(folder, &target) };
            let is_link = external && target.starts_with("http") && !target.contains([')', ' ', '\n']);
            relations.insert(id, Relation { kind, target, external, is_link });
        });
    });
    relations
}

/// Resolves a target against the folder of the part that names it.
fn join(folder: &str, target: &str) -> String {
    let mut segments: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').collect(),
    };
    for segment in target.split('/') {
        match segment {
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    segments.retain(|segment| !segment.is_empty() && *segment != ".");
    segments.join("/")
}

fn properties(text: &str, max_depth: u64) -> Properties {
    let mut properties = Properties::default();
    let mut subject = None;
    Xml::new(text, max_depth).children(|xml, _| {
        xml.children(|xml, element| {
            let value = Some(clean(xml.text(MAX_METADATA_BYTES).trim())).filter(|value| !value.is_empty());
            match element.name() {
                "title" => properties.title = value,
                "creator" => properties.author = value,
                "description" => properties.description = value,
                "subject" => subject = value,
                _ => {}
            }
        });
    });
    properties.description = properties.description.or(subject);
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_resolved() {
        let cases = [
            ("word", "styles.xml", "word/styles.xml"),
            ("word", "/word/styles.xml", "word/styles.xml"),
            ("a/b", "../c/./d.xml", "a/c/d.xml"),
            ("", "word/document.xml", "word/document.xml"),
            ("", "../../etc/passwd", "etc/passwd"),
        ];
        for (folder, target, joined) in cases {
            assert_eq!(join(folder, target), joined);
        }
    }
}

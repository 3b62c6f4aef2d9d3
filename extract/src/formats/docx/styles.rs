//! Which paragraph styles are headings or lists.

use std::collections::BTreeMap;

use super::numbering::ListRef;
use crate::formats::xml::{Element, Xml};

/// How many `basedOn` steps are followed; real documents have a handful, a circle has no end.
const MAX_INHERITANCE: usize = 32;

/// The paragraph styles of a document, by id.
#[derive(Default)]
pub(crate) struct Styles(BTreeMap<String, Style>);

#[derive(Default)]
struct Style {
    name: String,
    based_on: Option<String>,
    outline_level: Option<usize>,
    list: ListRef,
}

impl Styles {
    pub fn read(text: &str, max_depth: u64) -> Self {
        let mut styles = BTreeMap::new();
        Xml::new(text, max_depth).children(|xml, _| {
            xml.children(|xml, element| {
                if element.name() == "style" {
                    let id = element.attribute("styleId").unwrap_or_default();
                    styles.insert(id, style(xml));
                }
            });
        });
        Self(styles)
    }

    /// Heading level of a style, counted from 1.
    pub fn heading_level(&self, id: &str) -> Option<usize> {
        self.inherited(id, |style| style.heading_level())
    }

    /// The list that a style puts its paragraphs into.
    pub fn list(&self, id: &str) -> ListRef {
        ListRef {
            number: self.inherited(id, |style| style.list.number.clone()),
            level: self.inherited(id, |style| style.list.level),
        }
    }

    fn inherited<T>(&self, id: &str, property: impl Fn(&Style) -> Option<T>) -> Option<T> {
        let mut next = self.0.get(id);
        for _ in 0..MAX_INHERITANCE {
            let style = next?;
            if let Some(value) = property(style) {
                return Some(value);
            }
            next = self.0.get(style.based_on.as_deref()?);
        }
        None
    }
}

impl Style {
    /// Built-in styles keep their English name in every language; others may set an outline level.
    fn heading_level(&self) -> Option<usize> {
        let name = self.name.to_ascii_lowercase();
        if name == "title" {
            return Some(1);
        }
        name.strip_prefix("heading ").and_then(|level| level.trim().parse().ok()).or(self.outline_level)
    }
}

fn style(xml: &mut Xml<'_>) -> Style {
    let mut style = Style::default();
    xml.children(|xml, element| match element.name() {
        "name" => style.name = value(element).unwrap_or_default(),
        "basedOn" => style.based_on = value(element),
        "pPr" => xml.children(|xml, element| match element.name() {
            "outlineLvl" => style.outline_level = outline_level(element),
            "numPr" => style.list = ListRef::read(xml),
            _ => {}
        }),
        _ => {}
    });
    style
}

/// `w:outlineLvl` counts from 0; 9 means body text.
pub(crate) fn outline_level(element: &Element<'_>) -> Option<usize> {
    let level: usize = value(element)?.parse().ok()?;
    (level < 9).then_some(level + 1)
}

/// Longest value that is taken for the name of anything. Each paragraph of a style looks at those of the style again.
const MAX_VALUE_BYTES: usize = 1024;

/// The `w:val` of an element.
pub(crate) fn value(element: &Element<'_>) -> Option<String> {
    element.attribute("val").filter(|value| value.len() <= MAX_VALUE_BYTES)
}

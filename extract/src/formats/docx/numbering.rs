//! Which lists are numbered, and what number comes next.

use std::collections::BTreeMap;

use super::styles::value;
use crate::formats::xml::Xml;

/// Levels that a list can have (ECMA-376, 17.9.6).
const LEVELS: usize = 9;

/// The list definitions of a document.
#[derive(Default)]
pub(crate) struct Numbering {
    /// Abstract definition behind each list number.
    lists: BTreeMap<String, String>,
    /// Levels of each abstract definition.
    definitions: BTreeMap<String, BTreeMap<usize, Level>>,
}

/// What a paragraph says about its place in a list; either half may come from its style.
#[derive(Clone, Default)]
pub(crate) struct ListRef {
    pub number: Option<String>,
    pub level: Option<usize>,
}

#[derive(Clone, Copy)]
struct Level {
    style: LevelStyle,
    start: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum LevelStyle {
    Bullet,
    Number,
    /// Indented, but without a mark.
    Plain,
}

/// The numbers that the lists have reached.
#[derive(Default)]
pub(crate) struct Counters(BTreeMap<String, [u64; LEVELS]>);

impl ListRef {
    /// Reads a `w:numPr`.
    pub fn read(xml: &mut Xml<'_>) -> Self {
        let mut list = Self::default();
        xml.children(|_, element| match element.name() {
            "numId" => list.number = value(element),
            "ilvl" => list.level = value(element).and_then(|level| level.parse().ok()),
            _ => {}
        });
        list
    }

    /// Fills what is missing from the paragraph's style.
    pub fn or(self, style: Self) -> Self {
        Self { number: self.number.or(style.number), level: self.level.or(style.level) }
    }
}

impl Numbering {
    pub fn read(text: &str, max_depth: u64) -> Self {
        let mut numbering = Self::default();
        Xml::new(text, max_depth).children(|xml, _| {
            xml.children(|xml, element| match element.name() {
                "abstractNum" => {
                    let id = element.attribute("abstractNumId").unwrap_or_default();
                    numbering.definitions.insert(id, levels(xml));
                }
                "num" => {
                    let id = element.attribute("numId").unwrap_or_default();
                    xml.children(|_, element| {
                        if element.name() == "abstractNumId"
                            && let Some(definition) = value(element)
                        {
                            numbering.lists.insert(id.clone(), definition);
                        }
                    });
                }
                _ => {}
            });
        });
        numbering
    }

    /// The depth and marker of the next item of a list; `None` if the paragraph is in no list (number `0`
    /// takes it out of its style's).
    pub fn next_item(&self, list: &ListRef, counters: &mut Counters) -> Option<(usize, String)> {
        let number = list.number.as_deref().filter(|number| *number != "0")?;
        let depth = list.level.unwrap_or(0).min(LEVELS - 1);
        let level = self.level(number, depth);
        match level.style {
            LevelStyle::Plain => None,
            LevelStyle::Bullet => Some((depth, "-".into())),
            LevelStyle::Number => {
                let counts = counters.0.entry(number.into()).or_default();
                counts[depth] = if counts[depth] == 0 { level.start } else { counts[depth] + 1 };
                // A new item starts the lists below it anew.
                counts[depth + 1..].fill(0);
                Some((depth, format!("{}.", counts[depth])))
            }
        }
    }

    fn level(&self, number: &str, depth: usize) -> Level {
        let definition = self.lists.get(number).and_then(|id| self.definitions.get(id));
        let level = definition.and_then(|levels| levels.get(&depth));
        level.copied().unwrap_or(Level { style: LevelStyle::Bullet, start: 1 })
    }
}

fn levels(xml: &mut Xml<'_>) -> BTreeMap<usize, Level> {
    let mut levels = BTreeMap::new();
    xml.children(|xml, element| {
        let index = element.attribute("ilvl").and_then(|index| index.parse().ok());
        let Some(index) = index.filter(|_| element.name() == "lvl") else { return };
        let mut level = Level { style: LevelStyle::Number, start: 1 };
        xml.children(|_, element| match element.name() {
            "numFmt" => {
                level.style = match value(element).as_deref() {
                    Some("bullet") => LevelStyle::Bullet,
                    Some("none") => LevelStyle::Plain,
                    _ => LevelStyle::Number,
                }
            }
            "start" => level.start = value(element).and_then(|start| start.parse().ok()).unwrap_or(1),
            _ => {}
        });
        levels.insert(index, level);
    });
    levels
}

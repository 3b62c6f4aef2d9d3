//! What codes of a text string mean, and how far they advance.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use hayro_font::hayro_cmap::BfString;
use hayro_font::{CMapResolverFn, FontCache, FontData, FontGlyph, FontQuery, FontResolverFn};
use hayro_syntax::object::dict::keys::ENCODING;
use hayro_syntax::object::{Dict, Name, ObjectIdentifier};

use super::super::budget::Budget;
use super::font_costs::FontCosts;
use super::legacy::LegacyEncoding;
use crate::Limit;

/// A font, as far as reading needs it.
pub(crate) enum Font<'a> {
    /// One that the library understands.
    Known(KnownFont<'a>),
    /// One that names an East Asian encoding.
    Legacy(LegacyEncoding),
    /// One that nobody understands: its ASCII codes are taken at their word.
    Unknown,
}

/// A font of the library, with what was asked of it so far: asking takes many steps, and text repeats its
/// letters.
pub(crate) struct KnownFont<'a> {
    font: hayro_font::Font<'a>,
    horizontal: bool,
    meanings: RefCell<HashMap<u32, Meaning>>,
}

/// Codes of one font whose meaning is kept. Real fonts have fewer.
const KEPT_MEANINGS: usize = 65_536;

/// One code of a text string.
pub(crate) struct Code {
    /// How many bytes it took.
    pub length: usize,
    pub meaning: Meaning,
}

/// What a code means.
#[derive(Clone)]
pub(crate) struct Meaning {
    /// What it stands for; `None` if the font does not tell.
    pub text: Option<Rc<str>>,
    /// How far it advances, in thousandths of the font size: to the right, or down (negative) in vertical
    /// writing.
    pub advance: f64,
}

impl Font<'_> {
    /// Whether text runs from top to bottom.
    pub fn is_vertical(&self) -> bool {
        match self {
            Self::Known(font) => !font.horizontal,
            Self::Legacy(encoding) => encoding.vertical,
            Self::Unknown => false,
        }
    }

    /// Reads the first code of a string that is not empty.
    pub fn next(&self, bytes: &[u8]) -> Code {
        match self {
            Self::Known(font) => font.next(bytes),
            Self::Legacy(encoding) => {
                let (length, text) = encoding.next(bytes);
                let advance = match (encoding.vertical, length) {
                    (true, _) => -1000.0,
                    (false, 1) => 500.0,
                    (false, _) => 1000.0,
                };
                Code {
                    length: length.max(1),
                    meaning: Meaning { text: Some(readable(text).into()), advance },
                }
            }
            Self::Unknown => {
                let text =
                    bytes.first().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte).to_string());
                let text = text.map(|text| readable(text).into());
                Code { length: 1, meaning: Meaning { text, advance: 500.0 } }
            }
        }
    }
}

impl<'a> KnownFont<'a> {
    fn new(font: hayro_font::Font<'a>) -> Self {
        Self { horizontal: font.is_horizontal(), font, meanings: RefCell::default() }
    }

    fn next(&self, bytes: &[u8]) -> Code {
        let (code, length) = self.font.read_code(bytes, 0);
        let mut meanings = self.meanings.borrow_mut();
        if meanings.len() >= KEPT_MEANINGS {
            meanings.clear();
        }
        let meaning = meanings.entry(code).or_insert_with(|| self.ask(code)).clone();
        Code { length: length.max(1), meaning }
    }

    fn ask(&self, code: u32) -> Meaning {
        let text = match self.font.glyph(self.font.map_code(code), code) {
            FontGlyph::Outline(glyph) => glyph.as_unicode(),
            FontGlyph::Type3(glyph) => glyph.as_unicode(),
        };
        let text = text.map(|text| match text {
            BfString::Char(c) => readable(c.to_string()),
            BfString::String(text) => readable(text),
        });
        let advance = self.font.code_advance(code);
        Meaning { text: text.map(Into::into), advance: if self.horizontal { advance.x } else { advance.y } }
    }
}

/// Text as people type it: typographic ligatures become letters, control characters go.
pub(crate) fn readable(text: String) -> String {
    const LIGATURES: [&str; 7] = ["ff", "fi", "fl", "ffi", "ffl", "st", "st"];
    if text.chars().all(|c| !c.is_control() && !('\u{fb00}'..='\u{fb06}').contains(&c)) {
        return text;
    }
    let mut readable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{fb00}'..='\u{fb06}' => readable.push_str(LIGATURES[c as usize - 0xfb00]),
            '\t' | '\n' | '\r' => readable.push(' '),
            c if c.is_control() => {}
            c => readable.push(c),
        }
    }
    readable
}

/// The fonts of a document, each loaded once.
pub(crate) struct Fonts<'a> {
    /// Fonts that are objects of their own.
    loaded: BTreeMap<ObjectIdentifier, Rc<Font<'a>>>,
    /// Fonts that stand in a list of resources, by their bytes there.
    direct: BTreeMap<&'a [u8], Rc<Font<'a>>>,
    costs: FontCosts,
    cache: FontCache<'a>,
    font_resolver: FontResolverFn,
    cmap_resolver: CMapResolverFn,
}

impl<'a> Fonts<'a> {
    pub fn new() -> Self {
        // Standard fonts need outlines only to be drawn; the library carries their widths and names itself.
        let outlines: FontData = Arc::new(NO_OUTLINES);
        Self {
            loaded: BTreeMap::new(),
            direct: BTreeMap::new(),
            costs: FontCosts::default(),
            cache: FontCache::new(),
            font_resolver: Arc::new(move |_: &FontQuery| Some((outlines.clone(), 0))),
            cmap_resolver: Arc::new(|_| None),
        }
    }

    /// The font that a resource dictionary holds under a name.
    pub fn get(&mut self, fonts: &Dict<'a>, name: &[u8], budget: &mut Budget) -> Result<Rc<Font<'a>>, Limit> {
        let id = fonts.get_ref(name).map(ObjectIdentifier::from);
        if let Some(font) = id.and_then(|id| self.loaded.get(&id)) {
            return Ok(font.clone());
        }
        let dict = fonts.get::<Dict<'a>>(name).unwrap_or_default();
        budget.read(dict.data().len())?;
        if let Some(font) = self.direct.get(dict.data()).filter(|_| id.is_none()) {
            return Ok(font.clone());
        }
        let font = Rc::new(self.load(&dict, budget)?);
        match id {
            Some(id) => drop(self.loaded.insert(id, font.clone())),
            None => drop(self.direct.insert(dict.data(), font.clone())),
        }
        Ok(font)
    }

    fn load(&mut self, dict: &Dict<'a>, budget: &mut Budget) -> Result<Font<'a>, Limit> {
        let named = dict.get::<Name<'_>>(ENCODING).and_then(|name| LegacyEncoding::from_cmap_name(&name));
        if let Some(encoding) = named {
            return Ok(Font::Legacy(encoding));
        }
        if dict.is_empty() || !self.costs.are_affordable(dict, budget)? {
            return Ok(Font::Unknown);
        }
        let font = self.cache.font(dict, &self.font_resolver, &self.cmap_resolver);
        Ok(font.map_or(Font::Unknown, |font| Font::Known(KnownFont::new(font))))
    }
}

/// A TrueType font without a single table.
const NO_OUTLINES: [u8; 12] = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

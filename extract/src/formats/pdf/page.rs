//! Reading one page.

use std::collections::BTreeMap;
use std::rc::Rc;

use hayro_font::kurbo::Affine;
use hayro_syntax::object::dict::keys::{ANNOTS, AP, AS, BBOX, CONTENTS, F, N, RECT, SUBTYPE};
use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Rect, Stream};
use hayro_syntax::page::Page;

use super::super::budget::Budget;
use super::font::Fonts;
use super::interpret::Interpreter;
use super::stream::{StreamFault, decode, searchable_bytes};
use crate::{Limit, Limits};

/// Said of pages that would need optical recognition.
pub(crate) const ONLY_PICTURES: &str = "it holds only pictures, and text in pictures is not recognised";

/// Decoded forms that are kept, together. Letterheads and logos come back on every page.
const KEPT_FORM_BYTES: usize = 16 * 1024 * 1024;
/// A page with at least this many unknown signs, and this share of them, is worth a warning.
const UNKNOWN_SIGNS: u64 = 20;
const UNKNOWN_PERCENT: u64 = 20;
/// Annotation flags that keep it from view: hidden, no view (ISO 32000-2, 12.5.3).
const UNSEEN: i32 = 0b10_0010;

/// Reads the pages of one document, one after the other.
pub(crate) struct Reader<'a> {
    pub fonts: Fonts<'a>,
    /// Operations that may still be run, over all pages.
    pub operations_left: u64,
    /// What is known of external objects, so that they are not looked up each time they are drawn.
    pub known: BTreeMap<ObjectIdentifier, Known<'a>>,
    kept_form_bytes: usize,
}

/// An external object.
#[derive(Clone)]
pub(crate) enum Known<'a> {
    Picture,
    /// Nothing that could be read.
    Nothing,
    /// A form and its content.
    Form(Stream<'a>, Rc<Vec<u8>>),
}

/// What a page gave.
#[derive(Default)]
pub(crate) struct PageOutcome {
    /// Its text, trimmed.
    pub text: String,
    /// What was left out, and why.
    pub problem: Option<String>,
    /// The limit after which no further page shall be read.
    pub stop: Option<Limit>,
}

impl<'a> Reader<'a> {
    pub fn new(limits: &Limits) -> Self {
        Self {
            fonts: Fonts::new(),
            operations_left: limits.max_operations,
            known: BTreeMap::new(),
            kept_form_bytes: 0,
        }
    }

    /// Reads a page: its content, then what is filled into its form fields.
    pub fn page(&mut self, page: &Page<'a>, budget: &mut Budget) -> PageOutcome {
        let mut fault = None;
        let mut stop = None;
        let mut content = Vec::new();
        for stream in contents(page.raw()) {
            match decode(&stream, budget) {
                Ok(data) => {
                    content.extend(data);
                    content.push(b'\n');
                }
                Err(StreamFault::Damaged) => fault = Some("its content is damaged".to_owned()),
                Err(StreamFault::Limit(limit)) => stop = Some(limit),
            }
        }
        let searchable = searchable_bytes(&content);
        if searchable < content.len() {
            content.truncate(searchable);
            fault = Some("its inline pictures do not end".to_owned());
        }
        let mut interpreter = Interpreter::new(self, budget);
        interpreter.stop = stop;
        interpreter.run(&content, page.resources(), Affine::IDENTITY, 0);
        for (form, transform) in appearances(page.raw()) {
            interpreter.form(Some(&form), form.obj_id(), page.resources(), transform, 1);
        }
        let (shown, unknown, pictures) = (interpreter.shown, interpreter.unknown, interpreter.pictures);
        let stop = interpreter.stop;
        let is_empty = interpreter.layout.is_empty();
        let text = interpreter.layout.finish();
        let problem = if let Some(limit) = stop {
            Some(format!("reading it exceeds the limit {limit} ({})", budget.limits().value(limit)))
        } else if fault.is_some() {
            fault
        } else if unknown >= UNKNOWN_SIGNS && unknown * 100 >= shown * UNKNOWN_PERCENT {
            Some(format!("its fonts do not tell which letters {unknown} of {shown} signs are"))
        } else {
            (is_empty && pictures).then(|| ONLY_PICTURES.to_owned())
        };
        PageOutcome { text, problem, stop }
    }

    /// Keeps a decoded form for the next time it is drawn, as far as there is room.
    pub fn remember_form(&mut self, id: ObjectIdentifier, form: &Stream<'a>, content: &Rc<Vec<u8>>) {
        if self.kept_form_bytes + content.len() <= KEPT_FORM_BYTES {
            self.kept_form_bytes += content.len();
            self.known.insert(id, Known::Form(form.clone(), content.clone()));
        }
    }
}

/// The content streams of a page, in order.
fn contents<'a>(page: &Dict<'a>) -> Vec<Stream<'a>> {
    match page.get::<Object<'a>>(CONTENTS) {
        Some(Object::Stream(stream)) => vec![stream],
        Some(Object::Array(array)) => array.iter::<Stream<'a>>().collect(),
        _ => Vec::new(),
    }
}

/// How the visible form fields and text notes of a page look, and where.
fn appearances<'a>(page: &Dict<'a>) -> Vec<(Stream<'a>, Affine)> {
    let Some(annotations) = page.get::<Array<'a>>(ANNOTS) else { return Vec::new() };
    annotations.iter::<Dict<'a>>().filter_map(|annotation| appearance(&annotation)).collect()
}

fn appearance<'a>(annotation: &Dict<'a>) -> Option<(Stream<'a>, Affine)> {
    let subtype = annotation.get::<Name<'_>>(SUBTYPE)?;
    if !matches!(&*subtype, b"Widget" | b"FreeText") || annotation.get::<i32>(F).unwrap_or(0) & UNSEEN != 0 {
        return None;
    }
    let normal = match annotation.get::<Dict<'a>>(AP)?.get::<Object<'a>>(N)? {
        Object::Stream(stream) => stream,
        // A button has one appearance for each of its states.
        Object::Dict(states) => states.get::<Stream<'a>>(&*annotation.get::<Name<'_>>(AS)?)?,
        _ => return None,
    };
    let place = annotation.get::<Rect>(RECT)?;
    let bounds = normal.dict().get::<Rect>(BBOX);
    let (x, y) = bounds.map_or((0.0, 0.0), |bounds| (bounds.x0, bounds.y0));
    Some((normal, Affine::translate((place.x0 - x, place.y0 - y))))
}

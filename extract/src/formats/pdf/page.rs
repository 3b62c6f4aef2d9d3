//! Reading one page.

use std::collections::BTreeMap;
use std::rc::Rc;

use hayro_font::kurbo::Affine;
use hayro_syntax::object::dict::keys::{ANNOTS, AP, AS, BBOX, CONTENTS, F, N, RECT, SUBTYPE};
use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Rect, Stream};

use super::super::budget::Budget;
use super::font::Fonts;
use super::inline::searchable_bytes;
use super::interpret::Interpreter;
use super::resources::Resources;
use super::stream::{StreamFault, decode};
use crate::Limit;

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
    /// Length of the largest object. A reference to something of the wrong kind costs reading it.
    pub largest_object: usize,
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
    pub fn new(largest_object: usize) -> Self {
        Self { fonts: Fonts::new(), largest_object, known: BTreeMap::new(), kept_form_bytes: 0 }
    }

    /// Reads a page: its content, then what is filled into its form fields.
    pub fn page(&mut self, page: &Dict<'a>, resources: &Dict<'a>, budget: &mut Budget) -> PageOutcome {
        let mut fault = None;
        let mut stop = None;
        let mut content = Vec::new();
        for stream in Contents::of(page) {
            let data = budget
                .read(stream.dict().data().len())
                .map_err(StreamFault::Limit)
                .and_then(|()| decode(&stream, budget));
            match data {
                Ok(data) if (content.len() + data.len()) as u64 > budget.held_bytes() => {
                    stop = Some(Limit::MaxExpandedBytes);
                }
                // Most pages have one stream, which needs no copy.
                Ok(data) if content.is_empty() => content = data,
                Ok(data) => {
                    content.push(b'\n');
                    content.extend(data);
                }
                Err(StreamFault::Damaged) => fault = Some("its content is damaged".to_owned()),
                Err(StreamFault::Limit(limit)) => stop = Some(limit),
            }
            if stop.is_some() {
                break;
            }
        }
        let searchable = searchable_bytes(&content);
        if searchable < content.len() {
            content.truncate(searchable);
            fault = Some("its inline pictures do not end".to_owned());
        }
        let resources = Resources::read(resources);
        let mut interpreter = Interpreter::new(self, budget);
        interpreter.stop = stop;
        interpreter.page(&content, &resources);
        drop(content);
        let annotations = page.get::<Array<'a>>(ANNOTS);
        for annotation in annotations.iter().flat_map(Array::iter::<Dict<'a>>) {
            if let Some((form, transform)) = appearance(&annotation, &mut interpreter) {
                interpreter.form(Some(&form), form.obj_id(), &resources, transform, 1);
            }
            if interpreter.stop.is_some() {
                break;
            }
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
        let bytes = content.len() + form.dict().data().len();
        if self.kept_form_bytes + bytes <= KEPT_FORM_BYTES {
            self.kept_form_bytes += bytes;
            self.known.insert(id, Known::Form(form.clone(), content.clone()));
        }
    }
}

/// The content streams of a page, in order.
enum Contents<'a> {
    One(Option<Stream<'a>>),
    Some(hayro_syntax::object::array::ResolvedArrayIter<'a, Stream<'a>>),
}

impl<'a> Contents<'a> {
    fn of(page: &Dict<'a>) -> Self {
        match page.get::<Object<'a>>(CONTENTS) {
            Some(Object::Stream(stream)) => Self::One(Some(stream)),
            Some(Object::Array(array)) => Self::Some(array.iter()),
            _ => Self::One(None),
        }
    }
}

impl<'a> Iterator for Contents<'a> {
    type Item = Stream<'a>;

    fn next(&mut self) -> Option<Stream<'a>> {
        match self {
            Self::One(stream) => stream.take(),
            Self::Some(streams) => streams.next(),
        }
    }
}

/// How a visible form field or text note looks, and where.
fn appearance<'a>(
    annotation: &Dict<'a>,
    costs: &mut Interpreter<'_, 'a, '_, '_>,
) -> Option<(Stream<'a>, Affine)> {
    costs.read(annotation.data().len())?;
    let subtype = annotation.get::<Name<'_>>(SUBTYPE);
    costs.followed(annotation, SUBTYPE, subtype.is_some())?;
    let flags = annotation.get::<i32>(F);
    costs.followed(annotation, F, flags.is_some())?;
    if !matches!(&*subtype?, b"Widget" | b"FreeText") || flags.unwrap_or(0) & UNSEEN != 0 {
        return None;
    }
    let appearances = annotation.get::<Dict<'a>>(AP);
    costs.followed(annotation, AP, appearances.is_some())?;
    let appearances = appearances?;
    costs.read(appearances.data().len())?;
    let normal = match appearances.get::<Object<'a>>(N)? {
        Object::Stream(stream) => stream,
        // A button has one appearance for each of its states.
        Object::Dict(states) => {
            costs.read(states.data().len())?;
            states.get::<Stream<'a>>(&*annotation.get::<Name<'_>>(AS)?)?
        }
        other => {
            costs.read(size(&other))?;
            return None;
        }
    };
    costs.read(normal.dict().data().len())?;
    let place = rectangle(annotation, RECT, costs)?;
    let bounds = rectangle(normal.dict(), BBOX, costs);
    let (x, y) = bounds.map_or((0.0, 0.0), |bounds| (bounds.x0, bounds.y0));
    Some((normal, Affine::translate((place.x0 - x, place.y0 - y))))
}

fn rectangle<'a>(dict: &Dict<'a>, key: &[u8], costs: &mut Interpreter<'_, 'a, '_, '_>) -> Option<Rect> {
    let rectangle = dict.get::<Rect>(key);
    costs.followed(dict, key, rectangle.is_some())?;
    rectangle
}

/// How many bytes an object takes in the file.
pub(crate) fn size(object: &Object<'_>) -> usize {
    match object {
        Object::Dict(dict) => dict.data().len(),
        Object::Stream(stream) => stream.dict().data().len(),
        Object::Array(array) => array.data().len(),
        Object::String(string) => string.len(),
        Object::Name(name) => name.len(),
        _ => 1,
    }
}

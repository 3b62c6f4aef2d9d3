//! Walking the page tree (ISO 32000-2, 7.7.3).
//!
//! Pages are kept as places, not as dictionaries: many pages may name the same large one, and each reading of a dictionary
//! makes a copy of its keys.

use std::collections::BTreeSet;

use hayro_syntax::Pdf;
use hayro_syntax::object::array::ArrayIter;
use hayro_syntax::object::dict::keys::{CONTENTS, COUNT, KIDS, PAGES, RESOURCES, TYPE};
use hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier};

use super::super::budget::Budget;
use super::scan::{Readings, ScanFault};
use crate::Limit;

/// Pages that lie in the list of their parent are kept as they are, up to this many bytes together.
const KEPT_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Where a dictionary is.
#[derive(Clone)]
enum Place<'a> {
    Object(ObjectIdentifier),
    Here(Dict<'a>),
}

/// A page.
pub(crate) struct Page<'a> {
    place: Place<'a>,
    /// The node around it that says what its pages draw with.
    inherited: Option<Place<'a>>,
}

impl<'a> Place<'a> {
    fn read(&self, pdf: &'a Pdf) -> Option<Dict<'a>> {
        match self {
            Self::Object(id) => pdf.xref().get(*id),
            Self::Here(dict) => Some(dict.clone()),
        }
    }
}

impl<'a> Page<'a> {
    /// The dictionary of the page, and what it draws with.
    pub fn read(&self, pdf: &'a Pdf) -> (Dict<'a>, Dict<'a>) {
        let dict = self.place.read(pdf).unwrap_or_default();
        let resources = dict.get::<Dict<'a>>(RESOURCES).or_else(|| {
            let around = self.inherited.as_ref()?.read(pdf)?;
            around.get::<Dict<'a>>(RESOURCES)
        });
        (dict, resources.unwrap_or_default())
    }
}

/// The pages below a root, in order; `None` if there is no page tree.
pub(crate) fn pages<'a>(
    pdf: &'a Pdf,
    root: ObjectIdentifier,
    readings: &mut Readings,
    budget: &Budget,
) -> Result<Option<Vec<Page<'a>>>, ScanFault> {
    let root = pdf.xref().get::<Dict<'a>>(root);
    let Some(id) = root.as_ref().and_then(|root| root.get_ref(PAGES)).map(ObjectIdentifier::from) else {
        return Ok(None);
    };
    let Some(tree) = pdf.xref().get::<Dict<'a>>(id) else { return Ok(None) };
    let mut walk = Walk { readings, visited: BTreeSet::from([id]), kept_bytes: 0 };
    let Some(frame) = walk.frame(&tree, Place::Object(id), None)? else { return Ok(None) };
    let mut pages = Vec::new();
    let mut frames = vec![frame];
    while let Some(frame) = frames.last_mut() {
        let Some(kid) = frame.kids.next() else {
            frames.pop();
            continue;
        };
        let (node, place) = match kid {
            MaybeRef::Ref(id) if walk.visited.insert(id.into()) => {
                (pdf.xref().get::<Dict<'a>>(id.into()), Place::Object(id.into()))
            }
            MaybeRef::Ref(_) => continue,
            MaybeRef::NotRef(object) => match object.into_dict() {
                Some(dict) => (Some(dict.clone()), Place::Here(dict)),
                None => continue,
            },
        };
        let Some(node) = node else { continue };
        walk.readings.spend(node.data().len())?;
        let inherited = frame.inherited.clone();
        if node.get::<Name<'_>>(TYPE).as_deref() == Some(PAGES) {
            frames.extend(walk.frame(&node, place, inherited)?);
        } else {
            walk.keep(&place)?;
            pages.push(Page { place, inherited });
            if pages.len() as u64 > budget.limits().max_pages {
                return Err(ScanFault::Limit(Limit::MaxPages));
            }
        }
    }
    Ok(Some(pages))
}

/// Whatever looks like a page, where the tree is lost.
pub(crate) fn gathered<'a>(
    pdf: &'a Pdf,
    objects: &[ObjectIdentifier],
    readings: &mut Readings,
    budget: &Budget,
) -> Result<Vec<Page<'a>>, ScanFault> {
    let mut pages = Vec::new();
    for id in objects {
        let Some(Object::Dict(dict)) = pdf.xref().get::<Object<'a>>(*id) else { continue };
        readings.spend(dict.data().len())?;
        // Notes have contents as well.
        let is_page = dict.get::<Name<'_>>(TYPE).is_some_and(|name| &*name == b"Page");
        if is_page && dict.contains_key(CONTENTS) {
            pages.push(Page { place: Place::Object(*id), inherited: None });
        }
        if pages.len() as u64 > budget.limits().max_pages {
            return Err(ScanFault::Limit(Limit::MaxPages));
        }
    }
    Ok(pages)
}

/// How many pages the root of the page tree counts.
pub(crate) fn announced(pdf: &Pdf, root: ObjectIdentifier) -> Option<usize> {
    pdf.xref().get::<Dict<'_>>(root)?.get::<Dict<'_>>(PAGES)?.get::<usize>(COUNT)
}

struct Walk<'r> {
    readings: &'r mut Readings,
    visited: BTreeSet<ObjectIdentifier>,
    kept_bytes: usize,
}

/// A node whose kids are being visited.
struct Frame<'a> {
    kids: ArrayIter<'a>,
    inherited: Option<Place<'a>>,
}

impl Walk<'_> {
    fn frame<'a>(
        &mut self,
        node: &Dict<'a>,
        place: Place<'a>,
        inherited: Option<Place<'a>>,
    ) -> Result<Option<Frame<'a>>, ScanFault> {
        let own = node.get::<Dict<'a>>(RESOURCES);
        let Some(kids) = node.get::<Array<'a>>(KIDS) else { return Ok(None) };
        self.readings.spend(kids.data().len() + own.as_ref().map_or(0, |own| own.data().len()))?;
        let inherited = if own.is_some() {
            self.keep(&place)?;
            Some(place)
        } else {
            inherited
        };
        Ok(Some(Frame { kids: kids.raw_iter(), inherited }))
    }

    fn keep(&mut self, place: &Place<'_>) -> Result<(), ScanFault> {
        if let Place::Here(dict) = place {
            self.kept_bytes += dict.data().len().max(MIN_DICTIONARY_BYTES);
        }
        if self.kept_bytes > KEPT_PAGE_BYTES { Err(ScanFault::Tangled) } else { Ok(()) }
    }
}

/// What a dictionary takes at least.
const MIN_DICTIONARY_BYTES: usize = 64;

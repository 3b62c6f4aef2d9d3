//! Opening a file so that the library decodes nothing by itself that was not measured before.
//!
//! The library follows the tables of a file, decodes the streams they are in, and scans the whole file once anything is
//! wrong, all without limits. So it gets a copy that ends in a table written here. That table names only objects that
//! were found where it says, and object streams that were decoded before within the budget. Its page tree holds one
//! blank page; the real one is walked in [`super::tree`].

use std::collections::BTreeSet;
use std::sync::Arc;

use hayro_syntax::object::dict::keys::{PAGES, ROOT};
use hayro_syntax::object::{Dict, ObjectIdentifier};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use super::super::budget::Budget;
use super::object_streams;
use super::own_table::{Trailer, hide_object_streams, with_table};
use super::scan::{self, Found, Readings};
use super::xref::{self, Entries, Entry};
use super::{ends, guarded};
use crate::{ExtractError, Limit};

/// An opened file.
pub(crate) struct File {
    pub pdf: Pdf,
    /// The root that the file itself names; `None` if it is lost.
    pub root: Option<ObjectIdentifier>,
    /// All objects, in the order in which they lie in the file.
    pub objects: Vec<ObjectIdentifier>,
    /// Length of the largest object, without the data of streams.
    pub largest_object: usize,
}

/// What is known of a file before it is opened.
struct Plan {
    /// Objects that lie in the file as they are.
    plain: Entries,
    /// Objects that lie in object streams, as far as a table tells.
    packed: Entries,
    /// The object streams.
    streams: BTreeSet<u32>,
    /// Whether whatever is in the object streams counts, as there is no table.
    unpack_all: bool,
    trailer: Trailer,
    /// Objects that may be the root, the most likely one first.
    roots: Vec<ObjectIdentifier>,
}

impl File {
    pub fn open(bytes: &[u8], budget: &mut Budget) -> Result<Self, ExtractError> {
        if !ends::has_ends(bytes) {
            return Err(budget.broken("its streams do not end"));
        }
        // Offsets of tables are 32 bits wide.
        if i32::try_from(bytes.len()).is_err() {
            return Err(budget.breach(Limit::MaxBytes));
        }
        let mut readings = Readings::of(bytes);
        let mut copy = bytes.to_vec();
        hide_object_streams(&mut copy);

        let table = xref::read(bytes, &mut readings, budget).map_err(|limit| budget.breach(limit))?;
        if let Some(table) = table {
            let plan = Plan::of_table(&copy, table, &mut readings, budget)?;
            let (file, rest) = plan.load(copy, &mut readings, budget)?;
            if file.root.is_some() {
                return Ok(file);
            }
            drop(file);
            copy = Arc::try_unwrap(rest).unwrap_or_else(|shared| shared.to_vec());
            copy.truncate(bytes.len());
        }
        let plan = Plan::of_scan(scanned(&copy, &mut readings, budget)?);
        Ok(plan.load(copy, &mut readings, budget)?.0)
    }
}

fn scanned<'b>(copy: &'b [u8], readings: &mut Readings, budget: &Budget) -> Result<Found<'b>, ExtractError> {
    let found = scan::scan(copy, readings, budget.limits().max_entries as usize);
    found.map_err(|fault| fault.into_error(budget))
}

impl Plan {
    fn of_table(
        copy: &[u8],
        table: xref::Table<'_>,
        readings: &mut Readings,
        budget: &Budget,
    ) -> Result<Self, ExtractError> {
        let mut plan = Self {
            plain: Entries::new(),
            packed: Entries::new(),
            streams: BTreeSet::new(),
            unpack_all: false,
            roots: table.trailer.get_ref(ROOT).map(ObjectIdentifier::from).into_iter().collect(),
            trailer: Trailer::read(&table.trailer),
        };
        let mut misplaced = Vec::new();
        for (id, entry) in table.entries {
            match entry {
                Entry::In { stream, .. } => {
                    plan.streams.insert(stream);
                    plan.packed.insert(id, entry);
                }
                Entry::At(offset) => {
                    let is_there = scan::is_at(copy, id, offset, readings);
                    if is_there.map_err(|fault| fault.into_error(budget))? {
                        plan.plain.insert(id, entry);
                    } else {
                        misplaced.push(id);
                    }
                }
            }
        }
        if !misplaced.is_empty() {
            let found = scanned(copy, readings, budget)?;
            for id in misplaced {
                if let Some(offset) = found.objects.get(&id) {
                    plan.plain.insert(id, Entry::At(*offset));
                }
            }
        }
        Ok(plan)
    }

    fn of_scan(found: Found<'_>) -> Self {
        let named = |trailer: &Dict<'_>| trailer.get_ref(ROOT).map(ObjectIdentifier::from);
        let is_present =
            |trailer: &&Dict<'_>| named(trailer).is_some_and(|id| found.objects.contains_key(&id));
        let trailer = found.trailers.iter().rev().find(is_present).or(found.trailers.last());
        let mut roots: Vec<_> = trailer.and_then(named).into_iter().collect();
        roots.extend(found.roots.iter().rev());
        Self {
            trailer: trailer.map(Trailer::read).unwrap_or_default(),
            streams: found.object_streams.iter().copied().collect(),
            plain: found.objects.into_iter().map(|(id, offset)| (id, Entry::At(offset))).collect(),
            packed: Entries::new(),
            unpack_all: true,
            roots,
        }
    }

    /// Opens the file. The copy comes back beside it, for another try.
    fn load(
        self,
        mut copy: Vec<u8>,
        readings: &mut Readings,
        budget: &mut Budget,
    ) -> Result<(File, Arc<Vec<u8>>), ExtractError> {
        let length = copy.len();
        let mut entries = self.plain;
        if !self.streams.is_empty() {
            let data = Arc::new(with_table(copy, &entries, &self.trailer));
            let pdf = open(data.clone(), budget)?;
            let contents =
                guarded(|| object_streams::contents(&pdf, &self.streams, &entries, readings, budget));
            drop(pdf);
            copy = Arc::try_unwrap(data).unwrap_or_else(|shared| shared.to_vec());
            copy.truncate(length);
            let contents = contents.ok_or_else(|| budget.broken(super::NO_PDF))?;
            let contents = contents.map_err(|fault| fault.into_error(budget))?;
            let packed = if self.unpack_all { object_streams::all(&contents) } else { self.packed };
            object_streams::add(&mut entries, packed, &contents);
        }
        let data = Arc::new(with_table(copy, &entries, &self.trailer));
        let pdf = open(data.clone(), budget)?;
        let is_root = |id: &ObjectIdentifier| {
            guarded(|| pdf.xref().get::<Dict<'_>>(*id).is_some_and(|root| root.get_ref(PAGES).is_some()))
        };
        let root = self.roots.into_iter().take(MAX_ROOTS).find(|id| is_root(id) == Some(true));
        let objects = in_file_order(&entries);
        Ok((File { pdf, root, objects, largest_object: readings.largest() }, data))
    }
}

/// Objects that are tried as the root; each saved change adds one.
const MAX_ROOTS: usize = 256;

fn open(data: Arc<Vec<u8>>, budget: &Budget) -> Result<Pdf, ExtractError> {
    match guarded(|| Pdf::new(data)) {
        Some(Ok(pdf)) => Ok(pdf),
        Some(Err(LoadPdfError::Decryption(DecryptionError::PasswordProtected))) => {
            Err(ExtractError::Encrypted { name: budget.name().into() })
        }
        Some(Err(LoadPdfError::Decryption(_))) => {
            Err(budget.broken("it is encrypted in an unknown way. Remove its password and send it again."))
        }
        _ => Err(budget.broken(super::NO_PDF)),
    }
}

fn in_file_order(entries: &Entries) -> Vec<ObjectIdentifier> {
    let mut places: Vec<_> = entries
        .iter()
        .filter_map(|(id, entry)| match *entry {
            Entry::At(offset) => Some(((offset, 0), *id)),
            Entry::In { stream, index } => match entries.get(&ObjectIdentifier::new(stream, 0))? {
                Entry::At(offset) => Some(((*offset, index), *id)),
                Entry::In { .. } => None,
            },
        })
        .collect();
    places.sort_unstable();
    places.into_iter().map(|(_, id)| id).collect()
}

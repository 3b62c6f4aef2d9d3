//! Object streams (ISO 32000-2, 7.5.7): which may be decoded, and what is in them.
//!
//! The library decodes one as a whole when the first object in it is asked for, and keeps it. So each is decoded here
//! first. One whose decoding could turn out differently later is left out.

use std::collections::{BTreeMap, BTreeSet};

use hayro_syntax::Pdf;
use hayro_syntax::object::dict::keys::{DECODE_PARMS, DP, F, FILTER, FIRST, LENGTH, N};
use hayro_syntax::object::{Array, Dict, MaybeRef, Object, ObjectIdentifier, Stream};
use hayro_syntax::reader::{Reader, ReaderExt};

use super::super::budget::Budget;
use super::scan::{Readings, ScanFault};
use super::stream::{StreamFault, decode_within, measure};
use super::xref::{Entries, Entry};
use crate::Limit;

/// The numbers of the objects in each stream, by their index.
pub(crate) type Contents = BTreeMap<u32, Vec<u32>>;

/// Parts of `max_expanded_bytes` that all object streams together, and one of them, may take. The library may need
/// twice that for each while it grows.
const ALL_STREAMS_PART: u64 = 2;
const ONE_STREAM_PART: u64 = 8;

/// Decodes the streams and says what is in those that are safe. `pdf` must not know of any object in an object stream.
pub(crate) fn contents(
    pdf: &Pdf,
    streams: &BTreeSet<u32>,
    entries: &Entries,
    readings: &mut Readings,
    budget: &mut Budget,
) -> Result<Contents, ScanFault> {
    let most = budget.limits().max_expanded_bytes;
    let mut left = most / ALL_STREAMS_PART;
    let mut objects_left = budget.limits().max_entries as usize;
    let mut contents = Contents::new();
    for number in streams {
        let id = ObjectIdentifier::new(*number, 0);
        if !matches!(entries.get(&id), Some(Entry::At(_))) {
            continue;
        }
        let Some(stream) = pdf.xref().get::<Stream<'_>>(id) else { continue };
        if !is_settled(stream.dict(), entries) {
            continue;
        }
        let most = left.min(most / ONE_STREAM_PART).min(budget.expandable_bytes());
        let bytes = match measure(&stream, most) {
            Ok(bytes) => bytes,
            Err(StreamFault::Damaged) => continue,
            Err(StreamFault::Limit(limit)) => return Err(limit.into()),
        };
        let Ok(data) = decode_within(&stream, most) else { continue };
        left = left.saturating_sub(bytes);
        budget.spend(bytes)?;
        readings.extend(data.len());
        let numbers = numbers(&stream, &data, readings, objects_left)?;
        objects_left -= numbers.len();
        contents.insert(*number, numbers);
    }
    Ok(contents)
}

/// The number of nothing: the head of the list of free objects.
const NO_OBJECT: u32 = 0;

/// Reads the table at the beginning of an object stream, and looks at each object.
fn numbers(
    stream: &Stream<'_>,
    data: &[u8],
    readings: &mut Readings,
    most: usize,
) -> Result<Vec<u32>, ScanFault> {
    let mut numbers = Vec::new();
    let (Some(count), Some(first)) = (stream.dict().get::<usize>(N), stream.dict().get::<usize>(FIRST))
    else {
        return Ok(numbers);
    };
    let mut reader = Reader::new(data);
    for _ in 0..count {
        reader.skip_white_spaces_and_comments();
        let number = reader.read_without_context::<u32>();
        reader.skip_white_spaces_and_comments();
        // With a table that is torn the library knows none of its objects.
        let (Some(number), Some(offset)) = (number, reader.read_without_context::<usize>()) else {
            return Ok(Vec::new());
        };
        let object = readings.object(data, first.saturating_add(offset))?;
        numbers.push(if object.is_some() { number } else { NO_OBJECT });
        if numbers.len() > most {
            return Err(ScanFault::Limit(Limit::MaxEntries));
        }
    }
    Ok(numbers)
}

/// Whether the values that decide on decoding stay the same once objects in object streams are known.
fn is_settled(dict: &Dict<'_>, entries: &Entries) -> bool {
    [LENGTH, FILTER, F, DECODE_PARMS, DP, N, FIRST].iter().all(|key| {
        let Some(value) = dict.get_raw::<Object<'_>>(key) else { return !dict.contains_key(key) };
        match value {
            MaybeRef::Ref(reference) => {
                let id = ObjectIdentifier::from(reference);
                matches!(entries.get(&id), Some(Entry::At(_)))
                    && dict.get::<Object<'_>>(key).is_some_and(|value| is_settled_value(&value, 0))
            }
            MaybeRef::NotRef(value) => is_settled_value(&value, 0),
        }
    })
}

fn is_settled_value(value: &Object<'_>, depth: usize) -> bool {
    let settled = |value: MaybeRef<Object<'_>>| match value {
        // A reference within a reference is nothing that a real file has.
        MaybeRef::Ref(_) => false,
        MaybeRef::NotRef(value) => is_settled_value(&value, depth + 1),
    };
    match value {
        Object::Array(array) => depth < 3 && is_short(array) && array.raw_iter().all(settled),
        Object::Dict(dict) => depth < 3 && dict.entries().all(|(_, value)| settled(value)),
        Object::Stream(_) => false,
        _ => true,
    }
}

fn is_short(array: &Array<'_>) -> bool {
    array.data().len() < 4096
}

/// Everything that is in the streams; of two objects with one number the later one counts.
pub(crate) fn all(contents: &Contents) -> Entries {
    let mut all = Entries::new();
    for (stream, numbers) in contents {
        for (index, number) in (0..).zip(numbers).filter(|(_, number)| **number != NO_OBJECT) {
            all.insert(ObjectIdentifier::new(*number, 0), Entry::In { stream: *stream, index });
        }
    }
    all
}

/// Adds the objects that really are in the streams, under the index that they have there, unless they lie in the file
/// itself.
pub(crate) fn add(entries: &mut Entries, packed: Entries, contents: &Contents) {
    let mut places: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for (stream, numbers) in contents {
        for (index, number) in (0..).zip(numbers) {
            places.insert((*stream, *number), index);
        }
    }
    for (id, entry) in packed {
        let Entry::In { stream, index } = entry else { continue };
        let is_there =
            contents.get(&stream).and_then(|numbers| numbers.get(index as usize)) == Some(&id.obj_number);
        let index = if is_there { Some(index) } else { places.get(&(stream, id.obj_number)).copied() };
        if let Some(index) = index {
            entries.entry(id).or_insert(Entry::In { stream, index });
        }
    }
}

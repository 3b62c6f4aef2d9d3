//! Every record is read, and what is found is counted.

use super::{Pages, Repair, kind, parts};
use crate::api::ApiError;
use crate::lexical::postings;
use crate::model::{
    ApiKey, Chat, ChunkRecord, Document, Embed, Folder, Instance, Invite, LoginToken, Pages as PageSpans,
    Placement, Session, SessionPlace, Thread, ThreadPlace, User, Workspace,
};
use crate::retrieve::staging::Marker;
use crate::retrieve::{IndexChange, IndexHead};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Key, KeyRange, Write};
use crate::store::format::FORMAT;
use crate::store::{key, seal};
use crate::vector::code::Codes;
use crate::vector::segment::SegmentVectors;
use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::{BTreeMap, BTreeSet};

/// What there is.
#[derive(Default)]
pub struct Census {
    /// Records.
    pub records: u64,
    /// Records that cannot be read, and why.
    pub damaged: Vec<(Key, String)>,
    /// Parts and bytes of texts, by the id of their document as it is in keys.
    pub texts: BTreeMap<String, (u64, u64)>,
    /// Documents a part of whose text cannot be read.
    pub bad_texts: BTreeSet<String>,
    /// What there is of each segment, by workspace and number.
    pub segments: BTreeMap<(u64, u64), Segment>,
    /// Workspaces that records belong to.
    pub workspaces: BTreeSet<u64>,
    /// The highest number in use, by the name of its sequence.
    pub highest: BTreeMap<&'static str, u64>,
    /// The numbers of sequences.
    pub numbers: BTreeMap<String, u64>,
}

/// What there is of a segment.
#[derive(Clone, Copy, Default)]
pub struct Segment {
    /// A record of it cannot be read.
    pub bad: bool,
    /// Rows in its parts of vectors.
    pub vectors: u64,
    /// Rows in its parts of codes.
    pub codes: u64,
    /// Its float rows.
    pub rows: u64,
    /// Its chunks.
    pub chunks: u64,
    /// Its buckets of words.
    pub buckets: u64,
    /// The number of the part after its last.
    pub parts: u64,
}

impl Census {
    /// The same, with the damage that was met before it was taken out.
    pub fn with_damage_of(mut self, before: Census) -> Census {
        self.damaged = before.damaged;
        self.bad_texts = before.bad_texts;
        for (at, segment) in before.segments {
            if segment.bad {
                self.segments.entry(at).or_default().bad = true;
            }
        }
        for (name, highest) in before.highest {
            let known = self.highest.entry(name).or_default();
            *known = highest.max(*known);
        }
        self
    }

    fn take(&mut self, key: Key, stored: Bytes) {
        self.records += 1;
        let read = read(&key, stored);
        let parts = parts(&key);
        let number = |at: usize| parts.get(at).and_then(|part| part.parse::<u64>().ok());
        let last = parts.last().and_then(|part| part.parse::<u64>().ok());
        let sequence = match kind(&key) {
            "ws" => Some("ws"),
            "thread" => Some("thread"),
            "chat.id" => Some("chat"),
            "embed" => Some("embed"),
            "embed.chat" => Some("embed.chat"),
            "user" => Some("user"),
            "key.id" => Some("key"),
            "event" => Some("event"),
            "invite" => Some("invite"),
            "wsdoc" => Some("placement"),
            "staging" => Some("segment"),
            _ => None,
        };
        if let (Some(name), Some(last)) = (sequence, last) {
            self.uses(name, last);
        }
        match kind(&key) {
            "thread" | "chat" | "wsdoc" | "index" => self.workspaces.extend(number(0)),
            "vec" | "code" | "row" | "chunk" => {
                self.segment(number(0), number(1), number(2), kind(&key), &read)
            }
            "term" => self.segment(number(0), number(3), number(4), "term", &read),
            "doc.text" => {
                let id = parts.first().copied().unwrap_or_default().to_owned();
                match &read {
                    Ok(Read { bytes, .. }) => {
                        let found = self.texts.entry(id).or_default();
                        (found.0, found.1) = (found.0 + 1, found.1 + bytes);
                    }
                    Err(_) => drop(self.bad_texts.insert(id)),
                }
            }
            "seq" => {
                if let Ok(Read { rows, .. }) = read {
                    self.numbers.insert(parts.first().copied().unwrap_or_default().to_owned(), rows);
                }
            }
            _ => {}
        }
        if let Err(why) = read {
            self.damaged.push((key, why));
        }
    }

    fn uses(&mut self, name: &'static str, number: u64) {
        let highest = self.highest.entry(name).or_default();
        *highest = number.max(*highest);
    }

    fn segment(
        &mut self,
        workspace: Option<u64>,
        segment: Option<u64>,
        part: Option<u64>,
        kind: &str,
        read: &Result<Read, String>,
    ) {
        let (Some(workspace), Some(number)) = (workspace, segment) else { return };
        self.uses("segment", number);
        let segment = self.segments.entry((workspace, number)).or_default();
        let Ok(Read { rows, .. }) = read else {
            segment.bad = true;
            return;
        };
        match kind {
            "vec" => segment.vectors += rows,
            "code" => segment.codes += rows,
            "row" => segment.rows += 1,
            "chunk" => segment.chunks += 1,
            _ => segment.buckets += 1,
        }
        if matches!(kind, "vec" | "code" | "term") {
            segment.parts = segment.parts.max(part.map_or(0, |part| part + 1));
        }
    }
}

/// A record that was read: how long its value is, and how many rows are in it, or the number it is.
struct Read {
    bytes: u64,
    rows: u64,
}

fn read(key: &Key, stored: Bytes) -> Result<Read, String> {
    let value = seal::open(key, stored)?.value;
    let rows = match kind(key) {
        "seq" | "meta" => {
            let number = std::str::from_utf8(&value).ok().and_then(|digits| digits.parse().ok());
            number.ok_or("it is no number")?
        }
        "doc.text" => std::str::from_utf8(&value).map(|_| 0).map_err(|_| "it is not UTF-8")?,
        "vec" => SegmentVectors::decode(0, &value).map_err(|e| e.to_string())?.len() as u64,
        "code" => Codes::decode(&value).map_err(|e| e.to_string())?.segment(0).len() as u64,
        "term" => postings::read(&value, |_| false, |_, _| {}).map(|()| 0).map_err(|why| why.0)?,
        "row" if !value.len().is_multiple_of(4) => return Err("its length is none of a row".to_owned()),
        "row" => 1,
        kind => record(kind, &value).map(|()| 1).map_err(|error| error.to_string())?,
    };
    Ok(Read { bytes: value.len() as u64, rows })
}

fn record(kind: &str, value: &[u8]) -> serde_json::Result<()> {
    fn is<T: DeserializeOwned>(value: &[u8]) -> serde_json::Result<()> {
        serde_json::from_slice::<T>(value).map(drop)
    }
    match kind {
        "ws" => is::<Workspace>(value),
        "thread" => is::<Thread>(value),
        "thread.slug" => is::<ThreadPlace>(value),
        "chat" | "embed.chat" => is::<Chat>(value),
        "embed" => is::<Embed>(value),
        "doc" => is::<Document>(value),
        "doc.pages" => is::<PageSpans>(value),
        "wsdoc" => is::<Placement>(value),
        "index" => is::<IndexHead>(value),
        "index.log" => is::<IndexChange>(value),
        "chunk" => is::<ChunkRecord>(value),
        "user" => is::<User>(value),
        "key" => is::<ApiKey>(value),
        "session" => is::<Session>(value),
        "session.of" => is::<SessionPlace>(value),
        "sso" => is::<LoginToken>(value),
        "invite" => is::<Invite>(value),
        "folder" => is::<Folder>(value),
        "set" => is::<Instance>(value),
        "staging" => is::<Marker>(value),
        "ws.slug" | "user.name" | "embed.uuid" | "invite.code" => is::<u64>(value),
        "embed.of" => is::<Vec<u64>>(value),
        "chat.id" | "key.id" | "sso.of" | "doc.hash" => is::<String>(value),
        _ => is::<IgnoredAny>(value),
    }
}

/// Reads everything and says what cannot be read.
pub async fn walk(repair: &mut Repair<'_>) -> Result<Census, ApiError> {
    let census = walk_quietly(repair).await?;
    for (key, why) in &census.damaged {
        repair.wrong(format!("The record {key} cannot be read: {why}."));
    }
    Ok(census)
}

/// Reads everything.
pub async fn walk_quietly(repair: &Repair<'_>) -> Result<Census, ApiError> {
    let mut census = Census::default();
    // Every key: they are printable ASCII.
    let mut pages = Pages::of(KeyRange { start: Key::new("!"), end: Key::new("\u{7f}") });
    while let Some(page) = pages.next(repair.cx).await? {
        for (key, stored) in page {
            census.take(key, stored);
        }
    }
    Ok(census)
}

/// Kinds of records that are needed no more once they are gone, and what people call them.
const PASSING: [(&str, &str); 13] = [
    ("chat", "Turns of conversations"),
    ("embed.chat", "Turns of visitors' conversations"),
    ("event", "Lines of the event log"),
    ("session", "Sessions of users (they sign in again)"),
    ("session.of", "Sessions of users (they sign in again)"),
    ("sso", "Links to sign in with"),
    ("sso.of", "Links to sign in with"),
    ("sent", "Counts of messages sent today"),
    ("rate", "Counts of recent requests"),
    ("embed.day", "Counts of answers given today"),
    ("embed.use", "Counts of answers given today"),
    ("key.used", "Notes of when API keys were last used"),
    ("staging", "Notes of unfinished work"),
];

/// Takes out what cannot be read. Texts and parts of indexes stay, to be removed with what they belong to.
pub async fn remove_damaged(repair: &mut Repair<'_>, census: &Census) -> Result<(), ApiError> {
    let mut gone: BTreeMap<&str, u64> = BTreeMap::new();
    for some in census.damaged.chunks(200) {
        let removed = some.iter().filter(|(key, _)| {
            !matches!(kind(key), "doc.text" | "vec" | "code" | "term" | "row" | "chunk" | "seq")
        });
        repair.write(removed.clone().map(|(key, _)| Write::Delete(key.clone())).collect()).await?;
        for (key, _) in removed {
            match (kind(key), PASSING.iter().find(|(kind, _)| *kind == super::kind(key))) {
                (_, Some((_, name))) => *gone.entry(name).or_default() += 1,
                ("set", _) => repair.lost("The settings that were changed while the server ran: they are those of the environment again."),
                ("meta", _) => {
                    repair.write(vec![Write::Put(key::format(), FORMAT.to_string().into())]).await?;
                    repair.mended("The number of the layout.");
                }
                ("doc.pages", _) => repair.lost(format!("The page numbers of the document {}.", parts(key).join("/"))),
                _ => {}
            }
        }
    }
    for (name, count) in gone {
        repair.lost(format!("{name}: {count}."));
    }
    Ok(())
}

/// Takes out what still cannot be read of texts and indexes. Everything that belongs to something has been removed or made
/// again by now: what is left has a key that was damaged itself.
pub async fn remove_strays(repair: &Repair<'_>, census: &Census) -> Result<(), ApiError> {
    for some in census.damaged.chunks(200) {
        let keys: Vec<Key> =
            some.iter().map(|(key, _)| key.clone()).filter(|key| kind(key) != "seq").collect();
        let stored = crate::store::get_stored(repair.cx, keys.clone()).await?;
        let strays = keys.into_iter().zip(stored).filter_map(|(key, stored)| {
            let Blob(stored) = stored?;
            read(&key, stored).is_err().then_some(Write::Delete(key))
        });
        repair.write(strays.collect()).await?;
    }
    Ok(())
}

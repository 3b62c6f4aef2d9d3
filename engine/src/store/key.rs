//! Every key of the store, in one place: this page is the schema.
//!
//! | key | value |
//! | --- | --- |
//! | `meta/format` | number of the layout, see [`super::format`] |
//! | `seq/NAME` | last number given |
//! | `key/HASH`, `key.id/ID`, `key.used/HASH` | an API key's record; its hash; when it was last used, roughly |
//! | `set/instance` | settings that are changed while it runs |
//! | `user/ID`, `user.name/NAME` | a user; their id |
//! | `member/USER/WS`, `member.in/WS/USER` | a user belongs to a workspace |
//! | `session/HASH`, `session.of/USER/HASH` | a user is signed in; where from |
//! | `sso/HASH`, `sso.of/USER` | a token to sign in with, once; its hash |
//! | `invite/ID`, `invite.code/CODE` | an invitation; its id |
//! | `sent/USER` | when a user with a daily limit asked, of the last day |
//! | `rate/NAME/WINDOW/SUBJECT` | how often something was done, see `api/rate.rs` |
//! | `event/ID` | a line of the event log |
//! | `ws/ID`, `ws.slug/SLUG` | a workspace; its id |
//! | `thread/WS/ID`, `thread.slug/SLUG` | a thread; where it is |
//! | `chat/WS/PARTITION/ID`, `chat.id/ID` | a turn of a conversation; its key |
//! | `embed/ID`, `embed.uuid/UUID` | an embed; its id |
//! | `embed.of/WS` | ids of a workspace's embeds |
//! | `embed.chat/EMBED/SESSION/ID` | a turn of a visitor's conversation |
//! | `embed.day/EMBED`, `embed.use/EMBED/SESSION` | answers of the last day, counted while there is a limit |
//! | `folder/NAME` | a folder of documents |
//! | `doc/FOLDER/NAME`, `doc.id/UUID` | a stored document without its text; where it is |
//! | `doc.text/UUID/PART`, `doc.pages/UUID` | its text in parts; its page spans |
//! | `doc.hash/FOLDER/SHA256/UUID` | to find equal files |
//! | `wsdoc/WS/ID` | a document's place in a workspace |
//! | `wsdoc.path/WS/FOLDER/NAME/ID`, `wsdoc.in/FOLDER/NAME/WS/ID`, `wsdoc.pin/WS/ID` | found by path, by document, when pinned |
//! | `index/WS` | head of the vector index: version, dimension, embedder |
//! | `index.log/WS/VERSION` | what that version changed |
//! | `vec/WS/SEGMENT/PART` | int8 rows, see [`crate::vector`] |
//! | `code/WS/SEGMENT/PART` | the same rows in 2 bits a value, for large workspaces |
//! | `term/WS/LEVEL/BUCKET/SEGMENT/PART` | in which rows of a part some terms occur, see [`crate::lexical`] |
//! | `row/WS/SEGMENT/N`, `chunk/WS/SEGMENT/N` | one chunk's f32 vector; its text |
//! | `staging/SEGMENT` | a segment that is being written and belongs to nothing yet |
//!
//! Ids are twelve digits with leading zeros, so that order by key is order by id. Names from outside
//! are percent-encoded: every store agrees on the order of ASCII.

use crate::seam::{Key, KeyRange};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A name as part of a key.
pub fn encode(name: &str) -> String {
    utf8_percent_encode(name, KEPT).to_string()
}

/// The name that [`encode`] was given.
pub fn decode(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// Digits of a number in a key.
const DIGITS: usize = 12;

/// A number as part of a key.
pub fn digits(id: u64) -> String {
    format!("{id:0DIGITS$}")
}

/// All keys that start with `prefix`, which ends in `/`.
pub fn range(prefix: &str) -> KeyRange {
    let stem = prefix.strip_suffix('/').unwrap_or(prefix);
    // `0` is the character after `/`.
    KeyRange { start: Key::new(prefix), end: Key::new(format!("{stem}0")) }
}

/// The smallest key after `key` that this schema can hold: no name holds a `!` unencoded.
pub fn after(key: &Key) -> Key {
    Key::new(format!("{key}!"))
}

/// The part of `key` after its last `/`, as a number.
pub fn trailing_id(key: &Key) -> Option<u64> {
    key.as_str().rsplit('/').next()?.parse().ok()
}

/// Every kind of record: what keys have in front of their first `/`, in order.
pub const KINDS: [&str; 49] = [
    "chat.id",
    "chat",
    "chunk",
    "code",
    "doc.hash",
    "doc.id",
    "doc.pages",
    "doc.text",
    "doc",
    "embed.chat",
    "embed.day",
    "embed.of",
    "embed.use",
    "embed.uuid",
    "embed",
    "event",
    "folder",
    "index.log",
    "index",
    "invite.code",
    "invite",
    "key.id",
    "key.used",
    "key",
    "member.in",
    "member",
    "meta",
    "rate",
    "row",
    "sent",
    "seq",
    "session.of",
    "session",
    "set",
    "sso.of",
    "sso",
    "staging",
    "term",
    "thread.slug",
    "thread",
    "user.name",
    "user",
    "vec",
    "ws.slug",
    "ws",
    "wsdoc.in",
    "wsdoc.path",
    "wsdoc.pin",
    "wsdoc",
];

/// What belongs to the running of a server rather than to a workspace: conversations, counters, keys, the event
/// log. A host that keeps workspaces sealed may keep these for a while only.
const PASSING: [&str; 19] = [
    "chat",
    "chat.id",
    "embed.chat",
    "embed.day",
    "embed.use",
    "event",
    "invite",
    "invite.code",
    "key",
    "key.id",
    "key.used",
    "meta",
    "rate",
    "sent",
    "seq",
    "session",
    "session.of",
    "sso",
    "sso.of",
];

/// Whether `key` may be forgotten by a host that only reads its documents.
pub fn is_passing(key: &Key) -> bool {
    key.as_str().split_once('/').is_some_and(|(kind, _)| PASSING.contains(&kind))
}

/// Small records of which a document has thousands: the vectors and the texts of its chunks.
const SHELVED: [&str; 2] = ["chunk", "row"];

/// Records on a shelf.
pub const SHELF_PLACES: usize = 10;

/// The shelf of a chunk's vector or text, and its place there: a host whose store is slow for each record may keep as
/// many as [`SHELF_PLACES`] in a row as one, under the key of the first of them.
pub fn shelf(key: &Key) -> Option<(Key, usize)> {
    let (stem, number, rest) = numbered(key)?;
    rest.is_empty().then(|| shelf_of(stem, number))
}

/// Whether what is stored under `key`, or lies behind it, is on shelves.
pub fn is_shelved(key: &Key) -> bool {
    key.as_str().split_once('/').is_some_and(|(kind, _)| SHELVED.contains(&kind))
}

/// The shelf that a range which begins or ends at `bound` may take apart.
pub fn shelf_at(bound: &Key) -> Option<(Key, usize)> {
    let (stem, number, _) = numbered(bound)?;
    Some(shelf_of(stem, number))
}

/// The key at a place of the shelf that is called `shelf`; `None` if no shelf is called so.
pub fn on_shelf(shelf: &Key, place: usize) -> Option<Key> {
    let (stem, first, rest) = numbered(shelf)?;
    let number = first.checked_add(place as u64)?;
    rest.is_empty().then(|| Key::new(format!("{stem}{}", digits(number))))
}

fn shelf_of(stem: &str, number: u64) -> (Key, usize) {
    let place = number % SHELF_PLACES as u64;
    (Key::new(format!("{stem}{}", digits(number - place))), place as usize)
}

/// What is in front of the third number of a key that has a shelf, this number, and what is behind it.
fn numbered(key: &Key) -> Option<(&str, u64, &str)> {
    let (kind, _) = key.as_str().split_once('/').filter(|(kind, _)| SHELVED.contains(kind))?;
    let (stem, rest) = key.as_str().split_at_checked(kind.len() + 1 + 2 * (DIGITS + 1))?;
    let (number, rest) = rest.split_at_checked(DIGITS)?;
    Some((stem, number.parse().ok()?, rest))
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) = $format:literal, $($value:expr),*;)*) => {
        $($(#[$doc])* pub fn $name($($arg: $type),*) -> Key { Key::new(format!($format, $($value),*)) })*
    };
}

keys! {
    /// A sequence.
    sequence(name: &str) = "seq/{}", name;
    /// An API key by the hash of its secret, in hex.
    api_key(hash: &str) = "key/{}", hash;
    /// An API key's hash by its id.
    api_key_id(id: u64) = "key.id/{}", digits(id);
    /// When an API key was last used.
    api_key_used(hash: &str) = "key.used/{}", hash;
    /// A user.
    user(id: u64) = "user/{}", digits(id);
    /// A user's id by their name.
    user_name(name: &str) = "user.name/{}", encode(name);
    /// A user belongs to a workspace.
    member(user: u64, workspace: u64) = "member/{}/{}", digits(user), digits(workspace);
    /// The same, by workspace.
    member_in(workspace: u64, user: u64) = "member.in/{}/{}", digits(workspace), digits(user);
    /// A session by the hash of its token, in hex.
    session(hash: &str) = "session/{}", hash;
    /// A user's session.
    session_of(user: u64, hash: &str) = "session.of/{}/{}", digits(user), hash;
    /// A token to sign in with, by its hash in hex.
    sso(hash: &str) = "sso/{}", hash;
    /// The hash of a user's token to sign in with.
    sso_of(user: u64) = "sso.of/{}", digits(user);
    /// An invitation.
    invite(id: u64) = "invite/{}", digits(id);
    /// An invitation's id by its code.
    invite_code(code: &str) = "invite.code/{}", encode(code);
    /// When a user asked.
    sent(user: u64) = "sent/{}", digits(user);
    /// How often `subject` did what `name` says in a window of time.
    rate(name: &str, window: u64, subject: &str) = "rate/{}/{}/{}", name, digits(window), subject;
    /// A line of the event log.
    event(id: u64) = "event/{}", digits(id);
    /// A workspace.
    workspace(id: u64) = "ws/{}", digits(id);
    /// A workspace's id by its slug.
    workspace_slug(slug: &str) = "ws.slug/{}", encode(slug);
    /// A thread.
    thread(workspace: u64, id: u64) = "thread/{}/{}", digits(workspace), digits(id);
    /// Where a thread is.
    thread_slug(slug: &str) = "thread.slug/{}", encode(slug);
    /// A chat's key by its id.
    chat_id(id: u64) = "chat.id/{}", digits(id);
    /// An embed.
    embed(id: u64) = "embed/{}", digits(id);
    /// An embed's id by the name it has in public.
    embed_uuid(uuid: &str) = "embed.uuid/{}", encode(uuid);
    /// Ids of a workspace's embeds.
    embeds_of(workspace: u64) = "embed.of/{}", digits(workspace);
    /// Answers of an embed in the last day.
    embed_day(id: u64) = "embed.day/{}", digits(id);
    /// Answers of an embed in the last day, in one session.
    embed_session(id: u64, session: &str) = "embed.use/{}/{}", digits(id), encode(session);
    /// A folder.
    folder(name: &str) = "folder/{}", encode(name);
    /// A stored document without its text.
    document(folder: &str, name: &str) = "doc/{}/{}", encode(folder), encode(name);
    /// Where a document is.
    document_id(id: &str) = "doc.id/{}", encode(id);
    /// A part of a document's text.
    document_text(id: &str, part: u64) = "doc.text/{}/{}", encode(id), digits(part);
    /// The page spans of a document.
    document_pages(id: &str) = "doc.pages/{}", encode(id);
    /// A document by the hash of the file it came from.
    document_hash(folder: &str, sha256: &str, id: &str) = "doc.hash/{}/{}/{}", encode(folder), encode(sha256), encode(id);
    /// A document's place in a workspace.
    placement(workspace: u64, id: u64) = "wsdoc/{}/{}", digits(workspace), digits(id);
    /// The same, by path.
    placement_path(workspace: u64, folder: &str, name: &str, id: u64) = "wsdoc.path/{}/{}/{}/{}", digits(workspace), encode(folder), encode(name), digits(id);
    /// The same, by document.
    placement_in(folder: &str, name: &str, workspace: u64, id: u64) = "wsdoc.in/{}/{}/{}/{}", encode(folder), encode(name), digits(workspace), digits(id);
    /// The same, when pinned.
    placement_pin(workspace: u64, id: u64) = "wsdoc.pin/{}/{}", digits(workspace), digits(id);
    /// Head of a workspace's vector index.
    index_head(workspace: u64) = "index/{}", digits(workspace);
    /// What a version of the index changed.
    index_log(workspace: u64, version: u64) = "index.log/{}/{}", digits(workspace), digits(version);
    /// A part of a segment's int8 rows.
    vectors(workspace: u64, segment: u64, part: u64) = "vec/{}/{}/{}", digits(workspace), digits(segment), digits(part);
    /// A part of a segment's rows in 2 bits a value.
    codes(workspace: u64, segment: u64, part: u64) = "code/{}/{}/{}", digits(workspace), digits(segment), digits(part);
    /// Terms of a part whose bucket is `bucket` of 2^`level`.
    terms(workspace: u64, level: u8, bucket: u8, segment: u64, part: u64) = "term/{}/{}/{:02}/{}/{}", digits(workspace), level, bucket, digits(segment), digits(part);
    /// One f32 vector.
    row(workspace: u64, segment: u64, n: u64) = "row/{}/{}/{}", digits(workspace), digits(segment), digits(n);
    /// One chunk's text.
    chunk(workspace: u64, segment: u64, n: u64) = "chunk/{}/{}/{}", digits(workspace), digits(segment), digits(n);
    /// A segment that belongs to nothing yet.
    staging(segment: u64) = "staging/{}", digits(segment);
}

macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) = $format:literal $(, $value:expr)*;)*) => {
        $($(#[$doc])* pub fn $name($($arg: $type),*) -> KeyRange { range(&format!($format $(, $value)*)) })*
    };
}

ranges! {
    /// All API keys by id.
    api_key_ids() = "key.id/";
    /// All users by id.
    users() = "user/";
    /// All invitations by id.
    invites() = "invite/";
    /// All sessions.
    all_sessions() = "session/";
    /// All sessions by user.
    all_sessions_of() = "session.of/";
    /// Everything counted under a name.
    rates(name: &str) = "rate/{}/", name;
    /// Everything counted under a name in a window of time.
    rates_in(name: &str, window: u64) = "rate/{}/{}/", name, digits(window);
    /// Workspaces of a user by id.
    members(user: u64) = "member/{}/", digits(user);
    /// Users of a workspace by id.
    members_in(workspace: u64) = "member.in/{}/", digits(workspace);
    /// Sessions of a user.
    sessions_of(user: u64) = "session.of/{}/", digits(user);
    /// The event log, oldest first.
    events() = "event/";
    /// All workspaces by id.
    workspaces() = "ws/";
    /// All threads of a workspace by id.
    threads(workspace: u64) = "thread/{}/", digits(workspace);
    /// All chats of a workspace, partition by partition.
    chats(workspace: u64) = "chat/{}/", digits(workspace);
    /// Turns of the sessions of a workspace's API clients.
    chats_sessions(workspace: u64) = "chat/{}/session/", digits(workspace);
    /// All chats of all workspaces by id.
    chat_ids() = "chat.id/";
    /// All embeds by id.
    embeds() = "embed/";
    /// All turns of all visitors of an embed, session by session.
    embed_chats(id: u64) = "embed.chat/{}/", digits(id);
    /// The counters of an embed's sessions.
    embed_sessions(id: u64) = "embed.use/{}/", digits(id);
    /// All folders by name.
    folders() = "folder/";
    /// All documents of a folder by name.
    documents(folder: &str) = "doc/{}/", encode(folder);
    /// All documents by folder and name.
    all_documents() = "doc/";
    /// A document's text.
    document_texts(id: &str) = "doc.text/{}/", encode(id);
    /// Documents that came from files with this hash.
    document_hashes(folder: &str, sha256: &str) = "doc.hash/{}/{}/", encode(folder), encode(sha256);
    /// All documents of a workspace by id.
    placements(workspace: u64) = "wsdoc/{}/", digits(workspace);
    /// Places of one document in a workspace by id.
    placements_path(workspace: u64, folder: &str, name: &str) = "wsdoc.path/{}/{}/{}/", digits(workspace), encode(folder), encode(name);
    /// The path index of a workspace.
    placements_paths(workspace: u64) = "wsdoc.path/{}/", digits(workspace);
    /// Places of one document in all workspaces.
    placements_in(folder: &str, name: &str) = "wsdoc.in/{}/{}/", encode(folder), encode(name);
    /// Places of all documents of a folder.
    placements_in_folder(folder: &str) = "wsdoc.in/{}/", encode(folder);
    /// Pinned documents of a workspace by id.
    placements_pins(workspace: u64) = "wsdoc.pin/{}/", digits(workspace);
    /// The index log of a workspace.
    index_logs(workspace: u64) = "index.log/{}/", digits(workspace);
    /// The heads of all indexes.
    index_heads() = "index/";
    /// int8 rows of a workspace.
    all_vectors(workspace: u64) = "vec/{}/", digits(workspace);
    /// int8 rows of a segment.
    segment_vectors(workspace: u64, segment: u64) = "vec/{}/{}/", digits(workspace), digits(segment);
    /// 2-bit rows of a workspace.
    all_codes(workspace: u64) = "code/{}/", digits(workspace);
    /// 2-bit rows of a segment.
    segment_codes(workspace: u64, segment: u64) = "code/{}/{}/", digits(workspace), digits(segment);
    /// Terms of a workspace.
    all_terms(workspace: u64) = "term/{}/", digits(workspace);
    /// Terms of a workspace in one bucket of 2^`level`.
    terms_at(workspace: u64, level: u8, bucket: u8) = "term/{}/{}/{:02}/", digits(workspace), level, bucket;
    /// f32 vectors of a workspace.
    all_rows(workspace: u64) = "row/{}/", digits(workspace);
    /// f32 vectors of a segment.
    segment_rows(workspace: u64, segment: u64) = "row/{}/{}/", digits(workspace), digits(segment);
    /// Chunks of a workspace.
    all_chunks(workspace: u64) = "chunk/{}/", digits(workspace);
    /// Chunks of a segment.
    segment_chunks(workspace: u64, segment: u64) = "chunk/{}/{}/", digits(workspace), digits(segment);
    /// Segments that belong to nothing yet.
    stagings() = "staging/";
}

/// Texts and pages of documents whose ids begin with `prefix`, which ends in `-`.
pub fn staged_documents(prefix: &str) -> [KeyRange; 2] {
    let stem = prefix.strip_suffix('-').unwrap_or(prefix);
    ["doc.text", "doc.pages"].map(|kind| KeyRange {
        start: Key::new(format!("{kind}/{stem}-")),
        // `.` is the character after `-`.
        end: Key::new(format!("{kind}/{stem}.")),
    })
}

/// Settings that are changed while the instance runs.
pub fn instance() -> Key {
    Key::new("set/instance")
}

/// Layout version.
pub fn format() -> Key {
    Key::new("meta/format")
}

/// Which conversation a chat belongs to. Each has its own memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partition {
    /// The workspace's own conversation of a user (`None`: of nobody in particular).
    Main(Option<u64>),
    /// A session of an API client.
    Session(String),
    /// A thread, for a user.
    Thread(u64, Option<u64>),
    /// A visitor's session with an embed, which is kept apart from the workspace's own.
    Embed(u64, String),
}

impl Partition {
    /// What the keys of its turns begin with.
    fn prefix(&self, workspace: u64) -> String {
        let user = |user: &Option<u64>| digits(user.unwrap_or(0));
        let workspace = digits(workspace);
        match self {
            Partition::Main(id) => format!("chat/{workspace}/main/{}/", user(id)),
            Partition::Session(name) => format!("chat/{workspace}/session/{}/", encode(name)),
            Partition::Thread(thread, id) => {
                format!("chat/{workspace}/thread/{}/{}/", digits(*thread), user(id))
            }
            Partition::Embed(embed, session) => format!("embed.chat/{}/{}/", digits(*embed), encode(session)),
        }
    }
}

/// A turn of a conversation.
pub fn chat(workspace: u64, partition: &Partition, id: u64) -> Key {
    Key::new(format!("{}{}", partition.prefix(workspace), digits(id)))
}

/// All turns of a conversation by id.
pub fn chats_of(workspace: u64, partition: &Partition) -> KeyRange {
    range(&partition.prefix(workspace))
}

/// The workspace's own conversations of all users.
pub fn chats_main(workspace: u64) -> KeyRange {
    range(&format!("chat/{}/main/", digits(workspace)))
}

/// A thread's conversations of all users.
pub fn chats_thread(workspace: u64, thread: u64) -> KeyRange {
    range(&format!("chat/{}/thread/{}/", digits(workspace), digits(thread)))
}

/// Whether a turn at this place may be a user's: their own conversations, and sessions that are named like
/// theirs.
pub fn may_be_by(place: &Key, user: u64) -> bool {
    let parts: Vec<&str> = place.as_str().split('/').collect();
    match parts.as_slice() {
        ["chat", _, "main", id, _] | ["chat", _, "thread", _, id, _] => *id == digits(user),
        ["chat", _, "session", name, _] => decode(name).starts_with(&format!("{user}@")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_id_and_stay_in_their_range() {
        let range = chats_of(7, &Partition::Main(None));
        let keys: Vec<Key> = [1, 2, 10, 100].map(|id| chat(7, &Partition::Main(None), id)).into();
        assert!(keys.is_sorted());
        assert!(keys.iter().all(|key| range.start <= *key && *key < range.end));
        let other = chat(7, &Partition::Thread(1, None), 1);
        assert!(other < range.start || other >= range.end);
    }

    #[test]
    fn kinds_are_in_the_order_of_their_keys() {
        assert!(KINDS.map(|kind| format!("{kind}/")).is_sorted());
        let kinds = PASSING.iter().chain(&SHELVED);
        assert!(kinds.into_iter().all(|kind| KINDS.contains(kind)));
    }

    #[test]
    fn chunks_in_a_row_share_a_shelf_with_the_key_of_the_first() {
        let keys: Vec<Key> = [0, 9, 10, 21].map(|n| row(1, 2, n)).into();
        let shelves: Vec<_> = keys.iter().map(|key| shelf(key).unwrap()).collect();
        let first = |n| row(1, 2, n);
        assert_eq!(shelves, [(first(0), 0), (first(0), 9), (first(10), 0), (first(20), 1)]);
        for (key, (shelf, place)) in keys.iter().zip(&shelves) {
            assert_eq!(on_shelf(shelf, *place).as_ref(), Some(key));
        }
        assert_eq!((shelf(&after(&keys[1])), shelf_at(&after(&keys[1]))), (None, Some((first(0), 9))));
    }

    #[test]
    fn only_chunks_are_on_shelves() {
        let range = segment_rows(1, 2);
        assert!(is_shelved(&range.start) && is_shelved(&chunk(1, 2, 3)) && !is_shelved(&vectors(1, 2, 3)));
        assert_eq!(
            (shelf_at(&range.start), shelf(&workspace(1)), shelf(&vectors(1, 2, 3))),
            (None, None, None)
        );
    }

    #[test]
    fn names_from_outside_cannot_leave_their_place() {
        for name in ["a/b", "..", "日本語", "a\0b", "50%", "é", "!"] {
            let part = encode(name);
            assert!(part.bytes().all(|b| b.is_ascii_graphic() && b != b'/' && b != b'!'), "{part}");
            assert_eq!(decode(&part), name);
        }
    }

    #[test]
    fn after_is_between_a_key_and_its_neighbours() {
        let (a, b) = (folder("a"), folder("a%20"));
        assert!(a < after(&a) && after(&a) < b);
    }
}

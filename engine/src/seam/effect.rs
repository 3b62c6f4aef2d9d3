//! The effects a host performs, and their replies.
//!
//! The list is exhaustive on purpose: a new variant breaks every host at compile time.

use super::text_or_base64::{self, Blob};
use bytes::Bytes;
use haversack_extract::Extracted;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something only a host can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Read or write the store. Replies [`Reply::Kv`].
    Kv(KvOp),
    /// One outbound request. Streams: `Head`, `Chunk`…, then [`Reply::Http`].
    Http(HttpRequest),
    /// A language model the host itself has. Streams `Chunk`s of text, then [`Reply::Complete`].
    Complete(CompleteRequest),
    /// An embedder the host itself has. Replies [`Reply::Embed`].
    Embed(EmbedRequest),
    /// Turn a file into text, inside a sandbox where the host has one. Replies [`Reply::Extract`].
    Extract(ExtractRequest),
    /// A file that ships beside the engine and is too large to be inside it on every host.
    /// Replies [`Reply::Asset`]. Not part of a transcript: its bytes are fixed by the build.
    Asset(Asset),
    /// Let others run, come back soon. Replies [`Reply::Breathe`].
    Breathe,
}

/// The outcome of an effect that went well; the variant matches the effect's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Effect::Kv`].
    Kv(KvReply),
    /// To [`Effect::Http`]: the body is complete.
    Http,
    /// To [`Effect::Complete`]: the answer is complete.
    Complete(CompleteReply),
    /// To [`Effect::Embed`]: one vector for each text.
    Embed(Vec<Vec<f32>>),
    /// To [`Effect::Extract`].
    Extract(Extracted),
    /// To [`Effect::Asset`].
    Asset(#[serde(with = "text_or_base64")] Bytes),
    /// To [`Effect::Breathe`].
    Breathe,
}

/// Why an effect failed, in the host's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostError {
    /// What kind of failure: decides status and retry.
    pub kind: HostErrorKind,
    /// For the log, and for the caller where `kind` says so. Never holds a secret.
    pub message: String,
}

impl HostError {
    /// An error of `kind`.
    pub fn new(kind: HostErrorKind, message: impl Into<String>) -> HostError {
        HostError { kind, message: message.into() }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for HostError {}

/// Kinds of host failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostErrorKind {
    /// The other side cannot be reached, or broke off.
    Unavailable,
    /// It took too long.
    Timeout,
    /// The host's policy forbids it (a private address, a host that is not allowed).
    Refused,
    /// More bytes than allowed.
    TooLarge,
    /// Others use what this needs; it was not begun, and may go well in a moment.
    Busy,
    /// The disk or quota is full: nothing was written.
    Full,
    /// The store is damaged and takes no changes until it is repaired; or what was to be read is what is damaged.
    Damaged,
    /// The input itself is at fault (a broken file): the message is for the caller.
    Rejected,
    /// This host cannot do such a thing.
    Unsupported,
    /// Anything else; nothing was written.
    Failed,
}

/// A key of the store: printable ASCII, ordered bytewise, so that every store agrees on the order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Hash)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// Wraps a key that is ASCII already; other characters are replaced by `?` (see `store::key` for
    /// builders that encode them).
    pub fn new(text: impl Into<String>) -> Key {
        let text = text.into();
        if text.is_ascii() { Key(text) } else { Key(text.replace(|c: char| !c.is_ascii(), "?")) }
    }

    /// The key's characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keys from `start` (inside) to `end` (outside).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRange {
    /// First key that belongs to the range.
    pub start: Key,
    /// First key past it.
    pub end: Key,
}

/// One operation on the ordered key-value store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KvOp {
    /// Values of `keys`, in their order, all from one moment. Replies [`KvReply::Values`].
    Get {
        /// What to read.
        keys: Vec<Key>,
    },
    /// Entries of a range in key order, or backwards. Replies [`KvReply::Entries`].
    Scan {
        /// Where.
        range: KeyRange,
        /// Last key first.
        #[serde(default)]
        reverse: bool,
        /// At most so many entries; the host may return fewer only at the end of the range.
        limit: u32,
        /// Leave the values empty.
        #[serde(default)]
        keys_only: bool,
    },
    /// Adds `count` to the number at `key` (absent = 0) and replies with the new number
    /// ([`KvReply::Next`]). Never conflicts. Numbers may be lost in a crash, never given twice to two
    /// commits that both succeed.
    Next {
        /// The sequence.
        key: Key,
        /// How many numbers to take.
        count: u32,
    },
    /// All of `writes`, durably and in order, if every key of `expect` still has the value given
    /// (`None`: absent); else nothing. Replies [`KvReply::Committed`] or [`KvReply::Conflict`].
    Commit {
        /// What was read.
        expect: Vec<(Key, Option<Blob>)>,
        /// What to change.
        writes: Vec<Write>,
    },
    /// A record was found to be damaged. A host whose store can be repaired keeps a note of it outside of the store, and
    /// from then on fails every write with [`HostErrorKind::Damaged`], also after a restart, until that was done. Other
    /// hosts may do nothing. Replies [`KvReply::Noted`].
    Damaged {
        /// The record.
        key: Key,
        /// What is wrong with it, for the log.
        why: String,
    },
}

/// One change inside a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// Set a value.
    Put(Key, #[serde(with = "text_or_base64")] Bytes),
    /// Remove a key, present or not.
    Delete(Key),
    /// Remove every key of a range.
    DeleteRange(KeyRange),
}

/// What the store answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KvReply {
    /// To `Get`.
    Values(Vec<Option<Blob>>),
    /// To `Scan`.
    Entries(Vec<(Key, Blob)>),
    /// To `Next`.
    Next(u64),
    /// To `Commit`: done, and durable.
    Committed,
    /// To `Commit`: something had changed; nothing was written.
    Conflict,
    /// To `Damaged`.
    Noted,
}

/// One outbound HTTP request.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Upper case.
    pub method: String,
    /// Absolute, `http` or `https`.
    pub url: String,
    /// Names in lower case. Values of secret headers are masked in logs and transcripts.
    #[serde(serialize_with = "masked")]
    pub headers: Vec<(String, String)>,
    /// The whole body.
    #[serde(default, with = "text_or_base64")]
    pub body: Bytes,
    /// Whose address it is: decides whether private networks may be reached.
    pub trust: Trust,
    /// The reply's body may have so many bytes; more is [`HostErrorKind::TooLarge`].
    pub max_bytes: u64,
    /// Until the head of the reply.
    pub head_timeout_ms: u64,
    /// Between two pieces of the body.
    pub idle_timeout_ms: u64,
}

/// Who chose an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The operator configured it: any address.
    Operator,
    /// It came with a request: no private, loopback, link-local or metadata address, checked after
    /// resolving and again at each redirect.
    Caller,
}

/// Any other header may hold a secret that an operator configured.
const PLAIN_HEADERS: [&str; 5] = ["accept", "anthropic-version", "content-type", "range", "user-agent"];

fn mask(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers
        .iter()
        .map(|(name, value)| {
            let plain = PLAIN_HEADERS.contains(&name.as_str());
            (name.as_str(), if plain { value.as_str() } else { "[secret]" })
        })
        .collect()
}

fn masked<S: serde::Serializer>(headers: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    mask(headers).serialize(serializer)
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &mask(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

/// Status and headers of a reply to [`Effect::Http`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpHead {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The address that answered, after redirects.
    pub url: String,
}

impl HttpHead {
    /// The first header of this name (`name` in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A prompt for a language model inside the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteRequest {
    /// The model's name as configured.
    pub model: String,
    /// `(role, text)`, system first.
    pub messages: Vec<(String, String)>,
    /// 0 and up.
    pub temperature: f64,
    /// At most so many new tokens.
    pub max_tokens: u32,
}

/// What the host's model did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
pub struct CompleteReply {
    /// Tokens read, if it counts them.
    pub prompt_tokens: Option<u64>,
    /// Tokens written, if it counts them.
    pub completion_tokens: Option<u64>,
}

/// Texts for an embedder inside the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbedRequest {
    /// The model's name as configured.
    pub model: String,
    /// One vector is wanted for each.
    pub texts: Vec<String>,
}

/// A file to turn into text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtractRequest {
    /// The file's name; its extension decides the format.
    pub name: String,
    /// The media type the client gave, if any.
    pub mime: Option<String>,
    /// The file.
    #[serde(with = "text_or_base64")]
    pub bytes: Bytes,
}

/// Files that ship beside the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asset {
    /// The rank table of the cl100k tokens, see [`crate::tokens`].
    Cl100k,
    /// `model.safetensors` of the built-in embedder.
    MinilmModel,
    /// `vocab.txt` of the built-in embedder.
    MinilmVocab,
    /// A page or a script that is served as it is.
    Page(Page),
}

/// Pages and scripts that are served as they are. They are inside a build with the feature `embedded-pages`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// The description of the API.
    Openapi,
    /// The page that shows it.
    Docs,
    /// The script of that page.
    DocsScript,
    /// The style of that page.
    DocsStyle,
    /// The chat widget.
    ChatWidget,
}

impl Asset {
    /// What its file is called where the engine lies beside it.
    pub fn file_name(self) -> &'static str {
        match self {
            Asset::Cl100k => "cl100k.bin",
            Asset::MinilmModel => "model.safetensors",
            Asset::MinilmVocab => "vocab.txt",
            Asset::Page(Page::Openapi) => "openapi.json",
            Asset::Page(Page::Docs) => "docs.html",
            Asset::Page(Page::DocsScript) => "docs.js",
            Asset::Page(Page::DocsStyle) => "docs.css",
            Asset::Page(Page::ChatWidget) => "haversack-chat.js",
        }
    }
}

/// Ties an effect to the type of its reply.
pub trait Request: Into<Effect> {
    /// What the caller gets.
    type Reply;
    /// Takes the reply apart; `None` if the host answered with another kind.
    fn reply(reply: Reply) -> Option<Self::Reply>;
}

macro_rules! request {
    ($request:ty, $effect:ident, $reply:ty, $pattern:pat => $value:expr) => {
        impl From<$request> for Effect {
            fn from(request: $request) -> Effect {
                Effect::$effect(request)
            }
        }
        impl Request for $request {
            type Reply = $reply;
            fn reply(reply: Reply) -> Option<$reply> {
                match reply {
                    $pattern => Some($value),
                    _ => None,
                }
            }
        }
    };
}

request!(KvOp, Kv, KvReply, Reply::Kv(reply) => reply);
request!(HttpRequest, Http, (), Reply::Http => ());
request!(CompleteRequest, Complete, CompleteReply, Reply::Complete(reply) => reply);
request!(EmbedRequest, Embed, Vec<Vec<f32>>, Reply::Embed(vectors) => vectors);
request!(ExtractRequest, Extract, Extracted, Reply::Extract(extracted) => extracted);
request!(Asset, Asset, Bytes, Reply::Asset(bytes) => bytes);

/// Asks the host for [`Effect::Breathe`].
#[derive(Clone, Copy, Debug)]
pub struct Breathe;

impl From<Breathe> for Effect {
    fn from(_: Breathe) -> Effect {
        Effect::Breathe
    }
}

impl Request for Breathe {
    type Reply = ();
    fn reply(reply: Reply) -> Option<()> {
        matches!(reply, Reply::Breathe).then_some(())
    }
}

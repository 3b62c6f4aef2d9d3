//! Embeds: chats about a workspace for the visitors of a website (reference §11.7).
//!
//! Their owners manage them under `/v1/embed`. The public routes under `/embed` need no key: [`visit`]
//! lets in whom the embed admits, and each route begins there.

mod ask;
mod fields;
mod manage;
mod quota;
mod removal;
mod script;
#[cfg(test)]
mod tests;
mod visit;
#[cfg(any(test, feature = "embedded-pages"))]
mod widget;

pub(super) use ask::stream_chat;
pub(super) use manage::{chats, create, delete, list, update};
pub(super) use removal::remove_all;
pub(super) use script::script;
pub(super) use visit::{history, preflight, reset};
#[cfg(any(test, feature = "embedded-pages"))]
pub(super) use widget::SCRIPT;

use crate::limits::{self, Limit};

/// What a visitor of a website may send.
pub(super) fn limits() -> Vec<Limit> {
    vec![
        Limit::fixed("question of a visitor", format!("{} characters", ask::MESSAGE_CHARS_MAX), "413"),
        Limit::fixed("body of such a question", limits::bytes(ask::BODY_BYTES_MAX as u64), "413"),
    ]
}

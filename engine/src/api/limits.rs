//! The limits of the API, for the table of all limits.

use super::{chats, documents, embeds, json_size, keys, openai, search};
use crate::limits::Limit;

/// What one call may bring, by resource.
pub fn limits() -> Vec<Limit> {
    let mut rows = vec![Limit::fixed("values in a JSON body", json_size::VALUES_MAX.to_string(), "413")];
    rows.extend(documents::limits());
    rows.push(Limit::fixed("results of a search (`topN`)", search::TOP_N_MAX.to_string(), "400"));
    rows.push(Limit::fixed(
        "name of a session of chats",
        format!("{} bytes", chats::SESSION_BYTES_MAX),
        "400",
    ));
    rows.push(Limit::fixed("workspaces that a key is limited to", keys::WORKSPACES_MAX.to_string(), "400"));
    rows.extend(embeds::limits());
    rows.extend(openai::limits());
    rows
}

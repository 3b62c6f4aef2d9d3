//! The event log: an append-only trail of what was done (reference §13).

use crate::seam::{Actor, Cx};
use crate::store::{StoreError, Transaction, key, next_id};
use serde_json::{Value, json};

/// Adds a line to the log, as part of the transaction that it tells of.
pub async fn log(cx: &Cx, tx: &mut Transaction, event: &str, metadata: Value) -> Result<(), StoreError> {
    let id = next_id(cx, "event").await?;
    let Actor { user, key: api_key } = cx.actor();
    let line = json!({
        "id": id,
        "event": event,
        "metadata": metadata,
        "user": user,
        "key": api_key,
        "occurred_at": cx.now(),
    });
    tx.put(key::event(id), &line)
}

//! An embed goes with all that was said through it.

use crate::api::error::ApiError;
use crate::model::Embed;
use crate::store::{Transaction, key};

/// Removes the embeds of a workspace that is being deleted.
pub async fn remove_all(tx: &mut Transaction, workspace: u64) -> Result<(), ApiError> {
    for id in tx.get::<Vec<u64>>(key::embeds_of(workspace)).await?.unwrap_or_default() {
        if let Some(embed) = tx.get::<Embed>(key::embed(id)).await? {
            erase(tx, &embed);
        }
    }
    tx.delete(key::embeds_of(workspace));
    Ok(())
}

/// Removes one.
pub async fn remove(tx: &mut Transaction, embed: &Embed) -> Result<(), ApiError> {
    let at = key::embeds_of(embed.workspace);
    let mut ids = tx.get::<Vec<u64>>(at.clone()).await?.unwrap_or_default();
    ids.retain(|id| *id != embed.id);
    if ids.is_empty() {
        tx.delete(at);
    } else {
        tx.put(at, &ids)?;
    }
    erase(tx, embed);
    Ok(())
}

fn erase(tx: &mut Transaction, embed: &Embed) {
    tx.delete(key::embed(embed.id));
    tx.delete(key::embed_uuid(&embed.uuid));
    tx.delete(key::embed_day(embed.id));
    tx.delete_range(key::embed_chats(embed.id));
    tx.delete_range(key::embed_sessions(embed.id));
}

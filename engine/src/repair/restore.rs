//! Records that are gone, but of which others tell: made again as far as that goes.

use super::walk::Census;
use super::{Pages, Repair, kind, parts, pointers, put};
use crate::api::{ApiError, fresh_workspace};
use crate::model::{ChatMode, Document, Embed, Placement, Thread, Workspace};
use crate::retrieve::ingest;
use crate::seam::{Key, Write};
use crate::store::{key, seal};
use serde_json::Value;
use std::collections::BTreeSet;

/// Pointers of which something can be made, or whose loss has a name. Workspaces come first, as others belong to them.
const LEADS: [&str; 10] = [
    "ws.slug/",
    "thread.slug/",
    "embed.uuid/",
    "wsdoc.in/",
    "doc.id/",
    "wsdoc.path/",
    "user.name/",
    "key.id/",
    "invite.code/",
    "member.in/",
];

/// Makes again what others tell of.
pub async fn run(repair: &mut Repair<'_>, census: &Census) -> Result<(), ApiError> {
    for prefix in LEADS {
        let mut pages = Pages::of(key::range(prefix));
        while let Some(page) = pages.next(repair.cx).await? {
            for (pointer, stored) in page {
                let value = seal::plain(&pointer, &stored).ok();
                let Some(value) = value.and_then(|value| serde_json::from_slice::<Value>(&value).ok()) else {
                    continue;
                };
                let Some(target) = pointers::target_of(&pointer, &value) else { continue };
                if repair.peek::<Value>(target.clone()).await?.is_none() {
                    lead(repair, census, &pointer, &value, &target).await?;
                }
            }
        }
    }
    workspaces(repair, census).await?;
    texts(repair, census).await
}

/// What a pointer tells of its record.
async fn lead(
    repair: &mut Repair<'_>,
    census: &Census,
    pointer: &Key,
    value: &Value,
    target: &Key,
) -> Result<(), ApiError> {
    let parts = parts(pointer);
    let name = parts.first().map(|part| key::decode(part)).unwrap_or_default();
    let id = key::trailing_id(target).unwrap_or(0);
    match kind(pointer) {
        "ws.slug" => workspace(repair, id, &name).await?,
        "thread.slug" => thread(repair, &name, value["workspace"].as_u64().unwrap_or(0), id).await?,
        "embed.uuid" => embed(repair, &name, id).await?,
        "wsdoc.in" => placement(repair, target, &name, parts.get(1).copied().unwrap_or_default()).await?,
        "wsdoc.path" => {
            let (folder, name) =
                (parts.get(1).copied().unwrap_or_default(), parts.get(2).copied().unwrap_or_default());
            placement(repair, target, &key::decode(folder), name).await?;
        }
        "doc.id" => document(repair, census, &name, value).await?,
        "user.name" => {
            repair.lost(format!("The user {name}: make them again. What they wrote is still there."))
        }
        "key.id" => repair.lost(format!("The API key number {name}: make another.")),
        "invite.code" => repair.lost(format!("An invitation (number {id}): make another.")),
        "member.in" => repair.write(vec![put(target.clone(), value)?]).await?,
        _ => {}
    }
    Ok(())
}

async fn workspace(repair: &mut Repair<'_>, id: u64, slug: &str) -> Result<(), ApiError> {
    let workspace =
        Workspace { name: slug.to_owned(), slug: slug.to_owned(), ..fresh_workspace(id, repair.cx.now()) };
    let writes = vec![put(key::workspace(id), &workspace)?, put(key::workspace_slug(slug), &id)?];
    repair.write(writes).await?;
    repair.lost(format!("The settings of the workspace {slug}: it has those of a new one."));
    Ok(())
}

async fn thread(repair: &mut Repair<'_>, slug: &str, workspace: u64, id: u64) -> Result<(), ApiError> {
    // Whose it was is in the keys of its turns.
    let turns = crate::store::scan_keys(repair.cx, key::chats_thread(workspace, id)).await?;
    let owner =
        turns.first().and_then(|turn| parts(turn).get(3)?.parse::<u64>().ok()).filter(|user| *user > 0);
    let now = repair.cx.now();
    let name = "Thread".to_owned();
    let thread =
        Thread { id, name, slug: slug.to_owned(), workspace, user: owner, created_at: now, updated_at: now };
    repair.write(vec![put(key::thread(workspace, id), &thread)?]).await?;
    repair.lost(format!("The name of the thread {slug}: it is called \"Thread\"."));
    Ok(())
}

/// Switched off: who may use it is what was lost.
async fn embed(repair: &mut Repair<'_>, uuid: &str, id: u64) -> Result<(), ApiError> {
    let lists = repair.all_of::<Vec<u64>>(key::range("embed.of/")).await?;
    let workspace = lists.iter().find(|(_, ids)| ids.contains(&id)).and_then(|(at, _)| key::trailing_id(at));
    let Some(workspace) = workspace else {
        repair
            .write(vec![
                Write::DeleteRange(key::embed_chats(id)),
                Write::DeleteRange(key::embed_sessions(id)),
            ])
            .await?;
        repair.lost(format!("The embed {uuid}: make another."));
        return Ok(());
    };
    let embed = Embed {
        id,
        uuid: uuid.to_owned(),
        workspace,
        enabled: false,
        mode: ChatMode::Query,
        allowlist: Some(Vec::new()),
        allow_model: false,
        allow_temperature: false,
        allow_prompt: false,
        max_chats_per_day: None,
        max_chats_per_session: None,
        message_limit: None,
        created_by: None,
        created_at: repair.cx.now(),
    };
    repair.write(vec![put(key::embed(id), &embed)?]).await?;
    repair.lost(format!("The settings of the embed {uuid}: it is switched off until they are made again."));
    Ok(())
}

/// The document's place in a workspace, to be embedded again.
async fn placement(repair: &mut Repair<'_>, target: &Key, folder: &str, name: &str) -> Result<(), ApiError> {
    let name = key::decode(name);
    let (Some(workspace), Some(id)) =
        (parts(target).first().and_then(|part| part.parse().ok()), key::trailing_id(target))
    else {
        return Ok(());
    };
    let Some(document) = repair.peek::<Document>(key::document(folder, &name)).await? else { return Ok(()) };
    let now = repair.cx.now();
    let placement = Placement {
        id,
        doc_id: repair.cx.uuid().to_string(),
        workspace,
        document,
        pinned: false,
        // No segment has this number: the index is made again.
        segment: 0,
        chunks: 0,
        words: 0,
        created_at: now,
        updated_at: now,
    };
    repair.write(vec![put(target.clone(), &placement)?]).await?;
    repair.mended(format!(
        "The place of {folder}/{name} in workspace number {workspace}; it is not pinned any more."
    ));
    Ok(())
}

async fn document(repair: &mut Repair<'_>, census: &Census, id: &str, place: &Value) -> Result<(), ApiError> {
    let text = |field: &str| place[field].as_str().unwrap_or_default();
    let (folder, name) = (text("folder"), text("name"));
    // Each place in a workspace has a copy.
    for at in crate::store::scan_keys(repair.cx, key::placements_in(folder, name)).await? {
        let Some((workspace, number)) = crate::retrieve::placement::place(&at) else { continue };
        let found = repair.peek::<Placement>(key::placement(workspace, number)).await?;
        if let Some(placement) = found.filter(|placement| placement.document.id == id) {
            repair.write(vec![put(key::document(folder, name), &placement.document)?]).await?;
            repair.mended(format!("The record of {folder}/{name}, from its copy in a workspace."));
            return Ok(());
        }
    }
    if census.bad_texts.contains(&key::encode(id)) || !census.texts.contains_key(&key::encode(id)) {
        repair.lost(format!("The document {folder}/{name}: add it again."));
        return Ok(());
    }
    of_text(repair, census, id, folder, name).await
}

/// A document of which nothing but the text is left.
async fn of_text(
    repair: &mut Repair<'_>,
    census: &Census,
    id: &str,
    folder: &str,
    name: &str,
) -> Result<(), ApiError> {
    let (text_parts, text_bytes) = census.texts.get(&key::encode(id)).copied().unwrap_or_default();
    let document = Document {
        id: id.to_owned(),
        folder: folder.to_owned(),
        name: name.to_owned(),
        url: format!("file://{name}"),
        title: name.trim_end_matches(".json").to_owned(),
        author: String::new(),
        description: String::new(),
        source: "repaired".to_owned(),
        chunk_source: String::new(),
        published: String::new(),
        word_count: 0,
        token_count_estimate: 0,
        text_bytes,
        text_parts,
        markdown: false,
        created_at: repair.cx.now(),
        times_placed: 0,
        sha256: None,
        skipped: Vec::new(),
    };
    let Ok(text) = ingest::read_text(repair.cx, &document).await else {
        repair.lost(format!("The document {folder}/{name}: add it again."));
        return Ok(());
    };
    let word_count = crate::text::words::word_count(&text) as u64;
    let document = Document { word_count, token_count_estimate: (text.len() / 4) as u64, ..document };
    let writes = vec![
        put(key::document(folder, name), &document)?,
        put(key::document_id(id), &serde_json::json!({ "folder": folder, "name": name }))?,
    ];
    repair.write(writes).await?;
    repair.lost(format!("Title, author and dates of {folder}/{name}; its text is whole."));
    Ok(())
}

/// Workspaces of which nothing tells but what belongs to them.
async fn workspaces(repair: &mut Repair<'_>, census: &Census) -> Result<(), ApiError> {
    for id in &census.workspaces {
        if repair.peek::<Workspace>(key::workspace(*id)).await?.is_none() {
            workspace(repair, *id, &format!("repaired-{id}")).await?;
        }
    }
    Ok(())
}

/// Texts whose documents nothing tells of.
async fn texts(repair: &mut Repair<'_>, census: &Census) -> Result<(), ApiError> {
    let mut owned = BTreeSet::new();
    let mut pages = Pages::of(key::all_documents());
    while let Some(page) = pages.next(repair.cx).await? {
        owned.extend(page.iter().filter_map(|(key, stored)| {
            let document: Document = serde_json::from_slice(&seal::plain(key, stored).ok()?).ok()?;
            Some(key::encode(&document.id))
        }));
    }
    for id in census.texts.keys().filter(|id| !owned.contains(*id) && !census.bad_texts.contains(*id)) {
        let id = key::decode(id);
        of_text(repair, census, &id, "custom-documents", &format!("repaired-{id}.json")).await?;
    }
    Ok(())
}

//! Records that are found through others: each pointer leads to its record, and each record has its pointers.

use super::{Pages, Repair, kind, parts, put};
use crate::api::ApiError;
use crate::model::Folder;
use crate::seam::{Key, Write};
use crate::store::{key, seal};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Kinds of records with pointers.
const RECORDS: [&str; 9] =
    ["ws/", "thread/", "chat/", "embed/", "doc/", "wsdoc/", "user/", "key/", "invite/"];

/// Kinds of pointers.
const POINTERS: [&str; 13] = [
    "ws.slug/",
    "thread.slug/",
    "chat.id/",
    "embed.uuid/",
    "doc.id/",
    "doc.hash/",
    "wsdoc.path/",
    "wsdoc.in/",
    "wsdoc.pin/",
    "user.name/",
    "member.in/",
    "key.id/",
    "invite.code/",
];

/// Sets pointers that are missing, and removes those that lead nowhere.
pub async fn run(repair: &mut Repair<'_>) -> Result<(), ApiError> {
    for prefix in RECORDS.into_iter().chain(["member/"]) {
        let mut pages = Pages::of(key::range(prefix));
        while let Some(page) = pages.next(repair.cx).await? {
            let pointers: Vec<(Key, Value)> = page
                .iter()
                .filter_map(|(key, stored)| Some(pointers_of(key, &json(key, stored)?)))
                .flatten()
                .collect();
            compare(repair, pointers).await?;
        }
    }
    for prefix in POINTERS {
        let mut pages = Pages::of(key::range(prefix));
        while let Some(page) = pages.next(repair.cx).await? {
            let leads: Vec<(Key, Option<Key>)> = page
                .into_iter()
                .filter_map(|(key, stored)| {
                    let target = target_of(&key, &json(&key, &stored)?);
                    Some((key, target))
                })
                .collect();
            remove_loose(repair, leads).await?;
        }
    }
    embeds(repair).await?;
    folders(repair).await
}

/// The value of a record that can be read, as JSON.
fn json(key: &Key, stored: &bytes::Bytes) -> Option<Value> {
    serde_json::from_slice(&seal::plain(key, stored).ok()?).ok()
}

async fn compare(repair: &mut Repair<'_>, expected: Vec<(Key, Value)>) -> Result<(), ApiError> {
    let found = repair.peek_all::<Value>(expected.iter().map(|(key, _)| key.clone()).collect()).await?;
    let mut writes = Vec::new();
    for ((key, value), found) in expected.into_iter().zip(found) {
        if found.as_ref() != Some(&value) {
            match repair.fix {
                true => repair.mended(format!("The record {key}, which leads to another.")),
                false => repair.wrong(format!("The record {key} does not lead where it should.")),
            }
            writes.push(put(key, &value)?);
        }
    }
    Ok(repair.write(writes).await?)
}

async fn remove_loose(repair: &mut Repair<'_>, leads: Vec<(Key, Option<Key>)>) -> Result<(), ApiError> {
    let targets: Vec<Key> = leads.iter().filter_map(|(_, target)| target.clone()).collect();
    let found = repair.peek_all::<Value>(targets.clone()).await?;
    let found: BTreeMap<Key, Option<Value>> = targets.into_iter().zip(found).collect();
    let mut writes = Vec::new();
    for (pointer, target) in leads {
        let record = target.and_then(|target| Some((target.clone(), found.get(&target)?.clone()?)));
        let fits = record.is_some_and(|(key, value)| {
            pointers_of(&key, &value).iter().any(|(expected, _)| *expected == pointer)
        });
        if !fits {
            match repair.fix {
                true => repair.mended(format!("The record {pointer} led nowhere, and is removed.")),
                false => repair.wrong(format!("The record {pointer} leads nowhere.")),
            }
            writes.push(Write::Delete(pointer));
        }
    }
    Ok(repair.write(writes).await?)
}

/// What leads to a record.
fn pointers_of(key: &Key, value: &Value) -> Vec<(Key, Value)> {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let number = |field: &str| value[field].as_u64().unwrap_or_default();
    let parts = parts(key);
    match kind(key) {
        "ws" => vec![(key::workspace_slug(text("slug")), value["id"].clone())],
        "thread" => {
            let place = json!({ "workspace": value["workspace"], "thread": value["id"] });
            vec![(key::thread_slug(text("slug")), place)]
        }
        "chat" => vec![(key::chat_id(number("id")), key.as_str().into())],
        "embed" => vec![(key::embed_uuid(text("uuid")), value["id"].clone())],
        "doc" => {
            let (folder, id) = (text("folder"), text("id"));
            let mut pointers =
                vec![(key::document_id(id), json!({ "folder": folder, "name": value["name"] }))];
            if let Some(sha256) = value["sha256"].as_str() {
                pointers.push((key::document_hash(folder, sha256, id), value["name"].clone()));
            }
            pointers
        }
        "wsdoc" => {
            let document = &value["document"];
            let folder = document["folder"].as_str().unwrap_or_default();
            let name = document["name"].as_str().unwrap_or_default();
            let (workspace, id) = (number("workspace"), number("id"));
            let mut pointers = vec![
                (key::placement_path(workspace, folder, name, id), Value::Null),
                (key::placement_in(folder, name, workspace, id), value["pinned"].clone()),
            ];
            if value["pinned"] == true {
                pointers.push((key::placement_pin(workspace, id), Value::Null));
            }
            pointers
        }
        "user" => vec![(key::user_name(text("username")), value["id"].clone())],
        "member" => match parts[..] {
            [user, workspace] => {
                let (user, workspace) = (user.parse().unwrap_or(0), workspace.parse().unwrap_or(0));
                vec![(key::member_in(workspace, user), value.clone())]
            }
            _ => Vec::new(),
        },
        "key" => vec![(key::api_key_id(number("id")), parts.first().copied().unwrap_or_default().into())],
        "invite" => vec![(key::invite_code(text("code")), value["id"].clone())],
        _ => Vec::new(),
    }
}

/// The record that a pointer leads to.
pub(super) fn target_of(pointer: &Key, value: &Value) -> Option<Key> {
    let parts = parts(pointer);
    let part = |at: usize| parts.get(at).copied();
    let number = |at: usize| part(at)?.parse::<u64>().ok();
    match kind(pointer) {
        "ws.slug" => Some(key::workspace(value.as_u64()?)),
        "thread.slug" => Some(key::thread(value["workspace"].as_u64()?, value["thread"].as_u64()?)),
        "chat.id" => Some(Key::new(value.as_str()?)),
        "embed.uuid" => Some(key::embed(value.as_u64()?)),
        "doc.id" => Some(key::document(value["folder"].as_str()?, value["name"].as_str()?)),
        "doc.hash" => Some(key::document(&key::decode(part(0)?), value.as_str()?)),
        "wsdoc.path" => Some(key::placement(number(0)?, number(3)?)),
        "wsdoc.in" => Some(key::placement(number(2)?, number(3)?)),
        "wsdoc.pin" => Some(key::placement(number(0)?, number(1)?)),
        "user.name" => Some(key::user(value.as_u64()?)),
        "member.in" => Some(key::member(number(1)?, number(0)?)),
        "key.id" => Some(key::api_key(value.as_str()?)),
        "invite.code" => Some(key::invite(value.as_u64()?)),
        _ => None,
    }
}

/// The list of embeds of each workspace.
async fn embeds(repair: &mut Repair<'_>) -> Result<(), ApiError> {
    let mut expected: BTreeMap<Key, Vec<u64>> = BTreeMap::new();
    for (_, embed) in repair.all_of::<crate::model::Embed>(key::embeds()).await? {
        expected.entry(key::embeds_of(embed.workspace)).or_default().push(embed.id);
    }
    let found: BTreeMap<Key, Vec<u64>> = repair.all_of(key::range("embed.of/")).await?.into_iter().collect();
    for (at, ids) in &expected {
        let mut known = found.get(at).cloned().unwrap_or_default();
        known.sort_unstable();
        if known != *ids {
            repair.write(vec![put(at.clone(), ids)?]).await?;
            match repair.fix {
                true => repair.mended(format!("The list of embeds {at}.")),
                false => repair.wrong(format!("The list of embeds {at} is not complete.")),
            }
        }
    }
    let loose = found.keys().filter(|at| !expected.contains_key(*at));
    Ok(repair.write(loose.cloned().map(Write::Delete).collect()).await?)
}

/// The folder of each document.
async fn folders(repair: &mut Repair<'_>) -> Result<(), ApiError> {
    let mut names: Vec<String> = Vec::new();
    let mut pages = Pages::of(key::all_documents());
    while let Some(page) = pages.next(repair.cx).await? {
        names.extend(page.iter().filter_map(|(key, _)| parts(key).first().map(|name| key::decode(name))));
        names.dedup();
    }
    for name in names {
        if repair.peek::<Folder>(key::folder(&name)).await?.is_none() {
            let folder = Folder { created_at: repair.cx.now(), closing: false };
            repair.write(vec![put(key::folder(&name), &folder)?]).await?;
            match repair.fix {
                true => repair.mended(format!("The folder {name}.")),
                false => repair.wrong(format!("The folder {name} is not there, though documents are in it.")),
            }
        }
    }
    Ok(())
}

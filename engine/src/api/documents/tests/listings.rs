//! What is stored, as clients see it.

use super::{host, update};
use crate::testing::TestHost;
use serde_json::{Value, json};

fn get(host: &mut TestHost, path: &str) -> (u16, Value) {
    let reply = host.call("GET", path, &Value::Null);
    (reply.status, reply.json())
}

#[test]
fn the_tree_begins_with_the_default_folder() {
    let mut host = host();
    assert_eq!(get(&mut host, "/v1/documents").1["localFiles"]["items"], json!([]));
    host.upload("/v1/document/upload/Archive", "a.txt", b"x", &[]).ok();
    let path = host.raw_text("one", "Otters swim.");
    update(&mut host, &[&path], &[]);
    let (_, tree) = get(&mut host, "/v1/documents");
    let folders = tree["localFiles"]["items"].as_array().unwrap();
    let names: Vec<&Value> = folders.iter().map(|folder| &folder["name"]).collect();
    assert_eq!(names, ["custom-documents", "Archive"]);
    let keys: Vec<&String> = folders[0]["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "name",
            "type",
            "id",
            "url",
            "title",
            "docAuthor",
            "description",
            "docSource",
            "chunkSource",
            "published",
            "wordCount",
            "token_count_estimate",
            "cached",
            "canWatch",
            "pinnedWorkspaces",
            "watched",
        ]
    );
    assert_eq!(folders[0]["items"][0]["cached"], true);
    assert_eq!(folders[1]["items"][0]["cached"], false);
    let flat: Vec<&Value> = tree["documents"].as_array().unwrap().iter().map(|d| &d["workspaceId"]).collect();
    assert_eq!(flat, [&Value::Null, &json!(1)]);
}

#[test]
fn folders_come_in_pages() {
    let mut host = host();
    for n in 0..5 {
        host.raw_text(&format!("t{n}"), "x");
    }
    let (_, page) = get(&mut host, "/v1/documents/folder/custom-documents?limit=2&offset=2");
    assert_eq!((&page["totalCount"], &page["hasMore"]), (&json!(5), &json!(true)));
    let titles: Vec<&Value> = page["documents"].as_array().unwrap().iter().map(|d| &d["title"]).collect();
    assert_eq!(titles, ["t2.txt", "t3.txt"]);
    let (_, page) = get(&mut host, "/v1/documents?folder=custom-documents&offset=4");
    assert_eq!((&page["hasMore"], &page["code"], &page["error"]), (&json!(false), &json!(200), &Value::Null));
    let (status, page) = get(&mut host, "/v1/documents?folder=nope");
    assert_eq!((status, &page["code"], &page["totalCount"]), (404, &json!(404), &json!(0)));
    assert_eq!(page["error"], "Folder \"nope\" does not exist.");
}

#[test]
fn documents_are_found_by_name_in_any_folder() {
    let mut host = host();
    let made = host.upload("/v1/document/upload/ä b", "a.txt", b"x", &[]).ok();
    let name = made["documents"][0]["name"].as_str().unwrap();
    let (status, found) = get(&mut host, &format!("/v1/document/{name}"));
    assert_eq!((status, &found["document"]["cached"]), (200, &json!(false)));
    assert_eq!(found["document"]["pinnedWorkspaces"], Value::Null);
    assert_eq!(get(&mut host, "/v1/document/nope.json").0, 404);
}

#[test]
fn what_is_fixed() {
    let mut host = host();
    let (_, types) = get(&mut host, "/v1/document/accepted-file-types");
    assert_eq!(types["types"]["text/plain"], json!([".txt", ".md", ".org", ".adoc", ".rst"]));
    assert_eq!(types["types"]["application/pdf"], json!([".pdf"]));
    assert_eq!(types["types"].get("image/png"), None, "pictures are not read");
    let (_, schema) = get(&mut host, "/v1/document/metadata-schema");
    assert_eq!(schema["schema"]["title"], "string");
    assert_eq!(get(&mut host, "/v1/document/generated-files/x").1["error"], "Invalid filename format");
    let missing = "/v1/document/generated-files/text-139df6f2-6731-403a-a01c-4e85a491e0aa.txt";
    assert_eq!(get(&mut host, missing).0, 404);
}

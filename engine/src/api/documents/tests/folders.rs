//! Folders, and moving between them.

use super::consistency::check;
use super::{host, update};
use crate::testing::{TestHost, is_commit, json_request};
use serde_json::{Value, json};

fn create(host: &mut TestHost, name: &str) -> (u16, Value) {
    let reply = host.call("POST", "/v1/document/create-folder", &json!({ "name": name }));
    (reply.status, reply.json())
}

fn moving(host: &mut TestHost, from: &str, to: &str) -> (u16, Value) {
    let reply =
        host.call("POST", "/v1/document/move-files", &json!({ "files": [{ "from": from, "to": to }] }));
    (reply.status, reply.json())
}

#[test]
fn names_of_folders_are_checked() {
    let mut host = host();
    assert_eq!(create(&mut host, "archive").0, 200);
    assert_eq!(create(&mut host, "archive").1["message"], "Folder by that name already exists");
    assert_eq!(create(&mut host, "").1["message"], "Failed to create folder: Invalid path.");
    assert_eq!(create(&mut host, "a/b").1["folder"], "a");
    for bad in ["x".repeat(256), "a\u{7}".to_owned(), "...".to_owned(), "C:".to_owned()] {
        let (status, answer) = create(&mut host, &bad);
        assert_eq!((status, &answer["success"]), (400, &json!(false)), "{bad:.20}");
    }
    assert_eq!(host.keys("folder/"), ["folder/a", "folder/archive"]);
}

#[test]
fn a_moved_document_is_found_under_its_new_path_and_its_id() {
    let mut host = host();
    create(&mut host, "archive");
    let made = host.upload("/v1/document/upload", "notes.txt", b"Otters swim.", &[]).ok();
    let from = made["documents"][0]["location"].as_str().unwrap().to_owned();
    assert_eq!(moving(&mut host, &from, "archive/one.json").1["message"], Value::Null);
    check(&host);
    for name in ["one.json", made["documents"][0]["id"].as_str().unwrap()] {
        let found = host.call("GET", &format!("/v1/document/{name}"), &Value::Null).ok();
        assert_eq!(found["document"]["name"], "one.json");
    }
    assert_eq!(update(&mut host, &["archive/one.json"], &[])["results"][0]["status"], "added");
    let (_, stays) = moving(&mut host, "archive/one.json", "custom-documents/one.json");
    assert_eq!(stays["message"], "1/1 files not moved. Unembed them from all workspaces.");
    check(&host);
}

#[test]
fn nothing_is_overwritten_and_nothing_leaves_the_store() {
    let mut host = host();
    create(&mut host, "archive");
    let (one, two) = (host.raw_text("one", "1"), host.raw_text("two", "2"));
    moving(&mut host, &one, "archive/one.json");
    for (from, to) in [
        (two.as_str(), "archive/one.json"),
        (&two, "nowhere/two.json"),
        (&two, "../../etc/two.json"),
        (&two, "archive/two.db"),
        ("../anythingllm.db", "archive/x.json"),
        ("custom-documents/none.json", "archive/none.json"),
    ] {
        let (status, answer) = moving(&mut host, from, to);
        assert_eq!((status, &answer["message"]), (400, &json!("Failed to move some files.")), "{to}");
        assert!(answer["results"][0]["error"].is_string());
    }
    check(&host);
    assert_eq!(host.keys("doc/").len(), 2);
}

#[test]
fn a_document_embedded_while_it_moves_stays() {
    let mut host = host();
    create(&mut host, "archive");
    let path = host.raw_text("one", "Otters swim.");
    let body = json!({ "files": [{ "from": path, "to": "archive/one.json" }] });
    let mut running = host.start(json_request("POST", "/v1/document/move-files", &body));
    assert!(host.run_until(&mut running, is_commit));
    update(&mut host, &[&path], &[]);
    let answer = host.finish(&mut running).ok();
    assert_eq!(answer["message"], "1/1 files not moved. Unembed them from all workspaces.");
    check(&host);
}

#[test]
fn a_folder_that_is_filled_while_it_goes_is_emptied_again() {
    for commits in 0..3 {
        let mut host = host();
        host.upload("/v1/document/upload/reports", "a.txt", b"x", &[]).ok();
        let body = json!({ "name": "reports" });
        let mut running = host.start(json_request("DELETE", "/v1/document/remove-folder", &body));
        for _ in 0..commits {
            assert!(host.run_until(&mut running, is_commit));
            host.step(&mut running);
        }
        assert!(host.run_until(&mut running, is_commit));
        host.upload("/v1/document/upload/reports", "b.txt", b"x", &[]).ok();
        check(&host);
        assert_eq!(host.finish(&mut running).ok()["removed"], json!({ "folder": "reports", "documents": 2 }));
        assert_eq!((host.keys("doc").len(), host.keys("folder/").len()), (0, 0));
    }
}

#[test]
fn a_folder_goes_with_its_documents_and_their_places() {
    let mut host = host();
    for name in ["a.txt", "b.txt"] {
        let fields = [("addToWorkspaces", "docs")];
        host.upload("/v1/document/upload/reports", name, b"Otters swim.", &fields).ok();
    }
    let remove = |host: &mut TestHost, name: &str| {
        host.call("DELETE", "/v1/document/remove-folder", &json!({ "name": name })).ok()
    };
    let answer = remove(&mut host, "reports");
    assert_eq!(answer["message"], "Folder removed successfully");
    assert_eq!(answer["removed"], json!({ "folder": "reports", "documents": 2 }));
    check(&host);
    assert_eq!((host.keys("doc/").len(), host.keys("wsdoc").len(), host.keys("folder/").len()), (0, 0, 0));
    host.raw_text("kept", "x");
    for name in ["custom-documents", "nope", "", "../x"] {
        assert_eq!(remove(&mut host, name)["removed"]["folder"], Value::Null);
    }
    assert_eq!(host.keys("doc/").len(), 1);
}

#[test]
fn a_document_removed_while_it_is_embedded_leaves_no_place() {
    let mut host = host();
    let path = host.raw_text("one", "Otters swim.");
    let mut running =
        host.start(json_request("DELETE", "/v1/system/remove-documents", &json!({ "names": [path] })));
    assert!(host.run_until(&mut running, is_commit));
    update(&mut host, &[&path], &[]);
    assert_eq!(host.finish(&mut running).ok()["results"][0]["status"], "removed");
    check(&host);
    assert_eq!(host.keys("wsdoc/"), Vec::<String>::new());
}

#[test]
fn a_document_is_removed_by_id_or_name() {
    let mut host = host();
    for by in ["id", "name"] {
        let made = host.upload("/v1/document/upload", "a.txt", b"x", &[("addToWorkspaces", "docs")]).ok();
        let name = made["documents"][0][by].as_str().unwrap().to_owned();
        host.call("DELETE", &format!("/v1/document/{name}"), &Value::Null).ok();
        assert_eq!(host.call("DELETE", &format!("/v1/document/{name}"), &Value::Null).status, 404);
        check(&host);
    }
    assert_eq!(host.keys("doc"), Vec::<String>::new());
}

//! Files and texts come in.

use super::consistency::check;
use super::{host, long_text};
use crate::testing::{TestHost, document, extracted, is_commit, json_request, upload_request};
use haversack_extract::{Document, Format, PageSpan};
use serde_json::{Value, json};

fn sheet(name: &str, text: &str) -> Document {
    Document { format: Format::Xlsx, part: Some(name.to_owned()), ..document(text) }
}

fn workbook(host: &mut TestHost, sheets: &[Document]) {
    host.extracted.insert("book.xlsx".into(), extracted(sheets, &[("sheet Chart", "it has no cells")]));
}

#[test]
fn an_upload_is_one_commit() {
    let mut host = host();
    host.commits.clear();
    let made = host.upload("/v1/document/upload", "notes.txt", b"Meeting notes", &[]).ok();
    assert_eq!(host.commits.len(), 1);
    check(&host);
    let document = &made["documents"][0];
    assert_eq!(document["url"], "file://notes.txt");
    assert_eq!(document["location"], format!("custom-documents/{}", document["name"].as_str().unwrap()));
    let event = host.value(&host.keys("event/").pop().unwrap());
    assert_eq!(
        (&event["event"], &event["metadata"]),
        (&json!("api_document_uploaded"), &json!({ "documentName": "notes.txt" }))
    );
}

#[test]
fn who_prefers_it_so_does_not_get_the_text_back() {
    let mut host = host();
    let mut request = upload_request("/v1/document/upload", "notes.txt", b"Meeting notes", &[]);
    request.headers.push(("prefer".into(), "respond-async, Return=Minimal".into()));
    let mut running = host.start(request);
    let answer = host.finish(&mut running);
    let applied =
        |(name, value): &(String, String)| name == "preference-applied" && value == "return=minimal";
    assert!(answer.headers.iter().any(applied));
    let document = &answer.ok()["documents"][0];
    assert_eq!((&document["title"], document.get("pageContent")), (&json!("notes.txt"), None));

    let whole = host.upload("/v1/document/upload", "notes.txt", b"Meeting notes", &[]);
    assert!(!whole.headers.iter().any(applied));
    assert_eq!(whole.ok()["documents"][0]["pageContent"], "Meeting notes");
}

#[test]
fn a_bad_folder_is_refused_before_anything_is_stored() {
    let mut host = host();
    let long = format!("/v1/document/upload/{}", "x".repeat(256));
    for path in [
        "/v1/document/upload/a%2Fb",
        "/v1/document/upload/..",
        "/v1/document/upload/a%0Ab",
        "/v1/document/upload/a%5Cb",
        &long,
    ] {
        let before = host.store.clone();
        let refused = host.upload(path, "notes.txt", b"x", &[]);
        assert_eq!(refused.status, 400, "{path}");
        assert!(refused.json()["error"].as_str().unwrap().contains("`folderName`"));
        assert_eq!(host.store, before);
    }
}

#[test]
fn every_sheet_is_stored_and_embedded() {
    let mut host = host();
    workbook(&mut host, &[sheet("Q1", "1,2"), sheet("Q 1!", "3,4"), sheet("q?1", "5,6"), sheet("日本", "7")]);
    let made = host.upload("/v1/document/upload", "book.xlsx", b"zip", &[("addToWorkspaces", "docs")]).ok();
    check(&host);
    let documents = made["documents"].as_array().unwrap();
    let names: Vec<&str> = documents.iter().map(|d| d["name"].as_str().unwrap()).collect();
    assert_eq!(names[..2], ["sheet-Q1.json", "sheet-Q-1!.json"]);
    assert!(names[3].starts_with("sheet--"), "{}", names[3]);
    assert_eq!(documents[0]["title"], "book.xlsx - Sheet:Q1");
    assert_eq!(documents[0]["description"], "Spreadsheet data from sheet: Q1");
    assert_eq!(documents[0]["skipped"], json!(["sheet Chart: it has no cells"]));
    let statuses: Vec<&Value> = made["results"].as_array().unwrap().iter().map(|r| &r["status"]).collect();
    assert_eq!(statuses, ["added"; 4]);
    assert_eq!(host.keys("wsdoc/").len(), 4);
}

#[test]
fn sheets_of_one_name_keep_apart_in_any_folder() {
    let mut host = host();
    workbook(&mut host, &[sheet("A", "1"), sheet("A?", "2")]);
    for path in ["/v1/document/upload", "/v1/document/upload/reports", "/v1/document/upload/reports"] {
        host.upload(path, "book.xlsx", b"zip", &[]).ok();
    }
    assert_eq!(host.keys("doc/").len(), 6);
    check(&host);
}

#[test]
fn what_cannot_be_embedded_is_stored_and_told() {
    let mut host = host();
    let body = json!({
        "textContent": "[[mock:embed-error]]",
        "metadata": { "title": "poison" },
        "addToWorkspaces": "docs,nope",
    });
    let made = host.call("POST", "/v1/document/raw-text", &body).ok();
    assert_eq!(made["success"], true);
    assert!(made["error"].as_str().unwrap().contains("mock embedding failure"), "{}", made["error"]);
    assert_eq!(made["results"][0]["status"], "failed");
    assert_eq!(made["results"][1]["status"], "unknown");
    assert_eq!(host.keys("doc/").len(), 1);
    check(&host);
}

#[test]
fn files_of_one_name_may_come_at_once() {
    let mut host = host();
    let request = |content: &str| upload_request("/v1/document/upload", "notes.txt", content.as_bytes(), &[]);
    let (mut first, mut second) = (host.start(request("one")), host.start(request("two")));
    assert!(host.run_until(&mut first, is_commit) && host.run_until(&mut second, is_commit));
    let (second, first) = (host.finish(&mut second).ok(), host.finish(&mut first).ok());
    assert_ne!(first["documents"][0]["location"], second["documents"][0]["location"]);
    assert_eq!(first["documents"][0]["pageContent"], "one");
    check(&host);
}

#[test]
fn chunks_know_their_page_and_their_place() {
    let mut host = host();
    let text = "one\n\ntwo";
    let pages = [(1, 0, 3), (2, 5, 8)].map(|(number, start, end)| PageSpan { number, start, end });
    let pdf =
        Document { format: Format::Pdf, pages: pages.into(), title: Some("T".into()), ..document(text) };
    host.extracted.insert("a.pdf".into(), extracted(&[pdf], &[]));
    let made = host.upload("/v1/document/upload", "a.pdf", b"%PDF", &[("addToWorkspaces", "docs")]).ok();
    assert_eq!(made["documents"][0]["description"], "T");
    let chunk = host.value(&host.keys("chunk/")[0]);
    assert_eq!((&chunk["page"], &chunk["start"], &chunk["end"]), (&json!(1), &json!(0), &json!(8)));
    check(&host);
}

#[test]
fn a_text_larger_than_a_commit_is_staged() {
    let mut host = host();
    host.commits.clear();
    let text = long_text(5000);
    let path = host.raw_text("long", &text);
    assert!(host.commits.len() > 2);
    check(&host);
    let (folder, name) = path.split_once('/').unwrap();
    let id =
        host.value(crate::store::key::document(folder, name).as_str())["id"].as_str().unwrap().to_owned();
    let range = crate::store::key::document_texts(&id);
    let stored: Vec<u8> =
        host.plain().range(range.start..range.end).flat_map(|(_, part)| part.to_vec()).collect();
    assert!(stored == text.as_bytes());
}

#[test]
fn fields_are_bounded() {
    let mut host = host();
    let body = json!({ "textContent": "x", "metadata": { "title": "x".repeat(10_241) } });
    let refused = host.call("POST", "/v1/document/raw-text", &body);
    assert_eq!(refused.status, 400);
    assert!(refused.json()["message"].as_str().unwrap().starts_with("`metadata.title`"));
    let wrong = json_request(
        "POST",
        "/v1/document/raw-text",
        &json!({ "textContent": 7, "metadata": { "title": "t" } }),
    );
    let mut running = host.start(wrong);
    assert!(host.finish(&mut running).json()["error"].as_str().unwrap().starts_with("`textContent`"));
    assert_eq!(host.keys("doc/"), Vec::<String>::new());
}

#[test]
fn what_a_file_says_of_itself_is_cut() {
    let mut host = host();
    let long = "é".repeat(10_000);
    let problems = vec![("page", long.as_str()); 101];
    let pdf = Document { author: Some(long.clone()), format: Format::Pdf, ..document("x") };
    host.extracted.insert("a.pdf".into(), extracted(&[pdf], &problems));
    let made = host.upload("/v1/document/upload", "a.pdf", b"%PDF", &[]).ok();
    let document = &made["documents"][0];
    assert_eq!(document["docAuthor"].as_str().unwrap().len(), 10 * 1024);
    let skipped = document["skipped"].as_array().unwrap();
    assert_eq!((skipped.len(), &skipped[100]), (101, &json!("and 1 more")));
}

#[test]
fn titles_keep_what_no_slug_can_say() {
    let mut host = host();
    let body = json!({ "textContent": "x", "metadata": { "title": "日本語", "published": null } });
    let made = host.call("POST", "/v1/document/raw-text", &body).ok();
    let document = &made["documents"][0];
    assert_eq!(document["title"], "日本語.txt");
    assert_eq!(document["published"], "11/14/2023, 10:13:20 PM");
}

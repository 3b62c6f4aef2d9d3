//! Documents as a page shows them.

use super::*;

#[test]
fn a_document_is_shown_with_its_chunks() {
    let mut host = host();
    let path = host.raw_text("otters", "Otters hold hands. é Herons stand on one leg.");
    update(&mut host, &[&path], &[]);
    let placed = format!("/v1/workspace/docs/document?path={path}");
    let shown = host.call("GET", &placed, &Value::Null).ok();
    let text = shown["text"].as_str().unwrap();
    assert!(text.starts_with("Otters hold hands."), "{shown}");
    assert_eq!((&shown["docpath"], &shown["pinned"]), (&json!(path), &json!(false)));
    assert_eq!(shown["chunks"][0]["end"], text.len(), "places are counted in bytes");
    let id = shown["document"]["id"].as_str().unwrap().to_owned();
    let by_id = host.call("GET", &format!("/v1/workspace/docs/document?id={id}"), &Value::Null).ok();
    assert_eq!(by_id["docpath"], shown["docpath"]);
    let alone = host.call("GET", &format!("/v1/document/{id}/text"), &Value::Null).ok();
    assert_eq!((&alone["text"], &alone["chunks"]), (&shown["text"], &json!([])));

    update(&mut host, &[], &[&path]);
    assert_eq!(host.call("GET", &placed, &Value::Null).status, 404);
    assert_eq!(host.call("GET", "/v1/workspace/docs/document", &Value::Null).status, 400);
    assert_eq!(host.call("GET", "/v1/document/nope/text", &Value::Null).status, 404);
}

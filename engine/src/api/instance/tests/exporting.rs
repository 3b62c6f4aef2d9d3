//! What exports hold.

use super::*;

fn export(host: &mut TestHost, kind: &str) -> String {
    let replied = host.call("GET", &format!("/v1/system/export-chats?type={kind}"), &Value::Null);
    assert_eq!(replied.status, 200, "{}", text(&replied));
    text(&replied)
}

#[test]
fn a_table_is_quoted_and_holds_no_formulas() {
    let mut host = embedded();
    let message = "=HYPERLINK(\"http://evil\",\"x\")\nsecond line";
    host.call(
        "POST",
        "/v1/workspace/docs/chat",
        &json!({ "message": message, "mode": "chat", "sessionId": "s" }),
    )
    .ok();
    let table = export(&mut host, "csv");
    let (head, row) = table.split_once('\n').unwrap();
    assert_eq!(head, "id,workspace,prompt,response,sent_at,username,rating");
    assert!(row.starts_with(r#""1","Docs","'=HYPERLINK(""http://evil"",""x"") second line","#), "{row}");
    let end = r#","Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)","API","--""#;
    assert!(row.ends_with(end), "{row}");
}

#[test]
fn material_to_train_with_holds_the_prompt_that_was_used() {
    let mut host = embedded();
    host.call("POST", "/v1/workspace/docs/update", &json!({ "openAiPrompt": "Rhyme." })).ok();
    host.call(
        "POST",
        "/v1/workspace/docs/chat",
        &json!({ "message": "Do otters hold hands while they sleep?" }),
    )
    .ok();
    let lines = export(&mut host, "jsonl");
    let line: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(line["messages"][0]["content"][0]["text"], "Rhyme.");
    let roles: Vec<&Value> = line["messages"].as_array().unwrap().iter().map(|m| &m["role"]).collect();
    assert_eq!(roles, ["system", "user", "assistant"]);
    let rows: Value = serde_json::from_str(&export(&mut host, "jsonAlpaca")).unwrap();
    let instruction = rows[0]["instruction"].as_str().unwrap();
    assert!(instruction.starts_with("Rhyme.\nContext:\n[CONTEXT 0]:\n"), "{instruction}");
    assert!(instruction.contains("Otters hold hands"), "{instruction}");
}

#[test]
fn lists_are_indented_by_four_and_in_order() {
    let mut host = embedded();
    assert_eq!(export(&mut host, "json"), "[]");
    for message in ["one", "two"] {
        host.call("POST", "/v1/workspace/docs/chat", &json!({ "message": message, "mode": "chat" })).ok();
    }
    let list = export(&mut host, "json");
    assert!(list.starts_with("[\n    {\n        \"id\": 1,\n        \"prompt\": \"one\","), "{list}");
    let rows: Value = serde_json::from_str(&list).unwrap();
    assert_eq!((&rows[1]["id"], &rows[1]["username"]), (&json!(2), &json!("unknown user")));
}

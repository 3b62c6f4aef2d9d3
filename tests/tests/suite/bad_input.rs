//! Does anything a stranger can send take the server down, or leave half of something behind?
//!
//! Every case is sent to each real server over a socket. It must be answered, in the shape of our
//! answers, with one of the statuses the table names; the server must be alive afterwards, and the
//! listing of documents and workspaces must show nothing that was not acknowledged.

use haversack_engine::seam::ApiRequest;
use haversack_tests::requests::{bare, get, json, raw, segment, upload};
use haversack_tests::sim::workload::check_answer;
use haversack_tests::target::{Answer, Kind, RealTarget, Target};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A call and the statuses it may get.
struct Case {
    name: String,
    request: ApiRequest,
    statuses: &'static [u16],
}

fn case(name: impl Into<String>, statuses: &'static [u16], request: ApiRequest) -> Case {
    Case { name: name.into(), request, statuses }
}

const NEW: &str = "/v1/workspace/new";
const CHAT: &str = "/v1/workspace/w/chat";
const STREAM: &str = "/v1/workspace/w/stream-chat";
const SEARCH: &str = "/v1/workspace/w/vector-search";
const RAW_TEXT: &str = "/v1/document/raw-text";
const UPLOAD: &str = "/v1/document/upload";

on_every_host!(
    broken_bodies_are_refused,
    wrong_types_and_odd_values_are_refused_or_taken_well,
    unknown_things_are_said_to_be_unknown,
    names_cannot_leave_their_place,
    odd_files_are_read_or_refused,
    large_things_are_taken_or_refused_and_never_held_against_others,
);

fn server<K: Kind>() -> RealTarget<K> {
    let mut server = RealTarget::<K>::new(&BTreeMap::new());
    let made = server.call(json("POST", NEW, &json!({"name": "W"})));
    assert_eq!(made.status, 200);
    server
}

/// What a client can see of documents and workspaces.
fn seen(server: &mut impl Target) -> (Value, Value) {
    (server.call(get("/v1/documents")).json(), server.call(get("/v1/workspaces")).json())
}

/// Sends every case; what is wrong with the answers.
fn problems(server: &mut impl Target, cases: Vec<Case>) -> String {
    let mut problems = String::new();
    for case in cases {
        let before = seen(server);
        let answer = server.call(case.request);
        if let Err(what) = judge(&answer, case.statuses) {
            let _ = writeln!(problems, "{}: {what}", case.name);
        }
        if answer.status != 200 && seen(server) != before {
            let _ = writeln!(problems, "{}: refused, but something was written", case.name);
        }
        let alive = server.call(get("/v1/auth"));
        assert_eq!(alive.status, 200, "the server is gone after {}", case.name);
    }
    problems
}

fn judge(answer: &Answer, statuses: &[u16]) -> Result<(), String> {
    if !statuses.contains(&answer.status) {
        let text: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
        return Err(format!("answered {} instead of {statuses:?}: {text}", answer.status));
    }
    check_answer(answer)
}

fn nested(open: &str, close: &str, levels: usize) -> String {
    format!("{}1{}", open.repeat(levels), close.repeat(levels))
}

fn broken_bodies_are_refused<K: Kind>() {
    let deep = nested("[", "]", 10_000);
    let deep_field =
        format!("{{\"message\":\"hi\",\"mode\":\"chat\",\"x\":{}}}", nested("{\"a\":", "}", 10_000));
    let mut cases = vec![
        case("JSON sent as text is read", &[200], raw("POST", NEW, "text/plain", r#"{"name":"As text"}"#)),
        case("no JSON sent as text", &[400], raw("POST", NEW, "text/plain", "nope")),
        case("10,000 levels in a field", &[200, 400], raw("POST", CHAT, "application/json", deep_field)),
        case(
            "a form with a broken escape",
            &[200, 400],
            raw("POST", NEW, "application/x-www-form-urlencoded", "name=%zz"),
        ),
        case("an unknown charset", &[400, 415], raw("POST", NEW, "application/json; charset=klingon", "{}")),
        case("a body on GET", &[200], raw("GET", "/v1/workspaces", "application/json", "{\"a\":")),
    ];
    let broken = [
        ("cut off", r#"{"name": "#.to_owned()),
        ("a trailing comma", r#"{"name":"x",}"#.to_owned()),
        ("an array", "[1,2]".to_owned()),
        ("null", "null".to_owned()),
        ("a lone surrogate", r#"{"name":"\ud800"}"#.to_owned()),
        ("nothing", String::new()),
        ("10,000 levels", deep),
        ("a number that is none", r#"{"name":NaN}"#.to_owned()),
        ("a number that is too large", r#"{"topN":1e999}"#.to_owned()),
    ];
    for (name, body) in broken {
        for path in [NEW, CHAT, STREAM, SEARCH] {
            cases.push(case(
                format!("{name} to {path}"),
                &[400],
                raw("POST", path, "application/json", body.clone()),
            ));
        }
    }
    cases.push(case(
        "bytes that are not UTF-8",
        &[400],
        raw("POST", NEW, "application/json", b"{\"name\":\"\xff\xfe\"}".to_vec()),
    ));
    let found = problems(&mut server::<K>(), cases);
    assert!(found.is_empty(), "{found}");
}

fn wrong_types_and_odd_values_are_refused_or_taken_well<K: Kind>() {
    let odd = [
        json!(5),
        json!(-1),
        json!(1e300),
        json!(true),
        json!([]),
        json!(["a"]),
        json!({"a": 1}),
        json!(""),
        json!("\u{0}"),
        json!("x".repeat(100_000)),
        Value::Null,
    ];
    let fields: [(&str, &str, Value, &[&str]); 7] = [
        (
            NEW,
            "POST",
            json!({"name": "Odd"}),
            &[
                "name",
                "topN",
                "openAiTemp",
                "similarityThreshold",
                "chatMode",
                "chatProvider",
                "openAiPrompt",
            ],
        ),
        (
            "/v1/workspace/w/update",
            "POST",
            json!({}),
            &["name", "openAiHistory", "queryRefusalResponse", "vectorSearchMode"],
        ),
        (
            CHAT,
            "POST",
            json!({"message": "hi", "mode": "chat"}),
            &["message", "mode", "sessionId", "attachments", "reset"],
        ),
        (SEARCH, "POST", json!({"query": "hi"}), &["query", "topN", "scoreThreshold"]),
        (
            RAW_TEXT,
            "POST",
            json!({"textContent": "text", "metadata": {"title": "t"}}),
            &["textContent", "metadata", "addToWorkspaces"],
        ),
        ("/v1/workspace/w/update-embeddings", "POST", json!({}), &["adds", "deletes"]),
        ("/v1/workspace/w/update-pin", "POST", json!({"docPath": "a/b.json"}), &["docPath", "pinStatus"]),
    ];
    let mut cases = Vec::new();
    for (path, method, base, names) in fields {
        for name in names {
            for value in &odd {
                let mut body = base.clone();
                body[*name] = value.clone();
                let shown: String = value.to_string().chars().take(20).collect();
                let statuses: &[u16] = &[200, 400, 404, 413, 422];
                cases.push(case(format!("{name}={shown} to {path}"), statuses, json(method, path, &body)));
            }
        }
    }
    let found = problems(&mut server::<K>(), cases);
    assert!(found.is_empty(), "{found}");
}

fn unknown_things_are_said_to_be_unknown<K: Kind>() {
    let cases = vec![
        case("no such route", &[404], get("/v1/nothing/here")),
        case("no such method", &[405], bare("PUT", "/v1/workspaces")),
        case(
            "no such workspace to chat in",
            &[400, 404],
            json("POST", "/v1/workspace/no/chat", &json!({"message": "x"})),
        ),
        case(
            "no such workspace to stream in",
            &[400, 404],
            json("POST", "/v1/workspace/no/stream-chat", &json!({"message": "x"})),
        ),
        case(
            "no such workspace to search",
            &[400, 404],
            json("POST", "/v1/workspace/no/vector-search", &json!({"query": "x"})),
        ),
        case("no such workspace to delete", &[400, 404], bare("DELETE", "/v1/workspace/no")),
        case(
            "no such workspace to embed in",
            &[400, 404],
            json("POST", "/v1/workspace/no/update-embeddings", &json!({"adds": []})),
        ),
        case("no such thread", &[400, 404], get("/v1/workspace/w/thread/no/chats")),
        case("no such document", &[404], get("/v1/document/no.json")),
        case("no such folder", &[404], get("/v1/documents/folder/no")),
        case(
            "a slug of 100,000 characters",
            &[200, 400, 404, 414, 431],
            get(&format!("/v1/workspace/{}", "x".repeat(20_000))),
        ),
        case("a broken escape", &[400], get("/v1/workspace/%zz")),
        case("an escape that is not UTF-8", &[400], get("/v1/workspace/%ff%fe")),
        case("a NUL", &[200, 400], get("/v1/workspace/a%00b")),
    ];
    let found = problems(&mut server::<K>(), cases);
    assert!(found.is_empty(), "{found}");
}

fn names_cannot_leave_their_place<K: Kind>() {
    let names = [
        "../../../etc/passwd",
        "..\\..\\windows\\system.ini",
        "/etc/passwd",
        "C:\\boot.ini",
        ".",
        "..",
        "...",
        "",
        " ",
        "a/b/c.txt",
        "con.txt",
        "nul",
        "name\u{202e}txt.exe",
        "zero\u{200b}width.txt",
        "ünï çødé 日本語 🚀.txt",
        "e\u{301}.txt",
        "tab\there.txt",
        "%2e%2e%2fx.txt",
        "?query#hash.txt",
        "<script>alert(1)</script>.txt",
        "; rm -rf .txt",
    ];
    let mut server = server::<K>();
    let long = "n".repeat(5_000) + ".txt";
    let mut cases = Vec::new();
    for name in names.into_iter().chain([long.as_str()]) {
        let shown: String = name.chars().take(30).collect();
        let filename = name.replace('"', "%22");
        cases.push(case(
            format!("a file {shown:?}"),
            &[200, 400, 422],
            upload(UPLOAD, &filename, b"some text", &[]),
        ));
        let into = format!("{UPLOAD}/{}", segment(name));
        cases.push(case(
            format!("into the folder {shown:?}"),
            &[200, 400, 404, 422],
            upload(&into, "a.txt", b"some text", &[]),
        ));
        let folder = json!({ "name": name });
        cases.push(case(
            format!("make the folder {shown:?}"),
            &[200, 400, 409, 422],
            json("POST", "/v1/document/create-folder", &folder),
        ));
        let files = json!({"files": [{"from": name, "to": format!("{name}/x.json")}]});
        cases.push(case(
            format!("move {shown:?}"),
            &[200, 400, 404, 500],
            json("POST", "/v1/document/move-files", &files),
        ));
        let adds = json!({"adds": [name], "deletes": [name]});
        cases.push(case(
            format!("embed {shown:?}"),
            &[200, 400, 404],
            json("POST", "/v1/workspace/w/update-embeddings", &adds),
        ));
        cases.push(case(
            format!("show {shown:?}"),
            &[200, 400, 404],
            get(&format!("/v1/document/{}", segment(name))),
        ));
        let thread = json!({"name": name, "slug": name});
        cases.push(case(
            format!("a thread {shown:?}"),
            &[200, 400, 409],
            json("POST", "/v1/workspace/w/thread/new", &thread),
        ));
        let text = json!({"textContent": "text", "metadata": {"title": name}});
        cases.push(case(format!("a title {shown:?}"), &[200, 422], json("POST", RAW_TEXT, &text)));
    }
    let found = problems(&mut server, cases);
    assert!(found.is_empty(), "{found}");
    // Whatever was taken lies in a folder of its own, under a name without a way out.
    for folder in server.call(get("/v1/documents")).json()["localFiles"]["items"].as_array().unwrap() {
        for name in std::iter::once(folder).chain(folder["items"].as_array().unwrap()) {
            let name = name["name"].as_str().unwrap();
            assert!(!name.contains(['/', '\\', '\0']) && !["", ".", ".."].contains(&name), "{name:?}");
        }
    }
}

fn odd_files_are_read_or_refused<K: Kind>() {
    let zip = b"PK\x03\x04\x14\x00\x00\x00\x08\x00broken zip".to_vec();
    let files: Vec<(&str, Vec<u8>, &'static [u16])> = vec![
        ("empty.txt", vec![], &[422, 500]),
        ("empty.pdf", vec![], &[422, 500]),
        ("only-spaces.txt", b" \n\t ".to_vec(), &[200, 422, 500]),
        (
            "noise.bin",
            (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            &[422, 500],
        ),
        (
            "noise.txt",
            (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            &[200, 422, 500],
        ),
        (
            "noise.pdf",
            (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            &[422, 500],
        ),
        ("broken.docx", zip.clone(), &[422, 500]),
        ("broken.xlsx", zip.clone(), &[422, 500]),
        ("broken.epub", zip, &[422, 500]),
        ("nul.txt", b"text\0with\0nuls".to_vec(), &[200, 422, 500]),
        ("utf16.txt", "\u{feff}text".encode_utf16().flat_map(u16::to_le_bytes).collect(), &[200, 422, 500]),
        ("200-pages.pdf", broken_pdf(200), &[200]),
    ];
    let cases = files
        .into_iter()
        .map(|(name, bytes, statuses)| {
            case(name, statuses, upload(UPLOAD, name, &bytes, &[("addToWorkspaces", "w")]))
        })
        .collect();
    let mut server = server::<K>();
    let found = problems(&mut server, cases);
    assert!(found.is_empty(), "{found}");
    let broken = [
        ("no boundary", raw("POST", UPLOAD, "multipart/form-data", "garbage")),
        ("another boundary", raw("POST", UPLOAD, "multipart/form-data; boundary=x", "--y\r\n\r\n--y--")),
        (
            "no end",
            raw(
                "POST",
                UPLOAD,
                "multipart/form-data; boundary=x",
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\ntext",
            ),
        ),
        ("no file", raw("POST", UPLOAD, "multipart/form-data; boundary=x", "--x--\r\n")),
        ("JSON", json("POST", UPLOAD, &json!({"file": "x"}))),
    ];
    let cases = broken.map(|(name, request)| case(name, &[400, 422, 500], request)).into();
    let found = problems(&mut server, cases);
    assert!(found.is_empty(), "{found}");
}

fn large_things_are_taken_or_refused_and_never_held_against_others<K: Kind>() {
    let mut server = server::<K>();
    let line = "A hundred megabytes of otters, one after the other, down the river. ";
    let text = line.repeat((100 << 20) / line.len());
    let mut cases = vec![
        case("a text of 100 MB", &[200, 413, 422, 500], upload(UPLOAD, "large.txt", text.as_bytes(), &[])),
        case(
            "a question of 1 MB",
            &[200, 400, 413],
            json("POST", CHAT, &json!({"message": line.repeat(16_000), "mode": "chat"})),
        ),
        case(
            "a prompt of 1 MB",
            &[200, 400, 413],
            json("POST", "/v1/workspace/w/update", &json!({"openAiPrompt": line.repeat(16_000)})),
        ),
        case("a name of 1 MB", &[200, 400, 413], json("POST", NEW, &json!({"name": line.repeat(16_000)}))),
    ];
    let many: Vec<String> = (0..10_000).map(|n| format!("custom-documents/{n}.json")).collect();
    cases.push(case(
        "10,000 documents that are not there",
        &[200, 400, 413],
        json("POST", "/v1/workspace/w/update-embeddings", &json!({"adds": many})),
    ));
    cases.push(case(
        "a body over the limit",
        &[413],
        raw("POST", NEW, "application/json", vec![b' '; 300 << 20]),
    ));
    let found = problems(&mut server, cases);
    assert!(found.is_empty(), "{found}");
}

/// A PDF of so many pages whose table of objects points anywhere.
fn broken_pdf(pages: usize) -> Vec<u8> {
    let mut pdf = String::from("%PDF-1.4\n");
    let kids: String = (0..pages).map(|page| format!("{} 0 R ", 4 + 2 * page)).collect();
    let _ = writeln!(pdf, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj");
    let _ = writeln!(pdf, "2 0 obj\n<< /Type /Pages /Kids [ {kids}] /Count {pages} >>\nendobj");
    let _ = writeln!(pdf, "3 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj");
    for page in 0..pages {
        let text = format!("BT /F1 12 Tf 72 720 Td (Page {page} tells of otters.) Tj ET");
        let (at, content) = (4 + 2 * page, 5 + 2 * page);
        let _ = writeln!(
            pdf,
            "{at} 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {content} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>\nendobj"
        );
        let _ =
            writeln!(pdf, "{content} 0 obj\n<< /Length {} >>\nstream\n{text}\nendstream\nendobj", text.len());
    }
    // Every offset is wrong, and so is the place of the table.
    let size = 4 + 2 * pages;
    let _ = write!(pdf, "xref\n0 {size}\n0000000000 65535 f \n");
    for _ in 1..size {
        pdf.push_str("0000000007 00000 n \n");
    }
    let _ = write!(pdf, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n5\n%%EOF\n");
    pdf.into_bytes()
}

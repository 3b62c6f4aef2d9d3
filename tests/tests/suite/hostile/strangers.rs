//! What can somebody without a key take from everybody else?

use super::stage::{PATIENCE, Stage, by};
use haversack_tests::hostile::wire::{Wire, head, raise_open_files};
use haversack_tests::requests::{API_KEY, get, upload};
use std::time::{Duration, Instant};

const UPLOAD: &str = "/api/v1/document/upload";
const FORM: &str = "content-type: multipart/form-data; boundary=o\r\n";

fn served(stage: &Stage) -> [u16; 2] {
    [stage.call(by(None, get("/ping"))).status, stage.call(get("/v1/workspaces")).status]
}

#[test]
fn requests_that_do_not_go_on_take_no_place() {
    raise_open_files().unwrap();
    let stage = Stage::new(&[]);
    stage.workspace("w");
    let json = "content-type: application/json\r\n";
    let begun =
        |more: &str, body: &str| head("POST", "/api/request-token", None, &format!("{json}{more}")) + body;
    let with_key =
        head("POST", "/api/v1/workspace/w/chat", Some("no-key"), &format!("{json}content-length: 1000\r\n"))
            + "{";
    for (what, text) in [
        ("half a body", begun("content-length: 1000\r\n", "{")),
        ("half a body in chunks", begun("transfer-encoding: chunked\r\n", "400\r\n{")),
        ("half a body with a made-up key", with_key),
        ("half a head", "GET /api/ping HTTP/1.1\r\nhost: o\r\nx-o: ".to_owned()),
        ("nothing", String::new()),
        (
            "an embed's question",
            head(
                "POST",
                "/api/embed/00000000-0000-4000-8000-000000000000/stream-chat",
                None,
                "content-length: 900\r\n",
            ) + "{",
        ),
    ] {
        let waiting: Vec<Wire> = (0..600).map(|_| Wire::open(stage.address(), &text).unwrap()).collect();
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(served(&stage), [200, 200], "600 times {what}");
        stage.note("meanwhile.txt");
        drop(waiting);
    }
}

/// More than what may be read before the key is looked at, and then nothing: the answer has to come on that.
#[test]
fn a_made_up_key_gets_its_answer_before_much_is_read() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    let megabyte = vec![b'o'; (1 << 20) + (64 << 10)];
    let chunk =
        [format!("{:x}\r\n", megabyte.len()).into_bytes(), megabyte.clone(), b"\r\n".to_vec()].concat();
    for path in [
        UPLOAD,
        "/api/v1/workspace/w/chat",
        "/api/v1/workspace/import",
        "/api/v1/openai/chat/completions",
        "/api/v1/document/raw-text",
    ] {
        for (key, framing, body) in [
            (Some("made-up"), "content-length: 200000000\r\n", &megabyte),
            (Some("made-up"), "transfer-encoding: chunked\r\n", &chunk),
            (None, "content-length: 200000000\r\n", &megabyte),
        ] {
            let mut wire =
                Wire::open(stage.address(), &head("POST", path, key, &format!("{FORM}{framing}"))).unwrap();
            // It may be refused while this is under way.
            let _ = wire.send(body);
            let status = wire.status(PATIENCE).unwrap();
            assert!(matches!(status, Some(401 | 403 | 413)), "{path}, {key:?}, {framing}: {status:?}");
        }
    }
}

#[test]
fn bodies_that_were_announced_take_no_memory_from_others() {
    raise_open_files().unwrap();
    let stage = Stage::new(&[]);
    stage.workspace("w");
    let limited = stage.key(&serde_json::json!({"scopes": ["write"]}));
    let begin = |key: &str| head("POST", UPLOAD, Some(key), &format!("{FORM}content-length: 260000000\r\n"));
    let mut slow: Vec<Wire> =
        (0..4).map(|_| Wire::open(stage.address(), &begin("made-up")).unwrap()).collect();
    // One who has a key, too, holds only a share.
    slow.extend((0..8).map(|_| Wire::open(stage.address(), &begin(&limited)).unwrap()));
    for wire in &mut slow {
        let _ = wire.send(&vec![b'o'; 200_000]);
    }
    let text = "otter ".repeat(40_000);
    let answer =
        stage.call(upload("/v1/document/upload", "a.txt", text.as_bytes(), &[("addToWorkspaces", "w")]));
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[test]
fn who_asks_before_sending_is_answered_by_size_and_key() {
    let stage = Stage::new(&[("HAVERSACK_MAX_BODY_BYTES", "50000000")]);
    stage.workspace("w");
    let asked = |key: Option<&str>, length: usize| {
        let more = format!("{FORM}content-length: {length}\r\nexpect: 100-continue\r\n");
        Wire::open(stage.address(), &head("POST", UPLOAD, key, &more)).unwrap()
    };
    for (key, length, statuses) in [
        (Some(API_KEY), 60_000_000, &[413][..]),
        (None, 60_000_000, &[401, 403, 413]),
        (None, 40_000_000, &[401, 403, 413]),
        (Some("made-up"), 40_000_000, &[401, 403]),
    ] {
        let status = asked(key, length).status(PATIENCE).unwrap();
        assert!(status.is_some_and(|status| statuses.contains(&status)), "{key:?}, {length}: {status:?}");
    }
    let body =
        "--o\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\notters\r\n--o--\r\n";
    let mut wire = asked(Some(API_KEY), body.len());
    assert_eq!(wire.status(PATIENCE).unwrap(), Some(100));
    wire.send(body.as_bytes()).unwrap();
    assert_eq!(wire.status(PATIENCE).unwrap(), Some(200));
}

/// A byte every now and then is no body: it is given up long before it would be complete.
#[test]
fn bodies_that_come_drop_by_drop_are_given_up() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    let begun = head("POST", UPLOAD, Some(API_KEY), &format!("{FORM}content-length: 50000000\r\n"));
    let mut wire = Wire::open(stage.address(), &begun).unwrap();
    wire.send(&vec![b'o'; 100_000]).unwrap();
    let started = Instant::now();
    let given_up = loop {
        if wire.send(b"o").is_err() || wire.closed(Duration::from_millis(400)) {
            break true;
        }
        // At this rate it would take eight months.
        if started.elapsed() > Duration::from_secs(150) {
            break false;
        }
    };
    assert!(given_up);
    assert_eq!(served(&stage), [200, 200]);
}

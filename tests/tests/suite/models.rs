//! What becomes of an answer when its model fails, stalls, or nobody waits for it?

use haversack_tests::golden::replay::events;
use haversack_tests::requests::{API_KEY, get, json};
use haversack_tests::target::{Kind, RealTarget, Target};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

on_every_host!(
    an_answer_is_saved_though_nobody_waited_for_it,
    a_model_that_breaks_off_or_fails_ends_the_stream_with_an_event_that_says_so,
    a_model_that_stalls_is_given_up,
);

fn server<K: Kind>(vars: &[(&str, &str)]) -> RealTarget<K> {
    let vars: BTreeMap<String, String> =
        vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut server = RealTarget::<K>::new(&vars);
    assert_eq!(server.call(json("POST", "/v1/workspace/new", &json!({"name": "W"}))).status, 200);
    server
}

/// The last event of a streamed answer.
fn last<K: Kind>(server: &mut RealTarget<K>, message: &str) -> Value {
    let body = json!({"message": message, "mode": "chat"});
    let answer = server.call(json("POST", "/v1/workspace/w/stream-chat", &body));
    events(&String::from_utf8_lossy(&answer.body)).pop().unwrap()
}

fn an_answer_is_saved_though_nobody_waited_for_it<K: Kind>() {
    let mut server = server::<K>(&[]);
    let body =
        json!({"message": "[[mock:slow 40]] tell me of otters, all of it", "mode": "chat"}).to_string();
    let mut socket = TcpStream::connect(server.address()).unwrap();
    write!(
        socket,
        "POST /api/v1/workspace/w/stream-chat HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    // The answer has begun.
    let mut some = [0; 600];
    let count = socket.read(&mut some).unwrap();
    assert!(String::from_utf8_lossy(&some[..count]).contains("200 OK"));
    drop(socket);
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(100));
        let history = server.call(get("/v1/workspace/w/chats")).json();
        if let Some(said) = history["history"].as_array().and_then(|turns| turns.last()) {
            assert_eq!(said["role"], "assistant");
            assert!(!said["content"].as_str().unwrap().is_empty());
            return;
        }
    }
    panic!("nothing was saved");
}

fn a_model_that_breaks_off_or_fails_ends_the_stream_with_an_event_that_says_so<K: Kind>() {
    let mut server = server::<K>(&[]);
    for message in ["[[mock:cut]] one two three four", "[[mock:error 500]]"] {
        let last = last(&mut server, message);
        assert!(last["close"] == true && !last["error"].is_null(), "{last}");
    }
    let answer =
        server.call(json("POST", "/v1/workspace/w/chat", &json!({"message": "well?", "mode": "chat"})));
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

fn a_model_that_stalls_is_given_up<K: Kind>() {
    // The time to wait is the engine's to choose; here it is short.
    let mut server = server::<K>(&[("HAVERSACK_LLM_IDLE_TIMEOUT_MS", "1000")]);
    let last = last(&mut server, "[[mock:hold]] one two three");
    assert!(last["close"] == true && !last["error"].is_null(), "{last}");
    server.release();
}

//! The event log through the API.

use super::*;

fn ids(answer: &Value) -> Vec<u64> {
    answer["logs"].as_array().unwrap().iter().map(|line| line["id"].as_u64().unwrap()).collect()
}

fn host_with_lines(lines: usize) -> TestHost {
    let mut host = TestHost::new(&[]);
    (0..lines).for_each(|n| host.workspace(&format!("W{n}")));
    host
}

#[test]
fn pages_go_from_the_newest_to_the_oldest() {
    let mut host = host_with_lines(5);
    let mut page =
        |offset: u64| host.call("POST", "/system/event-logs", &json!({ "offset": offset, "limit": 2 })).ok();
    let first = page(0);
    assert_eq!((ids(&first), &first["hasPages"], &first["totalLogs"]), (vec![5, 4], &json!(true), &json!(5)));
    assert_eq!(first["logs"][0]["metadata"], r#"{"workspaceName":"W4"}"#);
    assert_eq!(ids(&page(1)), [3, 2]);
    let last = page(2);
    assert_eq!((ids(&last), &last["hasPages"]), (vec![1], &json!(false)));
    assert_eq!(ids(&page(1 << 40)), Vec::<u64>::new());
}

#[test]
fn a_page_that_is_none_is_refused() {
    let mut host = host_with_lines(1);
    for body in
        [json!({ "offset": -1 }), json!({ "offset": "x" }), json!({ "limit": 0 }), json!({ "limit": 1e9 })]
    {
        assert_eq!(host.call("POST", "/system/event-logs", &body).status, 400, "{body}");
    }
    for query in ["limit=0", "limit=501", "limit=1.5", "before=-1", "before=x"] {
        let path = format!("/v1/system/event-logs?{query}");
        assert_eq!(host.call("GET", &path, &Value::Null).status, 400, "{query}");
    }
}

#[test]
fn a_reader_goes_on_where_it_stopped() {
    let mut host = host_with_lines(5);
    let mut list =
        |query: &str| host.call("GET", &format!("/v1/system/event-logs{query}"), &Value::Null).ok();
    let first = list("?limit=3");
    assert_eq!((ids(&first), &first["next"]), (vec![5, 4, 3], &json!(3)));
    let rest = list("?limit=3&before=3");
    assert_eq!((ids(&rest), &rest["next"]), (vec![2, 1], &Value::Null));
    assert_eq!(ids(&list("?event=exported_chats")), Vec::<u64>::new());
}

#[test]
fn who_did_it_is_named() {
    let mut host = host_with_lines(1);
    let line =
        json!({ "id": 9, "event": "login_event", "metadata": {}, "user": 7, "key": null, "occurred_at": 0 });
    host.record(crate::store::key::event(9), &line);
    let answer = host.call("POST", "/system/event-logs", &json!({})).ok();
    assert_eq!((&answer["logs"][0]["userId"], &answer["logs"][0]["user"]), (&json!(7), &Value::Null));
    let user = json!({ "id": 7, "username": "ann", "password": "", "role": "default", "created_at": 0, "updated_at": 0 });
    host.record(crate::store::key::user(7), &user);
    let answer = host.call("POST", "/system/event-logs", &json!({})).ok();
    assert_eq!(answer["logs"][0]["user"], json!({ "id": 7, "username": "ann" }));
}

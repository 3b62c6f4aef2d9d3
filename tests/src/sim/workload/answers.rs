//! What every answer must look like, good or bad.

use crate::golden::replay::events;
use crate::target::Answer;
use serde_json::Value;

/// Every status our API uses.
const STATUSES: [u16; 15] = [200, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 501, 503, 507];

/// What is wrong with the form of an answer that arrived whole; nothing if it is well formed.
pub fn check_answer(answer: &Answer) -> Result<(), String> {
    let content_type = answer.header("content-type").unwrap_or("");
    if !STATUSES.contains(&answer.status) {
        return Err(format!("status {} is not in the table", answer.status));
    }
    if content_type.starts_with("text/event-stream") {
        return check_stream(answer);
    }
    if content_type.starts_with("text/plain") {
        // Deletions say `OK`.
        return if answer.status == 200 { Ok(()) } else { Err("an error without JSON".into()) };
    }
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(format!("not JSON: {:?}", String::from_utf8_lossy(&answer.body)));
    };
    if !content_type.starts_with("application/json") {
        return Err(format!("JSON is called {content_type:?}"));
    }
    if answer.status >= 400 {
        let said = |key: &str| body[key].as_str().is_some_and(|text| !text.is_empty());
        if !said("error") || !said("message") || !said("code") {
            return Err(format!("an error without `error`, `message` and `code`: {body}"));
        }
    }
    Ok(())
}

/// A stream ends with an event that says so, and no event comes after it.
fn check_stream(answer: &Answer) -> Result<(), String> {
    if answer.status != 200 {
        return Err(format!("a stream with status {}", answer.status));
    }
    let text = std::str::from_utf8(&answer.body).map_err(|e| format!("a stream that is not UTF-8: {e}"))?;
    if !text.ends_with("\n\n") {
        return Err("a stream that ends inside an event".into());
    }
    let events = events(text);
    let Some(last) = events.last() else { return Err("an empty stream".into()) };
    if let Some(odd) = events.iter().find(|event| !event["type"].is_string()) {
        return Err(format!("an event without a type: {odd}"));
    }
    if last["close"] != true {
        return Err(format!("the stream ends open: {last}"));
    }
    let ends = events.iter().filter(|event| event["type"] == "finalizeResponseStream").count();
    if ends > 1 || (ends == 1 && last["type"] != "finalizeResponseStream") {
        return Err("events after the end".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        let headers = vec![("content-type".into(), content_type.into())];
        Answer { status, headers, body: body.to_owned().into() }
    }

    #[test]
    fn good_answers_and_honest_errors_pass() {
        let error = r#"{"error":"no","message":"no","code":"x"}"#;
        let end = "data: {\"type\":\"finalizeResponseStream\",\"close\":true}\n\n";
        for good in [
            answer(200, "application/json; charset=utf-8", "{}"),
            answer(200, "text/plain", "OK"),
            answer(404, "application/json", error),
            answer(200, "text/event-stream", end),
        ] {
            assert_eq!(check_answer(&good), Ok(()));
        }
    }

    #[test]
    fn silent_errors_and_broken_streams_do_not() {
        let twice = "data: {\"type\":\"finalizeResponseStream\",\"close\":true}\n\n".repeat(2);
        for bad in [
            answer(0, "", ""),
            answer(299, "application/json", "{}"),
            answer(500, "text/plain", "Internal Server Error"),
            answer(404, "application/json", r#"{"error":""}"#),
            answer(200, "application/json", "{"),
            answer(200, "text/event-stream", "data: {\"type\":\"x\",\"close\":false}\n\n"),
            answer(200, "text/event-stream", "data: {\"type\":\"x\",\"close\":true}"),
            answer(200, "text/event-stream", &twice),
        ] {
            assert!(check_answer(&bad).is_err(), "{bad:?}");
        }
    }
}

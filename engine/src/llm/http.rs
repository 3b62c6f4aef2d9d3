//! One outbound request: statuses, retries, whole bodies. Shared with the embedders.

use super::LlmError;
use crate::seam::{Chunks, Cx, HttpHead, HttpRequest};
use std::future::Future;
use std::time::UNIX_EPOCH;

/// Longest reply that is read, in bytes.
pub(crate) const REPLY_BYTES_MAX: u64 = 64 << 20;
/// Longest error body that is looked at.
const ERROR_BYTES_MAX: usize = 64 << 10;
/// Longest pause before another try; a server that asks for more is asked again after this.
const PAUSE_MS_MAX: u64 = 20_000;

/// Sends `request`; the reply's head must be a success.
pub(crate) async fn send(
    cx: &Cx,
    request: &HttpRequest,
) -> Result<(HttpHead, Chunks<HttpRequest>), LlmError> {
    let mut chunks = cx.stream(request.clone());
    let head = chunks.head().await.map_err(LlmError::before_head)?;
    if (200..300).contains(&head.status) {
        return Ok((head, chunks));
    }
    // A body that breaks off still says something.
    let mut body = Vec::new();
    while let Ok(Ok(bytes)) = chunks.next().await {
        body.extend_from_slice(&bytes);
        if body.len() > ERROR_BYTES_MAX {
            break;
        }
    }
    let retry_after_ms = retry_after_ms(&head, cx.now().0);
    Err(LlmError { retry_after_ms, ..LlmError::status(head.status, &body) })
}

/// The rest of a reply.
pub(crate) async fn read_all(chunks: &mut Chunks<HttpRequest>) -> Result<Vec<u8>, LlmError> {
    let mut body = Vec::new();
    while let Ok(bytes) = chunks.next().await.map_err(LlmError::in_body)? {
        body.extend_from_slice(&bytes);
        if body.len() as u64 > REPLY_BYTES_MAX {
            return Err(LlmError::bad_reply("The model's answer is too large."));
        }
    }
    Ok(body)
}

/// Runs `attempt` until it succeeds, fails for good, or has failed `retries` times too often; pauses in
/// between.
pub(crate) async fn with_retries<T, F, A>(cx: &Cx, retries: u32, mut attempt: A) -> Result<T, LlmError>
where
    A: FnMut() -> F,
    F: Future<Output = Result<T, LlmError>>,
{
    let mut tried = 0;
    loop {
        match attempt().await {
            Err(error) if tried < retries && error.is_transient() => {
                cx.sleep(pause_ms(cx, tried, error.retry_after_ms)).await;
                tried += 1;
            }
            result => return result,
        }
    }
}

/// Doubles from half a second, less up to a half by chance, so that callers who failed together do not
/// come back together; or what the server asks for.
fn pause_ms(cx: &Cx, tried: u32, asked_ms: Option<u64>) -> u64 {
    let full = 500u64 << tried.min(10);
    let mut chance = [0];
    cx.random(&mut chance);
    let own = full - full * u64::from(chance[0]) / 512;
    own.max(asked_ms.unwrap_or(0)).min(PAUSE_MS_MAX)
}

/// `retry-after-ms`, or `retry-after` in seconds or as a date.
fn retry_after_ms(head: &HttpHead, now_ms: i64) -> Option<u64> {
    let number = |name: &str| head.header(name)?.trim().parse::<f64>().ok().filter(|n| *n >= 0.0);
    // A float cast saturates, so no value is too large.
    if let Some(ms) = number("retry-after-ms").or_else(|| number("retry-after").map(|s| s * 1000.0)) {
        return Some(ms as u64);
    }
    let date = httpdate::parse_http_date(head.header("retry-after")?.trim()).ok()?;
    let date_ms = date.duration_since(UNIX_EPOCH).ok()?.as_millis();
    u64::try_from(i64::try_from(date_ms).ok()?.saturating_sub(now_ms)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::testing::{FakeHost, Script};
    use crate::seam::{HostErrorKind, Trust};

    fn request() -> HttpRequest {
        HttpRequest {
            method: "POST".into(),
            url: "http://llm.test/v1".into(),
            headers: vec![],
            body: "{}".into(),
            trust: Trust::Operator,
            max_bytes: 100,
            head_timeout_ms: 1000,
            idle_timeout_ms: 1000,
        }
    }

    fn post(host: &mut FakeHost, retries: u32) -> Result<String, String> {
        host.run(move |cx| async move {
            let request = request();
            let attempt = || async {
                let (_, mut chunks) = send(&cx, &request).await?;
                read_all(&mut chunks).await
            };
            let body = with_retries(&cx, retries, attempt).await.map_err(|error| error.message)?;
            Ok(String::from_utf8(body).unwrap())
        })
    }

    #[test]
    fn a_busy_server_is_asked_again_later_and_later() {
        let busy = || Script::reply(503, "{}");
        let mut host = FakeHost::new([busy(), busy(), Script::reply(200, "fine")]);
        assert_eq!(post(&mut host, 2), Ok("fine".into()));
        assert_eq!(host.requests.len(), 3);
        assert!(matches!(host.pauses_ms[..], [250..=500, 500..=1000]), "{:?}", host.pauses_ms);
    }

    #[test]
    fn without_retries_the_first_failure_counts() {
        let mut host = FakeHost::new([Script::reply(429, r#"{"error":{"message":"mock failure 429"}}"#)]);
        assert_eq!(post(&mut host, 0), Err("429 mock failure 429".into()));
    }

    #[test]
    fn the_callers_own_mistake_is_not_repeated() {
        let mut host = FakeHost::new([Script::reply(400, "bad")]);
        assert_eq!(post(&mut host, 5), Err("400 bad".into()));
    }

    #[test]
    fn a_refused_connection_is_tried_again_and_a_forbidden_one_is_not() {
        let refused = || Script::fail(HostErrorKind::Unavailable, "refused");
        let mut host = FakeHost::new([refused(), Script::reply(200, "up")]);
        assert_eq!(post(&mut host, 1), Ok("up".into()));
        let mut host = FakeHost::new([Script::fail(HostErrorKind::Refused, "llm.test is not allowed")]);
        assert_eq!(post(&mut host, 1), Err("llm.test is not allowed".into()));
    }

    #[test]
    fn the_server_says_how_long_to_wait() {
        let later = |value: &str| Script::reply(429, "").header("retry-after", value);
        let mut host = FakeHost::new([later("3"), later("86400"), Script::reply(200, "")]);
        post(&mut host, 2).unwrap();
        assert_eq!(host.pauses_ms, [3000, PAUSE_MS_MAX]);
    }

    #[test]
    fn dates_and_nonsense_in_retry_after() {
        let head = |value: &str| HttpHead {
            status: 429,
            headers: vec![("retry-after".into(), value.into())],
            url: String::new(),
        };
        let noon = 1_700_000_000_000; // Tue, 14 Nov 2023 22:13:20 GMT
        assert_eq!(retry_after_ms(&head("Tue, 14 Nov 2023 22:13:25 GMT"), noon), Some(5000));
        assert_eq!(retry_after_ms(&head("Tue, 14 Nov 2023 22:13:15 GMT"), noon), None);
        assert_eq!(retry_after_ms(&head("Thu, 01 Jan 1970 00:00:01 GMT"), -4000), Some(5000));
        assert!(retry_after_ms(&head("Tue, 14 Nov 2023 22:13:25 GMT"), i64::MIN).is_some());
        assert_eq!(retry_after_ms(&head("-1"), noon), None);
        assert_eq!(retry_after_ms(&head("soon"), noon), None);
    }
}

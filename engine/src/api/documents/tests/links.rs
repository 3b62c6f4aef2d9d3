//! Documents from addresses.

use super::consistency::check;
use super::host;
use crate::seam::{Effect, HostError, HostErrorKind, Trust};
use crate::testing::TestHost;
use serde_json::{Value, json};

fn page(host: &mut TestHost, url: &str, content_type: &str, body: &str) {
    host.pages.insert(url.to_owned(), (200, content_type.to_owned(), body.to_owned().into()));
}

fn link(host: &mut TestHost, body: &Value) -> (u16, Value) {
    let reply = host.call("POST", "/v1/document/upload-link", body);
    (reply.status, reply.json())
}

#[test]
fn a_page_is_fetched_as_the_caller_asks() {
    let mut host = host();
    page(&mut host, "https://example.com/a?q=1", "text/html", "Otters swim.");
    let body = json!({
        "link": " example.com/a?q=1#part ",
        "addToWorkspaces": "docs",
        "scraperHeaders": { "Authorization": "Bearer x", "Host": "internal" },
        "metadata": { "title": "A page" },
    });
    let (status, made) = link(&mut host, &body);
    assert_eq!((status, &made["error"]), (200, &Value::Null));
    let document = &made["documents"][0];
    assert_eq!(document["title"], "A page");
    assert_eq!(document["chunkSource"], "link://https://example.com/a?q=1#part");
    assert!(document["name"].as_str().unwrap().starts_with("url-example.com_a-"));
    assert!(host.embedded[0].contains("\nsource: https://example.com/a?q=1#part\n"));
    let request = host.fetched.clone().unwrap();
    assert_eq!(request.trust, Trust::Caller);
    assert!(request.headers.contains(&("authorization".into(), "Bearer x".into())));
    assert!(request.headers.iter().all(|(name, _)| name != "host"));
    check(&host);
}

#[test]
fn a_file_at_an_address_is_read_as_a_file() {
    let mut host = host();
    page(&mut host, "https://example.com/t", "text/csv; charset=utf-8", "a,b");
    let (_, made) = link(&mut host, &json!({ "link": "https://example.com/t" }));
    let document = &made["documents"][0];
    assert_eq!(document["title"], "example.com_t.csv");
    assert_eq!(document["docSource"], "a text file uploaded by the user.");
    assert_eq!(document["chunkSource"], "link://https://example.com/t");
}

#[test]
fn an_error_page_is_stored_and_told() {
    let mut host = host();
    host.pages.insert("https://example.com/x".into(), (404, "text/plain".into(), "no such page".into()));
    let (status, made) = link(&mut host, &json!({ "link": "https://example.com/x" }));
    assert_eq!((status, &made["documents"][0]["pageContent"]), (200, &json!("no such page")));
    assert!(made["message"].as_str().unwrap().contains("status 404"));
}

#[test]
fn addresses_that_lead_nowhere() {
    let mut host = host();
    page(&mut host, "https://example.com/empty", "text/html", " ");
    for (sent, status, error) in [
        (json!("https://example.com/empty"), 422, "No URL content found at https://example.com/empty."),
        (json!("http://127.0.0.1:9/"), 422, "No URL content found at http://127.0.0.1:9."),
        (json!("not a url"), 422, "Not a valid URL."),
        (json!("file:///etc/passwd"), 422, "Not a valid URL."),
        (json!(5), 422, "Not a valid URL."),
        (json!(""), 400, "`link` must be an address that begins with http:// or https://."),
    ] {
        let (got, answer) = link(&mut host, &json!({ "link": sent }));
        assert_eq!((got, &answer["error"], &answer["documents"]), (status, &json!(error), &json!([])));
    }
    let (status, answer) = link(&mut host, &json!({ "link": "https://youtu.be/x" }));
    assert!(status == 501 && answer["error"].as_str().unwrap().contains("YouTube"));
    assert_eq!(host.keys("doc"), Vec::<String>::new());
}

#[test]
fn what_the_host_refuses_is_no_valid_address() {
    let mut host = host();
    for (kind, status, error) in [
        (HostErrorKind::Refused, 422, "Not a valid URL."),
        (HostErrorKind::TooLarge, 413, "https://example.com is larger than 104857600 bytes."),
        (HostErrorKind::Timeout, 422, "No URL content found at https://example.com."),
    ] {
        host.fault = Box::new(move |effect| {
            matches!(effect, Effect::Http(_)).then(|| HostError::new(kind, "a private address"))
        });
        let (got, answer) = link(&mut host, &json!({ "link": "https://example.com" }));
        assert_eq!((got, &answer["error"]), (status, &json!(error)));
    }
}

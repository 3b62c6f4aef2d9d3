//! Reading a request's body and query.
//!
//! Clients send JSON as `application/json` and as `text/plain` (a browser's default), forms, and
//! multipart uploads.

use super::error::{ApiError, Code};
use super::json_size;
use crate::seam::ApiRequest;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The fields of a body, or of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// The fields of the body by its content type. No body, and a content type that no client of this
    /// API uses, have none.
    ///
    /// # Errors
    /// [`Code::MalformedBody`] if it is not JSON, or JSON but no object; [`Code::UnsupportedCharset`].
    pub fn of_body(request: &ApiRequest) -> Result<Fields, ApiError> {
        let (media, charset) = content_type(request);
        if !is_utf8(charset.as_deref()) && media == "application/json" {
            return Err(unknown_charset(&charset.unwrap_or_default()));
        }
        match media.as_str() {
            _ if request.body.iter().all(u8::is_ascii_whitespace) => Ok(Fields::default()),
            "application/json" | "text/plain" => Fields::of_json(&request.body),
            "application/x-www-form-urlencoded" => Ok(Fields::of_form(&request.body)),
            _ => Ok(Fields::default()),
        }
    }

    /// The fields of a body whose every field counts, because one that is misspelt or lost would give away more
    /// than was meant: an API key without its limits, for instance. The body is JSON, whatever its content type
    /// says of it, with fields of `known` only and each of them once. No body has none.
    ///
    /// # Errors
    /// [`Code::UnsupportedMediaType`] for a form or another content type, [`Code::UnsupportedCharset`],
    /// [`Code::MalformedBody`], and [`Code::InvalidField`], which names a field that is not known, that is there
    /// twice, or that was sent in the query.
    pub fn strict(request: &ApiRequest, known: &[&str]) -> Result<Fields, ApiError> {
        if let Some((name, _)) = Fields::of_query(request).iter().next() {
            let message = format!("`{}` must be a field of the JSON body, not of the query.", shown(name));
            return Err(ApiError::new(Code::InvalidField, message));
        }
        if request.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Fields::default());
        }
        let (media, charset) = content_type(request);
        if !matches!(media.as_str(), "" | "application/json" | "text/plain") {
            let message =
                format!("Send JSON, with `content-type: application/json` and not `{}`.", shown(&media));
            return Err(ApiError::new(Code::UnsupportedMediaType, message));
        }
        if !is_utf8(charset.as_deref()) {
            return Err(unknown_charset(&charset.unwrap_or_default()));
        }
        let malformed =
            |error| ApiError::new(Code::MalformedBody, format!("The body must be a JSON object: {error}."));
        let Pairs(pairs) = serde_json::from_slice(&request.body).map_err(malformed)?;
        let mut fields = Map::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let message = format!("`{}` is no field of this request, which takes {known}.", shown(&name));
                return Err(ApiError::new(Code::InvalidField, message));
            }
            if fields.insert(name.clone(), value).is_some() {
                return Err(ApiError::new(Code::InvalidField, format!("`{name}` must be there only once.")));
            }
        }
        Ok(Fields(fields))
    }

    fn of_json(bytes: &[u8]) -> Result<Fields, ApiError> {
        let malformed = |why: String| ApiError::new(Code::MalformedBody, why);
        json_size::check(bytes)?;
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(map)) => Ok(Fields(map)),
            // An array has none of the fields, and is taken for an empty object, as ever.
            Ok(Value::Array(_)) => Ok(Fields::default()),
            Ok(_) => Err(malformed("The body must be a JSON object.".to_owned())),
            Err(error) => Err(malformed(format!("The body is not valid JSON: {error}."))),
        }
    }

    /// `a=1&m[title]=x`, with one level of brackets; a repeated name keeps its last value.
    fn of_form(bytes: &[u8]) -> Fields {
        let mut map = Map::new();
        for (name, value) in form_urlencoded::parse(bytes).take(1000) {
            let value = Value::String(value.into_owned());
            match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
                Some((outer, inner)) => {
                    if let Value::Object(object) =
                        map.entry(outer).or_insert_with(|| Value::Object(Map::new()))
                    {
                        object.insert(inner.to_owned(), value);
                    }
                }
                None => {
                    map.insert(name.into_owned(), value);
                }
            }
        }
        Fields(map)
    }

    /// The fields of the query, all strings.
    pub fn of_query(request: &ApiRequest) -> Fields {
        Fields::of_form(request.query.as_bytes())
    }

    /// These fields and no others.
    pub fn only(mut self, names: &[&str]) -> Fields {
        self.0.retain(|name, _| names.contains(&name.as_str()));
        self
    }

    /// From a map.
    pub fn from_map(map: Map<String, Value>) -> Fields {
        Fields(map)
    }

    /// A field as it was sent; `null` is there, as [`Value::Null`].
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All fields, in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// A string; absent and `null` are `None`.
    ///
    /// # Errors
    /// [`Code::InvalidField`] for another type.
    pub fn string(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::field(name, "a string")),
        }
    }

    /// A string that is not empty.
    ///
    /// # Errors
    /// [`Code::InvalidField`] if it is absent, empty or of another type.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.string(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::field(name, "a string that is not empty"))
    }
}

/// The media type and the charset of a body, in lower case; an empty media type if none is said.
fn content_type(request: &ApiRequest) -> (String, Option<String>) {
    let content_type = request.header("content-type").unwrap_or("").to_ascii_lowercase();
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or("").to_owned();
    let charset =
        parts.find_map(|part| part.strip_prefix("charset=")).map(|c| c.trim_matches('"').to_owned());
    (media, charset)
}

fn is_utf8(charset: Option<&str>) -> bool {
    matches!(charset, None | Some("utf-8" | "utf8" | "us-ascii"))
}

fn unknown_charset(charset: &str) -> ApiError {
    ApiError::new(Code::UnsupportedCharset, format!("Send JSON as UTF-8, not as `{}`.", shown(charset)))
}

/// What a client sent, as far as a message repeats it.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// The names and values of a JSON object as they were sent, a name that is repeated as often as it was.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(content_type: &str, body: &str) -> Result<Fields, ApiError> {
        Fields::of_body(&ApiRequest {
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers: vec![("content-type".into(), content_type.into())],
            body: body.to_owned().into(),
        })
    }

    #[test]
    fn json_is_read_under_both_names() {
        for content_type in
            ["application/json", "Application/JSON; charset=UTF-8", "text/plain;charset=UTF-8"]
        {
            assert_eq!(body(content_type, r#"{"name":"x"}"#).unwrap().string("name"), Ok(Some("x")));
        }
    }

    #[test]
    fn forms_nest_one_level() {
        let fields = body("application/x-www-form-urlencoded", "a=b+c&metadata[title]=t").unwrap();
        assert_eq!(fields.string("a"), Ok(Some("b c")));
        assert_eq!(fields.get("metadata").unwrap()["title"], "t");
    }

    #[test]
    fn what_is_not_an_object_is_refused_and_depth_is_bounded() {
        let deep = "[".repeat(10_000);
        for text in ["{\"name\": ", "null", "\"name\"", "{,}", &deep] {
            assert_eq!(body("application/json", text).unwrap_err().code, Code::MalformedBody, "{text:.20}");
        }
        let charset = body("application/json; charset=klingon", "{}").unwrap_err();
        assert_eq!(charset.code, Code::UnsupportedCharset);
    }

    fn strict(content_type: &str, query: &str, body: &[u8]) -> Result<Fields, ApiError> {
        let headers = match content_type {
            "" => vec![],
            media => vec![("content-type".into(), media.into())],
        };
        let body = bytes::Bytes::copy_from_slice(body);
        let (method, path) = ("POST".into(), "/".into());
        Fields::strict(&ApiRequest { method, path, query: query.into(), headers, body }, &["name", "scopes"])
    }

    #[test]
    fn a_strict_body_is_json_of_known_fields_or_nothing() {
        for media in ["", "application/json", "Application/JSON; charset=UTF-8", "text/plain;charset=utf-8"] {
            let fields = strict(media, "", br#"{"name":"x","scopes":null}"#).unwrap();
            assert_eq!((fields.string("name"), fields.get("scopes")), (Ok(Some("x")), Some(&Value::Null)));
            assert_eq!(strict(media, "", b" \n"), Ok(Fields::default()));
        }
        // Without a body nothing can be lost.
        assert_eq!(strict("application/x-www-form-urlencoded", "", b""), Ok(Fields::default()));
        let refused = |media: &str, query: &str, body: &[u8]| {
            let error = strict(media, query, body).unwrap_err();
            (error.code, error.message)
        };
        for media in
            ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"]
        {
            let (code, message) = refused(media, "", br#"{"name":"x"}"#);
            assert_eq!(code, Code::UnsupportedMediaType, "{media}");
            assert!(message.contains("application/json"), "{message}");
        }
        for charset in ["application/json; charset=klingon", "text/plain; charset=utf-16"] {
            assert_eq!(refused(charset, "", b"{}").0, Code::UnsupportedCharset);
        }
        for body in [&b"[]"[..], b"null", b"\"name\"", b"1", b"{", b"{} {}", b"name=x", b"\xff\xfe{\0}\0"] {
            assert_eq!(refused("application/json", "", body).0, Code::MalformedBody, "{body:?}");
        }
    }

    #[test]
    fn what_a_strict_body_does_not_know_is_named() {
        let cases: [(&str, &[u8], &str); 5] = [
            ("", br#"{"scope":[]}"#, "`scope` is no field of this request, which takes `name`, `scopes`."),
            ("", br#"{"Scopes":[]}"#, "`Scopes` is no field of this request, which takes `name`, `scopes`."),
            (
                "",
                br#"{"__proto__":{}}"#,
                "`__proto__` is no field of this request, which takes `name`, `scopes`.",
            ),
            ("", br#"{"scopes":[],"scopes":null}"#, "`scopes` must be there only once."),
            ("scopes=read", b"", "`scopes` must be a field of the JSON body, not of the query."),
        ];
        for (query, body, message) in cases {
            let error = strict("application/json", query, body).unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (Code::InvalidField, message));
        }
    }

    #[test]
    fn a_wrong_type_is_named() {
        let fields = body("application/json", r#"{"n":1}"#).unwrap();
        assert_eq!(fields.string("n").unwrap_err().message, "`n` must be a string.");
    }
}

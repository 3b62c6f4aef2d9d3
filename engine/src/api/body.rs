//! Reading a request's body and query.
//!
//! Clients send JSON as `application/json` and as `text/plain` (a browser's default), forms, and
//! multipart uploads.

use super::error::{ApiError, Code};
use crate::seam::ApiRequest;
use serde_json::{Map, Value};

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
        let content_type = request.header("content-type").unwrap_or("").to_ascii_lowercase();
        let mut parts = content_type.split(';').map(str::trim);
        let media = parts.next().unwrap_or("");
        let charset = parts.find_map(|part| part.strip_prefix("charset=")).map(|c| c.trim_matches('"'));
        if !matches!(charset, None | Some("utf-8" | "utf8" | "us-ascii")) && media == "application/json" {
            let message = format!("Send JSON as UTF-8, not as `{}`.", charset.unwrap_or_default());
            return Err(ApiError::new(Code::UnsupportedCharset, message));
        }
        match media {
            _ if request.body.iter().all(u8::is_ascii_whitespace) => Ok(Fields::default()),
            "application/json" | "text/plain" => Fields::of_json(&request.body),
            "application/x-www-form-urlencoded" => Ok(Fields::of_form(&request.body)),
            _ => Ok(Fields::default()),
        }
    }

    fn of_json(bytes: &[u8]) -> Result<Fields, ApiError> {
        let malformed = |why: String| ApiError::new(Code::MalformedBody, why);
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

    #[test]
    fn a_wrong_type_is_named() {
        let fields = body("application/json", r#"{"n":1}"#).unwrap();
        assert_eq!(fields.string("n").unwrap_err().message, "`n` must be a string.");
    }
}

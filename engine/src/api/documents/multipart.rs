//! The body of an upload: one file, and fields beside it.

use super::super::error::{ApiError, Code};
use crate::seam::ApiRequest;
use bytes::Bytes;
use serde_json::{Map, Value};
use std::convert::Infallible;

/// What an upload brought.
#[derive(Debug, Default)]
pub struct Form {
    /// Text fields. One that came several times is a list; `metadata[title]` is inside `metadata`.
    pub fields: Map<String, Value>,
    /// The part `file`.
    pub file: Option<UploadedFile>,
}

/// The file of an upload.
#[derive(Debug)]
pub struct UploadedFile {
    /// As sent.
    pub name: String,
    /// The media type its sender gave.
    pub mime: Option<String>,
    /// The file.
    pub bytes: Bytes,
}

/// Parts an upload may have.
pub(super) const PARTS_MAX: usize = 100;

/// Bytes that a text field may have.
pub(super) const FIELD_BYTES_MAX: usize = 1 << 20;

/// Reads the body.
///
/// # Errors
/// [`Code::InvalidField`] if it is no multipart body; [`Code::MalformedBody`], with the words that
/// clients know, if it is a broken one, or has a file where none is expected.
pub async fn read(request: &ApiRequest) -> Result<Form, ApiError> {
    let content_type = request.header("content-type").unwrap_or("");
    let boundary = multer::parse_boundary(content_type).map_err(|error| match error {
        multer::Error::NoBoundary => malformed("Multipart: Boundary not found"),
        _ => no_file(),
    })?;
    let body = request.body.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, Infallible>(body) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut form = Form::default();
    let mut count = 0;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        count += 1;
        if count > PARTS_MAX {
            return Err(malformed("Too many parts"));
        }
        add(&mut form, part).await?;
    }
    Ok(form)
}

/// The body has no part `file` with a file in it.
pub fn no_file() -> ApiError {
    ApiError::field("file", "a file, sent as multipart/form-data").with("success", false)
}

async fn add(form: &mut Form, mut part: multer::Field<'_>) -> Result<(), ApiError> {
    let name = part.name().unwrap_or_default().to_owned();
    match part.file_name().map(str::to_owned) {
        Some(file_name) => {
            if name != "file" || form.file.is_some() {
                return Err(malformed("Unexpected field"));
            }
            let mime = part.content_type().map(|mime| mime.essence_str().to_owned());
            let bytes = content(&mut part).await?;
            form.file = Some(UploadedFile { name: file_name, mime, bytes });
        }
        None => {
            let bytes = content(&mut part).await?;
            if bytes.len() > FIELD_BYTES_MAX {
                return Err(malformed("Field value too long"));
            }
            insert(&mut form.fields, &name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(())
}

/// The part's bytes. As the whole body is at hand, they come in one piece, which is not copied.
async fn content(part: &mut multer::Field<'_>) -> Result<Bytes, ApiError> {
    let first = part.chunk().await.map_err(broken)?.unwrap_or_default();
    let Some(second) = part.chunk().await.map_err(broken)? else { return Ok(first) };
    let mut all = first.to_vec();
    all.extend_from_slice(&second);
    while let Some(more) = part.chunk().await.map_err(broken)? {
        all.extend_from_slice(&more);
    }
    Ok(all.into())
}

fn insert(fields: &mut Map<String, Value>, name: &str, text: String) {
    if let Some((outer, inner)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        if let Value::Object(map) = fields.entry(outer).or_insert_with(|| Value::Object(Map::new())) {
            map.insert(inner.to_owned(), Value::String(text));
        }
        return;
    }
    match fields.get_mut(name) {
        None => {
            fields.insert(name.to_owned(), Value::String(text));
        }
        Some(Value::Array(all)) => all.push(Value::String(text)),
        Some(one) => *one = Value::Array(vec![one.take(), Value::String(text)]),
    }
}

fn broken(error: multer::Error) -> ApiError {
    malformed(&error.to_string())
}

fn malformed(why: &str) -> ApiError {
    let message = match why {
        "Unexpected field" => "Send exactly one file, in the field `file`.",
        "Multipart: Boundary not found" => "The content type multipart/form-data needs a boundary.",
        _ => "The multipart body cannot be read: send it again, whole.",
    };
    ApiError::new(Code::MalformedBody, message)
        .with("success", false)
        .with("error", format!("Invalid file upload. {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use serde_json::json;

    fn upload(content_type: &str, body: &str) -> Result<Form, ApiError> {
        read(&ApiRequest {
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers: vec![("content-type".into(), content_type.into())],
            body: body.to_owned().into(),
        })
        .now_or_never()
        .expect("the whole body is at hand")
    }

    fn parts(parts: &[(&str, &str)]) -> Result<Form, ApiError> {
        let mut body = String::new();
        for (disposition, content) in parts {
            body += &format!("--X\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n");
        }
        upload("multipart/form-data; boundary=X", &(body + "--X--\r\n"))
    }

    #[test]
    fn one_file_and_fields_in_any_order() {
        let form = parts(&[
            ("name=\"metadata[title]\"", "T"),
            ("name=\"file\"; filename=\"naïve 日本語.txt\"", "line\r\n--Y\r\n"),
            ("name=\"addToWorkspaces\"", "a"),
            ("name=\"addToWorkspaces\"", "b"),
        ])
        .unwrap();
        let file = form.file.unwrap();
        assert_eq!((file.name.as_str(), &file.bytes[..]), ("naïve 日本語.txt", &b"line\r\n--Y\r\n"[..]));
        let expected = json!({ "metadata": { "title": "T" }, "addToWorkspaces": ["a", "b"] });
        assert_eq!(Value::Object(form.fields), expected);
    }

    #[test]
    fn recorded_refusals() {
        let unexpected = "Invalid file upload. Unexpected field";
        let file = ("name=\"file\"; filename=\"a\"", "x");
        for wrong in [&[("name=\"document\"; filename=\"a\"", "x")][..], &[file, file]] {
            let error = parts(wrong).unwrap_err();
            assert_eq!((error.code, &error.extra["error"]), (Code::MalformedBody, &json!(unexpected)));
        }
        let error = upload("multipart/form-data", "garbage").unwrap_err();
        assert_eq!(error.extra["error"], json!("Invalid file upload. Multipart: Boundary not found"));
        assert_eq!(upload("application/json", "{}").unwrap_err().code, Code::InvalidField);
    }

    #[test]
    fn a_body_cut_short_is_refused() {
        let body = "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhalf";
        let error = upload("multipart/form-data; boundary=X", body).unwrap_err();
        assert_eq!(error.code, Code::MalformedBody);
    }
}

//! Reading a recording. The format is described in `golden/README.md`.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Error, ErrorKind};
use std::path::Path;

/// One scenario: a fresh server, then steps in order.
#[derive(Clone, Debug)]
pub struct Golden {
    /// The file's stem.
    pub name: String,
    /// Settings of the server that differ from the default, by AnythingLLM's names.
    pub env: BTreeMap<String, String>,
    /// What was asked and answered.
    pub steps: Vec<Step>,
}

/// One request and the recorded answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique within the file.
    pub name: String,
    /// A remark for readers.
    #[serde(default)]
    pub note: Option<String>,
    /// What was sent.
    pub request: StepRequest,
    /// Variable to dotted path in the answer.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// The values of `capture` in the recording.
    #[serde(default)]
    pub captured: BTreeMap<String, Value>,
    /// What came back: `status`, `headers` and one of `body`, `body_text`, `sse_events`.
    pub response: Map<String, Value>,
    /// What the model and the embedder were asked: `chat`, `embeddings`.
    #[serde(default)]
    pub mock: Map<String, Value>,
}

/// The request of a step, with `{{x}}` where an earlier value belongs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRequest {
    /// Upper case.
    pub method: String,
    /// Below `/api`, with the query.
    pub path: String,
    /// `None`: the valid key. `none`: no header. Else the header's value.
    #[serde(default)]
    pub auth: Option<String>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A JSON body.
    #[serde(default)]
    pub json: Option<Value>,
    /// A raw body.
    #[serde(default)]
    pub text: Option<String>,
    /// A multipart body.
    #[serde(default)]
    pub form: Option<Vec<FormPart>>,
}

/// One part of a multipart body: a text, or a file given by fixture or by content.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormPart {
    /// The field's name.
    pub name: String,
    /// The text.
    #[serde(default)]
    pub value: Option<String>,
    /// A file of `fixtures/`.
    #[serde(default)]
    pub file: Option<String>,
    /// The file's content.
    #[serde(default)]
    pub content: Option<String>,
    /// The file name sent; default: `file`.
    #[serde(default)]
    pub filename: Option<String>,
    /// The part's content type; default: `text/plain`.
    #[serde(default, rename = "type")]
    pub content_type: Option<String>,
}

/// Every recording of a folder, by name.
pub fn read_all(folder: &Path) -> io::Result<Vec<Golden>> {
    let mut paths: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<io::Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// One recording.
pub fn read(path: &Path) -> io::Result<Golden> {
    let text = fs::read_to_string(path)?;
    let malformed = |line: usize, why: String| {
        Error::new(ErrorKind::InvalidData, format!("{}:{}: {why}", path.display(), line + 1))
    };
    let mut lines = text.lines().enumerate();
    let (_, first) = lines.next().ok_or_else(|| malformed(0, "the file is empty".into()))?;
    let header: Header = serde_json::from_str(first).map_err(|e| malformed(0, e.to_string()))?;
    let steps = lines
        .map(|(n, line)| serde_json::from_str(line).map_err(|e| malformed(n, e.to_string())))
        .collect::<io::Result<Vec<Step>>>()?;
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Golden { name, env: header.meta.env, steps })
}

#[derive(Deserialize)]
struct Header {
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    env: BTreeMap<String, String>,
}

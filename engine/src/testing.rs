//! A host in memory, for tests of whole API calls.
//!
//! It keeps a store, answers the embedder with the toy of the golden transcripts (token counts in 384
//! hashed buckets), reads every file as UTF-8, and serves pages from a table. Runs go on one effect at a
//! time, so a test can stop one in front of a commit and let another pass.

use crate::repair::Finding;
use crate::seam::text_or_base64::Blob;
use crate::seam::{
    ApiRequest, Cx, Effect, EffectId, ExtractRequest, HostError, HostErrorKind, HttpHead, HttpRequest, Input,
    Key, KvOp, KvReply, Origin, Output, Reply, Run, Slices, UnixMs, Write,
};
use crate::store::seal;
use crate::{Engine, Settings};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use haversack_extract::{Document, Extracted, Format, Problem};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// The clock's start: 2023-11-14T22:13:20Z.
pub const START: UnixMs = UnixMs(1_700_000_000_000);

/// Decides which effects fail.
type Fault = Box<dyn FnMut(&Effect) -> Option<HostError>>;

/// The host and its store.
pub struct TestHost {
    pub engine: Engine,
    pub store: BTreeMap<Key, Bytes>,
    pub now: UnixMs,
    /// What an address answers: status, content type, body.
    pub pages: BTreeMap<String, (u16, String, Bytes)>,
    /// Pages of files read, by name: the byte ranges of their text.
    pub extracted: BTreeMap<String, Extracted>,
    /// Every commit that took effect, as the keys it put.
    pub commits: Vec<Vec<Key>>,
    /// Texts the embedder was given.
    pub embedded: Vec<String>,
    /// The last page that was fetched.
    pub fetched: Option<HttpRequest>,
    /// Outbound requests that were answered.
    pub requests: usize,
    /// Fails effects on request: the error for those it names.
    pub fault: Fault,
    /// Records that a run found to be damaged. While there are any, nothing is written.
    pub damaged: Vec<Key>,
    /// Writes go on all the same.
    repairing: bool,
    runs: u8,
}

/// A call under way.
pub struct Running {
    run: Run,
    effects: VecDeque<(EffectId, Effect)>,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    until: Option<UnixMs>,
    /// Effects that the run has given up before they were settled.
    pub cancelled: Vec<Effect>,
    pub done: bool,
    /// How often it let others run.
    pub breaths: usize,
}

impl Running {
    /// The outbound requests that wait for an answer.
    pub fn waiting(&self) -> usize {
        self.effects.iter().filter(|(_, effect)| matches!(effect, Effect::Http(_))).count()
    }
}

/// What a call came to.
#[derive(Debug)]
pub struct Replied {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Replied {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body as JSON of a call that must have gone well.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}

impl TestHost {
    /// An empty one, with variables as an operator would set them.
    pub fn new(vars: &[(&str, &str)]) -> TestHost {
        let embedder = [
            ("EMBEDDING_ENGINE", "generic-openai"),
            ("EMBEDDING_BASE_PATH", "http://embedder/v1"),
            ("EMBEDDING_MODEL_PREF", "mock-embed"),
            ("EMBEDDING_MODEL_MAX_CHUNK_LENGTH", "1000"),
        ];
        let vars: BTreeMap<String, String> = embedder
            .iter()
            .chain(vars)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        TestHost {
            engine: Engine::new(Settings::from_vars(&vars).0),
            store: BTreeMap::new(),
            now: START,
            pages: BTreeMap::new(),
            extracted: BTreeMap::new(),
            commits: Vec::new(),
            embedded: Vec::new(),
            fetched: None,
            requests: 0,
            fault: Box::new(|_| None),
            damaged: Vec::new(),
            repairing: false,
            runs: 0,
        }
    }

    /// A call with a JSON body, by the operator.
    pub fn call(&mut self, method: &str, path: &str, body: &Value) -> Replied {
        let mut running = self.start(json_request(method, path, body));
        self.finish(&mut running)
    }

    /// A call by the operator.
    pub fn call_with_request(&mut self, request: ApiRequest) -> Replied {
        let mut running = self.start(request);
        self.finish(&mut running)
    }

    /// An upload of one file, with text fields beside it.
    pub fn upload(&mut self, path: &str, name: &str, content: &[u8], fields: &[(&str, &str)]) -> Replied {
        let mut running = self.start(upload_request(path, name, content, fields));
        self.finish(&mut running)
    }

    /// A call by whoever holds `secret`; with an empty one, by nobody known.
    pub fn call_with(&mut self, secret: &str, mut request: ApiRequest) -> Replied {
        if !secret.is_empty() {
            request.headers.push(("authorization".into(), format!("Bearer {secret}")));
        }
        let origin = Origin { operator: false, peer: Some("192.0.2.1".into()), ..self.origin() };
        let mut running = self.running(self.engine.start(request, origin));
        self.finish(&mut running)
    }

    /// Asks whether a call may be made, as a host does that answers it itself.
    pub fn authorise(&mut self, request: ApiRequest) -> Replied {
        let origin = Origin { operator: false, ..self.origin() };
        let run = self.engine.authorise(request, origin);
        self.finish_run(run)
    }

    /// Lets a run go to its end.
    pub fn finish_run(&mut self, run: Run) -> Replied {
        let mut running = self.running(run);
        self.finish(&mut running)
    }

    /// Writes a record, as if it had been there.
    pub fn record<T: serde::Serialize>(&mut self, key: Key, record: &T) {
        self.store.insert(key, serde_json::to_vec(record).unwrap().into());
    }

    /// Starts a call, by the operator.
    pub fn start(&mut self, request: ApiRequest) -> Running {
        let origin = self.origin();
        self.running(self.engine.start(request, origin))
    }

    /// Runs the engine's upkeep.
    pub fn maintain(&mut self, alone: bool) -> Replied {
        let origin = Origin { operator: alone, ..self.origin() };
        let mut running = self.running(self.engine.maintain(origin));
        self.finish(&mut running)
    }

    /// Removes what is beyond the bounds.
    pub fn trim(&mut self) -> Replied {
        let origin = self.origin();
        let mut running = self.running(self.engine.trim(origin));
        self.finish(&mut running)
    }

    /// Looks at every record, and with `fix` mends what is wrong: the lines of the report.
    #[track_caller]
    pub fn repair(&mut self, fix: bool) -> Vec<Finding> {
        let origin = self.origin();
        let mut running = self.running(self.engine.cold().repair(origin, fix));
        self.repairing = true;
        let replied = self.finish(&mut running);
        self.repairing = false;
        let lines = String::from_utf8(replied.body).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn origin(&mut self) -> Origin {
        self.runs = self.runs.wrapping_add(1);
        Origin { seed: [self.runs; 32], now: self.now, utc_offset_minutes: 0, operator: true, peer: None }
    }

    fn running(&self, run: Run) -> Running {
        Running {
            run,
            effects: VecDeque::new(),
            status: 0,
            headers: Vec::new(),
            body: Vec::new(),
            until: None,
            cancelled: Vec::new(),
            done: false,
            breaths: 0,
        }
    }

    /// Lets a call run to its end.
    pub fn finish(&mut self, running: &mut Running) -> Replied {
        self.run_until(running, |_| false);
        let headers = std::mem::take(&mut running.headers);
        Replied { status: running.status, headers, body: std::mem::take(&mut running.body) }
    }

    /// Lets a call run up to an effect that `stop` names, which is not performed yet. False if the call
    /// ended before.
    pub fn run_until(&mut self, running: &mut Running, stop: impl Fn(&Effect) -> bool) -> bool {
        loop {
            self.poll(running);
            if running.done {
                return false;
            }
            match running.effects.front() {
                Some((_, effect)) if stop(effect) => return true,
                Some(_) => self.step(running),
                None => {
                    let until = running.until.expect("a run that waits has an effect or a time");
                    self.now = self.now.max(until);
                    running.run.handle(self.now, Input::Tick).unwrap();
                }
            }
        }
    }

    /// Performs the effect that a call stopped in front of.
    pub fn step(&mut self, running: &mut Running) {
        let (id, effect) = running.effects.pop_front().expect("an effect to perform");
        if let Some(error) = (self.fault)(&effect) {
            running.run.handle(self.now, Input::Settled { id, result: Err(error) }).unwrap();
            return;
        }
        let result = match effect {
            Effect::Kv(KvOp::Commit { .. } | KvOp::Next { .. })
                if !self.damaged.is_empty() && !self.repairing =>
            {
                Err(HostError::new(HostErrorKind::Damaged, "the store met damage"))
            }
            Effect::Kv(op) => Ok(Reply::Kv(self.kv(op))),
            Effect::Extract(request) => self.extract(&request).map(Reply::Extract),
            Effect::Breathe => {
                running.breaths += 1;
                Ok(Reply::Breathe)
            }
            Effect::Http(request) => {
                let (status, content_type, body) = match self.http(&request) {
                    Ok(reply) => reply,
                    Err(error) => {
                        running.run.handle(self.now, Input::Settled { id, result: Err(error) }).unwrap();
                        return;
                    }
                };
                let headers = vec![("content-type".to_owned(), content_type)];
                let head = HttpHead { status, headers, url: request.url };
                running.run.handle(self.now, Input::Head { id, head }).unwrap();
                running.run.handle(self.now, Input::Chunk { id, bytes: body }).unwrap();
                Ok(Reply::Http)
            }
            other => panic!("no test needs {other:?}"),
        };
        running.run.handle(self.now, Input::Settled { id, result }).unwrap();
    }

    /// The client of a call goes.
    pub fn leave(&mut self, running: &mut Running) {
        self.poll(running);
        running.run.handle(self.now, Input::Disconnected).unwrap();
        self.poll(running);
    }

    /// The head of an answer to the outbound request that a call stopped in front of, and nothing of its body yet.
    pub fn give_head(&mut self, running: &mut Running) {
        let (id, effect) = running.effects.front().expect("a request that waits");
        let Effect::Http(request) = effect else { panic!("{effect:?} has no head") };
        let head = HttpHead { status: 200, headers: Vec::new(), url: request.url.clone() };
        running.run.handle(self.now, Input::Head { id: *id, head }).unwrap();
        self.poll(running);
    }

    /// Whether a call waits for a time and for nothing else.
    pub fn is_pausing(&mut self, running: &mut Running) -> bool {
        self.poll(running);
        running.effects.is_empty() && running.until.is_some() && !running.done
    }

    fn poll(&mut self, running: &mut Running) {
        loop {
            match running.run.poll() {
                Output::Effect { id, effect } => running.effects.push_back((id, effect)),
                Output::Cancel { id } => {
                    let at = running.effects.iter().position(|(other, _)| *other == id);
                    running
                        .cancelled
                        .extend(at.and_then(|at| running.effects.remove(at)).map(|(_, effect)| effect));
                }
                Output::Head(head) => {
                    running.status = head.status;
                    running.headers = head.headers;
                }
                Output::Body(bytes) => running.body.extend_from_slice(&bytes),
                Output::Wait { until } => {
                    running.until = until;
                    return;
                }
                Output::Done => {
                    running.done = true;
                    return;
                }
                Output::Stalled => panic!("the run waits for nothing"),
            }
        }
    }

    fn kv(&mut self, op: KvOp) -> KvReply {
        match op {
            KvOp::Get { keys } => {
                KvReply::Values(keys.iter().map(|key| self.store.get(key).cloned().map(Blob)).collect())
            }
            KvOp::Scan { range, reverse, limit, keys_only } => {
                let found = self.store.range(range.start..range.end);
                let value = |bytes: &Bytes| Blob(if keys_only { Bytes::new() } else { bytes.clone() });
                let entry = |(key, bytes): (&Key, &Bytes)| (key.clone(), value(bytes));
                let limit = limit as usize;
                KvReply::Entries(match reverse {
                    true => found.rev().take(limit).map(entry).collect(),
                    false => found.take(limit).map(entry).collect(),
                })
            }
            KvOp::Next { key, count } => {
                let before: u64 =
                    self.store.get(&key).map_or(0, |bytes| String::from_utf8_lossy(bytes).parse().unwrap());
                let next = before + u64::from(count);
                self.store.insert(key, next.to_string().into());
                KvReply::Next(next)
            }
            KvOp::Commit { expect, writes } => {
                let holds =
                    |(key, value): &(Key, Option<Blob>)| self.store.get(key) == value.as_ref().map(|b| &b.0);
                if !expect.iter().all(holds) {
                    return KvReply::Conflict;
                }
                let mut put = Vec::new();
                for write in writes {
                    match write {
                        Write::Put(key, value) => {
                            put.push(key.clone());
                            self.store.insert(key, value);
                        }
                        Write::Delete(key) => {
                            self.store.remove(&key);
                        }
                        Write::DeleteRange(range) => {
                            self.store.retain(|k, _| *k < range.start || *k >= range.end)
                        }
                    }
                }
                self.commits.push(put);
                KvReply::Committed
            }
            KvOp::Damaged { key, .. } => {
                self.damaged.push(key);
                KvReply::Noted
            }
        }
    }

    fn http(&mut self, request: &HttpRequest) -> Result<(u16, String, Bytes), HostError> {
        self.requests += 1;
        if request.url.starts_with("http://embedder/") {
            return Ok(self.embed(&request.body));
        }
        self.fetched = Some(request.clone());
        self.pages
            .get(&request.url)
            .cloned()
            .ok_or_else(|| HostError::new(HostErrorKind::Unavailable, "connection refused"))
    }

    fn embed(&mut self, body: &[u8]) -> (u16, String, Bytes) {
        let request: Value = serde_json::from_slice(body).unwrap();
        let texts: Vec<String> = match &request["input"] {
            Value::String(text) => vec![text.clone()],
            input => serde_json::from_value(input.clone()).unwrap(),
        };
        self.embedded.extend(texts.iter().cloned());
        let json_type = "application/json".to_owned();
        if texts.iter().any(|text| text.contains("[[mock:embed-error]]")) {
            return (400, json_type, r#"{"error":{"message":"mock embedding failure"}}"#.into());
        }
        let encoded = request["encoding_format"] == "base64";
        let item = |(index, text): (usize, &String)| {
            let vector = toy_vector(text);
            let embedding = match encoded {
                true => STANDARD.encode(bytemuck::cast_slice::<f32, u8>(&vector)).into(),
                false => json!(vector),
            };
            json!({ "object": "embedding", "index": index, "embedding": embedding })
        };
        let data: Vec<Value> = texts.iter().enumerate().map(item).collect();
        (200, json_type, json!({ "object": "list", "data": data }).to_string().into())
    }

    fn extract(&self, request: &ExtractRequest) -> Result<Extracted, HostError> {
        if let Some(extracted) = self.extracted.get(&request.name) {
            return Ok(extracted.clone());
        }
        let rejected = |message: String| Err(HostError::new(HostErrorKind::Rejected, message));
        if request.bytes.contains(&0) {
            return rejected(format!("{} is not text.", request.name));
        }
        let text = String::from_utf8_lossy(&request.bytes).into_owned();
        if text.trim().is_empty() {
            return rejected(format!("No text content found in {}.", request.name));
        }
        Ok(extracted(&[document(&text)], &[]))
    }

    /// Keys that begin so.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.store.keys().map(|key| key.as_str().to_owned()).filter(|key| key.starts_with(prefix)).collect()
    }

    /// The value of a key as JSON.
    #[track_caller]
    pub fn value(&self, key: &str) -> Value {
        let key = Key::new(key);
        serde_json::from_slice(&seal::plain(&key, &self.store[&key]).unwrap()).unwrap()
    }

    /// The store with its values as they were before they got their check sums.
    pub fn plain(&self) -> BTreeMap<Key, Bytes> {
        let open = |(key, value): (&Key, &Bytes)| (key.clone(), seal::plain(key, value).unwrap());
        self.store.iter().map(open).collect()
    }

    /// Makes a workspace.
    #[track_caller]
    pub fn workspace(&mut self, name: &str) {
        self.call("POST", "/v1/workspace/new", &json!({ "name": name })).ok();
    }

    /// Makes a document of a text; its path.
    #[track_caller]
    pub fn raw_text(&mut self, title: &str, text: &str) -> String {
        let body = json!({ "textContent": text, "metadata": { "title": title } });
        let made = self.call("POST", "/v1/document/raw-text", &body).ok();
        made["documents"][0]["location"].as_str().unwrap().to_owned()
    }
}

/// A call with a JSON body; `null` is none.
pub fn json_request(method: &str, path: &str, body: &Value) -> ApiRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    ApiRequest {
        method: method.into(),
        path: format!("/api{path}"),
        query: query.into(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: if body.is_null() { Bytes::new() } else { body.to_string().into() },
    }
}

/// An upload.
pub fn upload_request(path: &str, name: &str, content: &[u8], fields: &[(&str, &str)]) -> ApiRequest {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    let disposition = format!("form-data; name=\"file\"; filename=\"{name}\"");
    body.extend(format!("--X\r\nContent-Disposition: {disposition}\r\n\r\n").bytes());
    body.extend(content);
    body.extend(b"\r\n--X--\r\n");
    let headers = vec![("content-type".into(), "multipart/form-data; boundary=X".into())];
    ApiRequest {
        method: "POST".into(),
        path: format!("/api{path}"),
        query: String::new(),
        headers,
        body: body.into(),
    }
}

/// A document of plain text.
pub fn document(text: &str) -> Document {
    Document {
        title: None,
        author: None,
        description: None,
        text: text.to_owned(),
        pages: Vec::new(),
        format: Format::Text,
        markdown: false,
        part: None,
    }
}

/// What a file gave.
pub fn extracted(documents: &[Document], skipped: &[(&str, &str)]) -> Extracted {
    let problem = |(what, reason): &(&str, &str)| Problem { what: (*what).into(), reason: (*reason).into() };
    Extracted { documents: documents.to_vec(), skipped: skipped.iter().map(problem).collect() }
}

/// What `body` gives in a run of its own, and how often it breathed. It asks the host for nothing else.
pub fn in_run<T, F>(body: impl FnOnce(Cx) -> F) -> (T, usize)
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let result = Arc::new(Mutex::new(None));
    let place = result.clone();
    let origin = Origin { seed: [1; 32], now: START, utc_offset_minutes: 0, operator: true, peer: None };
    let mut run = Run::new(&origin, |cx| {
        let body = body(cx);
        async move {
            let value = body.await;
            *place.lock().unwrap() = Some(value);
        }
    });
    let mut breaths = 0;
    loop {
        match run.poll() {
            Output::Effect { id, effect: Effect::Breathe } => {
                breaths += 1;
                run.handle(START, Input::Settled { id, result: Ok(Reply::Breathe) }).unwrap();
            }
            Output::Done => break,
            Output::Wait { .. } => {}
            other => panic!("{other:?} was not expected"),
        }
    }
    let value = result.lock().unwrap().take();
    (value.expect("the run has ended"), breaths)
}

/// An account of work that is too little to let others run.
pub fn slices() -> Slices {
    let origin = Origin { seed: [1; 32], now: START, utc_offset_minutes: 0, operator: true, peer: None };
    let mut slices = None;
    let _run = Run::new(&origin, |cx| {
        slices = Some(cx.slices());
        async {}
    });
    slices.expect("the run was made")
}

/// Whether an effect is a commit.
pub fn is_commit(effect: &Effect) -> bool {
    matches!(effect, Effect::Kv(KvOp::Commit { .. }))
}

/// The embedder of the golden transcripts: FNV-1a of each word picks one of 384 counters.
fn toy_vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0f32; 384];
    vector[0] = 1.0;
    let lines = text.lines().filter(|line| !line.starts_with("published: "));
    let text = lines.collect::<Vec<_>>().join("\n").to_ascii_lowercase();
    for token in
        text.as_bytes().split(|b| !(b.is_ascii_alphanumeric() || *b >= 0x80)).filter(|t| !t.is_empty())
    {
        let hash =
            token.iter().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(*b)).wrapping_mul(0x0100_0193));
        vector[hash as usize % 384] += 1.0;
    }
    let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    vector.iter().map(|v| v / norm).collect()
}

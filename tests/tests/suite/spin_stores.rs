//! The component on its other stores: PostgreSQL, and a sealed workspace in Spin's key-value store.

use haversack_engine::seam::ApiRequest;
use haversack_tests::hostile::wire::{self, Wire};
use haversack_tests::requests::{get, json, raw, upload};
use haversack_tests::target::process::ServerProcess;
use haversack_tests::target::{NativeTarget, SpinFreshTarget, SpinTarget, Target};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A PostgreSQL server of our own, on a socket in a folder; stopped when dropped.
struct Postgres {
    bin: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Postgres {
    /// `None` where PostgreSQL is not installed.
    fn start() -> Option<Postgres> {
        let bin = bin()?;
        let folder = TempDir::new().unwrap();
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let server = Postgres { bin, folder, port };
        let data = server.folder.path().join("data");
        if is_root() {
            // It refuses to run as root.
            let own = Command::new("chown").args(["-R", "postgres"]).arg(server.folder.path()).status();
            assert!(own.unwrap().success());
        }
        server.run(
            "initdb",
            &["-D".as_ref(), data.as_ref(), "-A".as_ref(), "trust".as_ref(), "-U".as_ref(), "h".as_ref()],
        );
        let options =
            format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off");
        let log = server.folder.path().join("log");
        server.run(
            "pg_ctl",
            &[
                "-D".as_ref(),
                data.as_ref(),
                "-w".as_ref(),
                "-o".as_ref(),
                options.as_ref(),
                "-l".as_ref(),
                log.as_ref(),
                "start".as_ref(),
            ],
        );
        Some(server)
    }

    fn address(&self) -> String {
        format!("host=127.0.0.1 port={} user=h dbname=postgres", self.port)
    }

    fn run(&self, program: &str, arguments: &[&std::ffi::OsStr]) {
        let program = self.bin.join(program);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        let status = command.args(arguments).current_dir("/").stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        self.run(
            "pg_ctl",
            &["-D".as_ref(), data.as_ref(), "-m".as_ref(), "immediate".as_ref(), "stop".as_ref()],
        );
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where Debian keeps the programs of the server, newest version last.
fn bin() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

fn ask(server: &mut impl Target) {
    let made = server.call(json("POST", "/v1/workspace/new", &json!({"name": "W"})));
    assert_eq!(made.status, 200, "{:?}", made.body);
    for n in 0..5 {
        let text = format!("Otter number {n} swims. ").repeat(60);
        let fields = [("addToWorkspaces", "w")];
        let answer =
            server.call(upload("/v1/document/upload", &format!("d{n}.txt"), text.as_bytes(), &fields));
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    let search = json!({"query": "Otter number 3 swims", "topN": 4, "scoreThreshold": 0});
    let found = server.call(json("POST", "/v1/workspace/w/vector-search", &search)).json();
    assert_eq!(found["results"].as_array().unwrap().len(), 4, "{found}");
    let chat =
        server.call(json("POST", "/v1/workspace/w/chat", &json!({"message": "Well?", "mode": "chat"})));
    assert_eq!(chat.status, 200, "{:?}", chat.body);
    let removed = server.call(haversack_tests::requests::bare("DELETE", "/v1/workspace/w"));
    assert_eq!(removed.status, 200);
    assert_eq!(server.call(get("/v1/workspaces")).json()["workspaces"], json!([]));
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn postgres_keeps_what_several_instances_write_at_once() {
    let Some(postgres) = Postgres::start() else {
        println!("NOT RUN: there is no PostgreSQL server on this machine (Debian: postgresql)");
        return;
    };
    let vars = [("HAVERSACK_STORE", "postgres".to_owned()), ("HAVERSACK_POSTGRES", postgres.address())];
    let vars: BTreeMap<String, String> = vars.map(|(name, value)| (name.to_owned(), value)).into();
    ask(&mut SpinTarget::new(&vars));
    // Another host on the same database; each request in an instance of its own, thirty of them at once.
    let mut server = SpinFreshTarget::new(&vars);
    assert_eq!(server.call(json("POST", "/v1/workspace/new", &json!({"name": "W"}))).status, 200);
    let address = server.address();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answers = runtime.block_on(async {
        let calls = (0..30).map(|n| {
            let text = format!("Otter number {n} swims. ").repeat(40);
            let fields = [("addToWorkspaces", "w")];
            let request = upload("/v1/document/upload", &format!("d{n}.txt"), text.as_bytes(), &fields);
            haversack_tests::client::send(address, request)
        });
        futures_util::future::join_all(calls).await
    });
    let confirmed = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|a| a.status == 200)).count();
    assert_eq!(confirmed, 30, "{answers:?}");
    let workspace = server.call(get("/v1/workspace/w")).json();
    assert_eq!(workspace["workspace"][0]["documents"].as_array().unwrap().len(), 30);
    let search = json!({"query": "Otter number 3 swims", "topN": 100, "scoreThreshold": 0});
    let found = server.call(json("POST", "/v1/workspace/w/vector-search", &search)).json();
    assert!(found["results"].as_array().unwrap().len() >= 30);
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn a_sealed_store_without_a_file_says_what_to_do() {
    let vars = BTreeMap::from([("HAVERSACK_STORE".to_owned(), "sealed".to_owned())]);
    let mut server = SpinTarget::new(&vars);
    assert_eq!(server.call(get("/v1/auth")).status, 200);
    assert_eq!(server.call(get("/v1/workspaces")).json()["workspaces"], json!([]));
    let refused = server.call(json("POST", "/v1/workspace/new", &json!({"name": "W"})));
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.json()["error"].as_str().unwrap().contains("sealed"), "{refused:?}");
    let broken = server.call(raw("POST", "/v1/workspace/import", "application/octet-stream", "no bundle"));
    assert_eq!(broken.status, 422, "{broken:?}");
    assert!(Path::new(&server.folder().join("sqlite_key_value.db")).exists());
}

/// Fifty questions; what is found, with its scores as they were sent.
pub fn questions(server: &mut impl Target) -> Vec<Value> {
    let ask = |n: usize| {
        let query = format!("Which otter swims {n} times past the {} mill?", n % 7);
        json(
            "POST",
            "/v1/workspace/w/vector-search",
            &json!({"query": query, "topN": 4, "scoreThreshold": 0}),
        )
    };
    let found = |answer: Value| -> Value {
        let hits = answer["results"].as_array().cloned().unwrap_or_default();
        assert_eq!(hits.len(), 4, "{answer}");
        hits.iter().map(|hit| json!([hit["metadata"]["title"], hit["text"], hit["score"]])).collect()
    };
    (0..50).map(|n| found(server.call(ask(n)).json())).collect()
}

/// Settings with the built-in embedder, so that every host has the same.
pub fn with(more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let vars = [("EMBEDDING_ENGINE", "native")];
    vars.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What the native server finds in a workspace, and a request that imports it.
pub fn exported() -> (Vec<Value>, ApiRequest) {
    let mut source = NativeTarget::new(&with(&[]));
    assert_eq!(source.call(json("POST", "/v1/workspace/new", &json!({"name": "W"}))).status, 200);
    for n in 0..8 {
        let text = format!("Otter number {n} swims past the mill, {} times a day. ", n * 3).repeat(50);
        let fields = [("addToWorkspaces", "w")];
        let answer =
            source.call(upload("/v1/document/upload", &format!("d{n}.txt"), text.as_bytes(), &fields));
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }
    let wanted = questions(&mut source);
    let bundle = source.call(get("/v1/workspace/w/export"));
    assert_eq!(bundle.status, 200);
    (wanted, raw("POST", "/v1/workspace/import", "application/octet-stream", bundle.body))
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn an_exported_workspace_answers_alike_wherever_it_is_imported() {
    let (wanted, import) = exported();
    let mut imported = (NativeTarget::new(&with(&[])), SpinTarget::new(&with(&[])));
    let mut sealed = SpinFreshTarget::new(&with(&[("HAVERSACK_STORE", "sealed")]));
    assert_eq!(imported.0.call(import.clone()).status, 200);
    assert_eq!(imported.1.call(import.clone()).status, 200);
    assert_eq!(sealed.call(import).status, 200);
    assert_eq!(questions(&mut imported.0), wanted);
    assert_eq!(questions(&mut imported.1), wanted);
    assert_eq!(questions(&mut sealed), wanted);
}

/// A key of these limits, made with the operator's.
fn key(server: &mut impl Target, limits: &Value) -> String {
    let made = server.call(json("POST", "/system/generate-api-key", limits)).json();
    made["apiKey"]["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// The same request with another key, or with none.
fn with_key(request: &ApiRequest, secret: Option<&str>) -> ApiRequest {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| name != "authorization");
    let secret = secret.map_or("none".to_owned(), |secret| format!("Bearer {secret}"));
    request.headers.push(("authorization".to_owned(), secret));
    request
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn only_who_may_write_everywhere_replaces_a_sealed_workspace() {
    let (wanted, import) = exported();
    let more = [("HAVERSACK_STORE", "sealed"), ("HAVERSACK_MAX_IMPORT_BYTES", "8000000")];
    let mut server = SpinTarget::new(&with(&more));
    assert_eq!(server.call(import.clone()).status, 200);
    let empty = {
        let mut source = NativeTarget::new(&with(&[]));
        assert_eq!(source.call(json("POST", "/v1/workspace/new", &json!({"name": "Empty"}))).status, 200);
        let bundle = source.call(get("/v1/workspace/empty/export"));
        raw("POST", "/v1/workspace/import", "application/octet-stream", bundle.body)
    };
    let refused = [
        json!({"scopes": ["read"]}),
        json!({"scopes": ["chat"]}),
        json!({"scopes": ["read", "chat"], "workspaces": ["w"]}),
        json!({"scopes": ["write"], "workspaces": ["w"]}),
        json!({"scopes": ["admin"], "workspaces": ["w"]}),
    ];
    let mut secrets: Vec<Option<String>> =
        refused.iter().map(|limits| Some(key(&mut server, limits))).collect();
    secrets.extend([None, Some("made-up".to_owned())]);
    for path in ["/api/v1/workspace/import", "/api/v1/Workspace/import/"] {
        for secret in &secrets {
            let mut request = with_key(&empty, secret.as_deref());
            path.clone_into(&mut request.path);
            let answer = server.call(request);
            assert_eq!(answer.status, 403, "{path} {secret:?}: {answer:?}");
        }
    }
    assert_eq!(questions(&mut server), wanted, "nothing was replaced");
    // By its announced length: nothing of the file need be sent.
    let length = "content-type: application/octet-stream\r\ncontent-length: 8000001\r\n";
    let head = wire::head("POST", "/api/v1/workspace/import", Some(&server.api_key()), length);
    let mut large = Wire::open(server.address(), &head).unwrap();
    assert_eq!(large.status(Duration::from_secs(20)).unwrap(), Some(413));
    assert_eq!(questions(&mut server), wanted);
    let writer = key(&mut server, &json!({"scopes": ["write"]}));
    let answer = server.call(with_key(&empty, Some(&writer)));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(server.call(get("/v1/workspaces")).json()["workspaces"][0]["slug"], "empty");
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn a_sealed_workspace_of_another_embedder_is_refused() {
    let (_, import) = exported();
    let more = [
        ("HAVERSACK_STORE", "sealed"),
        ("EMBEDDING_ENGINE", "generic-openai"),
        ("EMBEDDING_BASE_PATH", "http://127.0.0.1:9/v1"),
        ("EMBEDDING_MODEL_PREF", "another-model"),
    ];
    let answer = SpinTarget::new(&with(&more)).call(import);
    assert_eq!(answer.status, 409, "{answer:?}");
    assert!(answer.json()["error"].as_str().unwrap().contains("another-model"), "{answer:?}");
}

/// As `examples/edge-docs/spin.toml` says it: the lean component, and a workspace that ships with it.
#[test]
#[ignore = "needs the example: cargo xtask test spin"]
fn the_example_answers_over_the_documents_it_ships_with() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/edge-docs");
    let manifest: toml::Table = std::fs::read_to_string(example.join("spin.toml")).unwrap().parse().unwrap();
    let component = &manifest["component"]["docs"];
    let data = TempDir::new().unwrap();
    std::fs::create_dir(data.path().join("assets")).unwrap();
    let (file, place) = (&component["files"][0]["source"], &component["files"][0]["destination"]);
    let place = place.as_str().unwrap().trim_start_matches('/');
    std::fs::copy(example.join(file.as_str().unwrap()), data.path().join("assets").join(place)).unwrap();
    let store = component["variables"]["haversack_store"].as_str().unwrap();
    let vars = BTreeMap::from([("HAVERSACK_STORE".to_owned(), store.to_owned())]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let wasm = example.join(component["source"].as_str().unwrap());
    let fresh = BTreeMap::from([("SPIN_HOST_FRESH".to_owned(), "1".to_owned())]);
    let server = runtime.block_on(ServerProcess::start_spin(&wasm, data.path(), &vars, &fresh)).unwrap();
    let call = |request| runtime.block_on(server.call(request)).unwrap();

    let question = json!({"message": "Where does a Spin component keep its state?"});
    let answer = call(json("POST", "/v1/workspace/docs/chat", &question));
    assert_eq!(answer.status, 200, "{answer:?}");
    let sources = &answer.json()["sources"];
    assert!(sources.as_array().unwrap().iter().any(|source| source["title"] == "edge.md"), "{sources}");

    let types = call(get("/v1/document/accepted-file-types")).json();
    assert!(
        types["types"]["text/plain"].is_array() && types["types"]["application/pdf"].is_null(),
        "{types}"
    );
    let refused = call(json("POST", "/v1/workspace/new", &json!({"name": "W"})));
    assert_eq!(refused.status, 403, "{refused:?}");
}

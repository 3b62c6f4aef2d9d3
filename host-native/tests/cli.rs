//! The program as a person runs it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// `haversack` in an empty directory with nothing of this machine's environment.
fn haversack(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haversack"));
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("HAVERSACK_DATA", home.join("data"));
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    haversack(home, arguments).output().unwrap()
}

/// What a run that went well printed.
fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a run that failed complained of.
fn complaint(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

struct Serving {
    child: Child,
    /// What was printed up to the address.
    greeting: String,
    address: String,
}

impl Serving {
    fn start(mut command: Command) -> Serving {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = String::new();
        let address = loop {
            let line = lines.next().expect("the server says where it is").unwrap();
            greeting.push_str(&line);
            greeting.push('\n');
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split('/').next().unwrap().to_owned();
            }
        };
        Serving { child, greeting, address }
    }

    /// A GET; status line and body.
    fn get(&self, path: &str, key: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = "host: x\r\nconnection: close\r\n";
        write!(stream, "GET {path} HTTP/1.1\r\n{head}authorization: Bearer {key}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks it to stop; what it had logged.
    #[cfg(unix)]
    fn stop(mut self) -> String {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

#[cfg(unix)]
#[test]
fn the_first_start_shows_a_key_once_and_never_logs_it() {
    let home = TempDir::new().unwrap();
    let serve = || haversack(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let server = Serving::start(serve());
    let secret = server.greeting.lines().map(str::trim).find(|line| line.len() == 31).unwrap().to_owned();
    assert!(
        server.greeting.contains(&format!("http://{}/#token={secret}", server.address)),
        "{}",
        server.greeting
    );
    assert!(server.get("/api/ping", "").starts_with("HTTP/1.1 200"));
    assert!(server.get("/api/v1/auth", &secret).starts_with("HTTP/1.1 200"));
    assert!(server.get("/api/v1/auth?x=hidden", "WRONG").starts_with("HTTP/1.1 403"));
    assert!(server.get("/", "").contains("<title>Haversack</title>"));
    let log = server.stop();
    assert!(log.contains("path=\"/api/v1/auth\"") && log.contains("status=403"), "{log}");
    assert!(!log.contains(&secret) && !log.contains("WRONG") && !log.contains("hidden"), "{log}");

    let server = Serving::start(serve());
    assert!(!server.greeting.contains("token"), "{}", server.greeting);
    assert!(server.get("/api/v1/auth", &secret).starts_with("HTTP/1.1 200"));
    server.stop();
}

#[cfg(unix)]
#[test]
fn the_operator_may_bring_the_first_key_and_a_file_of_settings() {
    let home = TempDir::new().unwrap();
    std::fs::write(
        home.path().join(".env"),
        "HAVERSACK_API_KEY='my-own-secret'\nHAVERSACK_LISTEN=127.0.0.1:0\n",
    )
    .unwrap();
    let server = Serving::start(haversack(home.path(), &["serve"]));
    assert!(!server.greeting.contains("my-own-secret"));
    assert!(server.get("/api/v1/auth", "my-own-secret").starts_with("HTTP/1.1 200"));
    let log = server.stop();
    assert!(!log.contains("my-own-secret"), "{log}");
}

#[test]
fn nobody_else_gets_in_before_there_is_a_key() {
    let home = TempDir::new().unwrap();
    let complaint = complaint(run(home.path(), &["serve", "--listen", "0.0.0.0:0"]));
    assert!(complaint.contains("haversack keys create"), "{complaint}");
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let home = TempDir::new().unwrap();
    let secret = printed(run(home.path(), &["keys", "create", "for tests"]));
    let list = printed(run(home.path(), &["keys", "list"]));
    assert!(
        list.contains("for tests") && list.contains(&secret.trim()[27..]) && !list.contains(secret.trim()),
        "{list}"
    );
    let id = list.split_whitespace().next().unwrap();
    printed(run(home.path(), &["keys", "revoke", id]));
    assert_eq!(printed(run(home.path(), &["keys", "list"])), "");
    assert!(complaint(run(home.path(), &["keys", "revoke", id])).contains(id));
}

#[test]
fn a_key_is_limited_from_the_command_line() {
    let home = TempDir::new().unwrap();
    let create =
        ["keys", "create", "reader", "--scope", "read", "--scope", "chat", "--expires", "2999-12-31"];
    printed(run(home.path(), &create));
    let list = printed(run(home.path(), &["keys", "list"]));
    assert!(list.contains("(may read, chat; until 2999-12-31T00:00:00.000Z)"), "{list}");
    let nowhere = ["keys", "create", "x", "--workspace", "nowhere"];
    assert!(complaint(run(home.path(), &nowhere)).contains("nowhere"));
}

#[test]
fn files_are_added_once_and_found_and_asked() {
    let home = TempDir::new().unwrap();
    let docs = home.path().join("docs");
    std::fs::create_dir_all(docs.join("deep")).unwrap();
    std::fs::write(docs.join("hut.md"), "# Prices\nA bed costs 42 euros, members pay 28 euros.\n").unwrap();
    std::fs::write(docs.join("deep/bees.txt"), "Bees dance to tell where flowers are.\n").unwrap();
    std::fs::write(docs.join("deep/copy.txt"), "Bees dance to tell where flowers are.\n").unwrap();
    std::fs::write(docs.join("deep/bee.png"), "not read").unwrap();
    let add = |path: &str| run(home.path(), &["add", path, "--workspace", "Alpine hut"]);
    assert_eq!(printed(add("docs")), "2 added to alpine-hut, 1 there already, 0 failed\n");
    assert_eq!(printed(add("docs/deep")), "0 added to alpine-hut, 2 there already, 0 failed\n");

    std::fs::write(docs.join("broken.pdf"), "%PDF-1.7 nothing else").unwrap();
    let output = add("docs");
    assert!(
        String::from_utf8_lossy(&output.stdout)
            .starts_with("0 added to alpine-hut, 3 there already, 1 failed")
    );
    assert!(complaint(output).contains("broken.pdf: "));

    let found =
        printed(run(home.path(), &["search", "how do bees tell each other", "-w", "alpine hut", "-n", "1"]));
    assert!(found.contains("[1] bees.txt") && found.contains("Bees dance"), "{found}");
    let answer = printed(run(home.path(), &["ask", "How much does a bed cost for members?"]));
    assert!(answer.contains("28 euros") && answer.contains("[1] hut.md"), "{answer}");
    assert!(complaint(run(home.path(), &["ask", "x", "-w", "nowhere"])).contains("alpine-hut"));
}

#[test]
fn a_workspace_travels_in_a_file() {
    let (here, there) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::fs::write(here.path().join("bees.txt"), "Bees dance to tell where flowers are.\n").unwrap();
    printed(run(here.path(), &["add", "bees.txt", "--workspace", "Bees"]));
    assert!(printed(run(here.path(), &["export", "Bees"])).starts_with("bees.hvs holds bees"));
    assert!(complaint(run(here.path(), &["export", "-o", "bees.hvs"])).contains("--force"));
    printed(run(here.path(), &["export", "--force"]));

    let file = here.path().join("bees.hvs");
    let file = file.to_str().unwrap();
    let imported = printed(run(there.path(), &["import", file, "--name", "The hive"]));
    assert_eq!(imported, "the-hive: 1 documents in 1 chunks\n");
    let found = |home: &TempDir| printed(run(home.path(), &["search", "how do bees tell each other"]));
    assert_eq!(found(&there), found(&here));
    let whole = std::fs::read(file).unwrap();
    std::fs::write(file, &whole[..whole.len() / 2]).unwrap();
    assert!(complaint(run(there.path(), &["import", file])).contains("ends too early"));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let home = TempDir::new().unwrap();
    let mut command = haversack(home.path(), &["doctor"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let home = TempDir::new().unwrap();
    let free = ("HAVERSACK_LISTEN", "127.0.0.1:0");
    let well = printed(haversack(home.path(), &["doctor"]).env(free.0, free.1).output().unwrap());
    assert!(well.contains("The database is sound") && !well.contains("BAD"), "{well}");

    let nobody = "http://127.0.0.1:1/v1";
    let mut sick = haversack(home.path(), &["doctor"]);
    sick.env("LLM_PROVIDER", "generic-openai")
        .env("GENERIC_OPEN_AI_BASE_PATH", nobody)
        .env("GENERIC_OPEN_AI_MODEL_PREF", "m");
    let output = sick.env("HAVERSACK_LISTEN", "0.0.0.0:0").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("Is it running?") && report.contains("haversack keys create"), "{report}");

    std::fs::write(home.path().join("data/haversack.db"), vec![b'x'; 10_000]).unwrap();
    let output = haversack(home.path(), &["doctor"]).env(free.0, free.1).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("damaged"));
}

//! `haversack add`.

use super::ledger::{self, Ledger};
use super::out::say;
use super::workspace::{self, encode, text};
use crate::config::Config;
use crate::instance::{Instance, error_of, json};
use crate::server::shutdown_signal;
use clap::Args;
use futures_util::{StreamExt, stream};
use haversack_engine::seam::ApiRequest;
use haversack_extract::Format;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long a file is sent again, and after which pause, where there is no room for it: other files may be read for a
/// minute each.
const BUSY_PATIENCE: Duration = Duration::from_secs(300);
const BUSY_PAUSE: Duration = Duration::from_millis(500);

/// Add files and folders to a workspace.
#[derive(Args)]
pub struct Add {
    /// Files, and folders to be searched for files that can be read
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The workspace's slug or name; it is made if there is none
    #[arg(long, short)]
    workspace: String,
}

/// What became of a file.
enum Outcome {
    Added,
    /// The workspace holds the same content already.
    Known,
    Failed(String),
}

impl Add {
    /// Carries it out; fails if any file could not be added. Can be repeated: what is in is skipped.
    pub async fn run(self, config: &Config, instance: &Instance) -> Result<(), String> {
        let Found { files, left_out } = collect(&self.files)?;
        if let Some(first) = left_out.first() {
            let count = left_out.len();
            eprintln!("{count} left out, as nothing here reads such files; the first is {}", first.display());
        }
        if files.is_empty() {
            return Err("there is no file there that is read".into());
        }
        let slug = workspace::find_or_create(instance, &self.workspace).await?;
        let documents = documents(instance, &slug).await?;
        let ledger = Ledger::open(&config.data, &slug, &documents)
            .map_err(|e| format!("cannot write to {}: {e}", config.data.display()))?;
        let adding = Adding { config, instance, slug: &slug, ledger: &ledger, seen: Mutex::default() };
        let bar = bar(&files);
        let (mut added, mut known, mut failed) = (0, 0, 0);
        let parallel = std::thread::available_parallelism().map_or(2, usize::from).min(4);
        let mut results = std::pin::pin!(
            stream::iter(&files)
                .map(|(path, size)| {
                    let adding = &adding;
                    async move { (path, *size, adding.add(path, *size).await) }
                })
                .buffer_unordered(parallel)
        );
        loop {
            let (path, size, outcome) = tokio::select! {
                next = results.next() => match next {
                    Some(result) => result,
                    None => break,
                },
                () = shutdown_signal() => {
                    bar.abandon();
                    return Err(format!("stopped; {added} files are in. The same command goes on from here."));
                }
            };
            bar.inc(size);
            bar.set_message(name_of(path));
            match outcome {
                Outcome::Added => added += 1,
                Outcome::Known => known += 1,
                Outcome::Failed(why) => {
                    failed += 1;
                    bar.suspend(|| eprintln!("{}: {why}", path.display()));
                }
            }
        }
        bar.finish_and_clear();
        say!("{added} added to {slug}, {known} there already, {failed} failed");
        if failed == 0 {
            Ok(())
        } else {
            Err(format!("{failed} of {} files could not be added", files.len()))
        }
    }
}

struct Adding<'a> {
    config: &'a Config,
    instance: &'a Instance,
    slug: &'a str,
    ledger: &'a Ledger,
    /// Content met in this call, so that two copies side by side are added once.
    seen: Mutex<BTreeSet<String>>,
}

impl Adding<'_> {
    async fn add(&self, path: &Path, size: u64) -> Outcome {
        self.try_add(path, size).await.unwrap_or_else(Outcome::Failed)
    }

    /// The server's answer to an upload. Where it has no room at the moment, because other files are being read, the
    /// file waits and is sent again.
    async fn send(&self, name: &str, bytes: &[u8]) -> (u16, Value) {
        let started = Instant::now();
        loop {
            let request = upload(name, bytes, self.slug);
            let (status, body) = json(self.instance.host.call_as_operator(request).await).await;
            if status != 503 || body["code"] != "busy" || started.elapsed() >= BUSY_PATIENCE {
                return (status, body);
            }
            tokio::time::sleep(BUSY_PAUSE).await;
        }
    }

    async fn try_add(&self, path: &Path, size: u64) -> Result<Outcome, String> {
        let limit = self.config.server.max_body_bytes;
        if size > limit {
            return Err(format!("it is larger than {limit} bytes (HAVERSACK_MAX_BODY_BYTES)"));
        }
        let hash = ledger::sha256(path).map_err(|e| e.to_string())?;
        let new = self.seen.lock().is_ok_and(|mut seen| seen.insert(hash.clone()));
        if !new || self.ledger.find(&hash).is_some() {
            return Ok(Outcome::Known);
        }
        let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
        let (status, body) = self.send(&name_of(path), &bytes).await;
        if status >= 400 || body["success"] == false {
            return Err(error_of(status, &body));
        }
        let first = body["documents"].as_array().and_then(|all| all.first()).cloned().unwrap_or_default();
        let location = text(&first, "location");
        // The API answers 200 even if the text could not be embedded.
        let results = body["results"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(why) = results.iter().find_map(|result| result["error"].as_str()) {
            return Err(format!("it was read, but could not be embedded: {why}"));
        }
        self.ledger.note(&hash, &location).map_err(|e| e.to_string())?;
        Ok(Outcome::Added)
    }
}

/// Paths of the documents in a workspace.
async fn documents(instance: &Instance, slug: &str) -> Result<BTreeSet<String>, String> {
    let answer = instance.call("GET", &format!("/api/v1/workspace/{}", encode(slug)), None).await?;
    let rows = answer["workspace"][0]["documents"].as_array().cloned().unwrap_or_default();
    Ok(rows.iter().map(|row| text(row, "docpath")).collect())
}

/// The upload of one file, as a browser would send it.
fn upload(name: &str, bytes: &[u8], slug: &str) -> ApiRequest {
    // Longer than anything that occurs by chance, and different each time for what does not.
    let boundary = format!("haversack-{:016x}{:016x}", getrandom::u64().unwrap_or(0), bytes.len());
    let quoted = name.replace('"', "%22").replace(['\r', '\n'], " ");
    let mut body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"addToWorkspaces\"\r\n\r\n{slug}\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{quoted}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    ApiRequest {
        method: "POST".into(),
        path: "/api/v1/document/upload".into(),
        query: String::new(),
        headers: vec![
            ("content-type".into(), format!("multipart/form-data; boundary={boundary}")),
            ("prefer".into(), "return=minimal".into()),
        ],
        body: body.into(),
    }
}

/// The files that are meant, in order of their paths, each once.
#[derive(Default)]
struct Found {
    /// With their sizes.
    files: BTreeSet<(PathBuf, u64)>,
    /// Files in folders that nothing reads: pictures, say.
    left_out: BTreeSet<PathBuf>,
}

/// Looks for the files that are meant. Hidden ones, links and kinds that nothing reads are left out inside folders;
/// those named outright are not.
fn collect(named: &[PathBuf]) -> Result<Found, String> {
    let mut found = Found::default();
    for path in named {
        let metadata = std::fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?;
        if metadata.is_dir() {
            walk(path, &mut found)?;
        } else {
            found.files.insert((path.clone(), metadata.len()));
        }
    }
    found.left_out.retain(|path| !named.contains(path));
    Ok(found)
}

fn walk(folder: &Path, found: &mut Found) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let metadata = entry.metadata().map_err(failed)?;
        if metadata.is_dir() {
            walk(&entry.path(), found)?;
        } else if metadata.is_file() {
            match Format::from_name(&name_of(&entry.path())) {
                Some(format) if !format.is_read() => found.left_out.insert(entry.path()),
                _ => found.files.insert((entry.path(), metadata.len())),
            };
        }
    }
    Ok(())
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn bar(files: &BTreeSet<(PathBuf, u64)>) -> ProgressBar {
    let total = files.iter().map(|(_, size)| size).sum();
    let template = "{bar:32} {bytes}/{total_bytes}  {elapsed}  {wide_msg}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order_without_what_is_hidden() {
        let dir = tempfile::TempDir::new().unwrap();
        std::fs::create_dir_all(dir.path().join("b/.git")).unwrap();
        for file in ["z.txt", "a.md", "b/c.txt", "b/.hidden", "b/.git/config", "b/d.png", "e.jpg"] {
            std::fs::write(dir.path().join(file), "text").unwrap();
        }
        let named = ["", "z.txt", "b/.hidden", "e.jpg"].map(|name| dir.path().join(name));
        let found = collect(&named).unwrap();
        assert_eq!(found.left_out, BTreeSet::from([dir.path().join("b/d.png")]));
        let found: Vec<_> = found
            .files
            .into_iter()
            .map(|(path, _)| path.strip_prefix(dir.path()).unwrap().display().to_string())
            .collect();
        assert_eq!(found, ["a.md", "b/.hidden", "b/c.txt", "e.jpg", "z.txt"]);
        assert!(collect(&[dir.path().join("absent")]).is_err_and(|why| why.contains("absent")));
    }
}

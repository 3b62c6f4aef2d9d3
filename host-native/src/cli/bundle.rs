//! `haversack export` and `haversack import`.

use super::out::say;
use super::workspace::{self, encode, text};
use crate::answer::AnswerBody;
use crate::instance::{Instance, error_of, json, request};
use clap::Args;
use haversack_engine::bundle::Catalog;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Write a workspace to one file.
#[derive(Args)]
pub struct Export {
    /// The workspace's slug or name; may be left out if there is only one
    workspace: Option<String>,
    /// The file to write (default: the workspace's slug with .hvs)
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Make a workspace of a file.
#[derive(Args)]
pub struct Import {
    /// A file that `haversack export` has written
    file: PathBuf,
    /// What to call the workspace (default: as it was called)
    #[arg(long)]
    name: Option<String>,
}

impl Export {
    /// Carries it out. The file is there when it is whole, and not before.
    pub async fn run(self, instance: &Instance) -> Result<(), String> {
        let slug = workspace::find(instance, self.workspace.as_deref()).await?;
        let path = self.output.unwrap_or_else(|| PathBuf::from(format!("{slug}.hvs")));
        if path.exists() && !self.force {
            return Err(format!("{} is there already; --force replaces it", path.display()));
        }
        let unfinished = path.with_extension("hvs.part");
        let result = write(instance, &slug, &unfinished).await;
        let bytes = match result {
            Ok(bytes) => bytes,
            Err(error) => {
                let _ = std::fs::remove_file(&unfinished);
                return Err(error);
            }
        };
        std::fs::rename(&unfinished, &path).map_err(|e| format!("{}: {e}", path.display()))?;
        say!("{} holds {slug} ({} MB)", path.display(), megabytes(bytes));
        Ok(())
    }
}

async fn write(instance: &Instance, slug: &str, path: &Path) -> Result<u64, String> {
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    let call = request("GET", &format!("/api/v1/workspace/{}/export", encode(slug)), None);
    let answer = instance.host.call_as_operator(call).await;
    if answer.head.status != 200 {
        let (status, body) = json(answer).await;
        return Err(error_of(status, &body));
    }
    let mut file = File::create(path).map_err(failed)?;
    let bar = ProgressBar::new_spinner().with_style(style("{spinner} {bytes} {bytes_per_sec}"));
    bar.enable_steady_tick(Duration::from_millis(120));
    let mut tail = Vec::new();
    match answer.body {
        AnswerBody::Whole(bytes) => file.write_all(&bytes).map_err(failed)?,
        AnswerBody::Stream(mut pieces) => {
            while let Some(piece) = pieces.next().await {
                let piece = piece.map_err(|e| e.to_string())?;
                file.write_all(&piece).map_err(failed)?;
                bar.inc(piece.len() as u64);
                tail = piece.to_vec();
            }
        }
    }
    file.sync_all().map_err(failed)?;
    bar.finish_and_clear();
    if !tail.ends_with(&haversack_engine::bundle::END) {
        let bytes = std::fs::read(path).map_err(failed)?;
        let why = Catalog::of_file(&bytes).err().map_or_else(String::new, |error| error.to_string());
        return Err(format!("the export did not come to its end: {why}"));
    }
    file.metadata().map(|metadata| metadata.len()).map_err(failed)
}

impl Import {
    /// Carries it out: all of the file is imported, or nothing.
    pub async fn run(self, instance: &Instance) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("{}: {e}", self.file.display());
        let mut file = File::open(&self.file).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        let bar = ProgressBar::new(len).with_style(style("{bar:32} {bytes}/{total_bytes}  {elapsed}  {msg}"));
        bar.set_message("reading");
        let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer).map_err(failed)? {
                0 => break,
                n => {
                    bytes.extend_from_slice(buffer.get(..n).unwrap_or_default());
                    bar.inc(n as u64);
                }
            }
        }
        bar.set_message("importing");
        bar.enable_steady_tick(Duration::from_millis(120));
        let mut call = request("POST", "/api/v1/workspace/import", None);
        if let Some(name) = &self.name {
            call.query = format!("name={}", encode(name));
        }
        call.body = bytes.into();
        let (status, body) = json(instance.host.call_as_operator(call).await).await;
        bar.finish_and_clear();
        if status >= 400 {
            return Err(error_of(status, &body));
        }
        let slug = text(&body["workspace"], "slug");
        say!("{slug}: {} documents in {} chunks", body["documents"], body["chunks"]);
        if let Some(message) = body["message"].as_str() {
            eprintln!("{message}");
        }
        Ok(())
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

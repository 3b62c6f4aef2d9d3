//! `cargo xtask eval`: measures collections and writes what was found.

use haversack_eval::command;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
haversack-eval [--json FILE] [--page FILE] FOLDER…
  FOLDER       a collection: BEIR, Cranfield's form, questions with spans, or questions with `answerable`
  --json FILE  the figures as JSON
  --page FILE  a page of Markdown with a line `<!-- figures -->`: what is behind it is replaced by the table
The questions of each collection are also asked of the others, where nothing may be found.";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mut json, mut page, mut folders) = (None, None, Vec::new());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => json = args.next().map(PathBuf::from),
            "--page" => page = args.next().map(PathBuf::from),
            _ => folders.push(PathBuf::from(arg)),
        }
    }
    if folders.is_empty() || folders.iter().any(|folder| folder.to_string_lossy().starts_with('-')) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match command::run(&folders, json.as_deref(), page.as_deref()) {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("haversack-eval: {why}");
            ExitCode::FAILURE
        }
    }
}

//! `haversack eval`: how much of what is asked is found in collections whose answers are known.

use clap::Args;
use haversack_eval::command;
use std::path::PathBuf;

/// What is measured, and where the figures go.
#[derive(Args)]
pub struct Eval {
    /// Collections in BEIR's form, or with questions and the spans that answer them (docs/quality.md)
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Replace the table in a page, behind its line `<!-- figures -->`
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

impl Eval {
    /// Measures and prints the table.
    pub fn run(&self) -> Result<(), String> {
        print!("{}", command::run(&self.folders, self.json.as_deref(), self.page.as_deref())?);
        Ok(())
    }
}

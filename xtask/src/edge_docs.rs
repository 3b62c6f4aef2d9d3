//! `examples/edge-docs`: a folder of documents, as a Spin application that answers over them.

use crate::shell::{self, Failure};
use crate::spin::{self, Kind};
use std::fs;
use std::path::Path;
use std::process::Command;

const EXAMPLE: &str = "examples/edge-docs";

/// What is asked about where nothing else is named: our own documents.
const DOCUMENTS: &str = "docs";

/// Puts the documents of `folder` into the example's bundle, by the program `haversack`, and a lean component beside it.
pub fn build(haversack: &Path, folder: Option<&str>) -> Result<(), Failure> {
    let example = Path::new(shell::ROOT).join(EXAMPLE);
    let failed = |error: std::io::Error| Failure(format!("{EXAMPLE}: {error}"));
    let component = spin::build(Kind::Lean)?;
    fs::copy(component, example.join("haversack.wasm")).map_err(failed)?;

    // A data folder of its own: what is in the user's is none of its business.
    let data = shell::target_dir().join("edge-docs");
    match fs::remove_dir_all(&data) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => fs::create_dir_all(&data).map_err(failed)?,
    }
    let documents = folder.map_or_else(|| Path::new(shell::ROOT).join(DOCUMENTS), Into::into);
    let mut add = Command::new(haversack);
    add.arg("add").arg(documents).args(["--workspace", "docs", "--data"]).arg(&data);
    shell::run(add, "haversack add --workspace docs")?;
    let mut export = Command::new(haversack);
    export.args(["export", "docs", "--force", "--data"]).arg(&data);
    export.arg("--output").arg(example.join("workspace.hvs"));
    shell::run(export, "haversack export docs")?;
    println!(
        "{EXAMPLE} is ready: `cd {EXAMPLE} && SPIN_VARIABLE_HAVERSACK_API_KEY=choose-a-long-secret spin up`"
    );
    Ok(())
}

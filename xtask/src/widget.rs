//! The chat widget: its parts in node, and all of it in a real browser against the real server: `tests/widget`.

use crate::clients;
use crate::shell::{self, Failure, ROOT};
use std::path::Path;
use std::process::Command;

/// Installs the browser, and what the tests need. `CHROMIUM` names a browser of that family that is here already.
pub fn packages() -> Result<(), Failure> {
    clients::node_packages(&Path::new(ROOT).join("tests/widget"))?;
    match std::env::var_os("CHROMIUM") {
        Some(_) => Ok(()),
        None => shell::require_package("chromium", "chromium"),
    }
}

/// Runs both.
pub fn test() -> Result<(), Failure> {
    let folder = Path::new(ROOT).join("tests/widget");
    let unit = ["--test", "unit/markdown.test.mjs", "unit/options.test.mjs", "unit/talk.test.mjs"];
    let mut node = Command::new("node");
    node.args(unit).current_dir(&folder);
    shell::run(node, &format!("node {}", unit.join(" ")))?;
    shell::programs()?;
    let browser = ["node", "--test", "browser/widget.test.mjs"];
    let mut with_server = shell::with_server();
    with_server.args(browser).current_dir(&folder);
    shell::run(with_server, &format!("with-server {}", browser.join(" ")))
}

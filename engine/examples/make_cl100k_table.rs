//! Writes `engine/assets/cl100k.bin` anew from the vocabulary inside the `bpe-openai` crate:
//! `cargo run -p haversack-engine --example make_cl100k_table`

use std::path::Path;

use haversack_engine::tokens::build_cl100k_table;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/cl100k.bin");
    let table = build_cl100k_table()?;
    std::fs::write(&path, &table)?;
    println!("{}: {} bytes", path.display(), table.len());
    Ok(())
}

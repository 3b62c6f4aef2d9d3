//! What the program carries besides its code: the app, and the parsers as machine code of a sandbox.

mod app;
mod sandbox;

fn main() -> std::io::Result<()> {
    app::build()?;
    sandbox::build()
}

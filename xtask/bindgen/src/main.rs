//! `haversack-bindgen MODULE.wasm FOLDER NAME`: makes `FOLDER/NAME.js` and `FOLDER/NAME_bg.wasm`.
//!
//! A program of its own rather than a part of xtask, which everybody builds for everything.

use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder, name] = &args[..] else {
        eprintln!("haversack-bindgen MODULE.wasm FOLDER NAME");
        std::process::exit(2);
    };
    let mut bindgen = Bindgen::new();
    let made = bindgen
        .input_path(module)
        .out_name(name)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder));
    if let Err(error) = made {
        eprintln!("haversack-bindgen: {error:#}");
        std::process::exit(1);
    }
}

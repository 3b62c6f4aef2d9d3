//! The one way to build, run, check and release Haversack: `cargo xtask help`.

mod browser;
mod check;
mod clients;
mod edge_docs;
mod shell;
mod spin;
mod wasm;
mod web;
mod widget;

use shell::{Failure, cargo};

const HELP: &str = "\
cargo xtask serve [OPTIONS]   build the app and the server, and start it on 127.0.0.1:3001; options go to `haversack serve`
cargo xtask test  [WHAT]      everything CI runs: check, then every test; or only
                                unit, golden, simulate, crash, quickstart, bad-input, hostile, web, widget,
                                spin: the component, built, under its test host,
                                clients [NAME…]: other people's clients against the server
                                browser [node|suite|chromium]: the npm package
cargo xtask check             formatting, clippy, the engine and the parsers on wasm32 and their imports, docs
cargo xtask deny  [offline]   licences, sources and advisories of every dependency (installs cargo-deny once)
cargo xtask bench [WHAT]      figures of this machine: kernels (micro benchmarks), server (the whole server),
                              browser (the npm package in Chromium), spin (the component beside the server), or
                                retrieval [FOLDER…]: recall, bytes read and quality over the texts in these folders
                                soak [MINUTES]: the server under load, without and with hostile files; fails if a
                                limit of docs/security.md is not kept
cargo xtask shots [PAGE…]     pictures of every page of the app, in web/tests/out
cargo xtask budget            sizes and times of the app, measured in a browser
cargo xtask fuzz  [SECONDS]   the parsers inside the sandbox of the server, with files changed at random; default 60
cargo xtask build [WHAT]      the release binary; browser: the npm package in pkg/; site: the app as static files, with
                                the engine in the tab; spin: the component, or spin lean: the component without
                                parsers. Prints where it is
                                edge-docs [FOLDER]: the Spin application of examples/edge-docs, over these documents
cargo xtask help              this text
";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = args.split_first().map_or(("help", &[][..]), |(c, rest)| (c.as_str(), rest));
    // The server carries its parsers as WebAssembly.
    let builds = ["serve", "test", "check", "bench", "shots", "budget", "build", "fuzz"].contains(&command);
    let result = match command {
        _ if builds && let Err(failure) = wasm::add_target() => Err(failure),
        "serve" => serve(rest),
        "test" => test(rest),
        "check" => check::all(),
        "deny" => check::deny(rest),
        "bench" => bench(rest),
        "shots" => web::shots(rest),
        "budget" => web::budget(),
        "fuzz" => fuzz(rest),
        "build" => build(rest),
        "help" | "-h" | "--help" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(Failure(format!("there is no command `{other}`\n\n{HELP}"))),
    };
    if let Err(failure) = result {
        eprintln!("xtask: {failure}");
        std::process::exit(1);
    }
}

fn serve(options: &[String]) -> Result<(), Failure> {
    app()?;
    let mut args = vec!["run", "--release", "--quiet", "--package", "haversack", "--", "serve"];
    args.extend(options.iter().map(String::as_str));
    cargo(&args)
}

fn build(what: &[String]) -> Result<(), Failure> {
    match what {
        [] => {}
        [part] if part == "browser" => return browser::build(),
        [part] if part == "spin" => return spin::build(spin::Kind::Whole).map(drop),
        [part, less] if part == "spin" && less == "lean" => return spin::build(spin::Kind::Lean).map(drop),
        [part] if part == "site" => {
            web::packages()?;
            println!("{}", web::site()?.display());
            return Ok(());
        }
        [part, folder @ ..] if part == "edge-docs" => {
            cargo(&["build", "--release", "--package", "haversack"])?;
            let haversack = shell::target_dir().join("release/haversack");
            return edge_docs::build(&haversack, folder.first().map(String::as_str));
        }
        _ => {
            let known = "`browser`, `site`, `spin`, `spin lean`, `edge-docs [FOLDER]` or nothing";
            return Err(Failure(format!("build takes {known}")));
        }
    }
    app()?;
    cargo(&["build", "--release", "--package", "haversack"])?;
    println!("{}", shell::target_dir().join("release/haversack").display());
    Ok(())
}

/// Names of tests that belong to one part of the suite, as filters of nextest.
const PARTS: [(&str, &str); 7] = [
    ("unit", "not package(haversack-tests)"),
    ("golden", "package(haversack-tests) and test(/^golden/)"),
    ("simulate", "package(haversack-tests) and test(/^simulation/)"),
    ("crash", "package(haversack-tests) and test(/^crash/)"),
    ("quickstart", "package(haversack-tests) and test(/^quick_start/)"),
    ("hostile", "package(haversack-tests) and test(/^hostile/)"),
    ("bad-input", "package(haversack-tests) and test(/^bad_input/)"),
];

fn test(what: &[String]) -> Result<(), Failure> {
    match what {
        [] => {
            // First, for the server that the others start has the app inside.
            app()?;
            check::all()?;
            nextest(&[])?;
            spin::test()?;
            with_packages("web", web::packages(), |()| web::test())?;
            with_packages("widget", widget::packages(), |()| widget::test())?;
            with_packages("clients", clients::packages(), |python| clients::test(&python, &[]))?;
            with_packages("browser", browser::packages(), |()| browser::test(None))
        }
        [part, names @ ..] if part == "clients" => clients::test(&clients::packages()?, names),
        [part, more @ ..] if part == "browser" => {
            browser::packages()?;
            browser::test(more.first().map(String::as_str))
        }
        [part] if part == "spin" => spin::test(),
        [part] if part == "web" => web::packages().and_then(|()| web::test()),
        [part] if part == "widget" => widget::packages().and_then(|()| widget::test()),
        [part] => {
            let known = PARTS.iter().find(|(name, _)| name == part);
            let names = || PARTS.map(|(name, _)| name).join(", ");
            let others = "web, spin, widget, clients, browser";
            let (_, filter) =
                known.ok_or_else(|| Failure(format!("test {part}? There are {}, {others}", names())))?;
            nextest(&["-E", filter])
        }
        _ => Err(Failure("test takes one part at most".to_owned())),
    }
}

/// Runs a part of the suite whose packages come from elsewhere. Where they cannot be had, that is said and the part is
/// left out; asked for by its name, it fails.
fn with_packages<T>(
    part: &str,
    packages: Result<T, Failure>,
    run: impl FnOnce(T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match packages {
        Ok(packages) => run(packages),
        Err(why) => {
            eprintln!("LEFT OUT: `{part}`, for its packages cannot be installed: {why}");
            Ok(())
        }
    }
}

pub(crate) fn nextest(filter: &[&str]) -> Result<(), Failure> {
    shell::require("cargo-nextest", &["install", "--locked", "cargo-nextest"])?;
    cargo(&[&["nextest", "run", "--workspace", "--no-fail-fast"], filter].concat())
}

fn fuzz(what: &[String]) -> Result<(), Failure> {
    let seconds = match what {
        [] => "60",
        [seconds] if seconds.parse::<u64>().is_ok() => seconds,
        _ => return Err(Failure("fuzz takes a number of seconds".to_owned())),
    };
    cargo(&[
        "run",
        "--release",
        "--quiet",
        "--package",
        "haversack",
        "--example",
        "fuzz_sandbox",
        "--",
        seconds,
    ])
}

/// Builds the app. A server without it is a server all the same, so where its packages cannot be had that is said.
fn app() -> Result<(), Failure> {
    with_packages("web", web::packages(), |()| web::build())
}

fn bench(what: &[String]) -> Result<(), Failure> {
    let what: Vec<&str> = what.iter().map(String::as_str).collect();
    if matches!(what[..], [] | ["kernels"]) {
        cargo(&["bench", "--package", "haversack-engine", "--package", "haversack-extract"])?;
    }
    if matches!(what[..], [] | ["server"]) {
        cargo(&["build", "--release", "--package", "haversack"])?;
        cargo(&["run", "--release", "--quiet", "--package", "haversack-tests", "--bin", "bench-server"])?;
    }
    if matches!(what[..], [] | ["browser"]) {
        browser::bench()?;
    }
    if let ["retrieval", folders @ ..] = &what[..] {
        let bench =
            ["run", "--release", "--quiet", "--package", "haversack-tests", "--bin", "bench-retrieval", "--"];
        return cargo(&[&bench[..], folders].concat());
    }
    if let ["soak", minutes @ ..] = &what[..] {
        cargo(&["build", "--release", "--package", "haversack"])?;
        let soak =
            ["run", "--release", "--quiet", "--package", "haversack-tests", "--bin", "bench-soak", "--"];
        return cargo(&[&soak[..], minutes].concat());
    }
    if matches!(what[..], [] | ["spin"]) {
        spin::bench()?;
    }
    match what[..] {
        [] | ["kernels"] | ["server"] | ["browser"] | ["spin"] => Ok(()),
        _ => Err(Failure(
            "bench takes `kernels`, `server`, `browser`, `spin`, `retrieval` or `soak`".to_owned(),
        )),
    }
}

//! The command line.

mod add;
mod ask;
mod bundle;
mod doctor;
mod keys;
mod ledger;
mod out;
mod repair;
mod search;
mod serve;
mod workspace;

use crate::config::{Config, Flags};
use crate::instance::Instance;
use clap::{Args, Parser, Subcommand};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How long a command waits for what is still under way when it ends.
const GRACE: Duration = Duration::from_secs(10);

/// Chat with your documents: a server that speaks the AnythingLLM API, and a command line beside it.
#[derive(Parser)]
#[command(name = "haversack", version, about, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    common: Common,
    /// What to do; without a command the server is started.
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "\
Settings come from flags, then HAVERSACK_* variables, then the environment, then .env, then haversack.toml.
The variables of AnythingLLM are understood, so its .env file works as it is.";

#[derive(Args)]
struct Common {
    /// Where documents, chats and keys are kept
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A .env file to read (default: .env here and in the data directory)
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// A TOML file to read (default: haversack.toml here and in the data directory)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(serve::Serve),
    /// Add files and folders to a workspace
    Add(add::Add),
    /// Ask a workspace a question; the answer is streamed, its sources follow
    Ask(ask::Ask),
    /// Find passages in a workspace without asking a language model
    Search(search::Search),
    /// Write a workspace to one file that every Haversack can import
    Export(bundle::Export),
    /// Make a workspace of such a file
    Import(bundle::Import),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Check the set-up and say what to do next
    Doctor(doctor::Doctor),
}

/// Runs the program. Exit codes: 0 done, 1 failed, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or(Command::Serve(serve::Serve::default()));
    match run(&cli.common, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("haversack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(common: &Common, command: Command) -> Result<(), String> {
    let mut flags = Flags {
        data: common.data.clone(),
        env_file: common.env_file.clone(),
        config: common.config.clone(),
        ..Flags::default()
    };
    if let Command::Serve(serve) = &command {
        flags.listen.clone_from(&serve.listen);
        flags.allow_private_addresses = serve.allow_private_addresses;
    }
    let directory = std::env::current_dir().map_err(|e| format!("cannot tell the working directory: {e}"))?;
    let config = Config::load(&flags, environment(), &directory)?;
    log_to_stderr(&config.log, matches!(command, Command::Serve(_)))?;
    let runtime = runtime().map_err(|e| format!("cannot start threads: {e}"))?;
    let result = runtime.block_on(async {
        match command {
            Command::Serve(_) => serve::run(&config).await,
            Command::Doctor(doctor) => doctor.run(&config).await,
            Command::Add(add) => {
                with_instance(&config, async |instance| add.run(&config, instance).await).await
            }
            Command::Ask(ask) => with_instance(&config, async |instance| ask.run(instance).await).await,
            Command::Search(search) => {
                with_instance(&config, async |instance| search.run(instance).await).await
            }
            Command::Export(export) => {
                with_instance(&config, async |instance| export.run(instance).await).await
            }
            Command::Import(import) => {
                with_instance(&config, async |instance| import.run(instance).await).await
            }
            Command::Keys(keys) => {
                with_instance(&config, async |instance| keys.run(&config, instance).await).await
            }
        }
    });
    // A thread may still be busy with a file that nobody waits for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// Opens the data for one command, beside a running server or not, and closes it properly.
async fn with_instance(
    config: &Config,
    work: impl AsyncFnOnce(&Instance) -> Result<(), String>,
) -> Result<(), String> {
    let instance = Instance::open(config).map_err(|e| e.message)?;
    let result = work(&instance).await;
    instance.close(GRACE).await;
    result
}

/// Few threads: the work of a request is short, and long work has threads of its own.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, 8))
        .max_blocking_threads(64)
        .thread_name("haversack")
        .enable_all()
        .build()
}

/// Variables that are no Unicode are none that we know.
fn environment() -> std::collections::BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn log_to_stderr(directives: &str, serving: bool) -> Result<(), String> {
    let targets: Targets = directives.parse().map_err(|e| {
        format!("HAVERSACK_LOG={directives}: {e}; for example: info, debug, warn,haversack=debug")
    })?;
    // A command talks to a person; what a server would note along the way is in the way there.
    let targets = if serving || directives != "info" {
        targets
    } else {
        Targets::new().with_default(tracing::Level::WARN)
    };
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let format =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    tracing_subscriber::registry().with(targets).with(format).init();
    std::panic::set_hook(Box::new(|panic| {
        // The message may hold a piece of somebody's document; the place says enough.
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!("a bug: panic at {place}");
    }));
    Ok(())
}

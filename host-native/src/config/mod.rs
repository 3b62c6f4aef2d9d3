//! Where settings come from: flags, then `HAVERSACK_*`, then the environment, then `.env`, then a TOML file.
//!
//! AnythingLLM's names are honoured, so that its `.env` can be brought along as it is. `HAVERSACK_X` stands
//! for `X` too, wherever the engine knows an `X`.

mod dotenv;
mod file;
pub mod limit_table;
mod vars;

use crate::extraction::ExtractionOptions;
use crate::server::{ServerOptions, proxies};
use crate::store::StoreOptions;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vars::Vars;

/// AnythingLLM's port.
const DEFAULT_PORT: u16 = 3001;

/// What the command line says; absent means that another source may.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--listen`
    pub listen: Option<String>,
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--env-file`
    pub env_file: Option<PathBuf>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--allow-private-addresses`
    pub allow_private_addresses: bool,
}

/// Everything settled.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the data is.
    pub data: PathBuf,
    /// For [`haversack_engine::Settings::from_vars`]; holds secrets.
    pub variables: BTreeMap<String, String>,
    /// The first API key, if the operator chose it.
    pub api_key: Option<String>,
    /// Callers may make the server reach private addresses.
    pub allow_private_addresses: bool,
    /// Limits of the server.
    pub server: ServerOptions,
    /// Limits of the store.
    pub store: StoreOptions,
    /// Limits of extraction.
    pub extraction: ExtractionOptions,
    /// What to log, as `tracing` filter directives.
    pub log: String,
    /// Which files were read, for `doctor`.
    pub files: Vec<PathBuf>,
}

impl Config {
    /// Reads all sources. `environment` and `directory` are the process's outside of tests. An error says
    /// which setting is wrong, and where it came from.
    pub fn load(
        flags: &Flags,
        environment: BTreeMap<String, String>,
        directory: &Path,
    ) -> Result<Config, String> {
        let sources = Sources::read(flags, environment, directory)?;
        let vars = &sources.vars;
        let extraction = ExtractionOptions::default();
        let server = ServerOptions::default();
        let listen = match flags.listen.as_deref().or(vars.own("LISTEN")) {
            Some(text) => address(text)?,
            None => SocketAddr::from(([127, 0, 0, 1], vars.number("SERVER_PORT")?.unwrap_or(DEFAULT_PORT))),
        };
        Ok(Config {
            listen,
            api_key: vars.own("API_KEY").map(str::to_owned),
            allow_private_addresses: flags.allow_private_addresses
                || vars.own_flag("ALLOW_PRIVATE_ADDRESSES")?,
            server: ServerOptions {
                max_body_bytes: vars.own_number("MAX_BODY_BYTES")?.unwrap_or(server.max_body_bytes),
                body_memory_bytes: vars.own_number("BODY_MEMORY_BYTES")?.unwrap_or(server.body_memory_bytes),
                max_requests: vars.own_number("MAX_REQUESTS")?.unwrap_or(server.max_requests),
                max_streams: vars.own_number("MAX_STREAMS")?.unwrap_or(server.max_streams),
                request_time: seconds(vars, "REQUEST_TIMEOUT_SECONDS")?.unwrap_or(server.request_time),
                trusted_proxies: match vars.own("TRUSTED_PROXIES") {
                    Some(text) => proxies(text).ok_or_else(|| {
                        format!(
                            "HAVERSACK_TRUSTED_PROXIES={text}: addresses with commas between are expected"
                        )
                    })?,
                    None => server.trusted_proxies,
                },
                ..server
            },
            store: StoreOptions {
                max_bytes: vars.own_number("MAX_DATABASE_BYTES")?,
                reserve_bytes: vars
                    .own_number("RESERVE_BYTES")?
                    .unwrap_or(StoreOptions::default().reserve_bytes),
            },
            extraction: ExtractionOptions {
                memory_bytes: vars.own_number("EXTRACT_MEMORY_BYTES")?.unwrap_or(extraction.memory_bytes),
                time: seconds(vars, "EXTRACT_TIMEOUT_SECONDS")?.unwrap_or(extraction.time),
                wait: seconds(vars, "EXTRACT_WAIT_SECONDS")?.unwrap_or(extraction.wait),
                slots: vars.own_number("EXTRACT_FILES")?.unwrap_or(extraction.slots),
                ..extraction
            },
            log: vars.own("LOG").unwrap_or("info").to_owned(),
            data: sources.data,
            files: sources.files,
            variables: sources.vars.for_engine(),
        })
    }
}

/// The variables of all sources, and where they were found.
struct Sources {
    vars: Vars,
    data: PathBuf,
    files: Vec<PathBuf>,
}

impl Sources {
    /// The data directory may be named in a file, and may itself hold files; those have the last word.
    fn read(
        flags: &Flags,
        environment: BTreeMap<String, String>,
        directory: &Path,
    ) -> Result<Sources, String> {
        let named = |flag: &Option<PathBuf>, name: &str| {
            flag.clone().or_else(|| environment.get(name).filter(|v| !v.is_empty()).map(PathBuf::from))
        };
        let env_file = named(&flags.env_file, "HAVERSACK_ENV_FILE");
        let toml_file = named(&flags.config, "HAVERSACK_CONFIG");
        let mut files = Vec::new();
        let (mut dotenvs, mut tomls) = (Vec::new(), Vec::new());
        dotenvs.extend(
            read(env_file.as_deref(), &directory.join(".env"), &mut files)?.map(|t| dotenv::parse(&t)),
        );
        tomls.extend(toml(toml_file.as_deref(), &directory.join("haversack.toml"), &mut files)?);
        let vars = |dotenvs: &[BTreeMap<String, String>], tomls: &[BTreeMap<String, String>]| {
            let mut layers: Vec<_> = tomls.iter().rev().chain(dotenvs.iter().rev()).cloned().collect();
            layers.push(environment.clone());
            Vars::merge(layers)
        };
        let data = data_directory(flags, &vars(&dotenvs, &tomls), directory)?;
        if data != directory {
            if env_file.is_none() {
                dotenvs.extend(read(None, &data.join(".env"), &mut files)?.map(|text| dotenv::parse(&text)));
            }
            if toml_file.is_none() {
                tomls.extend(toml(None, &data.join("haversack.toml"), &mut files)?);
            }
        }
        Ok(Sources { vars: vars(&dotenvs, &tomls), data, files })
    }
}

fn data_directory(flags: &Flags, vars: &Vars, directory: &Path) -> Result<PathBuf, String> {
    let named =
        flags.data.clone().or_else(|| vars.own("DATA").or(vars.get("STORAGE_DIR")).map(PathBuf::from));
    match named {
        Some(path) => Ok(directory.join(path)),
        None => dirs::data_dir()
            .map(|base| base.join("haversack"))
            .ok_or_else(|| "there is no home directory to keep data in: name one with --data DIR".into()),
    }
}

/// The text of `named`, which must exist, or else of `usual`, which need not.
fn read(named: Option<&Path>, usual: &Path, files: &mut Vec<PathBuf>) -> Result<Option<String>, String> {
    let path = named.unwrap_or(usual);
    match std::fs::read_to_string(path) {
        Ok(text) => {
            files.push(path.to_owned());
            Ok(Some(text))
        }
        Err(_) if named.is_none() && !path.exists() => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

fn toml(
    named: Option<&Path>,
    usual: &Path,
    files: &mut Vec<PathBuf>,
) -> Result<Option<BTreeMap<String, String>>, String> {
    let Some(text) = read(named, usual, files)? else { return Ok(None) };
    file::parse(&text).map(Some).map_err(|e| format!("{}: {e}", named.unwrap_or(usual).display()))
}

/// `host:port`, `:port` or `port`; no host, and `localhost`, is this machine only.
fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port),
        None => ("", text),
    };
    let host = if host.is_empty() || host.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { host };
    format!("{host}:{port}").parse().map_err(|_| {
        format!("--listen {text}: an address and a port are expected, e.g. 127.0.0.1:{DEFAULT_PORT}")
    })
}

fn seconds(vars: &Vars, name: &str) -> Result<Option<Duration>, String> {
    Ok(vars.own_number::<u64>(name)?.map(Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn load(flags: Flags, environment: &[(&str, &str)], directory: &Path) -> Result<Config, String> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::load(&flags, environment, directory)
    }

    #[test]
    fn nearer_sources_win() {
        let (here, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let write =
            |dir: &TempDir, name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write(
            &here,
            "haversack.toml",
            "listen = '127.0.0.1:1'\na = 'toml'\nb = 'toml'\nc = 'toml'\nd = 'toml'",
        );
        write(&here, ".env", "B='.env'\nC='.env'\nD='.env'\nSERVER_PORT=2");
        write(&data, ".env", "B='data'\nE='data'\nHAVERSACK_MAX_REQUESTS=7");
        let data = data.path().to_str().unwrap();
        let environment =
            [("C", "environment"), ("D", "environment"), ("HAVERSACK_D", "own"), ("STORAGE_DIR", data)];
        let config = load(Flags::default(), &environment, here.path()).unwrap();
        let of = |name: &str| config.variables[name].as_str();
        assert_eq!(["A", "B", "C", "D", "E"].map(of), ["toml", ".env", "environment", "own", "data"]);
        assert_eq!(config.listen.port(), 1, "our own setting before AnythingLLM's");
        assert_eq!(
            (config.data.to_str(), config.server.max_requests, config.files.len()),
            (Some(data), 7, 3)
        );
        let flags = Flags { listen: Some(":9".into()), data: Some("sub".into()), ..Flags::default() };
        let config = load(flags, &environment, here.path()).unwrap();
        assert_eq!(
            (config.listen.to_string().as_str(), config.data),
            ("127.0.0.1:9", here.path().join("sub"))
        );
    }

    #[test]
    fn their_env_file_is_enough() {
        let here = TempDir::new().unwrap();
        let text = "SERVER_PORT=3005\nSTORAGE_DIR=\"./storage\"\nJWT_SECRET='x'\nLLM_PROVIDER='ollama'\n";
        std::fs::write(here.path().join("theirs"), text).unwrap();
        let flags = Flags { env_file: Some(here.path().join("theirs")), ..Flags::default() };
        let config = load(flags, &[], here.path()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3005");
        assert_eq!(config.data, here.path().join("./storage"));
        assert_eq!(config.variables["LLM_PROVIDER"], "ollama");
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let here = TempDir::new().unwrap();
        let data = ("HAVERSACK_DATA", "data");
        for (name, value) in [
            ("HAVERSACK_MAX_BODY_BYTES", "many"),
            ("HAVERSACK_LISTEN", "nowhere"),
            ("SERVER_PORT", "70000"),
            ("HAVERSACK_ALLOW_PRIVATE_ADDRESSES", "perhaps"),
            ("HAVERSACK_ENV_FILE", "absent"),
        ] {
            let error = load(Flags::default(), &[data, (name, value)], here.path()).unwrap_err();
            let wanted = if name == "HAVERSACK_LISTEN" { "--listen" } else { name };
            assert!(error.contains(wanted) || error.contains(value), "{name}: {error}");
        }
    }
}

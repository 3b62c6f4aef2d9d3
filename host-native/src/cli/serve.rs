//! `haversack serve`.

use super::{keys, out};
use crate::clock;
use crate::config::Config;
use crate::instance::{Instance, json, request};
use crate::limits;
use crate::server::{Server, router, shutdown_signal};
use clap::Args;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long requests may go on after the server was asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long runs may then take to save what they have.
const SAVE: Duration = Duration::from_secs(3);

/// Start the server.
#[derive(Args, Default)]
pub struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:3001]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Let callers make the server fetch from private addresses (upload-link)
    #[arg(long)]
    pub allow_private_addresses: bool,
}

/// Serves until the process is asked to stop.
pub async fn run(config: &Config) -> Result<(), String> {
    let started = Instant::now();
    if clock::system_now().0 < 0 {
        // The HTTP library has no dates before, and would panic with each connection.
        return Err(
            "the clock of this machine says a time before 1970: set it, and start the server again".into()
        );
    }
    limits::raise_open_files();
    let instance = Instance::open(config).map_err(|error| error.message)?;
    if let Err(error) = instance.maintain().await {
        if !instance.host.effects().store.is_damaged() {
            return Err(error);
        }
        // What is not damaged is served.
        tracing::error!("{error}");
    }
    if instance.host.effects().store.is_damaged() {
        tracing::error!(
            "the data was found to be damaged: nothing is written until `haversack doctor --repair` was run"
        );
    }
    let new_key = first_key(config, &instance).await?;
    let router = router(instance.host.clone(), config.server.clone());
    let server = Server::bind(config.listen, router, &config.server.trusted_proxies)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}; choose another with --listen", config.listen))?;
    let address = server.address().map_err(|e| e.to_string())?;
    let asked_to_stop = shutdown_signal();
    greet(address, new_key.as_deref());
    let ms = started.elapsed().as_micros() as f64 / 1e3;
    tracing::info!(%address, data = %config.data.display(), ms, "ready");
    let trimming = tokio::spawn({
        let instance = instance.clone();
        async move { instance.trim_now_and_then().await }
    });
    let finished = server.run(asked_to_stop, GRACE).await;
    trimming.abort();
    tracing::info!(finished, "stopping");
    // Whoever is in a hurry asks twice.
    tokio::select! {
        _ = instance.close(SAVE) => Ok(()),
        () = shutdown_signal() => Err("stopped before everything was finished".into()),
    }
}

/// Sees to it that there is a key; its secret if it was made up just now.
async fn first_key(config: &Config, instance: &Instance) -> Result<Option<String>, String> {
    let keys = match keys::list(instance).await {
        // The keys that can be read work, and no other can be made.
        Err(error) if instance.host.effects().store.is_damaged() => {
            tracing::error!("the keys cannot be listed: {error}");
            return Ok(None);
        }
        keys => keys?,
    };
    match (&config.api_key, keys.is_empty()) {
        (Some(secret), true) => {
            keys::create(instance, "HAVERSACK_API_KEY", Some(secret))
                .await
                .map_err(|e| format!("HAVERSACK_API_KEY: {e}"))?;
            Ok(None)
        }
        (Some(secret), false) => {
            let mut probe = request("GET", "/api/v1/auth", None);
            probe.headers.push(("authorization".into(), format!("Bearer {secret}")));
            if json(instance.host.call(probe).await).await.0 != 200 {
                tracing::warn!("HAVERSACK_API_KEY is none of the keys there are: it only sets the first one");
            }
            Ok(None)
        }
        (None, true) if !config.listen.ip().is_loopback() => Err(format!(
            "{} can be reached from other machines, and there is no API key yet. Make one first \
             (`haversack keys create`), or set HAVERSACK_API_KEY.",
            config.listen
        )),
        (None, true) => keys::create(instance, "first start", None).await.map(Some),
        (None, false) => Ok(None),
    }
}

/// On the terminal, not in the log: the secret must not end up there.
fn greet(address: SocketAddr, new_key: Option<&str>) {
    let text = match new_key {
        Some(secret) => format!(
            "\n  Haversack is ready. This API key is shown only now:\n\n      {secret}\n\n  \
             Open the page with it:\n\n      http://{address}/#token={secret}\n\n"
        ),
        None => format!(
            "\n  Haversack is ready at http://{address}/\n  \
             Another key for a browser or a client: haversack keys create\n\n"
        ),
    };
    // Nobody may be reading; the server is ready all the same.
    out::try_print(format_args!("{text}"));
}

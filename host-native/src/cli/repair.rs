//! `haversack doctor --repair`.

use super::out::say;
use crate::config::Config;
use crate::instance::Instance;
use crate::store::Store;
use crate::store::repair::Repair;
use haversack_engine::repair::Finding;
use haversack_engine::seam::HostErrorKind;

/// What the engine found.
#[derive(Default)]
struct Found {
    wrong: u64,
    mended: u64,
    lost: u64,
    failed: u64,
    records: u64,
}

impl Found {
    fn is_well(&self) -> bool {
        self.wrong == 0 && self.failed == 0
    }
}

/// Checks every record, and mends what is wrong: in a new database, which takes the place of the old one when all is well
/// in it.
pub async fn run(config: &Config) -> Result<(), String> {
    let repair = Repair::begin(&config.data).map_err(|e| e.message)?;
    if !repair.path().exists() {
        return Err(format!("there is no database in {}", config.data.display()));
    }
    if is_sound(config, &repair).await? {
        repair.forget_damage().map_err(|e| e.message)?;
        say!("\nAll is well, nothing had to be repaired. Start the server with: haversack serve");
        return Ok(());
    }
    say!("\nRepairing, in a new database beside the old one …");
    let salvaged = {
        let repair = &repair;
        tokio::task::block_in_place(move || repair.salvage()).map_err(|e| e.message)?
    };
    say!("  {} records were copied.", salvaged.copied);
    if salvaged.missing + salvaged.unreadable > 0 {
        say!(
            "  {} rows could not be read; the names of {} are known.",
            salvaged.unreadable,
            salvaged.missing
        );
    }
    let fixed = engine(config, repair.open_new().map_err(|e| e.message)?, true).await?;
    // What is found now is found in what was mended.
    let left = engine(config, repair.open_new().map_err(|e| e.message)?, false).await?;
    if fixed.failed > 0 || !left.is_well() {
        return Err(format!(
            "{} things could not be repaired, see above. The old data is as it was, and nothing is written to it; \
             what can be read of it is served. Mend the cause and run `haversack doctor --repair` again.",
            fixed.failed.max(left.wrong + left.failed)
        ));
    }
    let backup = tokio::task::block_in_place(move || repair.finish()).map_err(|e| e.message)?;
    say!("\n{} records. {} things were made again, {} are lost.", left.records, fixed.mended, fixed.lost);
    say!("The old files are kept in {}; remove them when you need them no more.", backup.display());
    say!("All is well now. Start the server with: haversack serve");
    Ok(())
}

/// Whether nothing is wrong with the database as it is.
async fn is_sound(config: &Config, repair: &Repair) -> Result<bool, String> {
    match crate::store::check(&repair.path(), true) {
        Ok(problems) if problems.is_empty() => {}
        Ok(problems) => {
            problems.iter().for_each(|problem| say!("  BAD   The database: {problem}"));
            return Ok(false);
        }
        Err(error) if error.kind == HostErrorKind::Damaged => {
            say!("  BAD   The database: {error}");
            return Ok(false);
        }
        Err(error) => return Err(error.message),
    }
    match repair.open_old() {
        Ok(store) => Ok(engine(config, store, false).await?.is_well()),
        Err(error) if error.kind == HostErrorKind::Damaged => Ok(false),
        Err(error) => Err(error.message),
    }
}

/// Looks at every record of the data without changing anything; what is wrong, in lines.
pub async fn look(config: &Config) -> Result<Vec<String>, String> {
    let store = Store::open(&config.data, config.store).map_err(|e| e.message)?;
    let mut lines = Vec::new();
    findings(config, store, false, |finding| {
        if let Finding::Wrong { text } | Finding::Failed { text } = finding {
            lines.push(text);
        }
    })
    .await?;
    Ok(lines)
}

/// Lets the engine look at a store, and mend it; prints what it says.
async fn engine(config: &Config, store: Store, fix: bool) -> Result<Found, String> {
    let mut found = Found::default();
    findings(config, store, fix, |finding| match finding {
        Finding::Wrong { text } => say!("  BAD   {text}"),
        Finding::Mended { text } => say!("  made  {text}"),
        Finding::Lost { text } => say!("  LOST  {text}"),
        Finding::Failed { text } => say!("  BAD   {text}"),
        Finding::End { records, wrong, mended, lost, failed } => {
            found = Found { wrong, mended, lost, failed, records };
        }
    })
    .await?;
    Ok(found)
}

async fn findings(
    config: &Config,
    store: Store,
    fix: bool,
    mut each: impl FnMut(Finding),
) -> Result<(), String> {
    let instance = Instance::over(config, store).map_err(|error| error.message)?;
    let (host, engine) = (instance.host.clone(), instance.engine.clone());
    let answer = host.answer(true, move |origin| engine.repair(origin, fix)).await;
    let mut rest = Vec::new();
    let mut ended = false;
    let mut take = |rest: &mut Vec<u8>| -> Result<(), String> {
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let finding = serde_json::from_slice::<Finding>(&line).map_err(|e| e.to_string())?;
            ended |= matches!(finding, Finding::End { .. });
            each(finding);
        }
        Ok(())
    };
    rest.extend_from_slice(&answer.bytes().await.map_err(|e| e.to_string())?);
    take(&mut rest)?;
    instance.close(super::GRACE).await;
    match ended {
        true => Ok(()),
        false => Err("the check came to no end; the log says why".to_owned()),
    }
}

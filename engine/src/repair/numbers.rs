//! Numbers that are given out are higher than all that are in use, or a new record would take the place of an old one.

use super::walk::Census;
use super::{Repair, kind, parts};
use crate::api::ApiError;
use crate::seam::Write;
use crate::store::key;
use std::collections::BTreeMap;

/// Numbers that may have been given to what has gone again.
const MARGIN: u64 = 1000;

/// Raises what is too low.
pub async fn run(repair: &mut Repair<'_>, census: &Census) -> Result<(), ApiError> {
    let unreadable =
        census.damaged.iter().filter(|(at, _)| kind(at) == "seq").filter_map(|(at, _)| parts(at).pop());
    let mut highest: BTreeMap<&str, u64> = unreadable.map(|name| (name, 0)).collect();
    highest.extend(census.highest.iter().map(|(name, number)| (*name, *number)));
    for (name, highest) in highest {
        if census.numbers.get(name).is_some_and(|number| *number >= highest) {
            continue;
        }
        let raised = highest + MARGIN;
        repair.write(vec![Write::Put(key::sequence(name), raised.to_string().into())]).await?;
        match repair.fix {
            true => repair.mended(format!("Numbers of the sequence {name} go on from {raised}.")),
            false => repair.wrong(format!("The sequence {name} is below {highest}, which is in use.")),
        }
    }
    Ok(())
}

//! What a process takes of the machine, as Linux counts it.

use std::io::Result;
use std::time::Duration;

/// Memory of a process in MB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// In memory now.
    pub resident: f64,
    /// The most that it had.
    pub highest: f64,
}

/// The memory of the process with this number.
pub fn memory(process: u32) -> Result<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<f64>().ok().map(|kb| kb / 1024.0)
    };
    Ok(Memory { resident: field("VmRSS:").unwrap_or(0.0), highest: field("VmHWM:").unwrap_or(0.0) })
}

/// The processor time that it used so far: all threads, user and system.
pub fn cpu(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks: u64 = fields.iter().skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum();
    // Linux counts in hundredths of a second wherever this runs.
    Ok(Duration::from_millis(ticks * 10))
}

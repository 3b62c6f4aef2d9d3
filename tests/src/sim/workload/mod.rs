//! Clients that do what clients do, and remember what they were told.
//!
//! ```text
//! operation   one call, chosen by chance from what the clients know
//! embeds      calls about embeds, by their owners and by visitors
//! people      calls about users, by who administers them and by themselves
//! knowledge   what acknowledged answers promised, and what later calls may have undone
//! answers     what every answer must look like, good or bad
//! run         many clients at once on a host with faults, then the reckoning
//! ```

mod answers;
mod embeds;
mod knowledge;
mod operation;
mod people;
mod run;

pub use answers::check_answer;
pub use run::{Failure, Report, program, run};

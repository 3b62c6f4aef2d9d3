//! Citations: from the numbers that a model writes to the numbers that clients see, and to the sentences behind them.
//!
//! A model is given passages under numbers in the order of retrieval. In the text that clients get, a number is the place of
//! a passage in `sources`, from 1, and the passages that are cited come first, in the order of their first citation.
//! [`rewrite`] changes the numbers while the text is written, [`brackets`] tells a citation from other brackets, [`mod@claims`]
//! finds what is claimed in front of a number, and [`mod@support`] the sentences of the passage that say so.

mod brackets;
mod claims;
mod rewrite;
mod support;
mod voice;

pub(super) use claims::claims;
pub(super) use rewrite::{Numbering, without_numbers};
pub(super) use support::support;
pub(super) use voice::{Citing, Said};

//! Vector arithmetic: int8 rows, exact search over them, and the bytes they are stored as.
//!
//! A vector is normalised once ([`unit::unit`]), when it is made. It is then kept twice: as float, one stored value a
//! row, and as int8 in a [`SegmentVectors`](segment::SegmentVectors), a quarter of the size. A search scans the
//! int8 rows of a [`VectorIndex`](index::VectorIndex) and keeps every row that rounding could have hidden among the
//! best ([`search::candidates`]); the caller loads the float rows of those few and [`search::rescore`] ranks them.
//! The result is that of comparing all float rows, always.
//!
//! Of a workspace too large to be read whole, the scan reads [`code`]s of 2 bits a value instead, and the float rows of
//! the best few hundred decide.

pub mod code;
pub mod error;
pub mod index;
pub mod kernel;
pub mod quantize;
pub mod rotation;
pub mod score;
pub mod search;
pub mod segment;
pub mod unit;

/// The most values a vector may have: more than any embedder gives, and few enough that integer dot products
/// keep 11 bits of the query.
pub const DIM_MAX: usize = 8192;

//! Vector arithmetic: int8 rows, exact search over them, and the bytes they are stored as.

pub mod kernel;

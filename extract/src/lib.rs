//! Bytes of a file in, text with its structure out. No I/O.

#![forbid(unsafe_code)]

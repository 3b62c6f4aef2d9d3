//! Records on the ordered key-value store.

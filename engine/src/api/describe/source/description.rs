//! The description itself.

use super::operation::{Operation, op};

const TAG: &str = "Description";

/// Every operation.
pub fn operations() -> Vec<Operation> {
    let get = |pattern, summary| op("GET", pattern, TAG, summary).errors(&[404]);
    vec![
        get("/openapi.json", "This description").ok_as("application/json"),
        get("/docs", "This description, to read and try out").ok_as("text/html").bare(308),
        get("/docs/page.js", "The script of that page").ok_as("text/javascript"),
        get("/docs/page.css", "The style of that page").ok_as("text/css"),
    ]
}

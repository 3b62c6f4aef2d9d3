//! How deep a tree is, and what writing it down would take.

use dom_query::{Document, NodeData, NodeRef};

use crate::Limits;

/// Bytes that a level of a list indents a line by at most, as lists count.
const LIST_INDENT: u64 = 6;
/// Bytes that a quotation within another puts before a line.
const QUOTE_INDENT: u64 = 2;
/// Lines that an element begins at most.
const LINES: u64 = 2;
/// How often the text allowed may be copied on its way out of nested elements.
const MAX_COPIES: u64 = 16;
/// The same for finding the content of a page, which looks at each part with all that is in it, several times.
const MAX_GUESS_COPIES: u64 = 1;

/// Copies of the tree that are in memory meanwhile.
const GUESS_TREES: u64 = 4;

/// What was measured.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shape {
    nodes: u64,
    depth: u64,
    /// Bytes that lists and quotations put before lines.
    indent_bytes: u64,
    /// Each text as often as there are elements around it.
    copied_bytes: u64,
}

/// The elements around a node.
#[derive(Clone, Copy, Default)]
struct Around {
    depth: u64,
    indent: u64,
}

impl Shape {
    pub fn of(document: &Document) -> Self {
        let mut shape = Self::default();
        let mut waiting: Vec<(NodeRef<'_>, Around)> = vec![(document.root(), Around::default())];
        while let Some((node, around)) = waiting.pop() {
            shape.nodes += 1;
            let lines = node.query_or(0, |node| match &node.data {
                NodeData::Element(_) => {
                    shape.depth = shape.depth.max(around.depth);
                    LINES
                }
                NodeData::Text { contents } => {
                    shape.copied_bytes += contents.len() as u64 * around.depth;
                    1 + memchr::memchr_iter(b'\n', contents.as_bytes()).count() as u64
                }
                _ => 0,
            });
            shape.indent_bytes += lines * around.indent;
            let indent = match node.node_name().as_deref() {
                Some("ul" | "ol" | "menu") => LIST_INDENT,
                Some("blockquote") => QUOTE_INDENT,
                _ => 0,
            };
            let around = Around { depth: around.depth + 1, indent: around.indent + indent };
            waiting.extend(node.children_it(true).map(|child| (child, around)));
        }
        shape
    }

    /// Whether the tree can be written down.
    pub fn is_within(&self, limits: &Limits) -> bool {
        self.depth <= limits.max_depth
            && self.indent_bytes <= limits.max_text_bytes
            && self.copied_bytes <= limits.max_text_bytes.saturating_mul(MAX_COPIES)
    }

    /// Whether its content can be looked for.
    pub fn is_searchable(&self, limits: &Limits) -> bool {
        self.copied_bytes <= limits.max_text_bytes.saturating_mul(MAX_GUESS_COPIES)
            && self.nodes <= limits.max_entries / GUESS_TREES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_measured() {
        let shape = Shape::of(&Document::from("<ul><li>ab<ol><li>c</ol></ul>"));
        // Below the root, html and body: a list, its item, a list, its item, a text.
        assert_eq!((shape.nodes, shape.depth), (10, 6));
        assert_eq!(shape.copied_bytes, 2 * 5 + 7);
        assert_eq!(shape.indent_bytes, 6 * (2 + 1 + 2) + 12 * (2 + 1));
    }
}

//! Building the tree of a page, as far as it stays affordable.
//!
//! What a tag does depends on all that came before it: end tags may end nothing, text in tables goes before them, and open
//! formatting elements are opened again for each paragraph. So nothing is guessed from the tags. The builder is watched
//! while it works, and given up when the tree becomes too large, too deep or too slow to build.

use std::borrow::Cow;
use std::cell::{Cell, Ref};

use dom_query::{Document, NodeId};
use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeBuilder, TreeBuilderOpts, TreeSink};
use html5ever::{Attribute, QualName};

use super::attributes;
use super::shape::Shape;
use crate::Limits;

/// How often the attributes of a page may be written; elements that are opened again repeat theirs.
const ATTRIBUTE_FACTOR: u64 = 2;
/// Pages below this size may repeat their attributes as they like.
const SMALL_BYTES: u64 = 1024 * 1024;

/// Parses a page. `None` if its tree is beyond what `limits` allow.
pub(crate) fn parse(html: &str, limits: &Limits) -> Option<Document> {
    if !attributes::are_few(html) {
        return None;
    }
    let sink = Sink {
        document: Document::default(),
        max_nodes: limits.max_entries,
        max_depth: limits.max_depth,
        attribute_bytes_left: Cell::new((html.len() as u64).max(SMALL_BYTES) * ATTRIBUTE_FACTOR),
        depth: Cell::new(0),
        is_over: Cell::new(false),
    };
    let options = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let guard =
        Guard { builder: TreeBuilder::new(sink, options), work_left: Cell::new(limits.max_operations) };
    let tokenizer = Tokenizer::new(guard, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    // A script that is at its end interrupts; there is nothing to run.
    while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
    tokenizer.end();
    let sink = tokenizer.sink.builder.sink;
    if sink.is_over.get() {
        return None;
    }
    let document = sink.finish();
    Shape::of(&document).is_within(limits).then_some(document)
}

/// Stands between the tokenizer and the builder.
struct Guard {
    builder: TreeBuilder<NodeId, Sink>,
    work_left: Cell<u64>,
}

impl Guard {
    /// A tag is compared with the open elements, and a formatting element with all others like it.
    fn cost(&self, token: &Token) -> u64 {
        match token {
            Token::TagToken(Tag { attrs, .. }) => {
                (1 + self.builder.sink.depth.get()) * (1 + attrs.len() as u64 / 8)
            }
            _ => 1,
        }
    }
}

impl TokenSink for Guard {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        let is_over = &self.builder.sink.is_over;
        match self.work_left.get().checked_sub(self.cost(&token)) {
            Some(left) => self.work_left.set(left),
            None => is_over.set(true),
        }
        if is_over.get() { TokenSinkResult::Continue } else { self.builder.process_token(token, line) }
    }

    fn end(&self) {
        if !self.builder.sink.is_over.get() {
            self.builder.end();
        }
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Hands everything on to the document, and measures it.
struct Sink {
    document: Document,
    max_nodes: u64,
    max_depth: u64,
    attribute_bytes_left: Cell<u64>,
    /// Depth of what was added last.
    depth: Cell<u64>,
    is_over: Cell<bool>,
}

impl Sink {
    /// Takes note of a child that a node gets.
    fn grow(&self, parent: &NodeId) {
        let tree = &self.document.tree;
        let most = self.max_depth as usize + 1;
        let depth = tree.ancestor_ids_of_it(parent, Some(most)).count() as u64 + 1;
        self.depth.set(depth);
        if depth > self.max_depth || tree.len() as u64 > self.max_nodes {
            self.is_over.set(true);
        }
    }

    fn attributes(&self, attributes: &[Attribute]) {
        let bytes: usize =
            attributes.iter().map(|attribute| attribute.value.len() + attribute.name.local.len()).sum();
        match self.attribute_bytes_left.get().checked_sub(bytes as u64) {
            Some(left) => self.attribute_bytes_left.set(left),
            None => self.is_over.set(true),
        }
    }
}

impl TreeSink for Sink {
    type ElemName<'a> = Ref<'a, QualName>;
    type Output = Document;
    type Handle = NodeId;

    fn finish(self) -> Document {
        self.document
    }

    /// Errors are not kept: a page may have as many as it has bytes.
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        self.document.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.document.elem_name(target)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.attributes(&attributes);
        self.document.create_element(name, attributes, flags)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.document.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.document.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        if matches!(child, NodeOrText::AppendNode(_)) {
            self.grow(parent);
        }
        self.document.append(parent, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, before: &NodeId, child: NodeOrText<NodeId>) {
        self.grow(before);
        self.document.append_based_on_parent_node(element, before, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.document.append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.document.get_template_contents(target)
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        self.document.same_node(x, y)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.document.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        self.grow(sibling);
        self.document.append_before_sibling(sibling, child);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        self.attributes(&attributes);
        self.document.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.document.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.document.reparent_children(node, new_parent);
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &NodeId) -> bool {
        self.document.is_mathml_annotation_xml_integration_point(handle)
    }
}

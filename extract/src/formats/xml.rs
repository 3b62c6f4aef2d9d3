//! Reading XML by walking down into elements.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// A forgiving pull parser. Names are local names: office files agree on those, not on prefixes. At the first
/// fault (or beyond `max_depth`) the document simply ends, and [`Xml::fault`] tells why.
pub(crate) struct Xml<'x> {
    reader: Reader<&'x [u8]>,
    depth: u64,
    max_depth: u64,
    fault: Option<String>,
    ended: bool,
}

/// What comes next.
pub(crate) enum Node<'x> {
    Start(Element<'x>),
    Text(Cow<'x, str>),
    End,
}

/// A start tag. Elements without content have one too, and an end.
pub(crate) struct Element<'x>(BytesStart<'x>);

impl Element<'_> {
    /// Name without its prefix.
    pub fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// Value of an attribute, by its name without the prefix.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        // The check for duplicates takes quadratic time.
        attributes
            .with_checks(false)
            .flatten()
            .find(|attribute| attribute.key.local_name().into_inner() == name)
            .and_then(|attribute| attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok())
            .map(Cow::into_owned)
    }
}

impl<'x> Xml<'x> {
    pub fn new(text: &'x str, max_depth: u64) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, depth: 0, max_depth, fault: None, ended: false }
    }

    /// Why the document ended early, if it did.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The next start tag, end tag or piece of text; `None` at the end of the document.
    pub fn next(&mut self) -> Option<Node<'x>> {
        while !self.ended {
            match self.reader.read_event() {
                Ok(Event::Start(start)) => {
                    self.depth += 1;
                    if self.depth > self.max_depth {
                        return self
                            .end(Some(format!("it exceeds the limit max_depth ({})", self.max_depth)));
                    }
                    return Some(Node::Start(Element(start)));
                }
                Ok(Event::End(_)) => {
                    self.depth -= 1;
                    return Some(Node::End);
                }
                Ok(Event::Text(text)) => return Some(Node::Text(text.xml10_content())),
                Ok(Event::CData(text)) => return Some(Node::Text(text.xml10_content())),
                Ok(Event::GeneralRef(reference)) => {
                    let known = match &*reference {
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "amp" => Some('&'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => reference.resolve_char_ref().ok().flatten(),
                    };
                    return Some(Node::Text(known.map(String::from).unwrap_or_default().into()));
                }
                Ok(Event::Eof) if self.depth > 0 => return self.end(Some("it is cut short".into())),
                Ok(Event::Eof) => return self.end(None),
                Ok(_) => {}
                Err(error) => {
                    let at = self.reader.error_position();
                    return self.end(Some(format!("its XML is damaged at byte {at}: {error}")));
                }
            }
        }
        None
    }

    /// Calls `visit` for each child of the element that was just started, up to its end. What `visit` leaves
    /// unread of a child is skipped.
    pub fn children(&mut self, mut visit: impl FnMut(&mut Self, &Element<'x>)) {
        let depth = self.depth;
        while let Some(node) = self.next() {
            match node {
                Node::Start(element) => {
                    visit(self, &element);
                    while self.depth > depth && self.next().is_some() {}
                }
                Node::End => return,
                Node::Text(_) => {}
            }
        }
    }

    /// All text inside the element that was just started, up to its end. What goes beyond `most` bytes is left out.
    pub fn text(&mut self, most: usize) -> String {
        let depth = self.depth;
        let mut text = String::new();
        while let Some(node) = self.next() {
            match node {
                Node::Text(piece) if piece.len() <= most.saturating_sub(text.len()) => text.push_str(&piece),
                Node::Text(piece) => {
                    let end = piece.floor_char_boundary(most.saturating_sub(text.len()));
                    text.push_str(&piece[..end]);
                }
                Node::End if self.depth < depth => break,
                _ => {}
            }
        }
        text
    }

    /// Ends the document here, as no more of it is wanted.
    pub fn stop(&mut self) {
        self.ended = true;
    }

    fn end(&mut self, fault: Option<String>) -> Option<Node<'x>> {
        self.ended = true;
        self.fault = fault;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(xml: &str) -> (Vec<String>, Option<String>) {
        let mut reader = Xml::new(xml, 4);
        let mut found = Vec::new();
        reader.children(|xml, root| {
            assert_eq!(root.name(), "list");
            xml.children(|xml, item| {
                if item.name() == "item" {
                    let id = item.attribute("id").unwrap_or_default();
                    found.push(id + &xml.text(100));
                }
            });
        });
        (found, reader.fault().map(String::from))
    }

    #[test]
    fn elements_are_walked_by_local_name() {
        let xml = r#"<a:list><a:item b:id="1:">x &amp; &#xe9;<b>y</b></a:item><other><item/></other><item/></a:list>"#;
        assert_eq!(items(xml), (vec!["1:x & éy".into(), "".into()], None));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let mut xml = Xml::new("<a>ab&amp;<b>cd</b>éfg</a>", 4);
        xml.children(|xml, _| assert_eq!(xml.text(6), "ab&cd"));
        assert_eq!(xml.fault(), None);
    }

    #[test]
    fn what_was_read_before_a_fault_stays() {
        let (found, fault) = items("<list><item>one</item><item>tw");
        assert_eq!((found, fault.as_deref()), (vec!["one".into(), "tw".into()], Some("it is cut short")));
        let (found, fault) = items("<list><item>one</item><item>two</list>");
        assert_eq!(found, ["one", "two"]);
        assert!(fault.unwrap().starts_with("its XML is damaged at byte "));
        let (found, fault) = items("<list><item>one</item><item><a><b><c></c></b></a></item></list>");
        assert_eq!(found, ["one", ""]);
        assert_eq!(fault.unwrap(), "it exceeds the limit max_depth (4)");
    }
}

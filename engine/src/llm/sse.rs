//! Server-sent events, decoded as the bytes come in.
//!
//! Format: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>,
//! with one leniency: an event that lacks its empty line at the end of the stream still counts, since
//! some servers close right after `data: [DONE]`.

use super::lines::{LineTooLong, Lines};

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SseEvent {
    /// The `event` field; empty when there was none.
    pub event: String,
    /// The `data` fields, joined by newlines.
    pub data: String,
}

/// An incremental decoder. Any way to cut the bytes gives the same events.
#[derive(Debug)]
pub struct SseDecoder {
    lines: Lines,
    pending: Pending,
}

impl SseDecoder {
    /// A decoder that accepts lines, and events, of up to `limit` bytes.
    pub fn new(limit: usize) -> SseDecoder {
        SseDecoder { lines: Lines::new(limit), pending: Pending::new(limit) }
    }

    /// Takes bytes in; events that they complete are appended to `events`. Those stay valid when a later
    /// line is too long.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<SseEvent>) -> Result<(), LineTooLong> {
        let pending = &mut self.pending;
        self.lines.feed(bytes, |line| pending.line(line, events))
    }

    /// The stream is over: the event that was begun, if it has data.
    pub fn finish(&mut self, events: &mut Vec<SseEvent>) -> Result<(), LineTooLong> {
        if let Some(rest) = self.lines.finish() {
            self.pending.line(&rest, events)?;
        }
        self.pending.line(b"", events)
    }
}

#[derive(Debug)]
struct Pending {
    event: SseEvent,
    has_data: bool,
    limit: usize,
}

impl Pending {
    fn new(limit: usize) -> Pending {
        Pending { event: SseEvent::default(), has_data: false, limit }
    }

    fn line(&mut self, line: &[u8], events: &mut Vec<SseEvent>) -> Result<(), LineTooLong> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                events.push(event);
            }
            return Ok(());
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(0) => return Ok(()), // a comment
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.event.data.len() + value.len() + 1 > self.limit {
                    return Err(LineTooLong { limit: self.limit });
                }
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(&String::from_utf8_lossy(value));
            }
            b"event" => self.event.event = String::from_utf8_lossy(value).into_owned(),
            // `id` and `retry` serve reconnection, which no chat API knows.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Events of `parts` fed one after the other, and whether all lines were short enough.
    fn decode(parts: &[&[u8]], limit: usize) -> (Vec<SseEvent>, bool) {
        let mut decoder = SseDecoder::new(limit);
        let mut events = Vec::new();
        for part in parts {
            if decoder.feed(part, &mut events).is_err() {
                return (events, false);
            }
        }
        let fine = decoder.finish(&mut events).is_ok();
        (events, fine)
    }

    fn data(text: &str) -> Vec<String> {
        let (events, fine) = decode(&[text.as_bytes()], 1000);
        assert!(fine);
        events.into_iter().map(|event| event.data).collect()
    }

    #[test]
    fn one_event_for_each_empty_line() {
        assert_eq!(data("data: a\n\ndata: b\n\n"), ["a", "b"]);
    }

    #[test]
    fn all_three_line_ends() {
        assert_eq!(data("data: a\r\n\r\ndata: b\r\rdata: c\n\n"), ["a", "b", "c"]);
    }

    #[test]
    fn data_lines_join_with_a_newline() {
        assert_eq!(data("data: a\ndata:\ndata:b\n\n"), ["a\n\nb"]);
    }

    #[test]
    fn only_one_space_is_dropped_after_the_colon() {
        assert_eq!(data("data:  a\n\ndata:b\n\n"), [" a", "b"]);
    }

    #[test]
    fn comments_ids_and_empty_events_say_nothing() {
        assert_eq!(data(": keep-alive\n\nid: 7\nretry: 10\n\nevent: ping\n\ndata: a\n\n"), ["a"]);
    }

    #[test]
    fn a_byte_order_mark_counts_only_at_the_start() {
        assert_eq!(data("\u{feff}data: a\n\n\u{feff}data: b\n\n"), ["a"]);
    }

    #[test]
    fn the_last_event_needs_no_empty_line() {
        assert_eq!(data("data: a\n\ndata: [DONE]"), ["a", "[DONE]"]);
    }

    #[test]
    fn names_go_with_their_event() {
        let (events, _) = decode(&[b"event: error\ndata: x\n\ndata: y\n\n"], 100);
        let names: Vec<_> = events.iter().map(|event| event.event.as_str()).collect();
        assert_eq!(names, ["error", ""]);
    }

    #[test]
    fn a_line_past_the_limit_names_the_limit() {
        let mut decoder = SseDecoder::new(8);
        let mut events = Vec::new();
        decoder.feed(b"data: a\n\n", &mut events).unwrap();
        let error = decoder.feed(b"data: abc", &mut events).unwrap_err();
        assert_eq!(error.to_string(), "a line of the model's answer is longer than 8 bytes");
        assert_eq!(events.len(), 1);
    }

    #[test]
    fn the_limit_holds_for_the_lines_of_one_event_together() {
        assert!(!decode(&[b"data: abc\ndata: def\ndata: ghi\n\n"], 10).1);
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_events(
            text in "((data|event|: c|id)?:? ?[aé\u{feff}]{0,4}(\n|\r|\r\n|\n\n)){0,8}",
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
            limit in 4usize..40,
        ) {
            let bytes = text.as_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let parts: Vec<&[u8]> = at.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(decode(&parts, limit), decode(&[bytes], limit));
        }

        #[test]
        fn byte_by_byte_is_the_same_too(text in "(data: \\PC{0,6}[\r\n]{1,3}){0,5}") {
            let bytes = text.as_bytes();
            let parts: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(decode(&parts, 1000), decode(&[bytes], 1000));
        }
    }
}

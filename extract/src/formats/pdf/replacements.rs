//! What marked content says instead of its signs (ISO 32000-2, 14.9.4).

/// Marked content that may lie within each other; what lies deeper says nothing.
const MAX_OPEN: usize = 10_000;

/// The marked content around the current place.
#[derive(Default)]
pub(crate) struct Replacements {
    /// For each that is open, whether it says something.
    open: Vec<bool>,
    /// What those say, innermost last; empty once it was said.
    texts: Vec<String>,
    /// How many are open beyond [`MAX_OPEN`].
    deeper: usize,
}

impl Replacements {
    /// How many are open.
    pub fn open(&self) -> usize {
        self.open.len() + self.deeper
    }

    pub fn begin(&mut self, text: Option<String>) {
        if self.open.len() >= MAX_OPEN {
            self.deeper += 1;
            return;
        }
        self.open.push(text.is_some());
        self.texts.extend(text);
    }

    pub fn end(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if self.open.pop() == Some(true) {
            self.texts.pop();
        }
    }

    /// Ends those that content left open.
    pub fn close_to(&mut self, count: usize) {
        while self.open() > count {
            self.end();
        }
    }

    /// What to write for a sign; the innermost text once, then nothing. `None` if none of them says anything.
    pub fn take(&mut self) -> Option<String> {
        self.texts.last_mut().map(std::mem::take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_text_is_said_once() {
        let mut replacements = Replacements::default();
        assert_eq!(replacements.take(), None);
        replacements.begin(Some("outer".into()));
        replacements.begin(Some("inner".into()));
        replacements.begin(None);
        assert_eq!(replacements.take().as_deref(), Some("inner"));
        assert_eq!(replacements.take().as_deref(), Some(""));
        replacements.close_to(1);
        assert_eq!(replacements.take().as_deref(), Some("outer"));
    }

    #[test]
    fn beyond_all_reason_they_are_only_counted() {
        let mut replacements = Replacements::default();
        (0..3 * MAX_OPEN).for_each(|_| replacements.begin(Some("x".into())));
        assert_eq!((replacements.open(), replacements.texts.len()), (3 * MAX_OPEN, MAX_OPEN));
        (0..3 * MAX_OPEN + 5).for_each(|_| replacements.end());
        assert_eq!((replacements.open(), replacements.texts.len()), (0, 0));
    }
}

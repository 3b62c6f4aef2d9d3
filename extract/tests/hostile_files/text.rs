//! Text, Markdown, CSV and JSON: whatever it is, it comes out as it went in.

use crate::Case;

pub(crate) fn cases() -> Vec<Case> {
    let utf16: Vec<u8> = "Otter ".repeat(600_000).encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        Case::new("brackets", "json", "[".repeat(3_000_000)),
        Case::new("brackets that end", "json", "[".repeat(1_500_000) + &"]".repeat(1_500_000)),
        Case::new("objects in objects", "json", "{\"a\":".repeat(600_000)),
        Case::new("one string", "json", format!("\"{}\"", "\\u00e9".repeat(500_000))),
        Case::new("columns", "csv", "a,".repeat(1_500_000)),
        Case::new("quotes", "csv", "\"\"".repeat(1_500_000)),
        Case::new(
            "marks",
            "md",
            "[".repeat(500_000) + &"> ".repeat(500_000) + &"`".repeat(500_000) + &"* ".repeat(300_000),
        ),
        Case::new("accents on a letter", "txt", format!("a{}", "\u{301}".repeat(1_500_000))),
        Case::new("one line", "txt", "a".repeat(7_000_000)),
        Case::new("bytes of no encoding", "txt", [vec![b'a'; 2000], vec![0xff; 7_000_000]].concat()),
        Case::new("torn characters", "txt", [vec![b'a'; 2000], vec![0xe2; 7_000_000]].concat()),
        Case::new("wide characters", "txt", utf16),
    ]
}

//! Fonts of East Asian PDFs that name a legacy encoding instead of mapping their glyphs to Unicode.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_16BE};

/// One of the predefined CMaps (ISO 32000-2, 9.7.5.2), read as the character encoding that it is named after.
/// That spares carrying tables from codes to glyphs, which only drawing needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LegacyEncoding {
    encoding: &'static Encoding,
    /// Codes come without their high bits, as in ISO 2022.
    seven_bit: bool,
    /// Written from top to bottom.
    pub vertical: bool,
}

impl LegacyEncoding {
    /// The encoding behind a CMap name; `None` for Identity and names that are not predefined.
    pub fn from_cmap_name(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        let (base, direction) = name.rsplit_once('-').unwrap_or(("", name));
        let vertical = match direction {
            "H" => false,
            "V" => true,
            _ => return None,
        };
        let has = |part: &str| base.contains(part);
        let encoding = match base {
            "" => EUC_JP,
            _ if has("UTF16") || has("UCS2") => UTF_16BE,
            _ if has("RKSJ") => SHIFT_JIS,
            "EUC" => EUC_JP,
            _ if base.starts_with("GB") => GB18030,
            _ if has("B5") => BIG5,
            _ if base.starts_with("KSC") && !has("Johab") => EUC_KR,
            _ => return None,
        };
        Some(Self { encoding, seven_bit: base.is_empty(), vertical })
    }

    /// The first character of a string that is not empty: how many bytes it takes, and what it is.
    pub fn next(&self, bytes: &[u8]) -> (usize, String) {
        let length = self.code_length(bytes).min(bytes.len());
        let code = &bytes[..length];
        let text = if self.seven_bit {
            let marked: Vec<u8> = code.iter().map(|byte| byte | 0x80).collect();
            self.encoding.decode_without_bom_handling(&marked).0.into_owned()
        } else {
            self.encoding.decode_without_bom_handling(code).0.into_owned()
        };
        (length, text)
    }

    fn code_length(&self, bytes: &[u8]) -> usize {
        let first = bytes.first().copied().unwrap_or(0);
        if self.seven_bit {
            2
        } else if self.encoding == UTF_16BE {
            if (0xd8..0xdc).contains(&first) { 4 } else { 2 }
        } else if self.encoding == SHIFT_JIS {
            if matches!(first, 0x81..=0x9f | 0xe0..=0xfc) { 2 } else { 1 }
        } else if self.encoding == EUC_JP {
            match first {
                0x8f => 3,
                0x8e | 0xa1..=0xfe => 2,
                _ => 1,
            }
        } else if self.encoding == GB18030
            && matches!(first, 0x81..=0xfe)
            && matches!(bytes.get(1), Some(b'0'..=b'9'))
        {
            4
        } else if first >= 0x81 {
            2
        } else {
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cmap: &str, mut bytes: &[u8]) -> String {
        let encoding = LegacyEncoding::from_cmap_name(cmap.as_bytes()).unwrap();
        let mut text = String::new();
        while !bytes.is_empty() {
            let (length, character) = encoding.next(bytes);
            text.push_str(&character);
            bytes = &bytes[length..];
        }
        text
    }

    #[test]
    fn names_stand_for_encodings() {
        let cases: [(&str, &[u8], &str); 8] = [
            ("90ms-RKSJ-H", b"A\x93\xfa\x96{", "A日本"),
            ("UniGB-UCS2-H", b"\x4e\x2d\x65\x87", "中文"),
            ("UniJIS-UTF16-V", b"\xd8\x3d\xde\x80", "🚀"),
            ("GBK-EUC-H", b"\xd6\xd0a", "中a"),
            ("ETen-B5-H", b"\xa4\xa4", "中"),
            ("KSCms-UHC-H", b"\xc7\xd1", "한"),
            ("EUC-H", b"\xc6\xfcb", "日b"),
            ("H", b"F|K\\", "日本"),
        ];
        for (cmap, bytes, text) in cases {
            assert_eq!(read(cmap, bytes), text, "{cmap}");
        }
        for name in ["Identity-H", "Identity-V", "Custom", "CNS-EUC-H", "KSC-Johab-H"] {
            assert!(LegacyEncoding::from_cmap_name(name.as_bytes()).is_none(), "{name}");
        }
    }

    #[test]
    fn cut_codes_take_what_is_left() {
        assert_eq!(LegacyEncoding::from_cmap_name(b"90ms-RKSJ-H").unwrap().next(b"\x93").0, 1);
    }
}

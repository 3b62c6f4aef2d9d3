//! The checksum of stored bytes.

/// CRC-32 (IEEE).
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    crc32_of(&[bytes])
}

/// CRC-32 (IEEE) of several pieces, one after the other.
#[must_use]
pub fn crc32_of(pieces: &[&[u8]]) -> u32 {
    #[cfg(not(target_arch = "wasm32"))]
    {
        let mut hasher = crc32fast::Hasher::new();
        pieces.iter().for_each(|piece| hasher.update(piece));
        hasher.finalize()
    }
    // Its tables are worked out when first needed: they would be 16 kB of every download.
    #[cfg(target_arch = "wasm32")]
    {
        use crc::{CRC_32_ISO_HDLC, Crc, Table};
        use std::sync::LazyLock;

        static CRC: LazyLock<Crc<u32, Table<16>>> =
            LazyLock::new(|| Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC));
        let mut digest = CRC.digest();
        pieces.iter().for_each(|piece| digest.update(piece));
        digest.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_checksum_of_the_whole() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32_of(&[b"1234", b"", b"56789"]), 0xcbf4_3926);
    }
}

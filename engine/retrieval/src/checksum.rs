//! The checksum of stored bytes.

/// CRC-32 (IEEE).
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    #[cfg(not(target_arch = "wasm32"))]
    {
        crc32fast::hash(bytes)
    }
    // Its tables are worked out when first needed: they would be 16 kB of every download.
    #[cfg(target_arch = "wasm32")]
    {
        use crc::{CRC_32_ISO_HDLC, Crc, Table};
        use std::sync::LazyLock;

        static CRC: LazyLock<Crc<u32, Table<16>>> =
            LazyLock::new(|| Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC));
        CRC.checksum(bytes)
    }
}

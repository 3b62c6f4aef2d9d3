//! Pages and scripts that are served as they are: inside the build, or, where every byte of it is downloaded before
//! anything works, files beside it that are read when somebody asks for them.

use super::Call;
use super::error::ApiError;
use crate::seam::Page;
use bytes::Bytes;

/// What is served.
pub async fn read(call: &Call, page: Page) -> Result<Bytes, ApiError> {
    #[cfg(feature = "embedded-pages")]
    {
        let _ = call;
        Ok(Bytes::from_static(embedded(page).as_bytes()))
    }
    #[cfg(not(feature = "embedded-pages"))]
    {
        Ok(call.cx.call(crate::seam::Asset::Page(page)).await?)
    }
}

#[cfg(feature = "embedded-pages")]
fn embedded(page: Page) -> &'static str {
    match page {
        Page::Openapi => include_str!("describe/openapi.json"),
        Page::Docs => include_str!("describe/page.html"),
        Page::DocsScript => include_str!("describe/page.js"),
        Page::DocsStyle => include_str!("describe/page.css"),
        Page::ChatWidget => super::embeds::SCRIPT,
    }
}

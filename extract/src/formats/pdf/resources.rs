//! What content may name: fonts, forms and pictures, properties.

use hayro_syntax::object::Dict;
use hayro_syntax::object::dict::keys::{FONT, PROPERTIES, XOBJECT};

/// The resources of a page or a form.
#[derive(Default)]
pub(crate) struct Resources<'a> {
    pub fonts: Dict<'a>,
    pub x_objects: Dict<'a>,
    pub properties: Dict<'a>,
}

impl<'a> Resources<'a> {
    pub fn read(dict: &Dict<'a>) -> Self {
        let part = |key| dict.get::<Dict<'a>>(key).unwrap_or_default();
        Self { fonts: part(FONT), x_objects: part(XOBJECT), properties: part(PROPERTIES) }
    }

    /// How many bytes had to be read for them. They take ten times that in memory.
    pub fn bytes(&self) -> usize {
        [&self.fonts, &self.x_objects, &self.properties].iter().map(|dict| dict.data().len()).sum()
    }
}

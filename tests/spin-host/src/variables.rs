//! `spin:variables`: from `SPIN_VARIABLE_*`.

use crate::context::bindings::spin::variables::variables::{Error, Host, HostWithStore};
use crate::context::{Context, Has};
use wasmtime::Result;
use wasmtime::component::Accessor;

impl Host for Context {}

impl<T: Send> HostWithStore<T> for Has {
    async fn get(_: &Accessor<T, Self>, name: String) -> Result<Result<String, Error>> {
        let variable = format!("SPIN_VARIABLE_{}", name.to_uppercase());
        Ok(std::env::var(variable).map_err(|_| Error::Undefined(name)))
    }
}

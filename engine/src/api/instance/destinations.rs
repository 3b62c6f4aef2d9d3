//! A stored secret goes to the address it was stored for, and to no other.
//!
//! Who may change settings may not read the keys of providers. A changed address would be a way to: the key would be
//! sent there. So a key counts for another address only if it comes with the call that names the address.

use super::settings_table::Setting;
use super::view::without_password;
use crate::settings::Settings;

/// A stored secret that would go to an address it was not stored for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The variable that holds it.
    pub var: &'static str,
    /// The address, without a password.
    pub address: String,
}

impl Stray {
    /// The secrets that `after` sends where `before` does not, but for those that came with the call.
    pub fn all(before: &Settings, after: &Settings, came: &[&Setting]) -> Vec<Stray> {
        let came = |var: &str| came.iter().any(|setting| setting.var == var);
        let strays = after.secrets().into_iter().filter(|(var, _)| !came(var));
        let known = before.secrets();
        let strays = strays.filter(|stray| !known.contains(stray));
        strays.map(|(var, address)| Stray { var, address: without_password(address) }).collect()
    }

    /// What it is called where settings are changed.
    fn name(&self) -> &'static str {
        Setting::by_var(self.var).map_or(self.var, |setting| setting.key)
    }

    /// Why a change is refused, and what to do.
    pub fn refusal(&self) -> String {
        let (name, address) = (self.name(), &self.address);
        match Setting::by_var(self.var) {
            Some(_) => format!(
                "The stored {name} is for another address than {address}, and was not sent there: nothing was \
                 changed. Send {name} together with the address, empty if there is none."
            ),
            None => format!(
                "{name} is set by the operator, for another address than {address}: nothing was changed. Change the \
                 address where {name} is set."
            ),
        }
    }

    /// That a trial goes without it.
    pub fn warning(&self) -> String {
        let (name, address) = (self.name(), &self.address);
        format!("The stored {name} was not sent to {address}, which it is not for. Send it with this call.")
    }
}

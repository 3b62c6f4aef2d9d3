//! The instance as a whole: health, settings, exports and the event log (reference §1, §12, §13).

mod checks;
mod destinations;
mod event_log;
mod export;
mod export_formats;
mod health;
mod probe;
mod reset;
mod settings_table;
mod storage;
mod trial;
mod update;
mod view;

#[cfg(test)]
mod tests;

pub use event_log::{list as event_log, list_pages as event_log_pages};
pub use export::export_chats;
pub use health::{auth, env_dump, metrics, migrate, onboarding, ping, vector_count};
pub use storage::storage;
pub use trial::{find_models, test_model};
pub use update::update_env;
pub use view::settings;

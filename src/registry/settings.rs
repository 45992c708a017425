//! Settings as register data: every document is a journal entry with a date from which it is in force.

use super::{Registry, RegistryError};
use crate::{
    journal::{Change, SettingsApplied},
    policy::{
        Settings,
        settings::{Timeline, TimelineEntry},
    },
    revision::Revision,
    store::{Draft, Hands, Store, StoreError},
};
use std::sync::Arc;

impl Registry {
    /// Takes in a settings document that is in force from a moment on (seconds since the Unix epoch).
    /// `None` when that very document would be in force then anyway.
    ///
    /// # Errors
    /// When the document breaks a rule or a bound, or the store cannot write.
    pub fn apply_settings(
        &self,
        document: &str,
        effective_from_unix_s: i64,
    ) -> Result<Option<Revision>, RegistryError> {
        let settings = Settings::from_toml(document).map_err(|error| RegistryError::Settings(error.to_string()))?;
        let mut writer = self.store.writer()?;
        self.is_founding()?;
        let known = timeline(&self.store, self.store.applied().seq)?;
        if known.at(effective_from_unix_s).settings().as_ref() == &settings {
            return Ok(None);
        }
        let change = SettingsApplied { toml: settings.to_toml(), effective_from_unix_s };
        let draft =
            Draft { hands: Hands::bootstrap(), partition: String::new(), change: Change::SettingsApplied(change) };
        let revision = writer.commit(vec![draft], Vec::new())?;
        self.publish_settings(&writer);
        Ok(Some(revision))
    }

    /// A new register gets a document (the defaults for Indonesia, if no other) as its first one, so that what was in force is
    /// on record from the first day.
    pub(super) fn seed_settings(&self, settings: &Settings) -> Result<(), RegistryError> {
        if self.store.settings(u64::MAX)?.is_empty() {
            let change = SettingsApplied { toml: settings.to_toml(), effective_from_unix_s: 0 };
            let draft =
                Draft { hands: Hands::bootstrap(), partition: String::new(), change: Change::SettingsApplied(change) };
            self.store.writer()?.commit(vec![draft], Vec::new())?;
        }
        Ok(())
    }
}

/// All settings documents up to an entry.
///
/// # Errors
/// When a stored document cannot be read: it was valid when it was taken in, so this is damage.
pub fn timeline(store: &Store, seq: u64) -> Result<Timeline, StoreError> {
    let mut entries = Vec::new();
    for row in store.settings(seq)? {
        let settings = Settings::from_toml(&row.toml).map_err(|error| StoreError::Damaged {
            path: store.path().to_owned(),
            what: format!("the settings of entry {} are unreadable: {error}", row.seq),
        })?;
        entries.push(TimelineEntry::new(row.effective_from_unix_s, row.seq, Arc::new(settings)));
    }
    Ok(Timeline::new(entries))
}

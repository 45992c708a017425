//! Lists in, [`Gathered`] out: dialects and rows. Containers, refusals and laws have files of their own.
#![allow(clippy::unwrap_used)]

mod containers;
mod laws;
mod memory;
mod models;
mod refusals;
mod rows;
mod threads;

use super::*;
use tempfile::TempDir;

/// Lists in a directory of their own.
pub(super) struct Lists {
    dir: TempDir,
    inputs: Vec<Input>,
}

impl Lists {
    pub(super) fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), inputs: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        self.inputs.push(Input::File(path));
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn read(&self, options: &Options) -> Result<Gathered, ImportError> {
        let gathered = read(options, &self.inputs, &progress::Silent, &AtomicBool::new(false))?;
        let Counts { rows, accepted, rejected, duplicates, .. } = gathered.counts;
        assert_eq!(rows, accepted + rejected + duplicates, "{:?}", gathered.counts);
        Ok(gathered)
    }

    /// The same without the quick way.
    pub(super) fn read_slowly(&self, options: &Options) -> Result<Gathered, ImportError> {
        self.read_in_manner(options, Manner { quick: false, ..Manner::USUAL })
    }

    pub(super) fn read_in_manner(&self, options: &Options, manner: Manner) -> Result<Gathered, ImportError> {
        let cancel = AtomicBool::new(false);
        gather(&options.checked()?, &self.inputs, &Pulse::new(&progress::Silent, &cancel), manner)
    }

    /// Text without the directory, which differs from run to run.
    pub(super) fn plain(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

/// What one list gives.
pub(super) fn gathered(kind: Kind, text: &str) -> Gathered {
    Lists::new().with("list.csv", text).read(&Options::new(kind)).unwrap()
}

/// Everything that was gathered, one line each, for snapshots.
pub(super) fn told(gathered: &Gathered) -> String {
    let mut lines = Vec::new();
    let Counts { rows, accepted, rejected, duplicates, warnings } = gathered.counts;
    lines.push(format!(
        "{rows} rows: {accepted} accepted, {rejected} rejected, {duplicates} duplicates, {warnings} warnings"
    ));
    for (id, bits) in &gathered.pages {
        lines.extend(bits.iter().map(|place| format!("plain {}", id.key(place).unwrap())));
    }
    lines.extend(gathered.devices.iter().map(|row| {
        let DeviceRow { key, valid_until, number, operator, since } = row;
        let until = valid_until.map(|day| format!(" until {day}")).unwrap_or_default();
        let number = number.map(|number| format!(" number {number}")).unwrap_or_default();
        let operator = operator.as_ref().map(|name| format!(" operator {name}")).unwrap_or_default();
        let since = since.map(|day| format!(" since {day}")).unwrap_or_default();
        format!("device {key}{until}{number}{operator}{since}")
    }));
    lines.extend(gathered.removed.iter().map(|row| format!("removed {} {:?}", row.key, row.operator)));
    lines.extend(gathered.pairings.iter().map(|row| format!("{:?}", row.unwrap())));
    lines.extend(gathered.subscribers.iter().map(|row| format!("{:?}", row.unwrap())));
    lines.extend(gathered.tacs.iter().map(|row| {
        let TacRow { tac, manufacturer, brand, model, device_type, allocation_date, remove } = row;
        let date = allocation_date.map(|day| day.to_string()).unwrap_or_default();
        format!(
            "tac {tac} [{manufacturer}] [{brand}] [{model}] [{device_type}] [{date}]{}",
            if *remove { " removed" } else { "" }
        )
    }));
    lines.extend(gathered.tac_classes.iter().map(|row| format!("{row:?}")));
    for link in &gathered.links {
        lines.push(format!("link {}", link.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")));
    }
    lines.extend(gathered.sample_rejects.iter().map(|reject| {
        let Reject { line, column, value, rule, .. } = reject;
        format!("reject line {line} [{column}] [{value}] {rule}")
    }));
    lines.extend(gathered.warnings.iter().map(|w| format!("warning {} x line {}: {}", w.count, w.first.1, w.warning)));
    lines.join("\n")
}

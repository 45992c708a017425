//! What a node does by itself, once a minute: what lapses is marked, what the desk kept for its time goes, alarms and
//! queues become figures.
//!
//! What always holds: a desk that cannot be used is told of and stops nothing else.

use crate::{
    desk::{Desk, DeskError},
    metrics::Metrics,
    registration,
    registry::Registry,
    store::Store,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// How often a node looks after what happens by itself.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// Lets the register do what it does by itself, and shows the alarms among the figures.
pub(super) async fn keep(registry: Registry, metrics: Metrics, mut draining: watch::Receiver<bool>) {
    loop {
        show_alarms(&registry, &metrics);
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING) => {}
            // The sender is gone only when the node is.
            _ = draining.wait_for(|draining| *draining) => return,
        }
        let house = registry.clone();
        match tokio::task::spawn_blocking(move || house.keep_house()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "what lapses by itself could not be marked"),
            Err(error) => tracing::error!(%error, "keeping house broke off"),
        }
        let subscribers = registry.registrations_if_open();
        match tokio::task::spawn_blocking(move || subscribers.map_or(Ok(()), |all| all.turn(registration::today())))
            .await
        {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the stages of registrations could not be told anew"),
            Err(error) => tracing::error!(%error, "the turn of the day broke off for registrations"),
        }
        let (store, figures) = (Arc::clone(registry.store()), metrics.clone());
        match tokio::task::spawn_blocking(move || keep_desk(&store, &figures)).await {
            Ok(Ok(())) => {}
            // Checks do not need the desk: the node goes on, and lookups say what is wrong.
            Ok(Err(error)) => tracing::error!(%error, "the desk could not be kept in order"),
            Err(error) => tracing::error!(%error, "keeping the desk broke off"),
        }
    }
}

/// Loads the registrations of subscribers on a thread of its own, where there are any: checks are answered meanwhile, and
/// tell that they are not loaded.
pub(super) fn load_registrations(registry: Registry) {
    if !registry.store().has_registration() {
        return;
    }
    let work = move || {
        let begun = std::time::Instant::now();
        let loaded = registry.registrations().and_then(|all| all.warm(registration::today()).map(|()| all));
        match loaded {
            Ok(all) => {
                let bytes = all.live().load().map_or(0, |hot| hot.bytes());
                tracing::info!(
                    bytes,
                    seconds = begun.elapsed().as_secs_f64(),
                    "registrations of subscribers are loaded"
                );
            }
            Err(error) => {
                tracing::error!(%error, "registrations of subscribers cannot be used: checks are answered without")
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("registrations".to_owned()).spawn(work) {
        tracing::error!(%error, "registrations of subscribers are not loaded: the system gave no thread");
    }
}

/// Erases what was kept at the desk for its time, and counts the queues. A register whose desk nobody used has none.
fn keep_desk(store: &Arc<Store>, metrics: &Metrics) -> Result<(), DeskError> {
    if !store.has_desk() {
        return Ok(());
    }
    let (desk, now) = (Desk::open(store)?, jiff::Timestamp::now());
    let erased = desk.keep_house(now.as_millisecond())?;
    if erased > 0 {
        tracing::info!(erased, "personal values of the desk were erased: their time was over");
    }
    for (party, open, overdue) in desk.case_queues(now.as_second())? {
        metrics.gauge("saring_cases_open", &[("owner", party.name())]).set(open as f64);
        metrics.gauge("saring_cases_overdue", &[("owner", party.name())]).set(overdue as f64);
    }
    Ok(())
}

fn show_alarms(registry: &Registry, metrics: &Metrics) {
    let ledger = registry.store().ledger();
    for kind in crate::alarm::Kind::ALL {
        let count = ledger.alarms().values().filter(|alarm| alarm.kind == kind.name()).count();
        metrics.gauge("saring_alarms", &[("kind", kind.name())]).set(count as f64);
    }
}

//! What a plan believes, in words.

use super::{Demand, Measurements};

/// Every assumption with its value.
pub(super) fn listed(demand: &Demand, measurements: &Measurements) -> Vec<String> {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let machine = &measurements.machine;
    let measured = measurements.costs.last().map_or(0, |cost| cost.imeis);
    let other_core = "a core of the nodes is as fast as one of the machine that was measured";
    let mut listed = vec![
        format!("{other_core}: {}, {} cores ({})", machine.processor, machine.cores, measurements.made),
        format!(
            "memory, disk and start grow with IMEIs and pairings in proportion: measured at {:.3} million, planned for {:.0}",
            measured as f64 / 1e6,
            demand.imeis * demand.grown() / 1e6
        ),
        format!("IMEIs and pairings grow by {} a year for {} years", percent(demand.growth), demand.years),
        format!("a subscriber is checked {} times in the busy hour", demand.checks_per_hour),
        format!("after an outage everybody comes back within {} s, evenly", demand.storm_seconds),
        format!("an attack brings {} times the checks of the busy hour", demand.attack_factor),
        format!(
            "{} operators, the largest with {} of the subscribers, the others with equal parts",
            demand.operators,
            percent(demand.largest_share)
        ),
        "each operator asks nodes of its own, and each node holds the whole register: any node can be lost".to_owned(),
        format!("cores run at {} of their knee when one node of an operator is lost", percent(demand.load)),
        format!("checks travel as {}, over few long-lived connections", demand.mode.name()),
        format!("memory is {} times the most that was seen, disk {}", demand.memory_reserve, demand.disk_reserve),
        "the network carries checks; changes and copies of the register are small beside them".to_owned(),
    ];
    if !machine.optimised {
        listed.insert(0, "WARNING: the build that was measured was not an optimised one".to_owned());
    }
    if measurements.sweep(demand.profile, demand.mode).is_some_and(|swept| swept.profile != demand.profile) {
        listed.push(format!("a check of the profile {} costs what one of another does", demand.profile.name()));
    }
    if measurements.sweep(demand.profile, demand.mode).is_some_and(|swept| swept.sweep.knee.is_none()) {
        listed.push("no knee was found: a core is taken to answer well at half of what it can".to_owned());
    }
    listed
}

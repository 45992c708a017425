//! The figures of a run in words.

use crate::{
    bench::{
        Measured, Mode, Recovery,
        agents::AgentsMeasured,
        report::Percentiles,
        sweep::{Step, Sweep},
    },
    cli::grouped,
};

/// The head of [`step`]'s lines.
pub(super) const SWEEP_HEAD: &str =
    "    asked/s  answered/s   answered      p50 us      p99 us   p99.9 us  server ns  own late p99 us";

/// One run.
pub(super) fn one(measured: &Measured) -> String {
    let Measured { profile, mode, connections, seconds, generator, latency_us, .. } = measured;
    let asked = match measured.asked_per_second {
        Some(rate) if measured.gathered_us > 0.0 => {
            format!("{} checks/s, Poisson, gathered for {} us", whole(rate), measured.gathered_us)
        }
        Some(rate) => format!("{} checks/s, Poisson", whole(rate)),
        None => "as many as are answered".into(),
    };
    let packed = match mode {
        Mode::Batch => format!(" of {}", measured.checks_per_message),
        Mode::Unary | Mode::Stream => String::new(),
    };
    let (profile, mode) = (profile.name(), mode.name());
    let mut lines = vec![
        format!("{profile}, {mode}{packed}, {connections} connections, {asked}, {seconds} s"),
        row("answered right", &format!("{} checks/s", whole(measured.checks_per_second))),
        row("messages", &counts(measured)),
        row("latency from due, us", &percentiles(latency_us)),
    ];
    lines.extend(measured.failures.iter().map(|why| row("failed", why)));
    lines.extend(measured.recovery.map(|found| row("after the burst", &recovered(&found))));
    if let Some(server) = measured.server {
        let threads = match server.check_threads_ns {
            0.0 => String::new(),
            nanos => format!("{nanos:.0} ns a check on its check threads, "),
        };
        let cores = server.cores;
        lines.push(row("server CPU", &format!("{threads}{:.0} ns in all; {cores:.2} cores", server.process_ns)));
    }
    lines.push(row(
        "load generator",
        &format!(
            "{:.0} ns of CPU a message, {:.0} ns a check; busy {:.0} %, waited for a core {:.0} %",
            generator.ns_per_message,
            generator.ns_per_check,
            100.0 * generator.busy,
            100.0 * generator.waited
        ),
    ));
    if measured.asked_per_second.is_some() {
        lines.push(row("its own lateness, us", &percentiles(&generator.late_us)));
    }
    lines.join("\n")
}

fn recovered(found: &Recovery) -> String {
    let quiet = format!("p99 {:.0} us before it", found.quiet_p99_us);
    match found.after_ms {
        Some(millis) => format!("recovered after {millis:.0} ms; {quiet}"),
        None => format!("not recovered while it was measured; {quiet}"),
    }
}

/// Agents at the console.
pub(super) fn agents(measured: &AgentsMeasured) -> String {
    let AgentsMeasured { agents, asked_per_second, seconds, asked, right, wrong, failed, .. } = measured;
    let mut searches = format!("{} asked, {} shown right", grouped(*asked), grouped(*right));
    for (count, what) in [(wrong, "wrong"), (failed, "without a page")].into_iter().filter(|(count, _)| **count > 0) {
        searches.push_str(&format!(", {} {what}", grouped(*count)));
    }
    let mut lines = vec![
        format!("{agents} agents, {} searches/s, Poisson, {seconds} s", whole(*asked_per_second)),
        row("searches", &searches),
        row("from due to page, us", &percentiles(&measured.latency_us)),
    ];
    lines.extend(measured.server_cores.map(|cores| row("server CPU", &format!("{cores:.2} cores"))));
    lines.push(row("agents' own CPU", &format!("{:.2} cores", measured.busy)));
    lines.push(row("their lateness, us", &percentiles(&measured.late_us)));
    lines.join("\n")
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<22} {value}")
}

fn whole(number: f64) -> String {
    grouped(number.round().max(0.0) as u64)
}

fn counts(measured: &Measured) -> String {
    let Measured { asked, right, wrong, refused, late, failed, lost, .. } = *measured;
    let mut text = format!("{} asked, {} right", grouped(asked), grouped(right));
    let others =
        [(wrong, "wrong"), (refused, "refused as too busy"), (late, "too late"), (failed, "failed"), (lost, "lost")];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {} {what}", grouped(count)));
    }
    text
}

fn percentiles(of: &Percentiles) -> String {
    format!("p50 {:.0}, p90 {:.0}, p99 {:.0}, p99.9 {:.0}, max {:.0}", of.p50, of.p90, of.p99, of.p999, of.max)
}

/// One rate of a sweep, in a line.
pub(super) fn step(step: &Step) -> String {
    let asked = whole(step.rate);
    match (&step.measured, &step.bottleneck) {
        (Some(one), _) => {
            let Percentiles { p50, p99, p999, .. } = one.latency_us;
            let answered = 100.0 * one.right as f64 / one.asked.max(1) as f64;
            let server = one.server.map_or_else(String::new, |server| format!("{:.0}", server.process_ns));
            let (rate, late) = (whole(one.checks_per_second), one.generator.late_us.p99);
            format!(
                "{asked:>11} {rate:>11} {answered:>8.2} % {p50:>11.0} {p99:>11.0} {p999:>10.0} {server:>10} {late:>16.0}"
            )
        }
        (None, why) => format!("{asked:>11} no figures: {}", why.as_deref().unwrap_or("none were made")),
    }
}

/// What a sweep found.
pub(super) fn knee(sweep: &Sweep) -> String {
    let most = whole(sweep.most.checks_per_second);
    match sweep.knee {
        Some(knee) => format!("knee: {} checks/s; as many as are answered: {most} checks/s", whole(knee)),
        None => format!("no knee: no rate was answered well; as many as are answered: {most} checks/s"),
    }
}

//! The report of measurements as one HTML file that needs no network: tables, and plots as inline SVG.

mod plots;

use super::{
    Mode,
    measurements::{Cost, Measurements, Swept},
    sweep::Step,
};
use std::fmt::Write;

/// Growths that the days to full are told for: IMEIs a day.
const GROWTHS: [f64; 4] = [50_000.0, 250_000.0, 1_000_000.0, 4_000_000.0];
/// Of a machine's memory, what a register may take.
const MEMORY_SHARE: f64 = 0.75;
const BILLION: f64 = 1e9;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[error("a plot cannot be drawn: {0}")]
pub struct PlotError(pub(super) String);

/// The report.
///
/// # Errors
/// When a plot cannot be drawn.
pub fn report(all: &Measurements) -> Result<String, PlotError> {
    let mut body = String::new();
    head(&mut body, all);
    figures(&mut body, all);
    body.push_str("<h2>Latency against rate</h2><p>Open loop, Poisson arrivals; time runs from the moment at which a \
        question was due. The dashed line is the knee: the highest rate at which 99 of 100 questions are answered and the \
        slowest of a hundred does not take more than ten times as long as at rest.</p><div class=\"plots\">");
    for swept in &all.sweeps {
        body.push_str(&figure(&title(swept), &plots::latency(swept)?));
    }
    body.push_str("</div>");
    costs_of_checks(&mut body, all);
    registers(&mut body, all);
    full(&mut body, all);
    for swept in &all.sweeps {
        steps(&mut body, swept);
    }
    Ok(format!("{HEAD}{body}{FOOT}"))
}

fn title(swept: &Swept) -> String {
    let way = match swept.mode {
        Mode::Unary => "one check a call".to_owned(),
        Mode::Stream => "one check a message of a stream".to_owned(),
        Mode::Batch => format!("packed, {} checks a message", swept.sweep.most.checks_per_message),
    };
    format!("{}: {way}", swept.profile.name())
}

fn figure(title: &str, svg: &str) -> String {
    format!("<figure><figcaption>{}</figcaption>{svg}</figure>", escaped(title))
}

/// Text as it may stand in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn head(body: &mut String, all: &Measurements) {
    let machine = &all.machine;
    let warning = if machine.optimised {
        ""
    } else {
        "<p class=\"warning\">The build was not an optimised one: these figures say nothing about a release.</p>"
    };
    let _ = write!(
        body,
        "<header><h1>Saring on this machine</h1><p>{} cores of {}, {} of memory, {}, Saring {}; {}. The server answers \
         on {}, the load generator shares the machine.</p><p><code>{}</code></p>{warning}</header>",
        machine.cores,
        escaped(&machine.processor),
        bytes(machine.memory_bytes as f64),
        escaped(&machine.system),
        escaped(&machine.version),
        escaped(&all.made),
        counted(all.server_threads, "check runtime"),
        escaped(&all.command),
    );
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The few figures that are asked for first.
fn figures(body: &mut String, all: &Measurements) {
    body.push_str("<section class=\"tiles\">");
    let mut tile = |value: String, what: &str| {
        let _ = write!(body, "<div><b>{value}</b><span>{}</span></div>", escaped(what));
    };
    if let Some(swept) = all.sweeps.first() {
        if let Some(knee) = swept.sweep.knee {
            tile(short(knee), &format!("checks a second at the knee, {}", title(swept)));
        }
        if let Some(server) = swept.sweep.most.server {
            tile(nanos(server.process_ns), &format!("of the server's CPU a check, {}", title(swept)));
        }
    }
    if let Some(cost) = all.costs.first().filter(|cost| cost.imeis > 0) {
        tile(bytes(BILLION * cost.memory_bytes as f64 / cost.imeis as f64), "of memory for a billion IMEIs");
        tile(bytes(BILLION * cost.disk_bytes as f64 / cost.imeis as f64), "of disk for a billion IMEIs");
    }
    if let Some(cost) = all.costs.last() {
        tile(format!("{:.2} s", cost.ready_after_kill_seconds), "from kill -9 to the first answer");
    }
    body.push_str("</section>");
}

fn costs_of_checks(body: &mut String, all: &Measurements) {
    let most = all.sweeps.iter().filter_map(|swept| swept.sweep.most.server).map(|server| server.process_ns);
    let most = most.fold(1.0_f64, f64::max);
    body.push_str(
        "<h2>What a check costs</h2><p>CPU of the server's whole process, as the kernel counts it, while as many checks \
         are asked as are answered.</p><table><thead><tr><th>questions</th><th class=\"bar\">CPU a check</th><th></th>\
         <th>answered at most</th><th>knee</th><th>a full core</th><th>bytes in, out</th><th>load generator</th></tr></thead>",
    );
    for swept in &all.sweeps {
        let most_of = &swept.sweep.most;
        let server = most_of.server.map_or(f64::NAN, |server| server.process_ns);
        let _ = write!(
            body,
            "<tr><td>{}</td><td class=\"bar\"><i style=\"width:{:.1}%\"></i></td><td>{}</td><td>{}/s</td><td>{}</td>\
             <td>{}/s</td><td>{:.0}, {:.0}</td><td>{}</td></tr>",
            escaped(&title(swept)),
            100.0 * server / most,
            nanos(server),
            short(most_of.checks_per_second),
            swept.sweep.knee.map_or_else(|| "none".into(), |knee| format!("{}/s", short(knee))),
            short(1e9 / server),
            most_of.bytes_sent,
            most_of.bytes_received,
            nanos(most_of.generator.ns_per_check),
        );
    }
    body.push_str("</table>");
}

fn registers(body: &mut String, all: &Measurements) {
    body.push_str(
        "<h2>What a register costs</h2><table><thead><tr><th>IMEIs</th><th>pairings</th><th>memory</th><th>an IMEI</th>\
         <th>disk</th><th>an IMEI</th><th>most memory of the server</th><th>made in</th><th>CPU of that</th>\
         <th>ready after start</th><th>after kill -9</th></tr></thead>",
    );
    for cost in &all.costs {
        let imeis = cost.imeis.max(1) as f64;
        let _ = write!(
            body,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.2} bits</td><td>{}</td><td>{:.2} bytes</td><td>{}</td>\
             <td>{:.1} s</td><td>{:.1} s</td><td>{:.2} s</td><td>{:.2} s</td></tr>",
            short(cost.imeis as f64),
            short(cost.pairs as f64),
            bytes(cost.memory_bytes as f64),
            8.0 * cost.memory_bytes as f64 / imeis,
            bytes(cost.disk_bytes as f64),
            cost.disk_bytes as f64 / imeis,
            bytes(cost.resident_bytes as f64),
            cost.made_seconds,
            cost.made_cpu_seconds,
            cost.ready_seconds,
            cost.ready_after_kill_seconds,
        );
    }
    body.push_str("</table>");
}

/// How many IMEIs fit this machine, and how long that lasts.
fn full(body: &mut String, all: &Measurements) {
    let Some(cost) = all.costs.last().filter(|cost| cost.imeis > 0 && cost.memory_bytes > 0) else { return };
    let fits = fits(cost, all.machine.memory_bytes as f64);
    let _ = write!(
        body,
        "<h2>Days to full</h2><p>Nothing in Saring has a fixed size: it is full when this machine's memory is. With {} of \
         it for a register that is made as this one, {} IMEIs fit, with their pairings in proportion. From two billion on:</p>\
         <table><thead><tr><th>IMEIs more a day</th><th>days until this machine is full</th></tr></thead>",
        format_args!("{:.0} %", 100.0 * MEMORY_SHARE),
        short(fits),
    );
    for growth in GROWTHS {
        let days = (fits - 2.0 * BILLION) / growth;
        let days = if days > 0.0 { format!("{} ({:.1} years)", short(days), days / 365.25) } else { "now".into() };
        let _ = write!(body, "<tr><td>{}</td><td>{days}</td></tr>", short(growth));
    }
    body.push_str("</table>");
}

/// IMEIs that a machine's memory holds, pairings in the proportion of the register.
fn fits(cost: &Cost, memory: f64) -> f64 {
    let beside = cost.resident_bytes.saturating_sub(cost.memory_bytes) as f64;
    ((memory * MEMORY_SHARE - beside).max(0.0) / (cost.memory_bytes as f64 / cost.imeis as f64)).floor()
}

fn steps(body: &mut String, swept: &Swept) {
    let _ = write!(
        body,
        "<details><summary>Every rate: {}</summary><table><thead><tr><th>asked</th><th>answered</th><th>of them</th>\
         <th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>slowest</th><th>CPU a check</th>\
         <th>the load generator's own lateness, p99</th></tr></thead>",
        escaped(&title(swept))
    );
    for Step { rate, measured, bottleneck } in &swept.sweep.steps {
        let asked = format!("{}/s", short(*rate));
        let Some(one) = measured else {
            let why = bottleneck.as_deref().unwrap_or("not measured");
            let _ = write!(body, "<tr><td>{asked}</td><td colspan=\"9\">no figures: {}</td></tr>", escaped(why));
            continue;
        };
        let latency = one.latency_us;
        let _ = write!(
            body,
            "<tr><td>{asked}</td><td>{}/s</td><td>{:.2} %</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td>{}</td><td>{}</td></tr>",
            short(one.checks_per_second),
            100.0 * one.right as f64 / one.asked.max(1) as f64,
            nanos(1e3 * latency.p50),
            nanos(1e3 * latency.p90),
            nanos(1e3 * latency.p99),
            nanos(1e3 * latency.p999),
            nanos(1e3 * latency.max),
            one.server.map_or_else(String::new, |server| nanos(server.process_ns)),
            nanos(1e3 * one.generator.late_us.p99),
        );
    }
    body.push_str("</table></details>");
}

/// A number with three digits and its unit.
fn scaled(number: f64, step: f64, units: &[&str]) -> String {
    let (mut number, mut unit) = (number, 0);
    while number.abs() >= step && unit + 1 < units.len() {
        number /= step;
        unit += 1;
    }
    let digits =
        if number.abs() >= 100.0 || number == number.trunc() { 0 } else { 1 + usize::from(number.abs() < 10.0) };
    format!("{number:.digits$}{}", units[unit])
}

fn short(number: f64) -> String {
    scaled(number, 1000.0, &["", " k", " M", " bn"])
}

fn bytes(number: f64) -> String {
    scaled(number, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB"])
}

fn nanos(number: f64) -> String {
    scaled(number, 1000.0, &[" ns", " µs", " ms", " s"])
}

const HEAD: &str = include_str!("html/head.html");
const FOOT: &str = "</main></body></html>\n";

#[cfg(test)]
mod tests;

//! Plots of the report.

use super::{PlotError, short};
use crate::bench::{measurements::Swept, report::Percentiles};
use plotters::{coord::Shift, prelude::*};

const SIZE: (u32, u32) = (560, 340);
const INK: RGBColor = RGBColor(92, 103, 117);
const GRID: RGBColor = RGBColor(226, 230, 235);
const KNEE: RGBColor = RGBColor(140, 29, 24);
const FONT: &str = "system-ui, DejaVu Sans, sans-serif";

/// A percentile: its name, colour, and how it is read.
type Curve = (&'static str, RGBColor, fn(&Percentiles) -> f64);

const CURVES: [Curve; 4] = [
    ("p50", RGBColor(120, 170, 205), |of| of.p50),
    ("p90", RGBColor(76, 134, 178), |of| of.p90),
    ("p99", RGBColor(31, 94, 145), |of| of.p99),
    ("p99.9", RGBColor(11, 48, 84), |of| of.p999),
];

/// Percentiles against the rate, time in powers of ten.
pub(super) fn latency(swept: &Swept) -> Result<String, PlotError> {
    let mut svg = String::new();
    draw(&SVGBackend::with_string(&mut svg, SIZE).into_drawing_area(), swept).map_err(PlotError)?;
    // The file says how wide a plot is; the plot says what its own units are.
    let (width, height) = SIZE;
    Ok(svg.replacen(
        &format!("width=\"{width}\" height=\"{height}\""),
        &format!("role=\"img\" aria-label=\"latency against rate\" width=\"{width}\" height=\"{height}\""),
        1,
    ))
}

fn draw(area: &DrawingArea<SVGBackend<'_>, Shift>, swept: &Swept) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let steps: Vec<(f64, Percentiles)> =
        swept.sweep.steps.iter().filter_map(|step| Some((step.rate, step.measured.as_ref()?.latency_us))).collect();
    let most_rate = steps.iter().map(|(rate, _)| *rate).fold(1.0, f64::max);
    let times = || steps.iter().flat_map(|(_, of)| CURVES.map(|(_, _, read)| read(of)));
    let least = power_of_ten(times().fold(f64::INFINITY, f64::min), f64::floor);
    let most = power_of_ten(times().fold(1.0, f64::max), f64::ceil).max(least * 10.0);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(56)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..most_rate * 1.02, (least..most).log_scale())
        .map_err(|error| said(&error))?;
    chart
        .configure_mesh()
        .light_line_style(WHITE.mix(0.0))
        .bold_line_style(GRID)
        .axis_style(GRID)
        .x_labels(7)
        .y_labels((most / least).log10() as usize + 1)
        .x_desc("checks a second")
        .x_label_formatter(&|rate| short(*rate))
        .y_label_formatter(&|micros| super::nanos(1e3 * micros))
        .label_style((FONT, 12).into_font().color(&INK))
        .axis_desc_style((FONT, 12).into_font().color(&INK))
        .draw()
        .map_err(|error| said(&error))?;
    if let Some(knee) = swept.sweep.knee {
        let line = DashedLineSeries::new([(knee, least), (knee, most)], 5, 4, KNEE.stroke_width(1));
        chart.draw_series(line).map_err(|error| said(&error))?;
        let text =
            Text::new(format!("knee {}/s", short(knee)), (knee, most * 0.8), (FONT, 12).into_font().color(&KNEE));
        chart.draw_series([text]).map_err(|error| said(&error))?;
    }
    for (name, colour, read) in CURVES {
        let points = || steps.iter().map(|(rate, of)| (*rate, read(of).max(least)));
        chart.draw_series(LineSeries::new(points(), colour.stroke_width(2))).map_err(|error| said(&error))?;
        let dots = points().map(|point| Circle::new(point, 3, colour.filled()));
        chart.draw_series(dots).map_err(|error| said(&error))?;
        // Each curve is named at its end, where the eye is.
        if let Some((rate, micros)) = points().next_back() {
            let label =
                EmptyElement::at((rate, micros)) + Text::new(name, (7, -6), (FONT, 12).into_font().color(&colour));
            chart.draw_series([label]).map_err(|error| said(&error))?;
        }
    }
    area.present().map_err(|error| said(&error))
}

/// The power of ten beside a number.
fn power_of_ten(number: f64, towards: fn(f64) -> f64) -> f64 {
    if number.is_finite() && number > 0.0 { 10_f64.powf(towards(number.log10())) } else { 1.0 }
}

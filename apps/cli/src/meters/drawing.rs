//! A meter's days, with what was seen in them, as a drawing.

use crate::kernels::escaped;
use gridweave_core::Zone;
use gridweave_meters::{Amount, Day, Kind, Told};
use std::fmt::Write;

const WIDTH: f64 = 1080.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 56.0;
/// A signal takes two lines.
const LINE: f64 = 38.0;

/// Days as bars from nought, nights of flow as dots, each signal from its first day to the day on which it was found.
pub fn series(meter: &str, days: &[Day], told: &[&Told]) -> String {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return String::new() };
    let span = f64::from(last.day - first.day + 1);
    let x = |day: i32| LEFT + f64::from(day - first.day) / span * WIDTH;
    // The highest of ordinary days; a day far above is cut off at the edge.
    let mut used: Vec<f64> = days.iter().map(|day| day.used.value()).collect();
    used.sort_by(f64::total_cmp);
    let high = (used[(used.len() - 1) * 98 / 100] * 1.25).max(1e-9);
    let y = |value: f64| TOP + HEIGHT * (1.0 - (value / high).clamp(0.0, 1.0));
    let lines = told.len() as f64;
    let (width, height) = (WIDTH + LEFT + 24.0, HEIGHT + TOP + 48.0 + LINE * lines);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"24\" font-size=\"15\" fill=\"#1f2933\">{} · {} – {}</text>",
        escaped(meter),
        Zone::date_text(i64::from(first.day)),
        Zone::date_text(i64::from(last.day))
    );
    for step in 0..=4 {
        let value = high * f64::from(step) / 4.0;
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {0:.1}H{1:.1}\" stroke=\"#e3e6ea\"/><text x=\"{2:.1}\" y=\"{3:.1}\" text-anchor=\"end\" fill=\"#52606d\">{value:.2}</text>",
            y(value),
            LEFT + WIDTH,
            LEFT - 8.0,
            y(value) + 4.0
        );
    }
    months(&mut out, first.day, last.day, &x);
    for told in told {
        let color = color(told.change.kind);
        let (from, until) = (x(told.change.since), x(told.change.detected + 1));
        let _ = writeln!(
            out,
            "<rect x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{HEIGHT}\" fill=\"{color}\" opacity=\"0.18\"/><path d=\"M{until:.1} {TOP}v{HEIGHT}\" stroke=\"{color}\" stroke-width=\"1.5\"/>",
            (until - from).max(1.0)
        );
    }
    let wide = (WIDTH / span * 0.8).max(0.6);
    for day in days {
        let (at, top) = (x(day.day), y(day.used.value()));
        let (fill, bottom) = match day.used {
            Amount::BACKWARDS => ("#c0392b", TOP + HEIGHT + 6.0),
            // A silent day is a mark on the line: it is known, where a gap is not.
            used if used.value() == 0.0 => ("#9aa5b1", TOP + HEIGHT + 4.0),
            _ => ("#1668b8", TOP + HEIGHT),
        };
        let _ = writeln!(
            out,
            "<rect x=\"{at:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{fill}\"/>",
            (bottom - top).max(0.5)
        );
        if day.night.value() > 0.0 {
            let _ = writeln!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.6\" fill=\"#e67e22\"/>",
                at + wide / 2.0,
                y(day.night.value() * 24.0)
            );
        }
    }
    for (n, told) in told.iter().enumerate() {
        let change = &told.change;
        let at = TOP + HEIGHT + 44.0 + LINE * n as f64;
        let _ = writeln!(
            out,
            "<rect x=\"{LEFT}\" y=\"{:.1}\" width=\"10\" height=\"10\" fill=\"{}\"/><text x=\"{:.1}\" y=\"{at:.1}\" fill=\"#1f2933\">{} → {} {} · {}</text><text x=\"{:.1}\" y=\"{:.1}\" fill=\"#52606d\">{}</text>",
            at - 9.0,
            color(change.kind),
            LEFT + 16.0,
            Zone::date_text(i64::from(change.since)),
            Zone::date_text(i64::from(change.detected)),
            change.kind.name(),
            escaped(&change.reason.zh),
            LEFT + 16.0,
            at + 16.0,
            escaped(&change.reason.en)
        );
    }
    out.push_str("</svg>\n");
    out
}

fn months(out: &mut String, first: i32, last: i32, x: &dyn Fn(i32) -> f64) {
    let sparse = last - first > 500;
    for day in first..=last {
        let date = Zone::date_text(i64::from(day));
        let (month, of_month) = (&date[..7], &date[8..]);
        if of_month != "01" || (sparse && !date[5..7].ends_with(['1', '4', '7', '0'])) {
            continue;
        }
        let at = x(day);
        let _ = writeln!(
            out,
            "<path d=\"M{at:.1} {0:.1}v6\" stroke=\"#7b8794\"/><text x=\"{1:.1}\" y=\"{2:.1}\" fill=\"#52606d\">{month}</text>",
            TOP + HEIGHT,
            at + 3.0,
            TOP + HEIGHT + 20.0
        );
    }
}

fn color(kind: Kind) -> &'static str {
    match kind {
        Kind::ZeroOnset => "#c0392b",
        Kind::Return => "#27ae60",
        Kind::ShiftUp => "#d35400",
        Kind::ShiftDown => "#2980b9",
        Kind::Leak => "#8e44ad",
        _ => "#7f8c8d",
    }
}

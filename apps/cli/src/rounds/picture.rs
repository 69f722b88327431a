//! A map of rounds as a drawing.

use super::reading::Read;
use super::writing::{line, visits};
use crate::kernels::escaped;
use gridweave_atlas::{Bounds, Point};
use gridweave_rounds::{Doing, Plan, Streets};
use std::fmt::Write;

const SIDE: f64 = 1400.0;
const MARGIN: f64 = 20.0;
const COLORS: [&str; 12] = [
    "#1f6fb2", "#c2571a", "#2e8540", "#a3293d", "#6b4fa0", "#7a5c00", "#0f7c80", "#b03a8c", "#4d6b1d",
    "#8a4b2a", "#34558b", "#9b1c1c",
];

/// Each round in its colour with its visits numbered; what is left out is a cross.
pub fn map(read: &Read, times: &[Vec<Doing>], plan: &Plan, streets: Option<&Streets>) -> String {
    let lines: Vec<Vec<Point>> = times
        .iter()
        .enumerate()
        .map(
            |(worker, doings)| {
                if doings.is_empty() { Vec::new() } else { line(read, worker, doings, streets) }
            },
        )
        .collect();
    let left_out = plan.left_out.iter().map(|visit| read.visit_places[*visit]);
    let bounds = Bounds::of(lines.iter().flatten().copied().chain(left_out.clone()));
    if bounds.is_empty() {
        return "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n".to_owned();
    }
    let wide = bounds.center()[1].to_radians().cos().max(0.01);
    let scale = SIDE / ((bounds.max[0] - bounds.min[0]) * wide).max(bounds.max[1] - bounds.min[1]).max(1e-9);
    let at =
        |p: Point| [(p[0] - bounds.min[0]) * wide * scale + MARGIN, (bounds.max[1] - p[1]) * scale + MARGIN];
    let [width, height] = at([bounds.max[0], bounds.min[1]]).map(|value| value + MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"sans-serif\" font-size=\"9\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (worker, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let color = COLORS[worker % COLORS.len()];
        let points: Vec<String> =
            line.iter().map(|p| at(*p)).map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.8\" stroke-linejoin=\"round\" opacity=\"0.75\"/>",
            points.join(" ")
        );
    }
    for (worker, doings) in times.iter().enumerate().filter(|(_, doings)| !doings.is_empty()) {
        let color = COLORS[worker % COLORS.len()];
        for (number, (visit, ..)) in visits(doings).enumerate() {
            let [x, y] = at(read.visit_places[visit]);
            let _ = writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6.5\" fill=\"#fff\" stroke=\"{color}\" stroke-width=\"1.4\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{color}\">{}</text>",
                y + 3.0,
                number + 1
            );
        }
        let [x, y] = at(read.worker_places[worker * 2]);
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\" font-weight=\"bold\" fill=\"{color}\">{}</text>",
            x + 9.0,
            y - 7.0,
            escaped(&read.worker_ids[worker])
        );
        let _ = writeln!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"11\" height=\"11\" fill=\"{color}\"/>",
            x - 5.5,
            y - 5.5
        );
    }
    for place in left_out {
        let [x, y] = at(place);
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {:.1}l8 8m0 -8l-8 8\" stroke=\"#c00\" stroke-width=\"2\"/>",
            x - 4.0,
            y - 4.0
        );
    }
    out.push_str("</svg>\n");
    out
}

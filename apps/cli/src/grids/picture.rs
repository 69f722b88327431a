//! A map of cells as a drawing.

use super::blocks::Blocks;
use super::cells::Cells;
use crate::WrongCall;
use crate::kernels::escaped;
use gridweave_atlas::{Bounds, Point, Shape};
use gridweave_partition::Checked;
use std::fmt::Write;

const SIDE: f64 = 1400.0;
const MARGIN: f64 = 16.0;
/// Fills of cells: those beside each other differ.
const FILLS: [&str; 9] =
    ["#bcd9ea", "#f3d9a4", "#c8e3c0", "#eec4c4", "#d9cdeb", "#f6efb6", "#bfe3dc", "#e6d3c0", "#d3dbe3"];
/// A code is written in cells that are larger than this share of the map.
const NAMED: f64 = 0.0012;
/// How wide a letter of a code is.
const LETTER: f64 = 6.6;

/// Cells filled, with the lines that divide and close, and the blocks of points.
pub fn map(blocks: &Blocks, cells: &Cells, told: &Checked) -> anyhow::Result<String> {
    let Some(ground) = &blocks.ground else {
        return Err(WrongCall("--picture needs --blocks: a graph has no shapes".to_owned()).into());
    };
    let outlines = ground.outlines(&cells.of_block, cells.codes.len());
    let bounds = outlines.iter().fold(Bounds::EMPTY, |all, shape| all.union(shape.bounds()));
    if bounds.is_empty() {
        return Ok(String::new());
    }
    let wide = bounds.center()[1].to_radians().cos().max(0.01);
    let scale = SIDE / ((bounds.max[0] - bounds.min[0]) * wide).max(bounds.max[1] - bounds.min[1]).max(1e-9);
    let at =
        |p: Point| [(p[0] - bounds.min[0]) * wide * scale + MARGIN, (bounds.max[1] - p[1]) * scale + MARGIN];
    let [width, height] = at([bounds.max[0], bounds.min[1]]).map(|value| value + MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (cell, (shape, fill)) in outlines.iter().zip(fills(blocks, cells)).enumerate() {
        let share = told.work.get(cell).copied().unwrap_or(1.0);
        let _ = writeln!(
            out,
            "<path d=\"{}\" fill=\"{fill}\" stroke=\"#334\" stroke-width=\"1.1\" stroke-linejoin=\"round\" fill-rule=\"evenodd\"><title>{}: {share:.3}</title></path>",
            path(shape, at),
            escaped(&cells.codes[cell])
        );
    }
    for barrier in &blocks.lines.barriers {
        let (color, stroke) = if barrier.share <= 0.0 {
            ("#2b6cb0", 1.6)
        } else {
            ("#7a6a58", 0.35 + 0.5 * (1.0 - barrier.share))
        };
        let points: Vec<String> =
            barrier.line.iter().map(|p| at(*p)).map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{stroke:.2}\" opacity=\"0.7\"/>",
            points.join(" ")
        );
    }
    if blocks.ids.len() <= 20_000 {
        for place in &blocks.places {
            let [x, y] = at(*place);
            let _ = writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"0.9\" fill=\"#444\" opacity=\"0.55\"/>"
            );
        }
    }
    let whole = width * height;
    for (cell, shape) in outlines.iter().enumerate() {
        let Some(largest) = shape.polygons.iter().max_by(|a, b| a.rings[0].len().cmp(&b.rings[0].len()))
        else {
            continue;
        };
        let around = Bounds::of(largest.rings[0].iter().map(|p| at(*p)));
        if (around.max[0] - around.min[0]) * (around.max[1] - around.min[1]) < whole * NAMED {
            continue;
        }
        // Only the number where the whole code does not fit.
        let code = &cells.codes[cell];
        let fits = around.max[0] - around.min[0] > code.chars().count() as f64 * LETTER;
        let number = code.char_indices().rev().nth(2).map_or(0, |(at, _)| at);
        let label = if fits { code } else { &code[number..] };
        let [x, y] = at(Shape::from(largest.clone()).inner_point());
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"#112\">{}</text>",
            escaped(label)
        );
    }
    out.push_str("</svg>\n");
    Ok(out)
}

/// A fill for each cell, another than those of its neighbours where that can be had.
fn fills(blocks: &Blocks, cells: &Cells) -> Vec<&'static str> {
    let mut beside = vec![std::collections::BTreeSet::new(); cells.codes.len()];
    for (a, b, _) in &blocks.edges {
        let (a, b) = (cells.of_block[*a as usize], cells.of_block[*b as usize]);
        if a != b {
            beside[a as usize].insert(b);
            beside[b as usize].insert(a);
        }
    }
    let mut fill = vec![usize::MAX; beside.len()];
    for cell in 0..beside.len() {
        let taken: Vec<usize> = beside[cell].iter().map(|other| fill[*other as usize]).collect();
        // Begin elsewhere each time, so that all are used.
        let free = (0..FILLS.len()).map(|at| (at + cell) % FILLS.len()).find(|fill| !taken.contains(fill));
        fill[cell] = free.unwrap_or(cell % FILLS.len());
    }
    fill.into_iter().map(|fill| FILLS[fill]).collect()
}

fn path(shape: &Shape, at: impl Fn(Point) -> Point) -> String {
    let mut out = String::new();
    for ring in shape.rings() {
        for (i, p) in ring.iter().enumerate() {
            let [x, y] = at(*p);
            let _ = write!(out, "{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" });
        }
        out.push('Z');
    }
    out
}

//! Cells with their codes, shapes and numbers.

use super::blocks::Blocks;
use super::rows::Rows;
use crate::WrongCall;
use anyhow::Context;
use gridweave_atlas::geojson::{Feature, collection_json};
use gridweave_atlas::measure::{area_m2, distance_m};
use gridweave_atlas::{Geometry, Point, Shape};
use gridweave_files::{geoparquet, write_whole};
use gridweave_partition::{Checked, NO_CELL};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

/// What a file of cells is, by its ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutKind {
    /// Shapes.
    GeoJson,
    /// Shapes.
    GeoParquet,
    /// The cell of each block, a line each.
    Lines,
}

impl OutKind {
    /// The kind that a file would be; refused where the blocks have no shapes for it, or the ending is of a kind that is not written.
    pub fn of(path: &Path, blocks: &Blocks) -> anyhow::Result<Self> {
        let ending =
            path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let wrong = |why: &str| Err(WrongCall(format!("{}: {why}", path.display())).into());
        let kind = match ending.as_str() {
            "geojson" | "json" => Self::GeoJson,
            "parquet" => Self::GeoParquet,
            "" | "txt" => return Ok(Self::Lines),
            _ => {
                return wrong(
                    "cells are written as .geojson, .parquet (GeoParquet) or .txt (the cell of each block, a line each)",
                );
            }
        };
        if blocks.ground.is_none() {
            return wrong("a graph has no shapes: name an --out that ends in .txt");
        }
        Ok(kind)
    }
}

/// Cells, in the order of their codes.
pub struct Cells {
    /// The number of each block's cell.
    pub of_block: Vec<u32>,
    /// Code of each.
    pub codes: Vec<String>,
}

impl Cells {
    /// Fresh cells: numbered within their division from north to south, and from west to east (DB11 unit grids), with the
    /// division's name before the number.
    pub fn drawn(blocks: &Blocks, of_block: &[u32], count: usize) -> Self {
        let order = north_to_south(blocks, of_block, count);
        let mut number = vec![0; count];
        let mut codes = vec![String::new(); count];
        let mut next: HashMap<&str, usize> = HashMap::new();
        let mut cells_of: HashMap<&str, usize> = HashMap::new();
        let divisions: Vec<&str> = first_blocks(of_block, count)
            .into_iter()
            .map(|block| blocks.division_of(block).unwrap_or(""))
            .collect();
        divisions.iter().for_each(|division| *cells_of.entry(division).or_default() += 1);
        for (at, cell) in order.into_iter().enumerate() {
            number[cell as usize] = at as u32;
            let division = divisions[cell as usize];
            let next = next.entry(division).or_insert(0);
            *next += 1;
            let digits = cells_of[division].to_string().len().max(3);
            codes[at] = format!("{division}{:0digits$}", *next);
        }
        Self { of_block: of_block.iter().map(|cell| number[*cell as usize]).collect(), codes }
    }

    /// Cells drawn anew: those that go on keep their code, and new ones get codes beyond all that there are or were (`retired`) in their
    /// division.
    pub fn redrawn(
        blocks: &Blocks,
        of_block: &[u32],
        former: &[Option<u32>],
        names: &[String],
        retired: &[String],
    ) -> Self {
        let fresh = Self::drawn(blocks, of_block, former.len());
        let first = first_blocks(of_block, former.len());
        let mut codes = vec![String::new(); former.len()];
        let mut last: HashMap<&str, String> = HashMap::new();
        for (cell, former) in former.iter().enumerate() {
            let at = fresh.of_block[first[cell]] as usize;
            if let Some(former) = former {
                codes[at].clone_from(&names[*former as usize]);
                continue;
            }
            let division = blocks.division_of(first[cell]).unwrap_or("");
            let last = last.entry(division).or_insert_with(|| {
                let known = names.iter().chain(retired).filter(|name| name.starts_with(division));
                let last = known.max_by_key(|name| (name.len(), (*name).clone()));
                last.cloned().unwrap_or_else(|| format!("{division}000"))
            });
            *last = following(last);
            codes[at].clone_from(last);
        }
        Self { of_block: fresh.of_block, codes }
    }

    /// Cells that have names.
    pub fn named(of_block: Vec<u32>, codes: Vec<String>) -> Self {
        Self { of_block, codes }
    }

    /// Is a block in another cell than before?
    pub fn has_moved(&self, blocks: &Blocks, block: usize) -> bool {
        let before = blocks.former.get(block).and_then(Option::as_ref);
        before.is_some_and(|before| *before != self.codes[self.of_block[block] as usize])
    }

    /// Writes cells: shapes with what they have, or a number a line.
    pub fn write(&self, blocks: &Blocks, told: &Checked, path: &Path) -> anyhow::Result<()> {
        let kind = OutKind::of(path, blocks)?;
        if kind == OutKind::Lines {
            // Cells that had numbers keep them.
            let numbers = self.codes.iter().map(|code| code.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
            let kept = !blocks.former.is_empty() && numbers.is_some();
            let line = |cell: &u32| if kept { self.codes[*cell as usize].clone() } else { cell.to_string() };
            let write = |file: &mut std::io::BufWriter<std::fs::File>| {
                self.of_block.iter().map(line).try_for_each(|line| writeln!(file, "{line}"))
            };
            return write_whole(path, write).with_context(|| path.display().to_string());
        }
        let features = self.features(blocks, told);
        if kind == OutKind::GeoParquet {
            return geoparquet::write(path, &features).with_context(|| path.display().to_string());
        }
        let text = collection_json(&features).to_string();
        write_whole(path, |file| file.write_all(text.as_bytes())).with_context(|| path.display().to_string())
    }

    /// Cells with their shapes; none where there is no ground.
    fn features(&self, blocks: &Blocks, told: &Checked) -> Vec<Feature> {
        let Some(ground) = &blocks.ground else { return Vec::new() };
        let outlines = ground.outlines(&self.of_block, self.codes.len());
        let (works, doors) = (self.works(blocks), self.doors(blocks));
        let first = first_blocks(&self.of_block, self.codes.len());
        let feature = |(cell, shape): (usize, Shape)| {
            let division = blocks.division_of(first[cell]);
            let (area, compactness) = measures(&shape);
            let properties = json!({
                "code": self.codes[cell], "name": name_of(&self.codes[cell]), "division": division, "blocks": told.blocks.get(cell), "work": works[cell],
                "share_of_mean": told.work.get(cell), "doors": doors.as_ref().map(|doors| doors[cell]),
                "area_m2": area.round(), "compactness": (compactness * 1000.0).round() / 1000.0,
            });
            Feature {
                geometry: Geometry::Shape(shape),
                properties: properties.as_object().cloned().unwrap_or_default(),
            }
        };
        outlines.into_iter().enumerate().map(feature).collect()
    }

    /// Writes the cell of each block.
    pub fn write_assignment(&self, blocks: &Blocks, path: &Path) -> anyhow::Result<()> {
        let with_former = !blocks.former.is_empty();
        let mut rows = Rows::new(if with_former { &["id", "cell", "former"] } else { &["id", "cell"] });
        for (block, cell) in self.of_block.iter().enumerate() {
            let mut row = vec![blocks.ids[block].clone(), self.codes[*cell as usize].clone()];
            if with_former {
                row.push(blocks.former[block].clone().unwrap_or_default());
            }
            rows.push(row);
        }
        rows.write(path)
    }

    /// A table of cells.
    pub fn table(&self, blocks: &Blocks, told: &Checked) -> Rows {
        let outlines = blocks.ground.as_ref().map(|ground| ground.outlines(&self.of_block, self.codes.len()));
        let (works, doors) = (self.works(blocks), self.doors(blocks));
        let mut came = vec![0usize; self.codes.len()];
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for block in 0..self.of_block.len() {
            if self.has_moved(blocks, block) {
                came[self.of_block[block] as usize] += 1;
                *left.entry(blocks.former[block].as_deref().unwrap_or("")).or_default() += 1;
            }
        }
        let mut rows = Rows::new(&[
            "cell",
            "blocks",
            "work",
            "share_of_mean",
            "doors",
            "area_m2",
            "compactness",
            "blocks_came",
            "blocks_left",
        ]);
        for (cell, code) in self.codes.iter().enumerate() {
            let shape = outlines.as_ref().map(|outlines| measures(&outlines[cell]));
            let number = |value: Option<f64>, digits: usize| {
                value.map_or_else(String::new, |value| format!("{value:.digits$}"))
            };
            rows.push(vec![
                code.clone(),
                told.blocks.get(cell).copied().unwrap_or(0).to_string(),
                works[cell].to_string(),
                number(told.work.get(cell).copied(), 4),
                doors.as_ref().map_or_else(String::new, |doors| doors[cell].to_string()),
                number(shape.map(|shape| shape.0), 0),
                number(shape.map(|shape| shape.1), 3),
                came[cell].to_string(),
                left.get(code.as_str()).copied().unwrap_or(0).to_string(),
            ]);
        }
        rows
    }

    /// Work of each cell.
    fn works(&self, blocks: &Blocks) -> Vec<f64> {
        let mut works = vec![0.0; self.codes.len()];
        self.of_block.iter().zip(&blocks.work).for_each(|(cell, work)| works[*cell as usize] += work);
        works
    }

    /// Doors of each cell, where they are known.
    fn doors(&self, blocks: &Blocks) -> Option<Vec<u64>> {
        let mut doors = vec![0; self.codes.len()];
        let all = self.of_block.iter().zip(blocks.doors.as_ref()?);
        all.for_each(|(cell, own)| doors[*cell as usize] += u64::from(*own));
        Some(doors)
    }
}

fn first_blocks(of_block: &[u32], count: usize) -> Vec<usize> {
    let mut first = vec![0; count];
    for (block, cell) in of_block.iter().enumerate().rev() {
        first[*cell as usize] = block;
    }
    first
}

/// Cells from north to south in bands as high as a cell, and from west to east within; in the order of their first blocks where
/// nothing is known of their places.
fn north_to_south(blocks: &Blocks, of_block: &[u32], count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    if blocks.places.is_empty() {
        let first = first_blocks(of_block, count);
        order.sort_by_key(|cell| first[*cell as usize]);
        return order;
    }
    let mut sums = vec![([0.0; 2], 0.0f64); count];
    for (block, cell) in of_block.iter().enumerate() {
        let ([x, y], n) = &mut sums[*cell as usize];
        let place = blocks.places[block];
        (*x, *y, *n) = (*x + place[0], *y + place[1], *n + 1.0);
    }
    let middles: Vec<Point> = sums.iter().map(|([x, y], n)| [x / n.max(1.0), y / n.max(1.0)]).collect();
    let ys = || middles.iter().map(|middle| middle[1]);
    let (low, high) = (ys().fold(f64::MAX, f64::min), ys().fold(f64::MIN, f64::max));
    let bands = (count as f64).sqrt().ceil();
    let band = |cell: u32| {
        (((high - middles[cell as usize][1]) / (high - low).max(f64::MIN_POSITIVE) * bands) as i64)
            .min(bands as i64 - 1)
    };
    order.sort_by(|a, b| {
        let west = |cell: u32| middles[cell as usize][0];
        band(*a).cmp(&band(*b)).then(west(*a).total_cmp(&west(*b)))
    });
    order
}

/// Area in square metres, and how compact a shape is: the area over that of a circle with its outline's length (Polsby and
/// Popper 1991).
pub fn measures(shape: &Shape) -> (f64, f64) {
    let area = area_m2(shape);
    let length: f64 = shape.edges().map(|(a, b)| distance_m(a, b)).sum();
    (area, (4.0 * std::f64::consts::PI * area / (length * length).max(f64::MIN_POSITIVE)).min(1.0))
}

/// What a cell is called until somebody gives it a better name: by the number at the end of its code.
fn name_of(code: &str) -> String {
    let number = code.char_indices().rev().take(3).last().map_or(code, |(at, _)| &code[at..]);
    format!("第{}网格", number.trim_start_matches('0'))
}

/// The code behind one: its last digits counted on.
fn following(code: &str) -> String {
    let digits = code.len() - code.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let digits = digits.min(6);
    let (before, number) = code.split_at(code.len() - digits);
    let next = number.parse::<u64>().unwrap_or(0) + 1;
    format!("{before}{next:0digits$}")
}

/// Cells of blocks from a file, a line each.
pub fn read_parts(path: &Path, blocks: usize) -> anyhow::Result<Vec<Option<String>>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let parts: Vec<Option<String>> =
        text.lines().map(|line| Some(line.trim().to_owned()).filter(|cell| !cell.is_empty())).collect();
    if parts.len() != blocks {
        return Err(WrongCall(format!(
            "{}: {} lines, and there are {blocks} blocks",
            path.display(),
            parts.len()
        ))
        .into());
    }
    Ok(parts)
}

/// Codes, one a line.
pub fn read_codes(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.lines().map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect())
}

/// Former cells by number, in the order of their names: numbers by their size.
pub fn former_numbers(blocks: &Blocks) -> anyhow::Result<(Vec<u32>, Vec<String>)> {
    if blocks.former.iter().all(Option::is_none) {
        let why = "no block has a cell: name them by --parts, or the property that holds them by --former";
        return Err(WrongCall(why.to_owned()).into());
    }
    let mut names: Vec<&String> = blocks.former.iter().flatten().collect();
    names.sort_by_key(|name| (name.len(), *name));
    names.dedup();
    let number: HashMap<&String, u32> =
        names.iter().enumerate().map(|(at, name)| (*name, at as u32)).collect();
    let of_block =
        blocks.former.iter().map(|cell| cell.as_ref().map_or(NO_CELL, |cell| number[cell])).collect();
    Ok((of_block, names.into_iter().cloned().collect()))
}

#[cfg(test)]
mod tests {
    use super::following;

    #[test]
    fn codes_are_counted_on() {
        let told = ["420106001001009", "7", "99", "A-09", "A", ""].map(following);
        assert_eq!(told, ["420106001001010", "8", "100", "A-10", "A1", "1"]);
    }
}

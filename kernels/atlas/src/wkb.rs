//! Well-known binary (OGC 06-103r4): points, lines and polygons, little-endian out, both in.

use crate::polygon::{Geometry, Point, Polygon, Shape};

/// Why bytes are no geometry, with the offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a geometry at byte {offset}: {why}")]
pub struct InvalidWkb {
    /// Where reading stopped.
    pub offset: usize,
    /// What was wrong.
    pub why: &'static str,
}

/// Writes a geometry.
pub fn write(geometry: &Geometry) -> Vec<u8> {
    let mut out = Vec::new();
    match geometry {
        Geometry::Point(p) => {
            head(&mut out, 1);
            put_point(&mut out, *p);
        }
        Geometry::Lines(lines) if lines.len() == 1 => line(&mut out, &lines[0]),
        Geometry::Lines(lines) => {
            head(&mut out, 5);
            put_count(&mut out, lines.len());
            lines.iter().for_each(|points| line(&mut out, points));
        }
        Geometry::Shape(shape) if shape.polygons.len() == 1 => polygon(&mut out, &shape.polygons[0]),
        Geometry::Shape(shape) => {
            head(&mut out, 6);
            put_count(&mut out, shape.polygons.len());
            shape.polygons.iter().for_each(|part| polygon(&mut out, part));
        }
    }
    out
}

fn head(out: &mut Vec<u8>, kind: u32) {
    out.push(1);
    out.extend(kind.to_le_bytes());
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend((count as u32).to_le_bytes());
}

fn put_point(out: &mut Vec<u8>, p: Point) {
    out.extend(p[0].to_le_bytes());
    out.extend(p[1].to_le_bytes());
}

fn line(out: &mut Vec<u8>, points: &[Point]) {
    head(out, 2);
    put_count(out, points.len());
    points.iter().for_each(|p| put_point(out, *p));
}

fn polygon(out: &mut Vec<u8>, polygon: &Polygon) {
    head(out, 3);
    put_count(out, polygon.rings.len());
    for ring in &polygon.rings {
        put_count(out, ring.len());
        ring.iter().for_each(|p| put_point(out, *p));
    }
}

/// Reads a geometry; Z and M values are passed over.
pub fn read(bytes: &[u8]) -> Result<Geometry, InvalidWkb> {
    Reader { bytes, at: 0, little: true }.geometry()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    little: bool,
}

impl Reader<'_> {
    fn fail<T>(&self, why: &'static str) -> Result<T, InvalidWkb> {
        Err(InvalidWkb { offset: self.at, why })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], InvalidWkb> {
        let found = self.bytes.get(self.at..self.at + N).and_then(|slice| slice.try_into().ok());
        match found {
            Some(bytes) => {
                self.at += N;
                Ok(bytes)
            }
            None => self.fail("it ends too early"),
        }
    }

    fn number(&mut self) -> Result<u32, InvalidWkb> {
        let bytes = self.take()?;
        Ok(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn double(&mut self) -> Result<f64, InvalidWkb> {
        let bytes = self.take()?;
        Ok(if self.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    fn points(&mut self, extra: usize) -> Result<Vec<Point>, InvalidWkb> {
        let count = self.number()? as usize;
        if count > self.bytes.len() / 16 + 1 {
            return self.fail("more points than bytes");
        }
        (0..count).map(|_| self.point(extra)).collect()
    }

    fn point(&mut self, extra: usize) -> Result<Point, InvalidWkb> {
        let p = [self.double()?, self.double()?];
        for _ in 0..extra {
            self.double()?;
        }
        Ok(p)
    }

    fn geometry(&mut self) -> Result<Geometry, InvalidWkb> {
        let (kind, extra) = self.head()?;
        match kind {
            // A collection holds single geometries of one kind and no other collections.
            4..=6 => self.collection(kind - 3),
            _ => self.single(kind, extra),
        }
    }

    /// The kind of the geometry that begins here, and how many numbers follow x and y.
    fn head(&mut self) -> Result<(u32, usize), InvalidWkb> {
        self.little = self.take::<1>()?[0] == 1;
        let raw = self.number()?;
        let (has_z, has_m) = (raw & 0x8000_0000 != 0, raw & 0x4000_0000 != 0);
        if raw & 0x2000_0000 != 0 {
            self.number()?;
        }
        let plain = raw & 0x0fff_ffff;
        let (kind, iso) = (plain % 1000, plain / 1000);
        Ok((kind, usize::from(has_z) + usize::from(has_m) + [0, 1, 1, 2][(iso as usize).min(3)]))
    }

    fn single(&mut self, kind: u32, extra: usize) -> Result<Geometry, InvalidWkb> {
        match kind {
            1 => Ok(Geometry::Point(self.point(extra)?)),
            2 => Ok(Geometry::Lines(vec![self.points(extra)?])),
            3 => {
                let count = self.number()? as usize;
                if count > self.bytes.len() / 4 {
                    return self.fail("more rings than bytes");
                }
                let rings = (0..count).map(|_| self.points(extra)).collect::<Result<_, _>>()?;
                Ok(Geometry::Shape(Polygon { rings }.into()))
            }
            _ => self.fail("a kind of geometry that is not used here"),
        }
    }

    fn collection(&mut self, of: u32) -> Result<Geometry, InvalidWkb> {
        let count = self.number()?;
        let mut lines = Vec::new();
        let mut shape = Shape::default();
        for _ in 0..count {
            let (kind, extra) = self.head()?;
            if kind != of {
                return self.fail("a member of another kind than the collection's");
            }
            match self.single(kind, extra)? {
                Geometry::Lines(more) => lines.extend(more),
                Geometry::Shape(more) => shape.polygons.extend(more.polygons),
                Geometry::Point(p) => return Ok(Geometry::Point(p)),
            }
        }
        Ok(if shape.polygons.is_empty() { Geometry::Lines(lines) } else { Geometry::Shape(shape) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn collections_within_collections_are_refused_however_deep() {
        // A million levels in nine megabytes: read one by one they would exhaust the stack.
        let mut bytes = Vec::new();
        for _ in 0..1_000_000 {
            head(&mut bytes, 6);
            put_count(&mut bytes, 1);
        }
        assert_eq!(read(&bytes).map_err(|error| error.offset), Err(14));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(parts in prop::collection::vec(
            prop::collection::vec((any::<f64>(), any::<f64>()).prop_filter("finite", |(a, b)| a.is_finite() && b.is_finite()), 1..6), 1..4)) {
            let lines: Vec<Vec<Point>> = parts.into_iter().map(|l| l.into_iter().map(|(x, y)| [x, y]).collect()).collect();
            let shape = Geometry::Shape(Shape { polygons: vec![Polygon { rings: lines.clone() }] });
            prop_assert_eq!(read(&write(&shape)), Ok(shape));
            prop_assert_eq!(read(&write(&Geometry::Lines(lines.clone()))), Ok(Geometry::Lines(lines)));
        }

        #[test]
        fn any_bytes_behind_a_true_beginning_give_an_answer(kind in 1u32..7, bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut all = vec![1];
            all.extend(kind.to_le_bytes());
            all.extend(bytes);
            let _ = read(&all);
        }

        #[test]
        fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes);
        }
    }
}

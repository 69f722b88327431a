//! Whether rules that could each be kept alone can be kept together, as far as that can be told before drawing.

use crate::exact::{SMALL, Shared, share};
use crate::problem::Prepared;
use crate::rules::{Conflict, Tolerance};
use crate::state::{Bounds, Ground};

/// Tolerances that are tried for the least that would do.
const TOLERANCES: usize = 10;

/// Work that a cell may have where what is a rounding beyond is within, as the check has it: nothing is refused for that.
pub(crate) fn loosened((least, most): (i64, i64)) -> (i64, i64) {
    let rounding = (f64::midpoint(least as f64, most as f64) * 1e-9) as i64;
    (least - rounding, most.saturating_add(rounding))
}

/// The least number between two that something holds for, where it holds for the higher; halved so many times.
pub(crate) fn least_that((mut low, mut high): (f64, f64), times: usize, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..times {
        let middle = f64::midpoint(low, high);
        if holds(middle) { high = middle } else { low = middle }
    }
    high
}

impl Prepared {
    /// The ground at hand, with where nodes were before.
    pub(crate) fn ground(&self, home: Vec<(u32, i64)>) -> Ground {
        let (graph, doors, apart) = (self.graph.clone(), self.doors.clone(), self.apart.clone());
        Ground { graph, doors, apart, home }
    }

    /// Refuses rules that cannot be kept together; where only the tolerance cannot and is to be come near to, that is noted. On a small
    /// ground all ways are looked at, and the one that was found is kept.
    pub(crate) fn look_whether_it_can_be(
        &mut self,
        first_of: &[u32],
        sizes: &[usize],
        tolerance: Tolerance,
    ) -> Result<(), Conflict> {
        let shared = self.look_at_all_ways();
        if let Shared::So(parts) = shared {
            self.know(&parts);
            return Ok(());
        }
        self.doors_and_apart_fit(first_of)?;
        let mut conflict = self.hubs_fit(first_of, sizes).err();
        if conflict.is_none() && shared == Shared::Never {
            conflict = Some(self.no_way(tolerance.share()));
        }
        match (tolerance, conflict) {
            (_, None) => {}
            (Tolerance::Near(_), Some(conflict)) if self.could_be_at_any_tolerance() => {
                self.bounded_by.get_or_insert(conflict);
            }
            (_, Some(conflict)) => return Err(conflict),
        }
        Ok(())
    }

    fn look_at_all_ways(&self) -> Shared {
        match self.bounds.first() {
            Some(first) if self.graph.len() <= SMALL && self.bounds.iter().all(|bounds| bounds == first) => {
                share(&self.ground(Vec::new()), self.cells(), self.bounds_of(*first))
            }
            _ => Shared::Open,
        }
    }

    fn bounds_of(&self, work: (i64, i64)) -> Bounds {
        Bounds { work: loosened(work), doors_most: self.doors_most, nodes_least: 1 }
    }

    /// False where it is certain that doors and blocks apart cannot be kept to, whatever cells have to do.
    fn could_be_at_any_tolerance(&self) -> bool {
        let at_will = self.bounds_of((0, i64::MAX));
        (self.doors.is_empty() && self.apart.is_empty())
            || share(&self.ground(Vec::new()), self.cells(), at_will) != Shared::Never
    }

    /// What would have to be given up.
    fn no_way(&self, asked: f64) -> Conflict {
        let cells = self.cells();
        let mean = self.graph.total() as f64 / cells as f64;
        let within = |tolerance: f64| {
            let (least, most) = (mean * (1.0 - tolerance), mean * (1.0 + tolerance));
            self.bounds_of((least.ceil() as i64, most.floor() as i64))
        };
        let is = |ground: &Ground, tolerance: f64| {
            matches!(share(ground, cells, within(tolerance)), Shared::So(_))
        };
        let ground = self.ground(Vec::new());
        let helps = is(&ground, 0.999);
        let tolerance =
            helps.then(|| least_that((asked, 0.999), TOLERANCES, |tolerance| is(&ground, tolerance)));
        let mut without = Vec::new();
        let doors = Bounds { doors_most: i64::MAX, ..within(asked) };
        if !self.doors.is_empty() && matches!(share(&ground, cells, doors), Shared::So(_)) {
            without.push("doors");
        }
        if !self.apart.is_empty() && is(&Ground { apart: Vec::new(), ..ground }, asked) {
            without.push("apart");
        }
        Conflict::NoWay { blocks: self.graph.len(), cells, tolerance, without }
    }

    /// Keeps a way to share the ground, its cells numbered by the piece that they lie on.
    fn know(&mut self, parts: &[u32]) {
        let mut piece_of_part = vec![0u32; self.cells()];
        for (node, part) in parts.iter().enumerate() {
            piece_of_part[*part as usize] = self.piece_of[node];
        }
        let mut order: Vec<usize> = (0..piece_of_part.len()).collect();
        order.sort_by_key(|part| piece_of_part[*part]);
        let mut number = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, part)| number[*part] = at as u32);
        self.known = Some(parts.iter().map(|part| number[*part as usize]).collect());
        self.pieces.fill(0);
        piece_of_part.iter().for_each(|piece| self.pieces[*piece as usize] += 1);
    }
}

//! Reactions: what a visit found out flows into the registers, where the rule allows it at once.

use crate::ops::{record_absence, set_occupancy};
use gridweave_core::{Ctx, Event, event::Finding};
use gridweave_db::{OpError, Tx};

/// Applies the findings of a visit that need no steward: occupancy and planned absences.
pub fn learn_from_visit(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<(), OpError> {
    let Event::VisitClosed { place: Some(place), findings, visit, by, .. } = event else { return Ok(()) };
    for finding in findings {
        match finding {
            Finding::Occupancy { occupancy } => {
                set_occupancy::run(tx, ctx, place, occupancy, &format!("visit:{visit}"))?;
            }
            Finding::PlannedAbsence { from_day, to_day } => {
                record_absence::run(tx, ctx, place, *from_day, *to_day, by.as_str())?;
            }
            Finding::Care { .. } | Finding::Address { .. } | Finding::FalseAlarm { .. } => {}
        }
    }
    Ok(())
}

//! Reactions: what a visit found out flows into the registers, where the rule allows it at once.

use crate::ops::{record_absence, set_occupancy};
use crate::sql;
use gridweave_addresses::jobs::{self as places, Follower};
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
            Finding::Care { .. }
            | Finding::Address { .. }
            | Finding::Confirmed { .. }
            | Finding::FalseAlarm { .. } => {}
        }
    }
    Ok(())
}

/// People, organisations, homes and devices follow a place that was given up to the one that took over; what that one
/// has already stays where it was. When the change is undone they go back.
pub fn follow_redirect(tx: &mut Tx, _: &Ctx, event: &Event) -> Result<(), OpError> {
    let followers: &[Follower] = &[
        ("tie", &sql::MOVE_TIES, &sql::TIE_BACK),
        ("dwelling", &sql::MOVE_DWELLING, &sql::DWELLING_BACK),
        ("device", &sql::MOVE_DEVICES, &sql::DEVICE_BACK),
        ("absence", &sql::MOVE_ABSENCES, &sql::ABSENCE_BACK),
    ];
    places::follow_redirect(tx, event, followers)
}

//! Reactions to what visits find.

use crate::model::Problem;
use crate::ops::open_correction::{self, Input};
use gridweave_core::{Ctx, Event, event::Finding};
use gridweave_db::{OpError, Tx};

/// A visit that found an address wrong opens a correction for the steward; once for each visit.
pub fn correct_from_visit(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<(), OpError> {
    let Event::VisitClosed { visit, place, findings, by, .. } = event else { return Ok(()) };
    let opener = gridweave_access::queries::actor(tx, by)?;
    for (n, finding) in findings.iter().enumerate() {
        let Finding::Address { problem, name } = finding else { continue };
        let Some(problem) = Problem::from_name(problem) else { continue };
        let missing = problem == Problem::Missing;
        let input = Input {
            place: place.clone().filter(|_| !missing),
            parent: place.clone().filter(|_| missing),
            problem,
            name: name.clone(),
            kind: None,
            point: None,
            note: String::new(),
            source: Some(format!("visit:{visit}:{n}")),
            opener: opener.as_ref().map(|actor| (actor.account.clone(), actor.name.clone())),
        };
        open_correction::run(tx, ctx, &input)?;
    }
    Ok(())
}

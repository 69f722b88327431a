//! Reactions to what visits find.

use crate::model::Problem;
use crate::ops::open_correction::{self, Input};
use crate::queries;
use gridweave_core::{Ctx, Event, event::Finding};
use gridweave_db::{OpError, Sql, Tx};

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

/// What of a room follows a place that was given up: its name, the statement that moves it from `$1` to `$2` and
/// returns its keys, and the one that puts the row of key `$1` back to `$2` from `$3`.
pub type Follower<'a> = (&'a str, &'a Sql, &'a Sql);

/// Moves what follows a place that was given up, and notes it so that exactly that goes back when it is undone.
pub fn follow_redirect(tx: &mut Tx, event: &Event, followers: &[Follower<'_>]) -> Result<(), OpError> {
    let Event::PlaceRedirected { place, to, edit, undone, .. } = event else { return Ok(()) };
    for (what, along, back) in followers {
        if *undone {
            for key in queries::moved(tx, edit, what, place)? {
                tx.exec(back, &[key.into(), place.into(), to.into()])?;
            }
            continue;
        }
        for key in tx.all(along, &[place.into(), to.into()], |row| row.text(0))? {
            queries::note_moved(tx, edit, what, &key, place)?;
        }
    }
    Ok(())
}

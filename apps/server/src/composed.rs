//! What joins several rooms: reactions that need facts of another room, and the card of a place.

use crate::assembly::App;
use gridweave_access::{self as access, Resource};
use gridweave_addresses::{Place, PlaceKind, PlaceStatus, Touched, queries as places};
use gridweave_cases::{Case, queries as cases};
use gridweave_core::{Ctx, Event, PlaceId, SignalId, Zone};
use gridweave_db::{DbError, OpError, Tx};
use gridweave_registers::{PlaceFacts, queries as registers};
use gridweave_signals::ops::judge::{self, CategoryTerms};
use gridweave_signals::{Facts, Signal, queries as signals};
use gridweave_territory::queries as territory;
use gridweave_visits::jobs::{CaseBrief, Order};
use gridweave_visits::queries as visits;
use serde::Serialize;

/// Judges a matched signal on what the registers know of the home.
pub fn judge_signal(tx: &mut Tx, ctx: &Ctx, app: &App, event: &Event) -> Result<(), OpError> {
    let Event::SignalMatched { signal, place, .. } = event else { return Ok(()) };
    let Some(found) = signals::signal(tx, signal)? else { return Ok(()) };
    let since = Zone::day_from_text(&found.since).unwrap_or_else(|| ctx.today());
    let home = registers::home_facts(tx, place, since)?;
    // Somebody who told of a journey may leave a day early or late.
    let day_after = registers::home_facts(tx, place, since + 1)?;
    let facts = Facts {
        elderly_alone: home.elderly_alone,
        registered_vacant: home.registered_vacant,
        planned_absence: home.planned_absence || day_after.planned_absence,
        residents: home.residents,
    };
    let terms = |code: &str| {
        app.catalogues.cases.category(code).map(|category| CategoryTerms {
            urgency: category.urgency.clone(),
            limit_min: category.limit_min,
            form: category.form.clone(),
            network: category.network.clone(),
            title: category.zh.clone(),
        })
    };
    judge::run(tx, ctx, &app.catalogues.rules, terms, signal, &facts)
}

/// Tells the signal that a case came from what its visit found.
pub fn learn_outcome(tx: &mut Tx, ctx: &Ctx, _: &App, event: &Event) -> Result<(), OpError> {
    let Event::VisitClosed { case, findings, .. } = event else { return Ok(()) };
    let Some(reason) = cases::reason(tx, case)? else { return Ok(()) };
    let Some(signal) = reason["signal"].as_str() else { return Ok(()) };
    gridweave_signals::jobs::learn_outcome(tx, ctx, &SignalId(signal.to_owned()), findings)
}

/// Makes the worker's task from the case.
pub fn create_task(tx: &mut Tx, ctx: &Ctx, _: &App, event: &Event) -> Result<(), OpError> {
    let Event::CaseDispatched { case, no, worker, form, call_first, division } = event else { return Ok(()) };
    let Some(found) = cases::by_no(tx, no)? else { return Ok(()) };
    let order = Order {
        case: case.clone(),
        no: no.clone(),
        worker: worker.clone(),
        form: form.clone(),
        call_first: *call_first,
        division: *division,
    };
    let brief = CaseBrief {
        title: found.title,
        category: found.category,
        urgency: found.urgency,
        place: found.place,
        address: found.address,
        point: found.point,
        due_at_ms: found.due_at_ms,
        reason: found.reason,
    };
    gridweave_visits::jobs::create_task(tx, ctx, &order, &brief)
}

/// Leaves out the names of divisions that a reader knows by the list they are in:
/// `澜江市南桥区北苑街道东湖社区东湖路4号东湖花园1栋` → `东湖路4号东湖花园1栋`.
#[derive(Default)]
pub struct ShortAddresses(std::collections::HashMap<i64, Vec<String>>);

impl ShortAddresses {
    /// The address without the names of the divisions that it begins with.
    pub fn of(&mut self, tx: &mut Tx, division: i64, address: &str) -> Result<String, DbError> {
        let names = match self.0.entry(division) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(unknown) => {
                let line = territory::lineage(tx, division)?;
                unknown.insert(line.into_iter().map(|division| division.name).collect())
            }
        };
        let rest = names.iter().fold(address, |rest, name| rest.strip_prefix(name.as_str()).unwrap_or(rest));
        Ok(if rest.is_empty() { address } else { rest }.to_owned())
    }
}

/// A case in a card: no complainant, no description.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct CardCase {
    /// Number.
    pub no: String,
    /// What it is.
    pub title: String,
    /// State.
    pub state: gridweave_cases::State,
    /// Since when.
    pub established_at_ms: i64,
}

impl From<Case> for CardCase {
    fn from(case: Case) -> Self {
        Self {
            no: case.no.0,
            title: case.title,
            state: case.state,
            established_at_ms: case.established_at_ms,
        }
    }
}

/// The card of a building or door.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Card {
    /// The place.
    pub place: Place,
    /// From the city down to the community.
    pub divisions: Vec<String>,
    /// Cells of every network at its point: network, code.
    pub cells: Vec<(String, Option<String>)>,
    /// Places above it.
    pub above: Vec<Place>,
    /// Places directly below it, the first hundred.
    pub below: Vec<Place>,
    /// What the registers hold, masked.
    pub facts: PlaceFacts,
    /// Cases at it, newest first.
    pub cases: Vec<CardCase>,
    /// Signals at it, newest first.
    pub signals: Vec<Signal>,
}

/// What access should know of a place: where it lies, and whether it is on this actor's way today.
pub fn place_resource(tx: &mut Tx, ctx: &Ctx, place: &Place) -> Result<Resource, DbError> {
    let mut resource = Resource::in_division(place.division);
    if visits::worker_has_task_at(tx, &ctx.actor.account, &place.id)? {
        resource.owner = Some(ctx.actor.account.clone());
    }
    if let Some(department) = &ctx.actor.department {
        let theirs = gridweave_cases::Handler::Department(department.clone());
        if cases::at_place(tx, &place.id, 20)?
            .iter()
            .any(|case| case.handler == theirs && !case.state.is_end())
        {
            resource.department = Some(department.clone());
        }
    }
    Ok(resource)
}

/// The card of a place, as far as this actor may see it. Seeing a door's card is a reading of
/// personal data, if only masked: it goes into the ledger.
pub fn card(tx: &mut Tx, ctx: &Ctx, app: &App, id: &PlaceId) -> Result<Card, OpError> {
    let place = places::place(tx, id)?.ok_or(gridweave_addresses::ops::edit_place::EditPlace::NotFound)?;
    let resource = place_resource(tx, ctx, &place)?;
    access::may(&ctx.actor, access::Action::CardRead, &resource, None)?;
    let facts = registers::place_facts(tx, &app.vault, id, ctx.today())?;
    if place.kind == PlaceKind::Room && !facts.people.is_empty() {
        let body = serde_json::json!({ "people": facts.people.len(), "masked": true });
        let entry = gridweave_core::Entry::new("registers.card", format!("place:{id}"), place.division, body);
        gridweave_ledger::record(tx, ctx, &entry)?;
    }
    let snapshot = app.cells.current(tx)?;
    let cells = place.point.map(|point| snapshot.cells_at(point)).unwrap_or_default();
    let mut above = places::lineage(tx, id)?;
    above.retain(|other| other.id != *id);
    Ok(Card {
        divisions: territory::lineage(tx, place.division)?.into_iter().map(|d| d.name).collect(),
        cells: cells.into_iter().map(|(network, cell)| (network, cell.map(|c| format!("{c:015}")))).collect(),
        above,
        below: places::children(tx, id, "", 100)?,
        facts,
        cases: cases::at_place(tx, id, 20)?.into_iter().map(CardCase::from).collect(),
        signals: signals::at_place(tx, id, 20)?,
        place,
    })
}

/// What a change of the library touches, here and in other rooms.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Effects {
    /// How many places change.
    pub places: usize,
    /// Of each kind.
    pub by_kind: std::collections::BTreeMap<String, usize>,
    /// People who live there.
    pub people: i64,
    /// Organisations that trade there.
    pub organisations: i64,
    /// Devices that stand there.
    pub devices: i64,
    /// Open cases there.
    pub open_cases: i64,
    /// The first of them, as they were and as they are.
    pub examples: Vec<Example>,
}

/// A place before and after a change.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Example {
    /// Address before; none of a new place.
    pub before: Option<String>,
    /// Address after; none of one that is given up.
    pub after: Option<String>,
}

/// Examples that are told.
const EXAMPLES_MAX: usize = 8;

/// Counts what a change of the library touches.
pub fn effects(tx: &mut Tx, ctx: &Ctx, touched: &[Touched]) -> Result<Effects, DbError> {
    let mut effects = Effects { places: touched.len(), ..Effects::default() };
    let today = ctx.today();
    for Touched { before, after } in touched {
        *effects.by_kind.entry(after.kind.name().to_owned()).or_default() += 1;
        let [people, organisations, devices] = registers::counts_at(tx, &after.id, today)?;
        effects.people += people;
        effects.organisations += organisations;
        effects.devices += devices;
        effects.open_cases += cases::count_open_at(tx, &after.id)?;
        if effects.examples.len() < EXAMPLES_MAX {
            let in_use = (after.status != PlaceStatus::Abandoned).then(|| after.address.clone());
            let before = before.as_ref().filter(|was| was.status != PlaceStatus::Abandoned);
            effects.examples.push(Example { before: before.map(|was| was.address.clone()), after: in_use });
        }
    }
    Ok(effects)
}

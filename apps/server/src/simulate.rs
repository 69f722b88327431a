//! Lets a synthetic city live through the whole loop, day by day on a clock of its own: for the
//! demonstration, and to score the platform against the truth that was planted.

use crate::assembly::{App, StartError};
use crate::config::Config;
use crate::demo_accounts;
use crate::import;
use crate::readings::{PushError, push_file};
use gridweave_addresses::ops::{import_base_map, import_places};
use gridweave_addresses::{BaseFeature, PlaceKind, queries as places};
use gridweave_atlas::Geometry;
use gridweave_cases::ops::{advance, dispatch, open_case};
use gridweave_cases::queries::{Filter, newest};
use gridweave_cases::{Action, Handler, State};
use gridweave_city::City;
use gridweave_core::time::{DAY_MS, HOUR_MS};
use gridweave_core::{
    Actor, CellCode, DivisionCode, LonLat, ManualClock, PlaceId, Rng, Role, Scope, SeededRng, TimeMs, Zone,
};
use gridweave_db::{DbError, OpError};
use gridweave_files::{FileError, Table, write_csv};
use gridweave_meters::score::{Found, Score, Truth, days_allowed, score};
use gridweave_registers::RowKind;
use gridweave_signals::SignalState;
use gridweave_signals::queries as signals_in;
use gridweave_territory::ops::draw_plan::CellRow;
use gridweave_territory::ops::import_divisions::DivisionRow;
use gridweave_territory::ops::{draw_plan, import_divisions, publish_plan};
use gridweave_visits::ops::{accept_task, submit_visit};
use gridweave_visits::queries as visits;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Why a simulation stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The assembly did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An operation was refused or failed.
    #[error(transparent)]
    Op(#[from] OpError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A day's readings were not taken.
    #[error(transparent)]
    Push(#[from] PushError),
    /// They could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Neither.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// An assembly on a clock that the simulation moves.
pub struct Simulation {
    /// The rooms.
    pub app: App,
    /// The clock.
    pub clock: Arc<ManualClock>,
}

impl Simulation {
    /// Opens a data folder on a clock that stands at the start of a day.
    pub fn open(data: &Path, database: Option<String>, day: i64, seed: u64) -> Result<Self, SimulationError> {
        let config = Config { data: data.to_owned(), database, ..Config::default() };
        let clock = Arc::new(ManualClock::at(Zone::china().start_of_day(day)));
        // Accounts' passwords and keys are random even here; identifiers may repeat with the seed.
        let rng = Arc::new(Mutex::new(SeededRng::new(seed ^ 0x5eed)));
        let app = App::open_with(config, clock.clone(), rng)?;
        Ok(Self { app, clock })
    }

    /// Puts the clock at an hour of a day.
    pub fn at(&self, day: i64, hour: i64) {
        self.clock.set(self.app.system.zone.start_of_day(day).plus_ms(hour * HOUR_MS));
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut gridweave_db::Tx) -> Result<T, OpError> + Send + 'static,
    ) -> Result<T, OpError> {
        self.app.db.write_blocking(work)
    }

    /// Imports the whole city: divisions, cells, base map, places, registers.
    pub fn import(&self, city: &City, progress: &mut dyn FnMut(&str, f64)) -> Result<(), SimulationError> {
        progress("divisions", 0.0);
        let ctx = self.app.system.clone();
        let divisions: Vec<DivisionRow> = city
            .divisions
            .iter()
            .filter_map(|d| {
                let code = DivisionCode::from_number(d.code)?;
                Some(DivisionRow { code, name: d.name.clone(), point: None, outline: d.shape.clone() })
            })
            .collect();
        self.write(move |tx| import_divisions::run(tx, &ctx, &divisions).map(drop))?;
        self.import_cells(city)?;
        progress("base map", 0.05);
        let ctx = self.app.system.clone();
        let features: Vec<BaseFeature> = city
            .lines
            .iter()
            .map(|line| BaseFeature {
                layer: line.layer.to_owned(),
                class: line.class.clone(),
                name: line.name.clone(),
                geometry: line.geometry.clone(),
            })
            .collect();
        self.write(move |tx| import_base_map::run(tx, &ctx, "city", &features).map(drop))?;
        self.import_places(city, progress)?;
        self.import_registers(city, progress)?;
        Ok(())
    }

    fn import_cells(&self, city: &City) -> Result<(), SimulationError> {
        let mut networks: Vec<&String> = city.cells.iter().map(|(network, _)| network).collect();
        networks.sort();
        networks.dedup();
        for network in networks {
            let cells: Vec<CellRow> = city
                .cells
                .iter()
                .filter(|(name, _)| name == network)
                .filter_map(|(_, cell)| {
                    let code = CellCode::from_number(cell.code)?;
                    let (name, households) = (cell.name.clone(), cell.households);
                    Some(CellRow { code, name, households, shape: cell.shape.clone() })
                })
                .collect();
            let input = draw_plan::Input { network: network.clone(), name: "现行方案".to_owned(), cells };
            let ctx = self.app.system.clone();
            self.write(move |tx| {
                let drawn = draw_plan::run(tx, &ctx, &input)?;
                publish_plan::run(tx, &ctx, &drawn.plan, None)
            })?;
        }
        Ok(())
    }

    fn import_places(&self, city: &City, progress: &mut dyn FnMut(&str, f64)) -> Result<(), SimulationError> {
        const CHUNK: usize = 5_000;
        let total = city.places.len().max(1) as f64;
        for (n, chunk) in city.places.chunks(CHUNK).enumerate() {
            progress("address library", 0.1 + 0.4 * (n * CHUNK) as f64 / total);
            let rows: Vec<import_places::PlaceRow> = chunk
                .iter()
                .map(|place| import_places::PlaceRow {
                    line: 0,
                    code: place.code.clone(),
                    kind: PlaceKind::from_name(place.kind).unwrap_or(PlaceKind::Room),
                    parent: place.parent.clone(),
                    name: place.name.clone(),
                    address: place.address.clone(),
                    aliases: Vec::new(),
                    point: LonLat::new(place.at[0], place.at[1]),
                    outline: place.outline.clone().map(Geometry::Shape),
                    division: Some(place.division),
                })
                .collect();
            let (ctx, cells) = (self.app.system.clone(), self.app.cells.clone());
            self.write(move |tx| import_places::run(tx, &ctx, &cells, &rows).map(drop))?;
        }
        Ok(())
    }

    fn import_registers(
        &self,
        city: &City,
        progress: &mut dyn FnMut(&str, f64),
    ) -> Result<(), SimulationError> {
        let table = |header: &[&str], rows: Vec<Vec<String>>| Table {
            header: header.iter().map(|name| (*name).to_owned()).collect(),
            rows: rows.into_iter().enumerate().map(|(n, cells)| (n as u64 + 2, cells)).collect(),
            bad: Vec::new(),
        };
        let date = Zone::date_text;
        let text = |value: &str| value.to_owned();
        let sets = [
            (
                RowKind::People,
                table(
                    &["code", "name", "sex", "identity", "phone"],
                    city.people
                        .iter()
                        .map(|p| {
                            vec![
                                p.code.clone(),
                                p.name.clone(),
                                text(p.sex),
                                p.identity.clone(),
                                p.phone.clone(),
                            ]
                        })
                        .collect(),
                ),
            ),
            (
                RowKind::Organisations,
                table(
                    &["code", "name", "kind"],
                    city.organisations
                        .iter()
                        .map(|o| vec![o.code.clone(), o.name.clone(), text(o.kind)])
                        .collect(),
                ),
            ),
            (
                RowKind::Dwellings,
                table(
                    &["place", "occupancy"],
                    city.dwellings.iter().map(|d| vec![d.place.clone(), text(d.occupancy)]).collect(),
                ),
            ),
            (
                RowKind::Devices,
                table(
                    &["code", "kind", "place"],
                    city.meters
                        .iter()
                        .filter(|m| m.registered)
                        .map(|m| vec![m.code.clone(), text("water_meter"), m.place.clone()])
                        .collect(),
                ),
            ),
            (
                RowKind::Ties,
                table(
                    &["subject", "place", "kind"],
                    city.ties
                        .iter()
                        .map(|t| vec![t.subject.clone(), t.place.clone(), text(t.kind)])
                        .collect(),
                ),
            ),
            (
                RowKind::Absences,
                table(
                    &["place", "from", "until", "told_by"],
                    city.absences
                        .iter()
                        .map(|a| vec![a.place.clone(), date(a.from), date(a.until), text("household")])
                        .collect(),
                ),
            ),
            (
                RowKind::Care,
                table(
                    &["person", "label", "level", "owner", "purpose", "until"],
                    city.care
                        .iter()
                        .map(|c| {
                            vec![
                                c.person.clone(),
                                text(c.label),
                                text("1"),
                                text("民政"),
                                text("居家养老巡访"),
                                date(city.options.start_day + 400),
                            ]
                        })
                        .collect(),
                ),
            ),
        ];
        let count = sets.len() as f64;
        for (n, (kind, table)) in sets.into_iter().enumerate() {
            progress("registers", 0.5 + 0.5 * n as f64 / count);
            let (ctx, vault) = (self.app.system.clone(), self.app.vault.clone());
            self.write(move |tx| import::register_rows(tx, &ctx, &vault, kind, &table).map(drop))?;
        }
        Ok(())
    }

    /// Pushes a day's readings and lets everything that follows happen. The meters named in `silent`
    /// send zero whatever the city says.
    pub fn push_day(&self, city: &City, day: i64, silent: &[String]) -> Result<(), SimulationError> {
        let header = ["meter", "time", "value", "address"].map(str::to_owned);
        let rows = city.readings(day).into_iter().map(|reading| {
            let value = if silent.contains(&reading.meter) { 0.0 } else { reading.value };
            let value = format!("{value:.3}");
            vec![reading.meter, Zone::date_text(reading.day), value, reading.address.unwrap_or_default()]
        });
        let Some(feed) = self.app.catalogues.feed("water-daily") else { return Ok(()) };
        let path = self.app.config.data.join("simulated-readings.csv");
        gridweave_files::write_whole::<SimulationError>(&path, |out| Ok(write_csv(out, &header, rows)?))?;
        let pushed = push_file(&self.app, &self.app.system, feed, &path, &format!("simulated-{day}"));
        std::fs::remove_file(&path)?;
        pushed?;
        self.app.runner().drain()?;
        Ok(())
    }
}

/// Days within which the city wants to know. The shifts that are planted in it begin at 2.2-fold: less than threefold
/// takes longer to be sure of.
fn allowed(kind: &str) -> i64 {
    if kind.starts_with("shift") { 10 } else { days_allowed(kind) }
}

/// What a score prints.
#[derive(Debug, Clone, Serialize)]
pub struct CityScore {
    /// Homes.
    pub households: usize,
    /// Seed.
    pub seed: u64,
    /// Days of readings.
    pub days: i64,
    /// Visits against planted changes of every kind together.
    pub all: Score,
    /// Visits against planted onsets of zero use.
    pub zero_onset: Score,
    /// Visits against planted level shifts.
    pub shifts: Score,
    /// Visits against planted use of homes registered as vacant.
    pub returns: Score,
    /// Signals made.
    pub signals: usize,
    /// Signals that have a door.
    pub matched: usize,
    /// Of those, at a wrong door.
    pub wrong_doors: usize,
    /// wrong_doors / matched.
    pub wrong_share: f64,
    /// Signals that wait for a person.
    pub unmatched: usize,
    /// Seconds for importing and for all days.
    pub seconds: f64,
}

/// Lets a city live for all its days in a fresh database and compares the visits with the truth.
pub fn score_city(
    city: &City,
    data: &Path,
    progress: &mut dyn FnMut(&str, f64),
) -> Result<CityScore, SimulationError> {
    let clock = std::time::Instant::now();
    let simulation = Simulation::open(data, None, city.options.start_day, city.options.seed)?;
    simulation.import(city, progress)?;
    demo_accounts::create(&simulation.app)?;
    let days = city.days();
    for day in days.clone() {
        progress("days", (day - days.start) as f64 / city.options.days.max(1) as f64);
        // The readings of a day arrive in the night after it.
        simulation.at(day + 1, 3);
        simulation.push_day(city, day, &[])?;
    }
    let mut result = compare(&simulation, city)?;
    result.seconds = clock.elapsed().as_secs_f64();
    Ok(result)
}

fn compare(simulation: &Simulation, city: &City) -> Result<CityScore, SimulationError> {
    let true_door: HashMap<&str, &str> =
        city.meters.iter().map(|meter| (meter.code.as_str(), meter.place.as_str())).collect();
    let truth: Vec<Truth> = city
        .truth
        .iter()
        .map(|planted| Truth {
            meter: planted.place.clone(),
            kind: planted.kind.to_owned(),
            since: planted.since,
        })
        .collect();
    let (found, signals) = simulation.app.db.read_blocking(|tx| {
        let mut codes: HashMap<String, String> = HashMap::new();
        let mut code_of = |tx: &mut gridweave_db::Tx, id: &PlaceId| -> Result<String, DbError> {
            if let Some(known) = codes.get(&id.0) {
                return Ok(known.clone());
            }
            let code = places::place(tx, id)?.map(|place| place.code).unwrap_or_default();
            codes.insert(id.0.clone(), code.clone());
            Ok(code)
        };
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let page = visits::every(tx, &after, 1000)?;
            let Some(last) = page.last() else { break };
            after = last.id.0.clone();
            for task in &page {
                let Some(place) = &task.place else { continue };
                let detected = task.reason["detected"].as_str().and_then(Zone::day_from_text);
                let kind = task.reason["kind"].as_str().unwrap_or_default().to_owned();
                let meter = code_of(tx, place)?;
                found.push(Found { meter, kind, detected: detected.unwrap_or(i64::MAX) });
            }
        }
        let mut signals = Vec::new();
        let states = ["unmatched", "matched", "work", "watched", "silenced", "dismissed"];
        for state in states.into_iter().filter_map(SignalState::from_name) {
            let all = signals_in::Filter::of(state);
            for signal in signals_in::list(tx, &all, Scope::EVERYWHERE, "", 1_000_000)? {
                let place = match &signal.place {
                    Some(id) => Some(code_of(tx, id)?),
                    None => None,
                };
                signals.push((signal.subject, place));
            }
        }
        Ok::<_, DbError>((found, signals))
    })?;
    let matched = signals.iter().filter(|(_, place)| place.is_some()).count();
    let wrong_doors = signals
        .iter()
        .filter(|(meter, place)| place.as_deref().is_some_and(|p| true_door.get(meter.as_str()) != Some(&p)))
        .count();
    let last_day = city.days().end - 1;
    let of = |wanted: fn(&str) -> bool| {
        let found: Vec<Found> = found.iter().filter(|f| wanted(&f.kind)).cloned().collect();
        let truth: Vec<Truth> = truth.iter().filter(|t| wanted(&t.kind)).cloned().collect();
        score(&found, &truth, last_day, allowed)
    };
    Ok(CityScore {
        households: city.meters.len(),
        seed: city.options.seed,
        days: city.options.days,
        all: of(|_| true),
        zero_onset: of(|kind| kind == "zero_onset"),
        shifts: of(|kind| kind.starts_with("shift")),
        returns: of(|kind| kind == "return"),
        signals: signals.len(),
        matched,
        wrong_doors,
        wrong_share: if matched == 0 { 0.0 } else { wrong_doors as f64 / matched as f64 },
        unmatched: signals.len() - matched,
        seconds: 0.0,
    })
}

/// Makes the demonstration: a city whose last weeks have been lived, with work of every kind left to
/// do today.
pub fn demonstrate(
    city: &City,
    data: &Path,
    progress: &mut dyn FnMut(&str, f64),
) -> Result<(), SimulationError> {
    let simulation = Simulation::open(data, None, city.options.start_day, city.options.seed)?;
    simulation.import(city, progress)?;
    demo_accounts::create(&simulation.app)?;
    let days = city.days();
    let mut rng = SeededRng::new(city.options.seed ^ 0xdeed);
    let silent = silent_at_the_end(city);
    for day in days.clone() {
        progress("days", (day - days.start) as f64 / city.options.days.max(1) as f64);
        simulation.at(day + 1, 3);
        let last_days = if days.end - day <= 3 { silent.as_slice() } else { &[] };
        simulation.push_day(city, day, last_days)?;
        simulation.at(day + 1, 9);
        // The last days are left half done, so that every desk opens with work of its own.
        let old = days.end - day > 3;
        simulation.work_off(&mut rng, if old { 0.1 } else { 0.4 }, !old)?;
        if days.end - day <= 14 {
            simulation.dispatch_waiting(&mut rng)?;
            simulation.departments_work(&mut rng)?;
            simulation.reports(city, &mut rng)?;
        }
    }
    simulation.listed(city)?;
    simulation.corrections(city, &mut rng)?;
    simulation.app.runner().drain()?;
    Ok(())
}

/// Homes of the first cell where somebody old lives alone: two of them fall silent in the last days,
/// so that the demonstration opens with work that cannot wait.
fn silent_at_the_end(city: &City) -> Vec<String> {
    let cared: HashSet<&str> =
        city.care.iter().filter_map(|care| care.person.strip_prefix('p')?.split('-').next()).collect();
    let homes = city.meters.iter().filter(|meter| meter.registered && cared.contains(meter.place.as_str()));
    homes.take(2).map(|meter| meter.code.clone()).collect()
}

impl Simulation {
    /// The water company's list of zero-use households: a few homes of the first cell.
    fn listed(&self, city: &City) -> Result<(), SimulationError> {
        let header = ["户号", "地址", "统计日期"].map(str::to_owned).to_vec();
        let date = Zone::date_text(city.days().end - 1);
        let homes = city.meters.iter().skip(40).step_by(23).take(5);
        let rows = homes
            .enumerate()
            .map(|(n, meter)| (n as u64 + 2, vec![meter.code.clone(), meter.address.clone(), date.clone()]));
        let table = Table { header, rows: rows.collect(), bad: Vec::new() };
        let app = self.app.clone();
        let Some(feed) = app.catalogues.feed("zero-use-list").cloned() else { return Ok(()) };
        self.write(move |tx| {
            import::push_table(tx, &app.system, &app.library, &feed, "simulated-list", &table).map(drop)
        })?;
        self.app.runner().drain()?;
        Ok(())
    }

    fn actor(&self, login: &str) -> Result<Option<Actor>, SimulationError> {
        let login = login.to_owned();
        let found = self.app.db.read_blocking(move |tx| {
            for role in Role::ALL {
                let holders = gridweave_access::queries::holders(tx, role, Scope::EVERYWHERE, 10_000)?;
                if let Some(holder) = holders.into_iter().find(|holder| holder.login == login) {
                    return gridweave_access::queries::actor(tx, &holder.account);
                }
            }
            Ok::<_, DbError>(None)
        })?;
        Ok(found)
    }

    /// Workers do their tasks but for a share; what they handed in is verified and closed. Urgent ones
    /// are left where `leave_urgent` says so.
    fn work_off(
        &self,
        rng: &mut SeededRng,
        share_left: f64,
        leave_urgent: bool,
    ) -> Result<(), SimulationError> {
        let open = self.app.db.read_blocking(|tx| visits::open_in(tx, Scope::EVERYWHERE, "", 100_000))?;
        for task in open {
            if rng.chance(share_left) || leave_urgent && task.form == "care-visit" {
                continue;
            }
            let answers =
                plausible_answers(&task.form, task.reason["kind"].as_str().unwrap_or_default(), rng);
            let point = task.point.map(|p| LonLat { lon: p.lon + (rng.unit() - 0.5) * 2e-4, ..p });
            let (system, catalogues) = (self.app.system.clone(), self.app.catalogues.clone());
            let once_key = format!("simulated-{}", task.id);
            self.write(move |tx| {
                let Some(worker) = gridweave_access::queries::actor(tx, &task.worker)? else { return Ok(()) };
                let ctx = system.acting_as(worker);
                accept_task::run(tx, &ctx, &task.id)?;
                let input = submit_visit::Input {
                    task: task.id.clone(),
                    once_key: once_key.clone(),
                    at: ctx.now(),
                    answers: answers.clone(),
                    point,
                    photos: Vec::new(),
                };
                submit_visit::run(tx, &ctx, &catalogues.forms, &input).map(drop)
            })?;
        }
        self.app.runner().drain()?;
        let Some(operator) = self.actor("operator")? else { return Ok(()) };
        let ctx = self.app.system.acting_as(operator);
        for case in self.cases_in(State::Visited)? {
            if leave_urgent && rng.chance(0.3) {
                continue;
            }
            let (ctx, catalogues) = (ctx.clone(), self.app.catalogues.clone());
            self.write(move |tx| {
                for action in [Action::VerifyPass, Action::Close] {
                    advance::run(tx, &ctx, &catalogues.cases, &case.no, None, action, "", &Value::Null)?;
                }
                Ok(())
            })?;
        }
        self.app.runner().drain()?;
        Ok(())
    }

    fn cases_in(&self, state: State) -> Result<Vec<gridweave_cases::Case>, SimulationError> {
        let filter = Filter { state: Some(state), ..Filter::default() };
        Ok(self.app.db.read_blocking(|tx| newest(tx, Scope::EVERYWHERE, &filter, "", 100_000))?)
    }

    /// Most of what came in yesterday and waits is given to somebody.
    fn dispatch_waiting(&self, rng: &mut SeededRng) -> Result<(), SimulationError> {
        let Some(operator) = self.actor("operator")? else { return Ok(()) };
        for case in self.cases_in(State::Established)? {
            if rng.chance(0.1) {
                continue;
            }
            let (ctx, app) = (self.app.system.acting_as(operator.clone()), self.app.clone());
            self.write(move |tx| hand_on(tx, &ctx, &app, &case))?;
        }
        self.app.runner().drain()?;
        Ok(())
    }

    /// Departments report most of their cases handled.
    fn departments_work(&self, rng: &mut SeededRng) -> Result<(), SimulationError> {
        let mut held = self.cases_in(State::Dispatched)?;
        held.extend(self.cases_in(State::Accepted)?);
        for case in held {
            let Handler::Department(code) = &case.handler else { continue };
            if rng.chance(0.2) {
                continue;
            }
            let Some(handler) = self.actor(&demo_accounts::handler_login(code))? else { continue };
            let (ctx, catalogues) = (self.app.system.acting_as(handler), self.app.catalogues.clone());
            self.write(move |tx| {
                let cases = &catalogues.cases;
                if case.state == State::Dispatched {
                    advance::run(tx, &ctx, cases, &case.no, None, Action::Accept, "", &Value::Null)?;
                }
                let note = "已到现场处置完毕";
                advance::run(tx, &ctx, cases, &case.no, None, Action::Handle, note, &Value::Null).map(drop)
            })?;
        }
        self.app.runner().drain()?;
        Ok(())
    }

    /// A few residents' calls a day, some dispatched, some waiting.
    fn reports(&self, city: &City, rng: &mut SeededRng) -> Result<(), SimulationError> {
        const CALLS: [(&str, &str, &str); 8] = [
            ("电梯频繁停运", "public.facility", "电梯这周已经停了三次，家里老人上下楼很不方便。"),
            ("楼道堆放杂物", "safety.fire-hazard", "楼道里堆满了纸箱和旧家具，消防通道被占。"),
            ("夜间施工噪音", "city.environment", "凌晨还在施工，影响休息。"),
            ("路灯不亮", "public.facility", "小区门口的路灯坏了一个星期。"),
            ("垃圾桶满溢", "city.environment", "垃圾桶满了没人清运，气味很大。"),
            ("电动车进楼充电", "safety.fire-hazard", "有人把电动车推进楼道充电。"),
            ("车辆占用盲道", "traffic.disorder", "门口盲道长期停车。"),
            ("下水道堵塞返水", "livelihood.request", "一楼厨房返水，物业说管道老化。"),
        ];
        let buildings: Vec<&gridweave_city::Place> =
            city.places.iter().filter(|place| place.kind == "building").collect();
        if buildings.is_empty() {
            return Ok(());
        }
        let Some(operator) = self.actor("operator")? else { return Ok(()) };
        for n in 0..3 + rng.below(4) {
            let (title, category, description) = CALLS[rng.below(CALLS.len())];
            let address = buildings[rng.below(buildings.len())].address.clone();
            self.clock.advance_ms(17 * 60_000);
            let ctx = self.app.system.acting_as(operator.clone());
            let (app, handed_on) = (self.app.clone(), rng.chance(0.6));
            let input = open_case::Input {
                title: title.to_owned(),
                description: description.to_owned(),
                category: category.to_owned(),
                source: ["hotline", "patrol"][n % 2].to_owned(),
                address,
                ..open_case::Input::default()
            };
            self.write(move |tx| {
                let case = open_case::run(tx, &ctx, &app.cells, &app.library, &app.catalogues.cases, &input)?;
                if handed_on { hand_on(tx, &ctx, &app, &case) } else { Ok(()) }
            })?;
        }
        self.app.runner().drain()?;
        Ok(())
    }

    /// Two corrections that wait for the steward.
    fn corrections(&self, city: &City, rng: &mut SeededRng) -> Result<(), SimulationError> {
        use gridweave_addresses::{Problem, ops::open_correction};
        let rooms: Vec<&gridweave_city::Place> = city.places.iter().filter(|p| p.kind == "room").collect();
        if rooms.len() < 10 {
            return Ok(());
        }
        let Some(worker) = self.actor("worker001")? else { return Ok(()) };
        let proposals = [
            (Problem::Renamed, Some("1102室"), "门牌已更换为 1102"),
            (Problem::Absent, None, "该户与隔壁打通，门已封"),
        ];
        for (problem, name, note) in proposals {
            let code = rooms[rng.below(rooms.len())].code.clone();
            let opener = Some((worker.account.clone(), worker.name.clone()));
            let ctx = self.app.system.clone();
            self.write(move |tx| {
                let Some(place) = places::by_code(tx, &code)? else { return Ok(()) };
                let input = open_correction::Input {
                    place: Some(place.id),
                    parent: None,
                    problem,
                    name: name.map(str::to_owned),
                    kind: None,
                    point: None,
                    note: note.to_owned(),
                    source: None,
                    opener: opener.clone(),
                };
                open_correction::run(tx, &ctx, &input).map(drop)
            })?;
        }
        Ok(())
    }
}

/// Dispatches a case to the first that is proposed.
fn hand_on(
    tx: &mut gridweave_db::Tx,
    ctx: &gridweave_core::Ctx,
    app: &App,
    case: &gridweave_cases::Case,
) -> Result<(), OpError> {
    let cases = &app.catalogues.cases;
    let Some(option) = dispatch::options(tx, &app.cells, cases, case)?.into_iter().next() else {
        return Ok(());
    };
    dispatch::run(tx, ctx, cases, &case.no, None, &option.to, &option.reason).map(drop)
}

/// What a worker might well find.
fn plausible_answers(form: &str, kind: &str, rng: &mut SeededRng) -> Value {
    match form {
        "care-visit" if rng.chance(0.5) => json!({ "phone": "well" }),
        "care-visit" => json!({ "phone": "no_answer", "outcome": "well" }),
        "verify-occupancy" => match (kind, rng.below(3)) {
            ("return", _) => json!({ "occupancy": "occupied" }),
            ("shift_down", 0) => json!({ "occupancy": "occupied", "as_reported": "no" }),
            ("shift_down", _) => {
                json!({ "occupancy": "occupied", "as_reported": "yes", "cause": "家中人员减少" })
            }
            (_, 0) => json!({ "occupancy": "occupied" }),
            _ => json!({ "occupancy": "vacant" }),
        },
        "leak-check" => {
            let cause = ["leak", "more_people", "harmless"][rng.below(3)];
            json!({ "cause": cause, "told": true })
        }
        _ => {
            let found = ["solved", "persists", "not_found"][rng.below(3)];
            json!({ "found": found })
        }
    }
}

/// The first day of a demonstration of so many days that ends before now: its last morning, on which
/// reports come in, must not lie in the future.
pub fn demo_start(now: TimeMs, zone: &Zone, days: i64) -> i64 {
    zone.day_of(TimeMs(now.0 - DAY_MS - 12 * HOUR_MS)) - days + 1
}

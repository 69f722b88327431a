//! Who lives and trades there.

use crate::doors::Built;
use crate::{Options, names};
use gridweave_core::{CreditCode, IdentityNumber, Rng, SeededRng, Zone};

/// A person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Code in files.
    pub code: String,
    /// Invented name.
    pub name: String,
    /// `male` or `female`.
    pub sex: &'static str,
    /// Invented number with a right check character, of the unassigned county 990101.
    pub identity: String,
    /// Invented number.
    pub phone: String,
}

/// An organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Credit code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: &'static str,
    /// Code of the place where it trades.
    pub place: String,
}

/// A home as registered.
#[derive(Clone, Debug)]
pub struct Dwelling {
    /// Code of the room.
    pub place: String,
    /// `occupied`, `vacant`, `rented`.
    pub occupancy: &'static str,
}

/// A relation.
#[derive(Clone, Debug)]
pub struct Tie {
    /// Code of person or organisation.
    pub subject: String,
    /// Code of the place.
    pub place: String,
    /// `lives`, `owns`, `rents`, `trades`.
    pub kind: &'static str,
}

/// An absence that was told.
#[derive(Clone, Debug)]
pub struct Absence {
    /// Code of the room.
    pub place: String,
    /// First day.
    pub from: i64,
    /// Last day.
    pub until: i64,
}

/// A care label.
#[derive(Clone, Debug)]
pub struct Care {
    /// Code of the person.
    pub person: String,
    /// `lives_alone`.
    pub label: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Household {
    pub people: usize,
    pub elderly_alone: bool,
    pub registered_vacant: bool,
}

pub(crate) struct Society {
    pub people: Vec<Person>,
    pub organisations: Vec<Organisation>,
    pub dwellings: Vec<Dwelling>,
    pub ties: Vec<Tie>,
    pub care: Vec<Care>,
    pub households: Vec<Household>,
}

pub(crate) fn settle(options: &Options, built: &Built, rng: &mut SeededRng) -> Society {
    let mut society = Society {
        people: Vec::new(),
        organisations: Vec::new(),
        dwellings: Vec::new(),
        ties: Vec::new(),
        care: Vec::new(),
        households: Vec::new(),
    };
    let year: i64 = Zone::date_text(options.start_day)[..4].parse().unwrap_or(2026);
    for room in &built.rooms {
        let vacant = rng.chance(0.06);
        let elderly_alone = !vacant && rng.chance(0.06);
        let people = match (vacant, elderly_alone) {
            (true, _) => 0,
            (_, true) => 1,
            _ => [1, 2, 2, 3, 3, 3, 4, 4, 5][rng.below(9)],
        };
        let rented = !vacant && !elderly_alone && rng.chance(0.15);
        society.dwellings.push(Dwelling {
            place: room.code.clone(),
            occupancy: if vacant {
                "vacant"
            } else if rented {
                "rented"
            } else {
                "occupied"
            },
        });
        for member in 0..people {
            let age = if elderly_alone {
                77 + rng.below(15) as i64
            } else {
                let range = [(28, 45), (26, 30), (4, 30), (1, 16), (56, 16)][member.min(4)];
                range.0 + rng.below(range.1) as i64
            };
            let code = format!("p{}-{member}", room.code);
            society.people.push(person(&code, year - age, rng));
            let kind = if rented { "rents" } else { "lives" };
            society.ties.push(Tie { subject: code.clone(), place: room.code.clone(), kind });
            if member == 0 && !rented {
                society.ties.push(Tie { subject: code.clone(), place: room.code.clone(), kind: "owns" });
            }
            if elderly_alone && rng.chance(0.5) {
                society.care.push(Care { person: code, label: "lives_alone" });
            }
        }
        society.households.push(Household { people, elderly_alone, registered_vacant: vacant });
    }
    for building in &built.buildings {
        if rng.chance(0.25) {
            let (name, kind) = names::shop(rng);
            let code = credit_code(society.organisations.len());
            society.ties.push(Tie { subject: code.clone(), place: building.code.clone(), kind: "trades" });
            society.organisations.push(Organisation { code, name, kind, place: building.code.clone() });
        }
    }
    society
}

fn person(code: &str, birth_year: i64, rng: &mut dyn Rng) -> Person {
    let female = rng.chance(0.5);
    let order = rng.below(499) * 2 + usize::from(!female);
    let body = format!("990101{birth_year:04}{:02}{:02}{order:03}", 1 + rng.below(12), 1 + rng.below(28));
    let check = IdentityNumber::check_character(&body).unwrap_or('0');
    Person {
        code: code.to_owned(),
        name: names::person(rng),
        sex: if female { "female" } else { "male" },
        identity: format!("{body}{check}"),
        phone: format!("100{:08}", rng.below(100_000_000)),
    }
}

fn credit_code(number: usize) -> String {
    let body = format!("92990101MA{number:07}");
    let check = CreditCode::check_character(&body).unwrap_or('0');
    format!("{body}{check}")
}

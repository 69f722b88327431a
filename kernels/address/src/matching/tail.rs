//! The numbers behind a road number or compound: building, unit, floor, room, in the ways that people
//! write them.

use crate::letters::{Letter, begin_with};
use crate::library::{ANY, NONE, number_code};
use crate::normalise::numeral;
use crate::rules::RULES;

/// A door's numbers, [`NONE`] for none, [`ANY`] for one that is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Door {
    pub building: u32,
    pub unit: u32,
    pub room: u32,
}

/// What the words behind a number make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Building,
    /// 号: of a building where no number on the road is expected.
    Number,
    Unit,
    Floor,
    Room,
    Nothing,
}

/// The tail of a text.
#[derive(Debug)]
pub(super) struct Tail {
    /// What may be meant, likeliest first.
    pub doors: Vec<Door>,
    /// What its unexplained letters speak against any reading.
    pub unread: f32,
}

/// Words that mark a number; long before short.
const MARKS: &[(&str, Mark)] = &[
    ("号楼", Mark::Building),
    ("单元", Mark::Unit),
    ("#楼", Mark::Building),
    ("栋", Mark::Building),
    ("座", Mark::Building),
    ("#", Mark::Building),
    ("梯", Mark::Unit),
    ("门", Mark::Unit),
    ("层", Mark::Floor),
    ("楼", Mark::Floor),
    ("F", Mark::Floor),
    ("室", Mark::Room),
    ("户", Mark::Room),
    ("房", Mark::Room),
    ("号", Mark::Number),
];

/// A letter that numbers are made of.
fn is_numbering(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "一二三四五六七八九十百零甲乙丙丁".contains(letter)
}

fn code(number: &str) -> u32 {
    let letters = ["甲A", "乙B", "丙C", "丁D"];
    match letters.iter().find(|pair| pair.starts_with(number)) {
        Some(pair) => number_code(&pair[pair.len() - 1..]),
        None => number_code(number),
    }
}

impl Tail {
    /// Reads what stands behind an anchor.
    pub fn of(letters: &[Letter]) -> Self {
        let mut numbers: Vec<(String, Mark)> = Vec::new();
        // Letters before the last number, and behind it.
        let (mut within, mut behind) = (0usize, 0usize);
        let mut at = 0;
        while at < letters.len() {
            let c = letters[at].letter;
            if c == '-' {
                at += 1;
                continue;
            }
            if !is_numbering(c) {
                let filler =
                    RULES.fillers.iter().find(|word| begin_with(&letters[at..], word.iter().copied()));
                match filler {
                    Some(word) => at += word.len(),
                    None if c == '负' || c == '附' => at += 1,
                    None => {
                        behind += 1;
                        at += 1;
                    }
                }
                continue;
            }
            let mut end = at;
            while end < letters.len() && is_numbering(letters[end].letter) && letters[end].letter != 'F' {
                end += 1;
            }
            let end = end.max(at + 1);
            let number: String = letters[at..end].iter().map(|l| l.letter).collect();
            let mark = MARKS.iter().find(|(word, _)| begin_with(&letters[end..], word.chars()));
            at = end + mark.map_or(0, |(word, _)| word.chars().count());
            within += std::mem::take(&mut behind);
            numbers.push((number, mark.map_or(Mark::Nothing, |(_, mark)| *mark)));
        }
        // What is added behind an address speaks little against it.
        let unread = within as f32 + (behind as f32 * 0.5).min(1.0);
        Self { doors: doors(&numbers), unread }
    }

    /// The places above the likeliest door: its unit, its building.
    pub fn above(&self) -> Vec<Door> {
        let Some(door) = self.doors.first() else { return Vec::new() };
        let mut found = Vec::new();
        if door.room != NONE && door.unit != NONE && door.unit != ANY {
            found.push(Door { room: NONE, ..*door });
        }
        if door.building != NONE && door.building != ANY {
            found.push(Door { room: NONE, unit: NONE, ..*door });
        }
        found
    }
}

fn doors(numbers: &[(String, Mark)]) -> Vec<Door> {
    let mut door = Door { building: NONE, unit: NONE, room: NONE };
    let mut floor: Option<u32> = None;
    let mut bare: Vec<&str> = Vec::new();
    for (at, (number, mark)) in numbers.iter().enumerate() {
        let last = at + 1 == numbers.len();
        match mark {
            Mark::Building if door.building == NONE => door.building = code(number),
            // 3栋A座: both name the building.
            Mark::Building => bare.push(number),
            Mark::Unit => door.unit = code(number),
            Mark::Floor => floor = numeral(number),
            Mark::Room => door.room = code(number),
            // 101号 at the end is a room where something stands above it.
            Mark::Number if last && (door.building != NONE || door.unit != NONE) => door.room = code(number),
            Mark::Number if !last && door.building == NONE => door.building = code(number),
            Mark::Number | Mark::Nothing => bare.push(number),
        }
    }
    let mut found = Vec::new();
    let mut add = |door: Door| {
        let floored =
            floor.filter(|floor| door.room < 100 && *floor < 1000).map(|floor| floor * 100 + door.room);
        for door in floored.map(|room| Door { room, ..door }).into_iter().chain([door]) {
            found.push(door);
            if door.unit == NONE && door.room != NONE {
                found.push(Door { unit: ANY, ..door });
            }
            if door.building == NONE && door.room != NONE {
                found.push(Door { building: ANY, ..door });
                if door.unit == NONE {
                    found.push(Door { building: ANY, unit: ANY, ..door });
                }
            }
        }
    };
    // What has no mark fills what is not said, in order; the last is the room.
    let open = [door.building == NONE, door.unit == NONE, door.room == NONE];
    match (bare.as_slice(), open) {
        ([], _) => add(door),
        ([room], [_, _, true]) => {
            add(Door { room: code(room), ..door });
            if open[0] {
                add(Door { building: code(room), ..door });
            }
        }
        ([unit, room], [false, true, true]) => add(Door { unit: code(unit), room: code(room), ..door }),
        ([building, room], [true, false, true]) => {
            add(Door { building: code(building), room: code(room), ..door });
        }
        ([building, room], [true, true, true]) => {
            add(Door { building: code(building), room: code(room), ..door });
            add(Door { unit: code(building), room: code(room), ..door });
        }
        ([building, unit, room], [true, true, true]) => {
            add(Door { building: code(building), unit: code(unit), room: code(room) });
        }
        // 3-1 室 502? A building or unit in front of a marked room.
        ([building], [true, _, false]) => {
            add(Door { building: code(building), ..door });
            if open[1] {
                add(Door { unit: code(building), ..door });
            }
        }
        ([unit], [false, true, false]) => add(Door { unit: code(unit), ..door }),
        ([building, unit], [true, true, false]) => {
            add(Door { building: code(building), unit: code(unit), ..door });
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letters::letters;

    fn first(text: &str) -> Door {
        Tail::of(&letters(text)).doors[0]
    }

    #[test]
    fn many_writings_are_one_door() {
        for text in [
            "3栋1单元502室",
            "3-1-502",
            "三号楼一单元五〇二",
            "3幢1门502户",
            "3#1梯502",
            "3 1 502",
            "3号1单元5层502",
        ] {
            assert_eq!(first(text), Door { building: 3, unit: 1, room: 502 }, "{text}");
        }
        assert_eq!(first("A座1203"), Door { building: number_code("A"), unit: NONE, room: 1203 });
        assert_eq!(first("3栋99999999层2室"), Door { building: 3, unit: NONE, room: 2 });
        assert_eq!(first("甲栋5楼2室"), Door { building: number_code("A"), unit: NONE, room: 502 });
    }
}

//! People as several registers hold them: the same person again and again, each time written a little differently. What
//! linkage is measured with; it shares nothing with the linkage.

use crate::writing::{Noise, swapped, written_badly};
use crate::{Options, doors, layout, people};
use gridweave_core::{Rng, SeededRng};

/// The columns of a record; `entity` is the truth.
pub const RECORD_COLUMNS: [&str; 9] =
    ["id", "entity", "name", "sex", "birth", "identity", "phone", "address", "community"];

/// Letters of names that sound alike.
const SOUND: &str = "伟卫 芳方 娜那 敏闽 静靖 丽莉 强墙 磊垒 洋阳 艳雁 勇永 军君 杰洁 娟涓 涛滔 明名 超朝 秀绣 霞遐 平萍 刚钢 桂贵 英瑛 华花 玉钰 兰岚 红宏 建健 文闻 辉晖 力利 云芸 莲连 真珍 环寰 荣蓉 爱艾 霖林 王汪 李里 张章 刘留 陈晨 杨羊 黄皇 赵兆 吴伍 周舟 徐许 马玛 朱诸 胡湖 郭国 何和 高羔 郑正 梁良 谢解 唐堂 许徐 韩寒 曾增 彭朋 萧肖 田甜 袁元 于余 余于";

/// How often a record of a person differs from the person.
#[derive(Clone, Copy, Debug)]
struct Errors {
    sound: f64,
    letter: f64,
    birth_missing: f64,
    day_month: f64,
    january: f64,
    birth_digit: f64,
    identity_missing: f64,
    identity_digit: f64,
    identity_swapped: f64,
    identity_older: f64,
    phone_missing: f64,
    phone_other: f64,
    phone_digit: f64,
    moved: f64,
    address_badly: f64,
    sex_missing: f64,
}

const ERRORS: Errors = Errors {
    sound: 0.06,
    letter: 0.02,
    birth_missing: 0.03,
    day_month: 0.03,
    january: 0.02,
    birth_digit: 0.02,
    identity_missing: 0.2,
    identity_digit: 0.04,
    identity_swapped: 0.02,
    identity_older: 0.05,
    phone_missing: 0.25,
    phone_other: 0.15,
    phone_digit: 0.03,
    moved: 0.08,
    address_badly: 0.6,
    sex_missing: 0.05,
};

/// Another digit at one place, never at the first.
fn digit_wrong(text: &str, from: usize, rng: &mut dyn Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = from + rng.below(bytes.len() - from);
    if bytes[at].is_ascii_digit() {
        bytes[at] = b'0' + (bytes[at] - b'0' + 1 + rng.below(9) as u8) % 10;
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn neighbours_swapped(text: &str, rng: &mut dyn Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = 6 + rng.below(bytes.len() - 8);
    bytes.swap(at, at + 1);
    String::from_utf8(bytes).unwrap_or_default()
}

fn name(name: &str, rng: &mut dyn Rng) -> String {
    let mut name = name.to_owned();
    if rng.chance(ERRORS.sound) {
        swapped(&mut name, SOUND, rng);
    } else if rng.chance(ERRORS.letter) && name.chars().count() > 2 {
        let at = 1 + rng.below(name.chars().count() - 1);
        name = name.chars().enumerate().filter(|(i, _)| *i != at).map(|(_, letter)| letter).collect();
    }
    name
}

/// The birth date within an identity number, as a register writes it.
fn birth(identity: &str, rng: &mut dyn Rng) -> String {
    let digits = &identity[6..14];
    let (year, month, day) = (&digits[..4], &digits[4..6], &digits[6..]);
    if rng.chance(ERRORS.birth_missing) {
        return String::new();
    }
    if rng.chance(ERRORS.day_month) && day <= "12" {
        return format!("{year}-{day}-{month}");
    }
    if rng.chance(ERRORS.january) {
        return format!("{year}-01-01");
    }
    let digits = if rng.chance(ERRORS.birth_digit) { digit_wrong(digits, 2, rng) } else { digits.to_owned() };
    let (year, month, day) = (&digits[..4], &digits[4..6], &digits[6..]);
    if rng.chance(0.1) { format!("{year}{month}{day}") } else { format!("{year}-{month}-{day}") }
}

fn identity(identity: &str, rng: &mut dyn Rng) -> String {
    if rng.chance(ERRORS.identity_missing) {
        return String::new();
    }
    if rng.chance(ERRORS.identity_digit) {
        return digit_wrong(identity, 6, rng);
    }
    if rng.chance(ERRORS.identity_swapped) {
        return neighbours_swapped(identity, rng);
    }
    // Fifteen digits were given until 1999.
    if rng.chance(ERRORS.identity_older) && identity[6..].starts_with("19") {
        return format!("{}{}", &identity[..6], &identity[8..17]);
    }
    identity.to_owned()
}

fn phone(own: &str, rng: &mut dyn Rng) -> String {
    if rng.chance(ERRORS.phone_missing) {
        return String::new();
    }
    if rng.chance(ERRORS.phone_other) {
        return format!("100{:08}", rng.below(100_000_000));
    }
    if rng.chance(ERRORS.phone_digit) { digit_wrong(own, 3, rng) } else { own.to_owned() }
}

fn address(address: &str, rng: &mut dyn Rng) -> String {
    if !rng.chance(ERRORS.address_badly) {
        return address.to_owned();
    }
    let count = 1 + rng.below(2);
    for _ in 0..8 {
        let noises: Vec<Noise> = (0..count).map(|_| Noise::ALL[rng.below(Noise::ALL.len())]).collect();
        if let Some(text) = written_badly(address, &noises, rng) {
            return text;
        }
    }
    address.to_owned()
}

/// Writes records of people until there are so many, in an order that tells nothing: some 1.7 of each person. The same
/// seed gives the same records.
pub fn people_records(records: usize, seed: u64, name_of_city: &str, mut each: impl FnMut([String; 9])) {
    // Some 2.7 people live in a home, and a few homes too many do no harm.
    let households = records / 4 + 50;
    let options = Options { households, seed, name: name_of_city.to_owned(), days: 1, ..Options::default() };
    let mut rng = SeededRng::new(seed);
    let built = doors::build(&layout::invent(&options, &mut rng), &mut rng);
    let society = people::settle(&options, &built, &mut rng);
    let address_of: std::collections::HashMap<&str, usize> =
        built.places.iter().enumerate().map(|(n, place)| (place.code.as_str(), n)).collect();
    let rooms: Vec<usize> =
        built.rooms.iter().filter_map(|room| address_of.get(room.code.as_str()).copied()).collect();
    let lives = society.ties.iter().filter(|tie| matches!(tie.kind, "lives" | "rents"));
    let home: std::collections::HashMap<&str, usize> =
        lives.filter_map(|tie| Some((tie.subject.as_str(), *address_of.get(tie.place.as_str())?))).collect();
    // Who is written down how often, in the order of a shuffled deck.
    let mut deck: Vec<usize> = Vec::with_capacity(records);
    for person in 0..society.people.len() {
        let times = [1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4][rng.below(11)];
        deck.extend(std::iter::repeat_n(person, times));
        if deck.len() >= records {
            break;
        }
    }
    deck.truncate(records);
    for at in (1..deck.len()).rev() {
        deck.swap(at, rng.below(at + 1));
    }
    for (number, at) in deck.into_iter().enumerate() {
        let person = &society.people[at];
        let moved = rng.chance(ERRORS.moved);
        let room = match home.get(person.code.as_str()) {
            Some(own) if !moved => *own,
            _ => rooms[rng.below(rooms.len())],
        };
        let place = &built.places[room];
        let sex = if rng.chance(ERRORS.sex_missing) { "" } else { person.sex };
        each([
            format!("r{number:07}"),
            person.code.clone(),
            name(&person.name, &mut rng),
            sex.to_owned(),
            birth(&person.identity, &mut rng),
            identity(&person.identity, &mut rng),
            phone(&person.phone, &mut rng),
            address(&place.address, &mut rng),
            format!("{:012}", place.division),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn records_are_as_many_as_asked_the_same_each_time_and_of_fewer_people() {
        let make = |seed| {
            let mut rows = Vec::new();
            people_records(5000, seed, "澜江市", |row| rows.push(row));
            rows
        };
        let rows = make(3);
        assert_eq!((rows.len(), &rows), (5000, &make(3)));
        assert_ne!(rows[..50], make(4)[..50]);
        let mut people: HashMap<&str, usize> = HashMap::new();
        rows.iter().for_each(|row| *people.entry(&row[1]).or_default() += 1);
        assert!((2700..3300).contains(&people.len()), "{}", people.len());
        let differs = |column: usize| {
            let first: HashMap<&str, &str> =
                rows.iter().map(|row| (row[1].as_str(), row[column].as_str())).collect();
            rows.iter().filter(|row| first[row[1].as_str()] != row[column]).count()
        };
        assert!((2..8).all(|column| differs(column) > 50));
    }
}

//! How long the worst of texts take against a library: prints one JSON object, milliseconds for each hundred
//! characters begun. Texts of every length to 2000 are made from a seed, to be as hard as they can: numbers without end,
//! names of the library chained and cut, letters, marks, anything; files and folders of texts are read beside them.
//!
//! `cargo run --release --package gridweave-address --example worst LIBRARY [FILE or FOLDER …]`
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use gridweave_address::{AddressIndex, Hints, match_text, parse, tagger};
use gridweave_chance::Chance;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const TEXTS: usize = 40_000;
const LONGEST: f64 = 2000.0;
/// Each text is asked so often and the quickest counts: other work on the machine is not the text's.
const TIMES: usize = 3;

/// Any one of these letters.
fn any(chance: &mut Chance, all: &str) -> String {
    let at = chance.below(all.chars().count());
    all.chars().skip(at).take(1).collect()
}

/// The ways of making a text, by name.
const WAYS: [&str; 8] = ["digits", "numerals", "marks", "names", "cut names", "letters", "one", "anything"];

fn piece(way: &str, library: &AddressIndex, chance: &mut Chance) -> String {
    let place = |chance: &mut Chance| {
        let number = chance.below(library.len()) as u32;
        library.place(number).map(|place| place.address.to_owned()).unwrap_or_default()
    };
    match way {
        "digits" => any(chance, "0123456789０１２-"),
        "numerals" => any(chance, "〇零一二三四五六七八九十百千万廿两"),
        "marks" => any(chance, "号栋幢座单元门室楼层弄巷附之-#（）() 、1一A甲"),
        "names" => place(chance),
        "cut names" => {
            let name: Vec<char> = place(chance).chars().collect();
            let from = chance.below(name.len().max(1));
            name.into_iter().skip(from).take(1 + chance.below(4)).collect()
        }
        "letters" => any(chance, "abcdefghijklmnopqrstuvwxyz'"),
        "one" => "一".to_owned(),
        _ => char::from_u32(chance.below(0x11_0000) as u32).unwrap_or('号').to_string(),
    }
}

fn made(way: &str, library: &AddressIndex, chance: &mut Chance) -> String {
    let length = LONGEST.powf(chance.below(1000) as f64 / 999.0) as usize;
    let mut text = String::new();
    let mut count = 0;
    while count < length {
        let piece = piece(way, library, chance);
        count += piece.chars().count().max(1);
        text.push_str(&piece);
    }
    text.chars().take(length).collect()
}

fn read(path: &Path, out: &mut Vec<(&str, String)>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap().flatten() {
            read(&entry.path(), out);
        }
    } else if let Ok(text) = std::fs::read_to_string(path) {
        out.push(("read", text));
    }
}

/// Milliseconds for each hundred characters begun.
fn time(text: &str, run: &dyn Fn(&str)) -> f64 {
    let hundreds = text.chars().count().div_ceil(100).max(1) as f64;
    let once = |_| {
        let clock = Instant::now();
        run(text);
        clock.elapsed().as_secs_f64() * 1000.0
    };
    (0..TIMES).map(once).fold(f64::MAX, f64::min) / hundreds
}

fn main() {
    let mut call = std::env::args().skip(1);
    let path = call.next().expect("name a compiled library: gridweave address compile");
    let library = AddressIndex::open(Arc::new(std::fs::read(path).unwrap())).unwrap();
    let tagger = tagger::shipped().unwrap();
    let mut chance = Chance::new(5);
    let mut texts = Vec::new();
    for way in WAYS.into_iter().cycle().take(TEXTS) {
        texts.push((way, made(way, &library, &mut chance)));
    }
    call.for_each(|more| read(Path::new(&more), &mut texts));
    let operations: [(&str, &dyn Fn(&str)); 4] = [
        ("parse", &|text| drop(parse(text))),
        ("tag", &|text| drop(tagger.elements(text))),
        ("match", &|text| drop(match_text(text, &library, &Hints::default()))),
        ("suggest", &|text| drop(library.suggest(text, None, 10))),
    ];
    println!("{{\n  \"places\": {},\n  \"texts\": {},", library.len(), texts.len());
    for (n, (name, run)) in operations.iter().enumerate() {
        let mut times: Vec<(f64, usize)> =
            texts.iter().enumerate().map(|(i, (_, text))| (time(text, *run), i)).collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let p99 = times[times.len() * 99 / 100].0;
        let (worst, i) = times[times.len() - 1];
        let begins: String = texts[i].1.chars().take(40).collect();
        let comma = if n + 1 < operations.len() { "," } else { "" };
        println!(
            "  \"{name}\": {{ \"p99_ms_per_100\": {p99:.3}, \"worst_ms_per_100\": {worst:.3}, \"way\": {:?}, \"characters\": {}, \"begins\": {begins:?} }}{comma}",
            texts[i].0,
            texts[i].1.chars().count(),
        );
    }
    println!("}}");
}

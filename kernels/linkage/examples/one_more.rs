//! How long it takes to find which of known records one more is the same as: prints one JSON object.
//!
//! `cargo run --release --package gridweave-linkage --example one_more people.csv link.toml` takes a file of `gridweave city
//! people` and a configuration; the last 2000 records are asked about one after another, the others are known.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use gridweave_linkage::index::LinkIndex;
use gridweave_linkage::linker::Linker;
use gridweave_linkage::records::{Records, RecordsBuilder};
use gridweave_linkage::settings::Settings;
use gridweave_linkage::training::Parameters;
use std::time::Instant;

const ASKED: usize = 2000;

type Rows = Vec<Vec<String>>;

fn records(names: &[String], rows: &Rows) -> Records {
    let mut builder = RecordsBuilder::new(names);
    builder.push(rows.len(), |n| rows.iter().map(move |row| Some(row[n].as_str())));
    builder.finish()
}

fn main() {
    let mut call = std::env::args().skip(1);
    let (people, config) = (call.next().expect("a table"), call.next().expect("a configuration"));
    let settings = Settings::from_toml(&std::fs::read_to_string(config).unwrap()).unwrap();
    let mut reader = csv::Reader::from_path(people).unwrap();
    let header: Vec<String> =
        reader.headers().unwrap().iter().map(|h| h.trim_start_matches('\u{feff}').to_owned()).collect();
    let names = settings.columns_read();
    let at: Vec<usize> = names.iter().map(|name| header.iter().position(|h| h == name).unwrap()).collect();
    let entity = header.iter().position(|h| h == "entity").unwrap();
    let (mut rows, mut truth) = (Rows::new(), Vec::new());
    for row in reader.records() {
        let row = row.unwrap();
        rows.push(at.iter().map(|n| row[*n].to_owned()).collect());
        truth.push(row[entity].to_owned());
    }
    let new = rows.split_off(rows.len() - ASKED);
    let mut known = records(&names, &rows);
    let unclean = known.clone();
    settings.cleaned(&mut known);
    let parameters = Parameters::learn(&Linker::new(&settings, known), &settings.training, &|_| ());
    let clock = Instant::now();
    let mut index = LinkIndex::new(&settings, unclean, parameters);
    let built_s = clock.elapsed().as_secs_f64();
    let (mut times, mut right, mut wrong, mut missed) = (Vec::new(), 0, 0, 0);
    for (row, own) in new.iter().zip(&truth[rows.len()..]) {
        let values: Vec<&str> = row.iter().map(String::as_str).collect();
        let clock = Instant::now();
        let found = index.find(&values, settings.threshold);
        times.push(clock.elapsed().as_secs_f64() * 1000.0);
        match found.first() {
            Some(best) if truth[best.record as usize] == *own => right += 1,
            Some(_) => wrong += 1,
            None => missed += usize::from(truth[..rows.len()].contains(own)),
        }
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{{ \"known\": {}, \"asked\": {ASKED}, \"built_s\": {built_s:.2}, \"p50_ms\": {:.3}, \"p99_ms\": {:.3}, \"most_ms\": {:.3}, \"right\": {right}, \"wrong\": {wrong}, \"missed\": {missed} }}",
        rows.len(),
        times[ASKED / 2],
        times[ASKED * 99 / 100],
        times[ASKED - 1],
    );
}

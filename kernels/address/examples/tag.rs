//! Scratch.
use gridweave_address::tagger::*;
use std::time::Instant;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let train_set = read_bio(&std::fs::read_to_string(&a[1]).unwrap()).unwrap();
    let dev = read_bio(&std::fs::read_to_string(&a[2]).unwrap()).unwrap();
    let mut o = TrainOptions::default();
    for kv in &a[3..] {
        let (k, v) = kv.split_once('=').unwrap();
        match k {
            "epochs" => o.epochs = v.parse().unwrap(),
            "members" => o.members = v.parse().unwrap(),
            "prior" => o.prior = v.parse().unwrap(),
            "step" => o.step = v.parse().unwrap(),
            "seen" => o.seen_min = v.parse().unwrap(),
            "hidden" => o.hidden = v.parse().unwrap(),
            _ => panic!(),
        }
    }
    let t = Instant::now();
    let tagger = train(&train_set, &o, &|p| {
        if p.epoch % 5 == 0 {
            eprintln!("{p:?}")
        }
    });
    eprintln!(
        "trained in {:?}, {} features, {} MB",
        t.elapsed(),
        tagger.features(),
        tagger.to_bytes().len() >> 20
    );
    let t = Instant::now();
    let mut n = 0;
    for _ in 0..5 {
        let s = tagger.scores(&dev);
        n += dev.len();
        std::hint::black_box(&s);
    }
    let el = t.elapsed();
    let s = tagger.scores(&dev);
    println!("{:?} {:?} per second {}", a[3..].join(" "), s.all(), n as f64 / el.as_secs_f64());
    if a.len() == 3 {
        for (k, v) in s.per_kind() {
            println!("{k:?} {v:?}");
        }
    }
}

//! Which records are the same person, shop or home? Probabilistic record linkage in the words of the field.
//!
//! Two records agree in each *comparison* on one of a few *levels*. A level weighs `log2(m / u)`: `m` is how often it
//! occurs among records that are the same, `u` how often among those that are not. The weights of a pair add up, with
//! what is known before (the *prior*), to the logarithm of the odds that both are the same (Fellegi and Sunter, "A
//! theory for record linkage", JASA 1969). `u` is learnt of pairs drawn at random, `m` by expectation maximisation
//! (Winkler, "Using the EM algorithm for weight computation in the Fellegi–Sunter model", 1988); that what is equal is
//! rare counts for more (Winkler, "Frequency-based matching in Fellegi–Sunter model of record linkage", 2000). Only
//! pairs that a *blocking rule* brings together are compared.
//!
//! ```
//! use gridweave_linkage::{clusters::clusters, linker::Linker, records::RecordsBuilder};
//! use gridweave_linkage::{scoring::{Scorer, weight_of}, settings::Settings, training::Parameters};
//! let rows = [["于建", "1982-05-28"], ["于健", "19820528"], ["田刚", "1992-03-27"], ["田刚", "1992-03-27"]];
//! let mut builder = RecordsBuilder::new(&["name".into(), "birth".into()]);
//! builder.push(rows.len(), |column| rows.iter().map(move |row| Some(row[column])));
//! let settings = Settings::from_toml(
//!     "columns = { name = 'chinese_name', birth = 'date' }
//!      block = [{ on = ['name|sound'] }, { on = ['birth'] }]
//!      comparison = [{ columns = ['name'] }, { columns = ['birth'] }]",
//! ).unwrap();
//! let mut records = builder.finish();
//! settings.cleaned(&mut records);
//! let linker = Linker::new(&settings, records);
//! let parameters = Parameters::learn(&linker, &settings.training, &|_| ());
//! let scorer = Scorer::new(&linker, &parameters);
//! let pairs = scorer.all(weight_of(0.01), &|_| ()).pairs;
//! let waterfall = scorer.waterfall(pairs[0].a, pairs[0].b);
//! let sum: f64 = waterfall.evidence.iter().map(|one| one.weight + one.rarity).sum();
//! assert!((waterfall.prior + sum - waterfall.weight).abs() < 1e-3);
//! assert_eq!(clusters(&scorer, 4, &pairs, weight_of(0.5)).of.len(), 4);
//! ```
//!
//! Everything follows from the records, the settings and their seed: the same in, the same out.

pub mod blocking;
pub mod chart;
mod clean;
pub mod clusters;
pub mod comparison;
mod features;
mod hashed;
pub mod index;
mod keys;
pub mod levels;
pub mod linker;
pub mod measure;
mod packed;
pub mod records;
pub mod scoring;
pub mod settings;
mod shape;
mod sound;
pub mod suggest;
pub mod training;

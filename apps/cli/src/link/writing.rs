//! Pairs and groups as tables.

use super::ROWS_AT_ONCE;
use gridweave_files::batches::{BatchWriter, Column, Kind, Numbered, Texts};
use gridweave_linkage::clusters::Clusters;
use gridweave_linkage::linker::{Linker, level_of};
use gridweave_linkage::records;
use gridweave_linkage::scoring::Scored;
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// The identifiers, by the number of the record.
#[derive(Debug)]
pub(super) struct Ids(pub records::Column);

impl Texts for Ids {
    fn text(&self, record: u32) -> &str {
        self.0.values.get(self.0.codes[record as usize])
    }
}

pub(super) fn write_pairs(
    out: &Path,
    linker: &Linker,
    said: &[Scored],
    ids: &Arc<Ids>,
) -> anyhow::Result<()> {
    let mut header = ["id_l", "id_r", "probability", "weight"].map(str::to_owned).to_vec();
    header.extend(linker.comparisons.iter().map(|comparison| comparison.name.clone()));
    let mut kinds = vec![Kind::Text, Kind::Text, Kind::Float, Kind::Float];
    kinds.extend(linker.comparisons.iter().map(|_| Kind::Text));
    let mut writer = BatchWriter::create(Some(out), &header, &kinds)?;
    let words: Vec<Arc<Vec<String>>> = linker
        .comparisons
        .iter()
        .map(|comparison| Arc::new((0..16).map(|level| comparison.words(level)[1].clone()).collect()))
        .collect();
    for part in said.chunks(ROWS_AT_ONCE) {
        let id = |get: fn(&Scored) -> u32| {
            Column::Numbered(Numbered { texts: ids.clone(), of: part.iter().map(get).collect() })
        };
        let rounded = |value: f64| Some((value * 1e6).round() / 1e6);
        let number =
            |get: fn(&Scored) -> f64| Column::Float(part.iter().map(|pair| rounded(get(pair))).collect());
        let made = (0..header.len()).into_par_iter().map(|n| match n {
            0 => id(|pair| pair.a),
            1 => id(|pair| pair.b),
            2 => number(Scored::probability),
            3 => number(|pair| f64::from(pair.weight)),
            n => {
                let of = part.iter().map(|pair| u32::from(level_of(pair.pattern, n - 4))).collect();
                Column::Numbered(Numbered { texts: words[n - 4].clone(), of })
            }
        });
        let columns: Vec<Column> = made.collect();
        writer.write(&columns.iter().collect::<Vec<_>>())?;
    }
    Ok(writer.finish()?)
}

pub(super) fn write_clusters(
    out: &Path,
    linker: &Linker,
    groups: &Clusters,
    ids: &Arc<Ids>,
) -> anyhow::Result<()> {
    let mut header = vec!["cluster_id".to_owned(), "id".to_owned()];
    let mut kinds = vec![Kind::Text, Kind::Text];
    if linker.linked() {
        header.push("table".to_owned());
        kinds.push(Kind::Int);
    }
    let mut writer = BatchWriter::create(Some(out), &header, &kinds)?;
    for from in (0..linker.records.len).step_by(ROWS_AT_ONCE) {
        let part = from..(from + ROWS_AT_ONCE).min(linker.records.len);
        let texts = |of: Vec<u32>| Column::Numbered(Numbered { texts: ids.clone(), of });
        let records = part.clone().map(|record| record as u32);
        let mut columns = vec![texts(groups.of[part.clone()].to_vec()), texts(records.collect())];
        if linker.linked() {
            let table = |record: usize| Some(1 + i64::from(record >= linker.records.first));
            columns.push(Column::Int(part.map(table).collect()));
        }
        writer.write(&columns.iter().collect::<Vec<_>>())?;
    }
    Ok(writer.finish()?)
}

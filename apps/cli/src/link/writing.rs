//! Pairs and groups as tables.

use super::ROWS_AT_ONCE;
use gridweave_files::batches::{BatchWriter, Column, Few, Kind};
use gridweave_linkage::clusters::Clusters;
use gridweave_linkage::linker::{Linker, level_of};
use gridweave_linkage::scoring::Scored;
use std::path::Path;
use std::sync::Arc;

pub(super) fn write_pairs<'a>(
    out: &Path,
    linker: &Linker,
    said: &[Scored],
    id: &(impl Fn(u32) -> &'a str + Sync),
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
    let made = |part: &[Scored]| {
        let text =
            |get: &dyn Fn(&Scored) -> String| Column::Text(part.iter().map(|pair| Some(get(pair))).collect());
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        let mut columns = vec![
            text(&|pair| id(pair.a).to_owned()),
            text(&|pair| id(pair.b).to_owned()),
            Column::Float(part.iter().map(|pair| Some(rounded(pair.probability()))).collect()),
            Column::Float(part.iter().map(|pair| Some(rounded(f64::from(pair.weight)))).collect()),
        ];
        for (n, words) in words.iter().enumerate() {
            let of = part.iter().map(|pair| level_of(pair.pattern, n)).collect();
            columns.push(Column::Few(Few { texts: words.clone(), of }));
        }
        columns
    };
    // The next rows are made while the last are written.
    let mut parts = said.chunks(ROWS_AT_ONCE);
    let mut waiting = parts.next().map(made);
    while let Some(columns) = waiting {
        let (written, next) =
            rayon::join(|| writer.write(&columns.iter().collect::<Vec<_>>()), || parts.next().map(made));
        written?;
        waiting = next;
    }
    Ok(writer.finish()?)
}

pub(super) fn write_clusters<'a>(
    out: &Path,
    linker: &Linker,
    groups: &Clusters,
    id: &(impl Fn(u32) -> &'a str + Sync),
) -> anyhow::Result<()> {
    let mut header = vec!["cluster_id".to_owned(), "id".to_owned()];
    let mut kinds = vec![Kind::Text, Kind::Text];
    if linker.linked() {
        header.push("table".to_owned());
        kinds.push(Kind::Int);
    }
    let mut writer = BatchWriter::create(Some(out), &header, &kinds)?;
    for from in (0..linker.records.len).step_by(ROWS_AT_ONCE) {
        let part = from as u32..(from + ROWS_AT_ONCE).min(linker.records.len) as u32;
        let texts = |of: &dyn Fn(u32) -> u32| {
            Column::Text(part.clone().map(|record| Some(id(of(record)).to_owned())).collect())
        };
        let mut columns = vec![texts(&|record| groups.of[record as usize]), texts(&|record| record)];
        if linker.linked() {
            let table = |record: u32| Some(1 + i64::from(record as usize >= linker.records.first));
            columns.push(Column::Int(part.clone().map(table).collect()));
        }
        writer.write(&columns.iter().collect::<Vec<_>>())?;
    }
    Ok(writer.finish()?)
}

//! The page of drawings.

use crate::WrongCall;
use gridweave_linkage::chart;
use gridweave_linkage::linker::Linker;
use gridweave_linkage::measure::Truth;
use gridweave_linkage::records::Column;
use gridweave_linkage::scoring::{AllScored, Scorer};
use gridweave_linkage::training::Parameters;

/// The record of an identifier; of two tables that of the first or the second.
pub(super) fn number_of(ids: &Column, id: &str, linker: &Linker, table: usize) -> anyhow::Result<u32> {
    let range = match (linker.linked(), table) {
        (true, 0) => 0..linker.records.first,
        (true, _) => linker.records.first..linker.records.len,
        _ => 0..linker.records.len,
    };
    range
        .map(|record| record as u32)
        .find(|record| ids.values.get(ids.codes[*record as usize]) == id)
        .ok_or_else(|| WrongCall(format!("--explain: there is no record {id:?}")).into())
}

/// What a report shows.
pub(super) struct Shown<'a> {
    pub linker: &'a Linker,
    pub scorer: &'a Scorer<'a>,
    pub parameters: &'a Parameters,
    pub all: &'a AllScored,
    pub least: f64,
}

/// Pairs that are drawn on each side of the threshold.
const DRAWN: usize = 3;

impl Shown<'_> {
    pub fn page<'i>(
        &self,
        language: &str,
        explained: &[(u32, u32)],
        truth: Option<&Truth>,
        id: &impl Fn(u32) -> &'i str,
    ) -> String {
        let chinese = language == "zh-CN";
        let language = if chinese { chart::Language::Chinese } else { chart::Language::English };
        let say = |zh: &str, en: &str| (if chinese { zh } else { en }).to_owned();
        let mut parts = Vec::new();
        let draw = |a: u32, b: u32| chart::waterfall(&self.scorer.waterfall(a, b), [id(a), id(b)], language);
        for (a, b) in explained {
            parts.push((say("证据", "Evidence"), draw(*a, *b)));
        }
        let above = self.all.pairs.partition_point(|pair| f64::from(pair.weight) >= self.least);
        let about = [
            (
                say("刚好达到阈值的记录对", "Pairs just above the threshold"),
                above.saturating_sub(DRAWN)..above,
            ),
            (
                say("刚好未达到阈值的记录对", "Pairs just below the threshold"),
                above..(above + DRAWN).min(self.all.pairs.len()),
            ),
        ];
        for (head, range) in about.into_iter().filter(|(_, range)| !range.is_empty()) {
            let drawn: String = self.all.pairs[range].iter().map(|pair| draw(pair.a, pair.b)).collect();
            parts.push((head, drawn));
        }
        parts.push((say("比较结果的分量", "What levels weigh"), {
            let words: Vec<Vec<[String; 2]>> = self
                .linker
                .comparisons
                .iter()
                .map(|of| (0..of.levels() as u8).map(|level| of.words(level)).collect())
                .collect();
            chart::parameters(self.parameters, &words, language)
        }));
        parts.push((
            say("权重分布", "Spread of weights"),
            chart::spread(&self.all.histogram, self.least, language),
        ));
        if let Some(truth) = truth {
            let at = truth.at_thresholds(&self.all.pairs, &THRESHOLDS);
            parts.push((
                say("准确率与召回率", "Precision and recall"),
                chart::precision_recall(&at, language),
            ));
        }
        chart::page(&say("记录关联报告", "Record linkage report"), &parts, language)
    }
}

/// Thresholds at which precision and recall are told.
pub(super) const THRESHOLDS: [f64; 11] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];

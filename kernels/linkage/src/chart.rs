//! Drawings, as SVG that stands alone: what a pair's weight is made of, what levels weigh, how weights are spread,
//! precision and recall by threshold; and a page of HTML with all of them.

use crate::measure::Measured;
use crate::scoring::{HISTOGRAM, Waterfall};
use crate::training::Parameters;
use std::fmt::Write;

/// In which language drawings speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// 中文
    #[default]
    Chinese,
    /// English
    English,
}

impl Language {
    fn say<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::Chinese => zh,
            Language::English => en,
        }
    }

    fn word(self, words: &[String; 2]) -> &str {
        self.say(&words[0], &words[1])
    }
}

const INK: &str = "#1f2937";
const MUTED: &str = "#59636e";
const LINE: &str = "#dcdfe6";
const FOR: &str = "#0a7a66";
const AGAINST: &str = "#b8330b";
const SUM: &str = "#1664c0";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// How wide a text is, in letters of half width.
fn width(text: &str) -> usize {
    text.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum()
}

/// A text of so many half widths at the most.
fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let (mut out, mut sum) = (String::new(), 1);
    for letter in text.chars() {
        sum += if letter.is_ascii() { 1 } else { 2 };
        if sum > most {
            break;
        }
        out.push(letter);
    }
    out.push('…');
    out
}

/// A text in two lines of so many half widths, the second cut where more is left.
fn two_lines(text: &str, most: usize) -> [String; 2] {
    if width(text) <= most {
        return [text.to_owned(), String::new()];
    }
    let mut sum = 0;
    let mut end = text.len();
    for (at, letter) in text.char_indices() {
        sum += if letter.is_ascii() { 1 } else { 2 };
        if sum > most {
            end = at;
            break;
        }
    }
    // Between words where there are some.
    let blank = text[..end].rfind(' ').filter(|at| *at * 2 > end && !text[end..].starts_with(' '));
    let (first, rest) = text.split_at(blank.unwrap_or(end));
    [first.to_owned(), cut(rest.trim_start(), most)]
}

struct Svg {
    out: String,
}

impl Svg {
    fn new(size: [f64; 2], title: &str) -> Self {
        let [w, h] = size;
        let mut out = String::new();
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" font-family=\"system-ui, 'Noto Sans SC', sans-serif\" font-size=\"13\"><title>{}</title><rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>",
            escaped(title)
        );
        Self { out }
    }

    fn text(&mut self, at: [f64; 2], text: &str, anchor: &str, fill: &str) {
        if text.is_empty() {
            return;
        }
        let _ = write!(
            self.out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{}</text>",
            at[0],
            at[1],
            escaped(text)
        );
    }

    fn bold(&mut self, at: [f64; 2], text: &str) {
        let _ = write!(
            self.out,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{INK}\" font-weight=\"600\" font-size=\"15\">{}</text>",
            at[0],
            at[1],
            escaped(text)
        );
    }

    fn bar(&mut self, x: [f64; 2], y: f64, height: f64, fill: &str) {
        let (from, to) = (x[0].min(x[1]), x[0].max(x[1]));
        let _ = write!(
            self.out,
            "<rect x=\"{from:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\" rx=\"2\" fill=\"{fill}\"/>",
            (to - from).max(1.0)
        );
    }

    fn line(&mut self, from: [f64; 2], to: [f64; 2], stroke: &str, dashed: bool) {
        let dash = if dashed { " stroke-dasharray=\"3 3\"" } else { "" };
        let _ = write!(
            self.out,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{stroke}\"{dash}/>",
            from[0], from[1], to[0], to[1]
        );
    }

    fn path(&mut self, points: &[[f64; 2]], stroke: &str) {
        let text: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(
            self.out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2\"/>",
            text.join(" ")
        );
    }

    fn end(mut self) -> String {
        self.out.push_str("</svg>");
        self.out
    }
}

/// A number with two places that tell something: 0.034, 1.2, 340.
fn short(number: f64) -> String {
    match number.abs() {
        n if n >= 1e6 => format!("{:.0} M", number / 1e6),
        n if n >= 1e4 => format!("{:.0} k", number / 1e3),
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// What a weight does to the odds, in words.
fn factor(weight: f64, language: Language) -> String {
    let times = short(weight.abs().exp2());
    match weight {
        w if w.abs() < 0.05 => language.say("无影响", "no matter").to_owned(),
        w if w > 0.0 => match language {
            Language::Chinese => format!("可能性 ×{times}"),
            Language::English => format!("{times} times likelier"),
        },
        _ => match language {
            Language::Chinese => format!("可能性 ÷{times}"),
            Language::English => format!("{times} times less likely"),
        },
    }
}

/// A probability as people say it.
pub fn percent(probability: f64) -> String {
    match probability {
        p if p > 0.99995 => "> 99.99 %".to_owned(),
        p if p < 0.00005 => "< 0.01 %".to_owned(),
        p if (0.01..=0.99).contains(&p) => format!("{:.0} %", p * 100.0),
        p => format!("{:.2} %", p * 100.0),
    }
}

/// Half widths of a cell.
const CELL: usize = 27;
const ROW: f64 = 42.0;

/// What a pair's weight is made of: a line for each comparison with both values, what they come to in words, and how far
/// it moves the odds; the last line is the sum.
pub fn waterfall(of: &Waterfall, names: [&str; 2], language: Language) -> String {
    let rows = of.evidence.len() + 2;
    let size = [1080.0, 76.0 + ROW * rows as f64 + 44.0];
    let verdict = match language {
        Language::Chinese => {
            format!("{} 与 {}：同一对象的可能性 {}", names[0], names[1], percent(of.probability))
        }
        Language::English => {
            format!(
                "{} and {}: the same with a probability of {}",
                names[0],
                names[1],
                percent(of.probability)
            )
        }
    };
    let mut svg = Svg::new(size, &verdict);
    svg.bold([12.0, 26.0], &verdict);
    let columns = [12.0, 112.0, 318.0, 524.0];
    let heads = [
        language.say("字段", "field").to_owned(),
        cut(names[0], CELL),
        cut(names[1], CELL),
        language.say("比较结果", "what it comes to").to_owned(),
    ];
    for (x, head) in columns.iter().zip(&heads) {
        svg.text([*x, 54.0], head, "start", MUTED);
    }
    // The way of the sum, so that everything fits.
    let mut way = vec![0.0, of.prior];
    for one in &of.evidence {
        let last = way[way.len() - 1];
        way.push(last + one.weight + one.rarity);
    }
    let (least, most) = way.iter().fold((0f64, 0f64), |(least, most), w| (least.min(*w), most.max(*w)));
    let (left, right) = (720.0, 1000.0);
    let x = |weight: f64| left + (weight - least) / (most - least).max(1e-9) * (right - left);
    let (top, bottom) = (66.0, 66.0 + ROW * rows as f64);
    svg.line([x(0.0), top], [x(0.0), bottom], LINE, true);
    svg.text([x(0.0), bottom + 18.0], language.say("一半对一半", "even odds"), "middle", MUTED);
    let mut y = top;
    let mut step = |svg: &mut Svg, cells: [&str; 4], from: f64, to: f64, fill: &str, note: &str| {
        svg.line([12.0, y + ROW], [size[0] - 12.0, y + ROW], "#eef0f3", false);
        for (n, (at, cell)) in columns.iter().zip(cells).enumerate() {
            // What has the next cell to itself too may be twice as wide.
            let alone = n == 1 && cells[2].is_empty() && cells[3].is_empty();
            let most = if n == 0 { 13 } else { CELL * (1 + usize::from(alone)) };
            let [first, second] = two_lines(cell, most);
            svg.text([*at, y + if second.is_empty() { 25.0 } else { 18.0 }], &first, "start", INK);
            svg.text([*at, y + 34.0], &second, "start", INK);
        }
        svg.bar([x(from), x(to)], y + 11.0, ROW - 22.0, fill);
        let beside = x(from).max(x(to)) + 6.0;
        let (at, anchor) = if beside > 930.0 { (x(from).min(x(to)) - 6.0, "end") } else { (beside, "start") };
        svg.text([at, y + 25.0], note, anchor, fill);
        y += ROW;
    };
    let rare = match language {
        Language::Chinese => format!("随机两条记录相同的可能：约 {:.0} 分之一", (-of.prior).exp2()),
        Language::English => format!("of pairs drawn at random 1 in {:.0} is the same", (-of.prior).exp2()),
    };
    step(&mut svg, [language.say("比较之前", "before"), &rare, "", ""], 0.0, of.prior, MUTED, "");
    for (n, one) in of.evidence.iter().enumerate() {
        let (from, to) = (way[n + 1], way[n + 2]);
        let sum = one.weight + one.rarity;
        let mut words = language.word(&one.words).to_owned();
        if one.rarity > 0.5 {
            words += language.say("（少见的值）", " (a rare value)");
        } else if one.rarity < -0.5 {
            words += language.say("（常见的值）", " (a common value)");
        }
        let values = [&one.left, &one.right].map(|values| {
            let shown: Vec<&str> =
                values.iter().map(|v| if v.is_empty() { "—" } else { v.as_str() }).collect();
            shown.join(" ")
        });
        let fill = match sum {
            s if s.abs() < 0.05 => MUTED,
            s if s > 0.0 => FOR,
            _ => AGAINST,
        };
        let field = one.columns.join(" + ");
        step(&mut svg, [&field, &values[0], &values[1], &words], from, to, fill, &factor(sum, language));
    }
    let probable = percent(of.probability);
    step(&mut svg, [language.say("合计", "sum"), "", "", ""], 0.0, of.weight, SUM, &probable);
    svg.end()
}

/// What the levels of each comparison weigh: for on the right, against on the left, with `m` and `u`.
pub fn parameters(of: &Parameters, words: &[Vec<[String; 2]>], language: Language) -> String {
    let lines: usize = of.comparisons.iter().map(|levels| levels.m.len() + 1).sum();
    let size = [1080.0, 70.0 + 24.0 * lines as f64];
    let title = language.say(
        "每一级的分量：同一对象中出现的比例 m，不同对象中的比例 u",
        "What levels weigh: how often among the same (m), and among others (u)",
    );
    let mut svg = Svg::new(size, title);
    svg.bold([12.0, 26.0], title);
    for (x, head, anchor) in [(600.0, "m", "end"), (670.0, "u", "end")] {
        svg.text([x, 50.0], head, anchor, MUTED);
    }
    let most = of.comparisons.iter().flat_map(|levels| levels.m.iter().zip(&levels.u));
    let most = most.map(|(m, u)| (m / u).log2().abs().min(40.0)).fold(1.0, f64::max);
    let (zero, reach) = (870.0, 150.0);
    svg.line([zero, 58.0], [zero, size[1] - 8.0], LINE, true);
    let mut y = 58.0;
    for (levels, words) in of.comparisons.iter().zip(words) {
        svg.text([12.0, y + 17.0], &levels.name, "start", INK);
        if !levels.learnt {
            svg.text(
                [200.0, y + 17.0],
                language.say("（未能学到，仅为假定）", "(not learnt, only supposed)"),
                "start",
                AGAINST,
            );
        }
        y += 24.0;
        for ((m, u), words) in levels.m.iter().zip(&levels.u).zip(words) {
            let weight = (m / u).log2().clamp(-40.0, 40.0);
            svg.text([32.0, y + 16.0], language.word(words), "start", MUTED);
            svg.text([600.0, y + 16.0], &percent(*m), "end", INK);
            svg.text([670.0, y + 16.0], &percent(*u), "end", INK);
            let fill = if weight > 0.0 { FOR } else { AGAINST };
            let end = zero + weight / most * reach;
            svg.bar([zero, end], y + 5.0, 14.0, fill);
            let (at, anchor) = if weight > 0.0 { (end + 5.0, "start") } else { (end - 5.0, "end") };
            svg.text([at, y + 16.0], &format!("{weight:+.1}"), anchor, fill);
            y += 24.0;
        }
    }
    svg.end()
}

/// How the weights of pairs are spread, on a scale of powers of ten, with the threshold.
pub fn spread(histogram: &[u64], least: f64, language: Language) -> String {
    let size = [1080.0, 300.0];
    let title =
        language.say("候选对的权重分布（对数刻度）", "How the weights of pairs are spread (logarithmic)");
    let mut svg = Svg::new(size, title);
    svg.bold([12.0, 26.0], title);
    let first = histogram.iter().skip(1).position(|count| *count > 0).map_or(0, |at| at + 1);
    let last = histogram.iter().rposition(|count| *count > 0).unwrap_or(HISTOGRAM.1 - 1).max(first + 1);
    let most = histogram[first..].iter().copied().max().unwrap_or(1).max(10) as f64;
    let (left, right, top, bottom) = (60.0, 1060.0, 50.0, 250.0);
    let step = (right - left) / (last + 1 - first) as f64;
    let x = |weight: f64| left + (weight - HISTOGRAM.0 - first as f64) * step;
    let y = |count: f64| bottom - (count.max(1.0).log10() / most.log10()) * (bottom - top);
    for power in 0..=most.log10() as i32 {
        let count = 10f64.powi(power);
        svg.line([left, y(count)], [right, y(count)], "#eef0f3", false);
        svg.text([left - 6.0, y(count) + 4.0], &short(count), "end", MUTED);
    }
    for (n, count) in histogram.iter().enumerate().take(last + 1).skip(first) {
        let weight = HISTOGRAM.0 + n as f64;
        if *count > 0 {
            let fill = if weight >= least { FOR } else { MUTED };
            let at = [x(weight) + 1.0, x(weight + 1.0) - 1.0];
            svg.bar(at, y(*count as f64) - 1.0, bottom - y(*count as f64) + 1.0, fill);
        }
        if n % 5 == 0 {
            svg.text([x(weight), bottom + 18.0], &format!("{weight:.0}"), "middle", MUTED);
        }
    }
    svg.line([x(least), top - 8.0], [x(least), bottom], SUM, true);
    svg.text([x(least) + 4.0, top], language.say("阈值", "threshold"), "start", SUM);
    let below = format!("{}: {}", language.say("低于此范围", "below this"), short(histogram[0] as f64));
    svg.text([left, 290.0], &below, "start", MUTED);
    svg.end()
}

/// Precision and recall by the threshold.
pub fn precision_recall(at: &[(f64, Measured)], language: Language) -> String {
    let size = [1080.0, 300.0];
    let title = language.say("不同阈值下的准确率与召回率", "Precision and recall by threshold");
    let mut svg = Svg::new(size, title);
    svg.bold([12.0, 26.0], title);
    let floor = at.iter().flat_map(|(_, m)| [m.precision, m.recall]).fold(1.0, f64::min);
    let floor = ((floor * 20.0).floor() / 20.0).min(0.95);
    let (left, right, top, bottom) = (60.0, 960.0, 50.0, 250.0);
    let x = |n: usize| left + n as f64 / (at.len().max(2) - 1) as f64 * (right - left);
    let y = |value: f64| bottom - (value - floor) / (1.0 - floor) * (bottom - top);
    for n in 0..=4 {
        let value = floor + (1.0 - floor) * f64::from(n) / 4.0;
        svg.line([left, y(value)], [right, y(value)], "#eef0f3", false);
        svg.text([left - 6.0, y(value) + 4.0], &format!("{value:.3}"), "end", MUTED);
    }
    let lines: [(&str, &str, fn(&Measured) -> f64); 3] = [
        (language.say("准确率", "precision"), FOR, |m| m.precision),
        (language.say("召回率", "recall"), AGAINST, |m| m.recall),
        ("F1", SUM, |m| m.f1),
    ];
    for (row, (name, stroke, value)) in lines.into_iter().enumerate() {
        let points: Vec<[f64; 2]> = at.iter().enumerate().map(|(n, (_, m))| [x(n), y(value(m))]).collect();
        svg.path(&points, stroke);
        svg.text([right + 12.0, top + 20.0 * row as f64 + 4.0], name, "start", stroke);
    }
    for (n, (threshold, _)) in at.iter().enumerate() {
        svg.text([x(n), bottom + 18.0], &threshold.to_string(), "middle", MUTED);
    }
    svg.end()
}

/// A page of headings and drawings.
pub fn page(title: &str, parts: &[(String, String)], language: Language) -> String {
    let lang = language.say("zh-CN", "en");
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title><style>body{{font-family:system-ui,'Noto Sans SC',sans-serif;color:{INK};background:#f3f4f6;margin:0 auto;max-width:1120px;padding:16px}}section{{background:#fff;border:1px solid {LINE};border-radius:6px;padding:12px;margin:0 0 12px;overflow-x:auto}}h1{{font-size:20px}}h2{{font-size:15px;margin:0 0 8px}}p{{margin:0;color:{MUTED};white-space:pre-line}}svg{{max-width:100%;height:auto;min-width:720px}}</style></head><body><h1>{0}</h1>\n",
        escaped(title)
    );
    for (head, body) in parts {
        let _ = writeln!(out, "<section><h2>{}</h2>{body}</section>", escaped(head));
    }
    out.push_str("</body></html>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::{Evidence, probability};

    fn evidence(weight: f64, left: &str) -> Evidence {
        Evidence {
            comparison: "name".into(),
            columns: vec!["name".into()],
            level: 0,
            words: ["相同".into(), "the same".into()],
            left: vec![left.into()],
            right: vec!["<b>".into()],
            weight,
            rarity: 0.0,
            m: 0.9,
            u: 0.1,
        }
    }

    #[test]
    fn a_drawing_shows_both_values_and_is_whole() {
        let evidence = vec![evidence(9.0, "于建"), evidence(-3.0, "长".repeat(40).as_str())];
        let weight = -4.0 + 9.0 - 3.0;
        let of = Waterfall { prior: -4.0, evidence, weight, probability: probability(weight) };
        for language in [Language::Chinese, Language::English] {
            let svg = waterfall(&of, ["r1", "r2"], language);
            assert!(
                svg.contains("于建")
                    && svg.contains("&lt;b&gt;")
                    && !svg.contains("<b>")
                    && svg.contains("80 %")
            );
            assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
            assert!(svg.contains('…'), "what is too long is cut");
        }
    }

    #[test]
    fn texts_are_cut_by_their_width() {
        assert_eq!(cut("澜江市南桥区", 7), "澜江市…");
        assert_eq!(two_lines("one side is empty", 12), ["one side is", "empty"]);
        assert_eq!(two_lines("澜江市南桥区", 6), ["澜江市", "南桥区"]);
        assert_eq!(
            (percent(0.99999), percent(0.5), percent(0.003)),
            ("> 99.99 %".into(), "50 %".into(), "0.30 %".into())
        );
    }
}

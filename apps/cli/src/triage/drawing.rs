//! How probabilities hold, as a drawing.

use gridweave_triage::measure::Measured;
use std::fmt::Write;

/// Width and height of the field, and of what is around it.
const FIELD: f64 = 320.0;
const AROUND: f64 = 56.0;

/// What was said against what was right, a point for each tenth of the scale, the larger the more messages.
pub(super) fn reliability(measured: &Measured) -> String {
    let size = FIELD + 2.0 * AROUND;
    let at = |x: f64, y: f64| (AROUND + x * FIELD, AROUND + (1.0 - y) * FIELD);
    let most = measured.reliability.iter().map(|bin| bin.texts).max().unwrap_or(1).max(1) as f64;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" width=\"{size}\" height=\"{size}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let mut put = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    for step in 0..=5 {
        let part = f64::from(step) / 5.0;
        let ((x, bottom), (left, y)) = (at(part, 0.0), at(0.0, part));
        let (right, top) = at(1.0, 1.0);
        put(format!(
            "<path d=\"M{x:.1} {bottom:.1}V{top:.1}M{left:.1} {y:.1}H{right:.1}\" stroke=\"#e3e6ea\"/>"
        ));
        put(format!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{part:.1}</text>", bottom + 18.0));
        put(format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{part:.1}</text>",
            left - 8.0,
            y + 4.0
        ));
    }
    let ((x0, y0), (x1, y1)) = (at(0.0, 0.0), at(1.0, 1.0));
    put(format!("<path d=\"M{x0} {y0}L{x1} {y1}\" stroke=\"#8a94a0\" stroke-dasharray=\"4 4\"/>"));
    let mut line = String::new();
    for bin in measured.reliability.iter().filter(|bin| bin.texts > 0) {
        let (x, y) = at(bin.said, bin.right);
        let _ = write!(line, "{}{x:.1} {y:.1}", if line.is_empty() { "M" } else { "L" });
        put(format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" fill=\"#1668b8\"><title>{} 条 messages: 说 said {:.3}, 对 right {:.3}</title></circle>",
            3.0 + 9.0 * (bin.texts as f64 / most).sqrt(),
            bin.texts,
            bin.said,
            bin.right
        ));
    }
    put(format!("<path d=\"{line}\" fill=\"none\" stroke=\"#1668b8\" stroke-width=\"1.5\"/>"));
    let middle = size / 2.0;
    put(format!(
        "<text x=\"{middle}\" y=\"{:.1}\" text-anchor=\"middle\">所说的概率 · probability said</text>",
        size - 14.0
    ));
    put(format!(
        "<text x=\"16\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {middle})\">其中正确 · of these right</text>"
    ));
    put(format!(
        "<text x=\"{middle}\" y=\"28\" text-anchor=\"middle\" font-size=\"14\">校准误差 calibration error {:.3} · 准确率 accuracy {:.3}</text>",
        measured.calibration_error, measured.accuracy
    ));
    out.push_str("</svg>\n");
    out
}

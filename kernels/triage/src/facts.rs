//! Facts in a text: places, times, amounts of money, telephone and identity numbers, and where they stand.

use crate::places::places;
use regex::Regex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// What kind of fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A place's name, with the houses behind it.
    Place,
    /// A day, an hour, or a word for one.
    Time,
    /// Money.
    Amount,
    /// A telephone number.
    Phone,
    /// A number of an identity card, 18 or 15 digits.
    Identity,
}

/// A fact, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What kind.
    pub kind: FactKind,
    /// Where it stands, in bytes of the text.
    pub span: Range<usize>,
    /// How it is written.
    pub text: String,
}

/// Patterns by kind; of two that overlap the one further up is told. Digits may be full width.
const PATTERNS: [(FactKind, &str); 4] = [
    (
        FactKind::Identity,
        r"[\d０-９]{6}(?:19|20|１９|２０)[\d０-９]{2}[\d０-９]{4}[\d０-９]{3}[\d０-９xXｘＸ]|[\d０-９]{15}",
    ),
    (
        FactKind::Phone,
        r"(?:\+?86[-\s]?)?[1１][3-9３-９][\d０-９][-\s]?[\d０-９]{4}[-\s]?[\d０-９]{4}|(?:0\d{2,3}[-\s]?|\(0\d{2,3}\)\s?)[2-8]\d{6,7}|(?:400|800)[-\s]?\d{3}[-\s]?\d{4}",
    ),
    (
        FactKind::Amount,
        r"(?i)(?:人民币|rmb|¥|￥|\$)?\s?(?:[\d０-９][\d０-９,，]*(?:[.．][\d０-９]+)?|[一二两三四五六七八九十百千万亿半]+)\s?[多几余]?(?:[百千万亿]+多?)?\s?(?:元|块钱|块|人民币|rmb|yuan|cny)|[¥￥\$]\s?\d[\d,]*(?:\.\d+)?",
    ),
    (
        FactKind::Time,
        r"(?i)(?:[\d０-９]{4}|[〇零一二三四五六七八九]{4})[年/.-][\d０-９一二三四五六七八九十]{1,3}(?:[月/.-](?:[\d０-９一二三四五六七八九十]{1,3}[日号]?)?)?(?:\s?[上下中]午|\s?凌晨|\s?晚上)?(?:\s?\d{1,2}(?:[:：]\d{2}(?:[:：]\d{2})?|[点时]半?(?:\d{1,2}分)?))?|[\d０-９一二三四五六七八九十]{1,3}月(?:[\d０-９一二三四五六七八九十]{1,3}[日号]|份)(?:[上下中]午|凌晨|晚上)?(?:\d{1,2}(?:[:：]\d{2}|[点时]半?))?|(?:(?:今|昨|前|明|当)(?:天|日|晚|晨|早)|(?:上|这|本|下)(?:个?星期|周|个?月)[一二三四五六日天末]?|去年|今年|前年|凌晨|早上|上午|中午|下午|傍晚|晚上|半夜|深夜)+(?:[\d０-９]{1,2}[:：][\d０-９]{2}|[\d０-９一二三四五六七八九十]{1,3}[点时](?:半|多|[\d０-９]{1,2}分)?)?多?|[\d０-９]{1,2}[:：][\d０-９]{2}(?:\s?[ap]m)?|[\d０-９一二三四五六七八九十]{1,3}点(?:半|多|钟|[\d０-９]{1,2}分)|\b(?:yesterday|today|tonight|last (?:week|month|year|night)|this (?:morning|afternoon|evening|week)|\d{1,2}\s?[ap]m)\b",
    ),
];

static COMPILED: LazyLock<Vec<(FactKind, Regex)>> =
    LazyLock::new(|| PATTERNS.iter().filter_map(|(kind, of)| Some((*kind, Regex::new(of).ok()?))).collect());

/// The facts of a text, in their order.
pub fn facts(text: &str) -> Vec<Fact> {
    let mut found: BTreeMap<usize, Fact> = BTreeMap::new();
    let mut add = |kind: FactKind, span: Range<usize>| {
        let before = found.range(..span.end).next_back();
        if before.is_none_or(|(_, fact)| fact.span.end <= span.start) {
            found.insert(span.start, Fact { kind, text: text[span.clone()].trim().to_owned(), span });
        }
    };
    for (kind, pattern) in COMPILED.iter() {
        for span in pattern.find_iter(text).map(|one| one.range()) {
            // A longer number is something else.
            if matches!(kind, FactKind::Amount | FactKind::Time) || is_alone(text, &span) {
                add(*kind, span);
            }
        }
    }
    places(text).into_iter().for_each(|span| add(FactKind::Place, span));
    found.into_values().collect()
}

/// Does no digit or Latin letter stand next to it?
fn is_alone(text: &str, span: &Range<usize>) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '０'..='９');
    !text[..span.start].ends_with(part) && !text[span.end..].starts_with(part)
}

/// A text with its telephone and identity numbers as `mask` writes them.
pub fn masked(text: &str, mask: impl Fn(FactKind, &str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for fact in facts(text) {
        if matches!(fact.kind, FactKind::Phone | FactKind::Identity) {
            out += &text[from..fact.span.start];
            out += &mask(fact.kind, &text[fact.span.clone()]);
            from = fact.span.end;
        }
    }
    out + &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(FactKind, String)> {
        facts(text).into_iter().map(|fact| (fact.kind, fact.text)).collect()
    }

    #[test]
    fn facts_are_found_as_they_are_written() {
        use FactKind::{Amount, Identity, Phone, Place, Time};
        let cases: [(&str, &[(FactKind, &str)]); 13] = [
            ("2019年12月3日晚上8点半停电", &[(Time, "2019年12月3日晚上8点半")]),
            ("从2019-12-03 08:30到今天", &[(Time, "2019-12-03 08:30"), (Time, "今天")]),
            ("昨晚8点多就这样，10月份反映过", &[(Time, "昨晚8点多"), (Time, "10月份")]),
            ("上周三下午三点来过", &[(Time, "上周三下午三点")]),
            ("收了3,000元，退了两百块", &[(Amount, "3,000元"), (Amount, "两百块")]),
            ("房款一百二十万元，首付￥30.5万", &[(Amount, "一百二十万元"), (Amount, "￥30.5")]),
            ("联系电话13812345678。", &[(Phone, "13812345678")]),
            ("打 138-1234-5678 或 027-87654321", &[(Phone, "138-1234-5678"), (Phone, "027-87654321")]),
            ("身份证420106199001011234的", &[(Identity, "420106199001011234")]),
            ("编号1234567890123456789012", &[]),
            ("东湖花园3栋，今天停水", &[(Place, "东湖花园3栋"), (Time, "今天")]),
            ("It has been off since yesterday at 8 pm", &[(Time, "yesterday"), (Time, "8 pm")]),
            ("３栋２０１室，１３８１２３４５６７８", &[(Phone, "１３８１２３４５６７８")]),
        ];
        for (text, expected) in cases {
            let expected: Vec<(FactKind, String)> =
                expected.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
            assert_eq!(of(text), expected, "{text}");
        }
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn numbers_of_people_are_masked_and_the_rest_stays() {
        let star = |_: FactKind, text: &str| "*".repeat(text.chars().count());
        let text = "我是420106199001011234，电话13812345678，欠我3000元";
        assert_eq!(masked(text, star), "我是******************，电话***********，欠我3000元");
        assert_eq!(masked("没有", star), "没有");
    }
}

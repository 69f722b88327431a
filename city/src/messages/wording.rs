//! A matter in a resident's words.

use super::{About, Phrases, Spot};
use crate::names::{pick, word};
use gridweave_core::Rng;

/// What a wording draws on.
pub(super) struct Wording<'a> {
    pub phrases: &'a Phrases,
    pub spot: &'a Spot,
}

const GREET: [&str; 8] =
    ["", "", "您好，", "领导好：", "尊敬的领导，", "你好，我要反映一个问题，", "请问有人管吗？", "投诉："];
const SINCE: [&str; 10] = [
    "",
    "已经三天了",
    "从上周开始",
    "持续一个多月",
    "今天早上发现的",
    "昨晚8点多就这样",
    "好几天了",
    "半年了都没解决",
    "10月份反映过一次",
    "一直这样",
];
const END: [&str; 8] = ["", "", "谢谢", "谢谢！", "盼回复。", "万分感谢！", "急！", "多谢了"];
const ASIDE: [&str; 10] = [
    "打过12345没有下文",
    "物业说不归他们管",
    "邻居们都有意见",
    "我是这里的住户",
    "拍了照片可以提供",
    "社区也来看过",
    "白天上班不在家",
    "家里有老人和小孩",
    "之前花了3000元自己处理过",
    "希望重视民生",
];
const SINCE_EN: [&str; 5] = ["", "for three days now", "since last week", "every day", "again"];
const END_EN: [&str; 4] = ["", "Please help.", "Thank you.", "Who is in charge of this?"];
const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// One of the names of a concept.
fn named<'a>(concept: &'a str, rng: &mut dyn Rng) -> &'a str {
    let names: Vec<&str> = concept.split(',').collect();
    word(rng, &names)
}

/// The place, as people say it: the compound always, the building often, now and then the address.
fn place(spot: &Spot, rng: &mut dyn Rng) -> String {
    let building = match rng.below(4) {
        0 => String::new(),
        // Numbers below ten in Chinese.
        1 => spot
            .building
            .chars()
            .enumerate()
            .map(|(at, c)| match c.to_digit(10) {
                Some(digit) if at == 0 && !spot.building[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                    DIGITS[digit as usize].to_owned()
                }
                _ => c.to_string(),
            })
            .collect(),
        _ => spot.building.clone(),
    };
    let near = word(rng, &["", "", "", "楼下", "附近", "门口", "这边"]);
    let compound = if rng.chance(0.15) { &spot.address } else { &spot.compound };
    match rng.chance(0.2) {
        true => format!("我住{compound}{building}，{near}"),
        false => format!("{compound}{building}{near}"),
    }
}

/// A message about a matter.
pub(super) fn worded(with: &Wording, about: About, rng: &mut dyn Rng) -> String {
    let text = match about {
        About::Matter { of, english: true, .. } => english(with, of, rng),
        About::Matter { of, thing, fault, .. } => chinese(with, (of, thing, fault), rng),
        About::Danger(of) => said(with, pick::<String>(rng, &with.phrases.danger[of].say), rng),
        About::Calm(of) => said(with, pick::<String>(rng, &with.phrases.danger[of].calm), rng),
    };
    roughened(text, rng)
}

fn chinese(with: &Wording, (of, thing, fault): (usize, usize, usize), rng: &mut dyn Rng) -> String {
    let phrases = &with.phrases.matter[of];
    let core = format!("{}{}", named(&phrases.things[thing], rng), named(&phrases.faults[fault], rng));
    let place = place(with.spot, rng);
    // "I live in …" is a clause of its own.
    let (lives, of_place) =
        (place.ends_with('，') || place.starts_with("我住"), if place.ends_with('，') { "" } else { "的" });
    let mut behind: Vec<&str> = Vec::new();
    if rng.chance(0.6) {
        behind.push(pick::<String>(rng, &phrases.harm));
    }
    if rng.chance(0.35) {
        behind.push(word(rng, &ASIDE));
    }
    if rng.chance(0.7) {
        behind.push(pick::<String>(rng, &phrases.wish));
    }
    let since = word(rng, &SINCE);
    let mut clauses: Vec<String> = Vec::new();
    match rng.below(3) {
        0 => clauses.extend([format!("{place}{core}"), since.to_owned()]),
        1 => clauses.extend([format!("{place}{of_place}{core}"), since.to_owned()]),
        _ if lives => clauses.extend([since.to_owned(), core, place.trim_end_matches('，').to_owned()]),
        _ => clauses.extend([since.to_owned(), format!("{core}，就在{place}")]),
    }
    clauses.extend(behind.into_iter().map(str::to_owned));
    let clauses: Vec<String> = clauses.into_iter().filter(|clause| !clause.is_empty()).collect();
    format!("{}{}。{}", word(rng, &GREET), clauses.join("，"), word(rng, &END))
}

fn english(with: &Wording, of: usize, rng: &mut dyn Rng) -> String {
    let [things, faults] = &with.phrases.matter[of].en;
    let core = format!("{} {}", named(things, rng), named(faults, rng));
    let where_ = match rng.chance(0.5) {
        true => format!(
            "{} building {}",
            with.spot.compound,
            with.spot.building.trim_end_matches(['栋', '号', '楼', '幢'])
        ),
        false => with.spot.compound.clone(),
    };
    let text = format!("At {where_} {core} {}. {}", word(rng, &SINCE_EN), word(rng, &END_EN));
    text.replace(" .", ".").trim_end().to_owned()
}

/// A sentence that is said as it is, with the place before or behind it.
fn said(with: &Wording, sentence: &str, rng: &mut dyn Rng) -> String {
    if sentence.is_ascii() {
        return format!("{} at {}. {}", sentence, with.spot.compound, word(rng, &END_EN))
            .trim_end()
            .to_owned();
    }
    let place = place(with.spot, rng);
    let aside = if rng.chance(0.3) { format!("，{}", word(rng, &ASIDE)) } else { String::new() };
    match rng.chance(0.6) {
        true => format!("{}{place}{sentence}{aside}。{}", word(rng, &GREET), word(rng, &END)),
        false => format!("{}{sentence}{aside}，{}。", word(rng, &GREET), place.trim_end_matches('，')),
    }
}

/// As people type: a telephone number here, a mark too many there, a letter left out, a bit of markup.
fn roughened(mut text: String, rng: &mut dyn Rng) -> String {
    if rng.chance(0.1) {
        text += &format!("联系电话13{:09}", rng.below(1_000_000_000));
    }
    if rng.chance(0.05) {
        text = text.replace('。', "！！！");
    }
    if rng.chance(0.05) {
        text += word(rng, &["😡", "🙏", "😭", "～～"]);
    }
    if rng.chance(0.03) {
        text = format!("<p>{text}</p>");
    }
    if rng.chance(0.05) {
        let at = rng.below(text.chars().count());
        text = text.chars().enumerate().filter(|(n, _)| *n != at).map(|(_, c)| c).collect();
    }
    text
}

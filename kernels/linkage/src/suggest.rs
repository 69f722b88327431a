//! A first `link.toml` from the data: what each column looks like, rules with how many pairs they make, comparisons,
//! and comments that say why.

use crate::blocking::pairs_of_rule;
use crate::clean;
use crate::keys::{KeyPart, Transform, ValueKeys};
use crate::levels::Kind;
use crate::records::{Column, Records};
use crate::settings::{Block, Compare, Settings, Task};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Values of a column that are looked at.
const LOOKED_AT: u32 = 5000;
/// Pairs that one rule may make for each record; of many records fewer, so that looking through millions stays a matter
/// of seconds.
const PAIRS_A_RECORD: u64 = 30;
const PAIRS_A_RECORD_OF_MANY: u64 = 3;
const PAIRS_FEW: u64 = 2_000_000;
/// Rules that are proposed at the most, and how many of them one column takes part in.
const RULES_MAX: usize = 10;
const RULES_OF_COLUMN: usize = 3;

/// What a column looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The column's name.
    pub name: String,
    /// What its values are; none where it tells nothing.
    pub kind: Option<Kind>,
    /// Part of the records that have a value.
    pub filled: f64,
    /// Distinct values.
    pub distinct: usize,
    /// Part of pairs of records that are equal by chance.
    pub coincidence: f64,
    /// Some values.
    pub examples: Vec<String>,
}

fn share(column: &Column, test: impl Fn(&str) -> bool) -> f64 {
    let codes = 1..(column.values.len() as u32).min(LOOKED_AT);
    let count = codes.len().max(1) as f64;
    codes.filter(|code| test(column.values.get(*code))).count() as f64 / count
}

fn named(column: &Column, words: &[&str]) -> bool {
    let name = column.name.to_lowercase();
    words.iter().any(|word| name.contains(word))
}

fn is_han(letter: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&letter)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    let date = clean::cleaned(clean::date, text);
    if date.len() != 8 || !is_digits(&date) {
        return false;
    }
    let part = |from: usize, to: usize| date[from..to].parse::<u32>().unwrap_or(0);
    (1850..2100).contains(&part(0, 4)) && (1..=12).contains(&part(4, 6)) && (1..=31).contains(&part(6, 8))
}

fn is_identity(text: &str) -> bool {
    let number = clean::cleaned(clean::id_number, text);
    number.len() == 18
        && is_digits(&number[..17])
        && number.chars().last() == clean::check_letter(&number.as_bytes()[..17])
}

impl Profile {
    /// Looks at a column of records.
    pub fn of(column: &Column, records: usize) -> Self {
        let distinct = column.values.len() - 1;
        let filled = 1.0 - f64::from(column.values.count(0)) / records.max(1) as f64;
        let examples = (1..column.values.len() as u32).take(3).map(|code| column.values.get(code).to_owned());
        Self {
            name: column.name.clone(),
            kind: (distinct > 1).then(|| kind_of(column, distinct, filled * records as f64)),
            filled,
            distinct,
            coincidence: column.coincidence(),
            examples: examples.collect(),
        }
    }
}

fn kind_of(column: &Column, distinct: usize, with: f64) -> Kind {
    let codes = 1..(column.values.len() as u32).min(LOOKED_AT);
    let letters: usize = codes.clone().map(|code| column.values.get(code).chars().count()).sum();
    let length = letters as f64 / codes.len().max(1) as f64;
    let unusual = distinct as f64 / with.max(1.0);
    let digits = share(column, is_digits);
    if share(column, is_identity) > 0.5
        || (named(column, &["idcard", "id_card", "身份证", "证件号", "id_number"]) && length > 10.0)
    {
        return Kind::IdNumber;
    }
    if share(column, is_date) > 0.8 {
        return Kind::Date;
    }
    let mobile = |text: &str| {
        let number = clean::cleaned(clean::phone, text);
        number.len() == 11 && number.starts_with('1')
    };
    if share(column, mobile) > 0.8
        || (named(column, &["phone", "tel", "mobile", "电话", "手机"]) && length > 5.0)
    {
        return Kind::Phone;
    }
    if digits > 0.8 && length >= 6.5 && unusual > 0.3 {
        return Kind::IdNumber;
    }
    if digits > 0.8 || (length <= 4.0 && share(column, |text| text.is_ascii()) > 0.8) {
        return Kind::Code;
    }
    if share(column, |text| text.parse::<f64>().is_ok()) > 0.8 {
        return Kind::Number;
    }
    if share(column, |text| text.contains(['、', ';', '；', '|'])) > 0.3 {
        return Kind::Set;
    }
    let placed = share(column, |text| text.contains(['号', '路', '街', '室', '栋', '村']));
    if (placed > 0.5 && length > 5.0) || (named(column, &["地址", "住址", "full_address"]) && length > 8.0)
    {
        return Kind::Address;
    }
    if share(column, |text| text.chars().all(is_han) && text.chars().count() <= 4) > 0.8 && length >= 1.5 {
        return if distinct < 30 { Kind::Code } else { Kind::ChineseName };
    }
    let wordy = share(column, |text| text.chars().all(|c| c.is_alphabetic() || " -'.".contains(c)));
    match wordy > 0.8 && length <= 14.0 {
        true if distinct < 20 => Kind::Code,
        true => Kind::Name,
        false => Kind::Text,
    }
}

/// What is proposed.
#[derive(Clone, Debug)]
pub struct Suggested {
    /// What each column looks like.
    pub profiles: Vec<Profile>,
    /// The settings.
    pub settings: Settings,
    /// They as `link.toml`, with comments.
    pub text: String,
}

/// Looks at records, not yet cleaned, and proposes settings. Columns in `aside` (identifiers, the truth) are not compared.
pub fn suggest(records: &Records, aside: &[String]) -> Suggested {
    let profiles: Vec<Profile> = records
        .columns
        .iter()
        .filter(|column| !aside.contains(&column.name))
        .map(|column| Profile::of(column, records.len))
        .collect();
    let columns: BTreeMap<String, Kind> =
        profiles.iter().filter_map(|profile| Some((profile.name.clone(), profile.kind?))).collect();
    let task = if records.first < records.len { Task::Link } else { Task::Dedupe };
    let mut settings = Settings {
        task,
        threshold: 0.9,
        one_to_one: task == Task::Link,
        block_pairs_max: 1_000_000,
        columns,
        blocks: Vec::new(),
        comparisons: comparisons(&profiles),
        training: Default::default(),
    };
    let mut cleaned = records.clone();
    let _ = settings.cleaned(&mut cleaned);
    let rules = rules(&cleaned, &profiles);
    settings.blocks = rules.iter().map(|(block, _)| block.clone()).collect();
    let text = written(&settings, &profiles, &rules, records.len);
    Suggested { profiles, settings, text }
}

fn is_first_name(name: &str) -> bool {
    let name = name.to_lowercase();
    ["given", "first", "forename"].iter().any(|word| name.contains(word))
}

fn is_surname(name: &str) -> bool {
    let name = name.to_lowercase();
    ["surname", "last_name", "lastname", "family"].iter().any(|word| name.contains(word))
}

fn comparisons(profiles: &[Profile]) -> Vec<Compare> {
    let of = |test: fn(&str) -> bool| {
        profiles
            .iter()
            .find(|profile| profile.kind == Some(Kind::Name) && test(&profile.name))
            .map(|p| p.name.clone())
    };
    let pair = of(is_first_name).zip(of(is_surname));
    let mut all = Vec::new();
    if let Some((first, last)) = &pair {
        let columns = vec![first.clone(), last.clone()];
        all.push(Compare { columns, name: Some("name".to_owned()), levels: None, term_frequency: true });
    }
    for profile in profiles {
        let Some(kind) = profile.kind else { continue };
        if pair.as_ref().is_some_and(|(first, last)| [first, last].contains(&&profile.name)) {
            continue;
        }
        // How rare a value is counts where values are shared by some and not by nearly all.
        let shared =
            profile.coincidence < 0.2 && !matches!(kind, Kind::IdNumber | Kind::Phone | Kind::Number);
        all.push(Compare {
            columns: vec![profile.name.clone()],
            name: None,
            levels: None,
            term_frequency: shared,
        });
    }
    all.truncate(15);
    all
}

/// Rules by how many pairs they make, few first; with the number.
fn rules(records: &Records, profiles: &[Profile]) -> Vec<(Block, u64)> {
    let n = records.len as u64;
    let most = (PAIRS_A_RECORD * n).min(PAIRS_FEW.max(PAIRS_A_RECORD_OF_MANY * n));
    let number = |profile: &Profile| records.column(&profile.name);
    let worth: Vec<(&Profile, usize)> = profiles
        .iter()
        .filter(|profile| profile.filled > 0.3 && !matches!(profile.kind, None | Some(Kind::Number)))
        .filter_map(|profile| Some((profile, number(profile)?)))
        .collect();
    let transform_of = |profile: &Profile| match profile.kind {
        Some(Kind::ChineseName) => Transform::Sound,
        _ => Transform::Whole,
    };
    let parts = worth.iter().map(|(profile, column)| (*column, transform_of(profile))).collect();
    let of_values = ValueKeys::of(records, &[parts]);
    let pairs = |rule: &[(usize, Transform)]| pairs_of_rule(records, &of_values, rule);
    let part = |profile: &Profile, transform| KeyPart { column: profile.name.clone(), transform };
    let mut single = Vec::new();
    let mut wide = Vec::new();
    for (profile, column) in &worth {
        let transform = transform_of(profile);
        // What is equal too often makes rules only together with another.
        let expected = records.columns[*column].coincidence() * (records.len as f64).powi(2) / 2.0;
        if expected > most as f64 * 4.0 {
            wide.push((*profile, *column, transform));
            continue;
        }
        let count = pairs(&[(*column, transform)]);
        match count {
            0 => {}
            count if count <= most => single.push((Block { on: vec![part(profile, transform)] }, count)),
            _ => wide.push((*profile, *column, transform)),
        }
    }
    single.sort_by_key(|(_, count)| *count);
    single.truncate(RULES_MAX);
    let mut double = Vec::new();
    for (i, (a, x, s)) in wide.iter().enumerate() {
        for (b, y, t) in &wide[i + 1..] {
            if records.columns[*x].coincidence() * records.columns[*y].coincidence() > 0.01 {
                continue;
            }
            let count = pairs(&[(*x, *s), (*y, *t)]);
            if (1..=most).contains(&count) {
                double.push((Block { on: vec![part(a, *s), part(b, *t)] }, count));
            }
        }
    }
    double.sort_by_key(|(_, count)| *count);
    let mut rules = single;
    for (block, count) in double {
        let uses = |name: &str| {
            rules.iter().filter(|(block, _)| block.on.iter().any(|part| part.column == name)).count()
        };
        if rules.len() < RULES_MAX && block.on.iter().all(|part| uses(&part.column) < RULES_OF_COLUMN) {
            rules.push((block, count));
        }
    }
    rules
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn kind_name(kind: Kind) -> String {
    toml::Value::try_from(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn written(settings: &Settings, profiles: &[Profile], rules: &[(Block, u64)], records: usize) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        let _ = writeln!(out, "{text}");
    };
    line("# How records are compared: read off the data, to be looked through by somebody who knows it.");
    line(match settings.task {
        Task::Dedupe => {
            "# dedupe: which records of one table are the same? link: which of two tables?\ntask = \"dedupe\""
        }
        Task::Link => {
            "# link: which records of two tables are the same? dedupe: which of one table?\ntask = \"link\""
        }
    });
    line(
        "\n# Pairs from this probability on are the same. Raise it where a wrong join costs more than a missed one.",
    );
    line(&format!("threshold = {:?}", settings.threshold));
    if settings.task == Task::Link {
        line(
            "\n# Is each record of the one table in the other once at the most? Then the likeliest pairs take each other first.",
        );
        line(&format!("one_to_one = {}", settings.one_to_one));
    }
    line("\n# A block that makes more pairs than this is cut by the next rule, and told.");
    line(&format!("block_pairs_max = {}", settings.block_pairs_max));
    line(
        "\n# What the values are: that decides how they are brought to one writing and which tests fit them.",
    );
    line(
        "# There are name, chinese_name, date, id_number, phone, address, code, number, set, text.\n[columns]",
    );
    for profile in profiles {
        let told = format!(
            "{:.0} % filled, {} distinct: {}",
            profile.filled * 100.0,
            grouped(profile.distinct as u64),
            profile.examples.join(" · ")
        );
        match profile.kind {
            Some(kind) => line(&format!("{} = {:?} # {told}", quoted(&profile.name), kind_name(kind))),
            None => line(&format!("# {} tells nothing ({told})", quoted(&profile.name))),
        }
    }
    line(
        "\n# Blocking rules: only records that agree on all of one rule's parts are compared. A pair that no rule brings",
    );
    line(
        "# together is never found, so each kind of error needs a rule that it does not touch; more rules cost time.",
    );
    line(
        "# A column may be followed by what of it counts: |sound |first(3) |last(4) |letters(7,14) |sorted |year |month_day",
    );
    line(&format!("# |numbers |grams(3) |words. There are {} records.", grouped(records as u64)));
    for (block, count) in rules {
        let on: Vec<String> = block.on.iter().map(|part| quoted(&String::from(part.clone()))).collect();
        line(&format!("\n# {} pairs", grouped(*count)));
        line(&format!("[[block]]\non = [{}]", on.join(", ")));
    }
    if rules.is_empty() {
        line("\n# No column parts the records well: name a rule here.");
    }
    line(
        "\n# Comparisons: each makes a level, the best first; how much a level weighs is learnt from the data. `levels` names",
    );
    line(
        "# other tests than those of the column's kind. term_frequency: rare values count more than common ones.",
    );
    for compare in &settings.comparisons {
        let columns: Vec<String> = compare.columns.iter().map(|name| quoted(name)).collect();
        line(&format!("\n[[comparison]]\ncolumns = [{}]", columns.join(", ")));
        if let Some(name) = &compare.name {
            line(&format!("name = {}", quoted(name)));
        }
        if compare.term_frequency {
            line("term_frequency = true");
        }
        let kind = compare.columns.first().and_then(|name| settings.columns.get(name));
        let tests = match (compare.columns.len(), kind) {
            (1, Some(kind)) => kind.tests(),
            _ => Kind::tests_of_two(),
        };
        let tests: Vec<String> = tests.into_iter().map(|test| quoted(&String::from(test))).collect();
        line(&format!("# levels = [{}]", tests.join(", ")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::RecordsBuilder;

    #[test]
    fn columns_are_known_by_their_values_and_the_file_says_what_was_meant() {
        let names = ["given_name", "surname", "birth", "identity", "住址", "sex", "empty"];
        let mut builder = RecordsBuilder::new(&names.map(str::to_owned));
        let rows: Vec<[String; 7]> = (0..400)
            .map(|i| {
                let base = format!("420106{}{:02}{:02}{:03}", 1950 + i % 60, i % 12 + 1, i % 28 + 1, i);
                let check = clean::check_letter(base.as_bytes()).unwrap_or('0');
                let name = |n: usize| char::from(b'a' + (n % 26) as u8);
                [
                    format!("ann{}{}", name(i), name(i / 7)),
                    format!("smith{}{}", name(i / 3), name(i / 11)),
                    format!("{}-{:02}-{:02}", 1950 + i % 60, i % 12 + 1, i % 28 + 1),
                    format!("{base}{check}"),
                    format!("新华路{}号东湖花园{}栋{}室", i % 50, i % 9, i),
                    if i % 2 == 0 { "m" } else { "f" }.to_owned(),
                    String::new(),
                ]
            })
            .collect();
        builder.push(rows.len(), |n| rows.iter().map(move |row| Some(row[n].as_str())));
        let found = suggest(&builder.finish(), &[]);
        let kinds: Vec<Option<Kind>> = found.profiles.iter().map(|profile| profile.kind).collect();
        let wanted =
            [Kind::Name, Kind::Name, Kind::Date, Kind::IdNumber, Kind::Address, Kind::Code].map(Some);
        assert_eq!(kinds, [&wanted[..], &[None]].concat());
        assert_eq!(Settings::from_toml(&found.text).as_ref(), Ok(&found.settings), "{}", found.text);
        assert_eq!(found.settings.comparisons[0].columns, ["given_name", "surname"]);
        assert!(found.text.contains("\"empty\" tells nothing"));
    }
}

//! Addresses with the kind of each element, as people write them in forms and messages: what a tagger that ships
//! learns from. Divisions come from a table or are invented; all else is made up from the letters of their
//! names, so that a name is no hint by itself.

use crate::names::word;
use gridweave_core::Rng;

/// A division and those above it, each with its ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DivisionLine {
    /// Province, or the municipality.
    pub province: String,
    /// City; empty where the table has none ("市辖区").
    pub city: String,
    /// District or county.
    pub district: String,
    /// Street, town or township.
    pub town: String,
}

/// An element: its kind, as `labels.txt` of the published corpora names it, and its text.
pub type LabelledElement = (&'static str, String);

const ROADS: &[&str] = &[
    "路", "路", "路", "路", "街", "大道", "大街", "巷", "中路", "东路", "西路", "南路", "北路", "道", "胡同",
];
const LANES: &[&str] = &["弄", "支路", "巷", "里", "支弄", "胡同"];
const COMPOUNDS: &[&str] = &[
    "小区", "花园", "家园", "苑", "新村", "公寓", "名邸", "城", "花苑", "嘉苑", "佳苑", "新苑", "华庭", "府",
    "名苑", "一期", "二期", "景苑", "雅苑", "公馆", "别墅", "国际", "宿舍", "院", "大院",
];
const BUILDINGS: &[&str] = &[
    "大厦",
    "广场",
    "中心",
    "商务楼",
    "写字楼",
    "大楼",
    "科技园",
    "工业园",
    "工业区",
    "创意园",
    "商城",
    "市场",
    "学校",
    "小学",
    "中学",
    "医院",
    "酒店",
    "宾馆",
    "银行",
    "公司",
    "有限公司",
    "科技有限公司",
    "厂",
    "服饰厂",
    "超市",
    "便利店",
    "药店",
    "餐厅",
    "食堂",
    "幼儿园",
    "大学",
    "派出所",
    "村委会",
    "居委会",
    "商行",
    "服装城",
    "物流园",
    "车站",
    "地铁站",
    "仓库",
    "门市部",
    "专卖店",
    "服装店",
    "美容院",
    "网吧",
    "4S店",
    "营业厅",
    "加油站",
];
const WITHIN: &[&str] = &[
    "店",
    "超市",
    "菜鸟驿站",
    "物业",
    "快递点",
    "门卫",
    "传达室",
    "保安室",
    "部",
    "办公室",
    "营业部",
    "前台",
];
const VILLAGES: &[&str] = &["村", "社区", "居委会", "村委会"];
const ZONES: &[&str] =
    &["开发区", "经济技术开发区", "工业园区", "高新区", "经济开发区", "高新技术产业开发区", "工业区"];
const WHERE: &[&str] = &[
    "对面",
    "旁",
    "旁边",
    "附近",
    "交叉口",
    "路口",
    "北侧",
    "南门",
    "西门",
    "东门",
    "隔壁",
    "斜对面",
    "内",
    "后面",
    "口",
    "交界处",
    "往东100米",
    "门口",
    "边上",
];
const OTHER: &[&str] =
    &["电联", "请送货上门", "自提", "放门口", "本人签收", "周末送", "提前电话", "转", "收"];
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗";

/// The name without its ending.
fn stem(name: &str) -> &str {
    const ENDINGS: [&str; 13] =
        ["街道", "地区", "自治州", "自治县", "自治区", "省", "市", "区", "县", "镇", "乡", "旗", "盟"];
    let ending = ENDINGS.iter().find(|ending| name.ends_with(*ending));
    let stem = ending.map_or(name, |ending| &name[..name.len() - ending.len()]);
    if stem.chars().count() < 2 { name } else { stem }
}

/// Writes addresses; from a seed always the same.
pub struct LabelledWriter<'a> {
    lines: &'a [DivisionLine],
    letters: Vec<char>,
    numerals: bool,
    elements: Vec<LabelledElement>,
}

impl<'a> LabelledWriter<'a> {
    /// With these divisions, at least one.
    pub fn new(lines: &'a [DivisionLine]) -> Self {
        let mut letters: Vec<char> = Vec::new();
        for line in lines {
            letters.extend(stem(&line.town).chars());
            letters.extend(stem(&line.district).chars());
        }
        letters.retain(|letter| !letter.is_ascii());
        if letters.is_empty() {
            letters.extend("东湖南桥新华和平".chars());
        }
        Self { lines, letters, numerals: false, elements: Vec::new() }
    }

    /// The next address.
    pub fn next(&mut self, rng: &mut dyn Rng) -> Vec<LabelledElement> {
        self.elements.clear();
        self.numerals = rng.chance(0.06);
        let line = self.lines[rng.below(self.lines.len())].clone();
        self.divisions(&line, rng);
        match rng.below(20) {
            0..=8 => {
                self.road(rng);
                if rng.chance(0.5) {
                    self.place(rng);
                }
                self.door(rng);
            }
            9..=14 => {
                self.place(rng);
                self.door(rng);
                if rng.chance(0.1) {
                    self.within(rng);
                }
            }
            15 => {
                self.road(rng);
                self.place(rng);
                self.within(rng);
            }
            16 => {
                // Two roads and where they meet.
                let (one, other) = (self.invented(rng, ROADS), self.invented(rng, ROADS));
                self.add("road", one);
                let join = word(rng, &["与", "和", "、", ""]).to_owned();
                self.add("redundant", join);
                self.add("road", other);
                let how = word(rng, &["交叉口", "路口", "口", "交汇处"]).to_owned();
                self.add("assist", how);
                if rng.chance(0.5) {
                    self.place(rng);
                }
            }
            17 => {
                self.road(rng);
                self.bracketed(rng);
                self.door(rng);
            }
            18 => {
                self.village(rng);
                let houses = format!("{}{}", 1 + rng.below(20), word(rng, &["组", "队", "社"]));
                self.add("community", houses);
                let number = self.number(rng, 300);
                self.add("roadno", format!("{number}号"));
            }
            _ => {
                self.place(rng);
                let how = word(rng, WHERE).to_owned();
                self.add("assist", how);
                if rng.chance(0.6) {
                    self.place(rng);
                }
            }
        }
        if rng.chance(0.04) {
            let words = word(rng, OTHER).to_owned();
            self.add("otherinfo", words);
        }
        if rng.chance(0.01) {
            let surname = SURNAMES.chars().nth(rng.below(20)).unwrap_or('王');
            let given = 1 + usize::from(rng.chance(0.6));
            let name = format!("{surname}{}", self.word(rng, given));
            self.add("person", name);
        }
        std::mem::take(&mut self.elements)
    }

    fn add(&mut self, kind: &'static str, text: String) {
        if !text.is_empty() {
            self.elements.push((kind, text));
        }
    }

    /// Letters of names of divisions.
    fn word(&self, rng: &mut dyn Rng, count: usize) -> String {
        (0..count).map(|_| self.letters[rng.below(self.letters.len())]).collect()
    }

    fn invented(&self, rng: &mut dyn Rng, endings: &[&str]) -> String {
        // Some things are named after a division.
        if rng.chance(0.12) {
            let line = &self.lines[rng.below(self.lines.len())];
            let name = if rng.chance(0.5) { &line.district } else { &line.town };
            return format!("{}{}", stem(name), word(rng, endings));
        }
        let count = 2 + usize::from(rng.chance(0.25)) + usize::from(rng.chance(0.08));
        format!("{}{}", self.word(rng, count), word(rng, endings))
    }

    /// A number below this one, as it is written in this address.
    fn number(&self, rng: &mut dyn Rng, below: usize) -> String {
        let number = 1 + rng.below(below - 1);
        if self.numerals && number <= 99 {
            const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
            let ten = match number / 10 {
                0 => String::new(),
                1 => "十".to_owned(),
                tens => format!("{}十", DIGITS[tens]),
            };
            return format!("{ten}{}", DIGITS[number % 10]);
        }
        number.to_string()
    }

    fn divisions(&mut self, line: &DivisionLine, rng: &mut dyn Rng) {
        let short = |rng: &mut dyn Rng, name: &str| match rng.chance(0.12) {
            true => stem(name).to_owned(),
            false => name.to_owned(),
        };
        if rng.chance(0.01) {
            self.add("country", "中国".to_owned());
        }
        let from = rng.below(10);
        if from < 5 {
            let name = short(rng, &line.province);
            self.add("prov", name);
        }
        if from < 7 && !line.city.is_empty() {
            let name = short(rng, &line.city);
            self.add("city", name);
        }
        if from < 9 {
            let name = short(rng, &line.district);
            self.add("district", name.clone());
            if rng.chance(0.03) {
                self.add("redundant", name);
            }
        }
        if rng.chance(0.06) {
            let zone = if rng.chance(0.5) { word(rng, ZONES).to_owned() } else { self.invented(rng, ZONES) };
            self.add("devzone", zone);
        }
        if rng.chance(0.4) {
            self.add("town", line.town.clone());
        }
        if rng.chance(0.2) {
            self.village(rng);
        }
        if rng.chance(0.04) {
            self.add("redundant", word(rng, &[",", "，", ".", " ", "/"]).trim().to_owned());
        }
    }

    fn village(&mut self, rng: &mut dyn Rng) {
        let name = self.invented(rng, VILLAGES);
        self.add("community", name);
    }

    fn road(&mut self, rng: &mut dyn Rng) {
        let road = self.invented(rng, ROADS);
        self.add("road", road);
        if rng.chance(0.1) {
            let lane = match rng.chance(0.6) {
                true => format!("{}{}", self.number(rng, 900), word(rng, LANES)),
                false => self.invented(rng, LANES),
            };
            self.add("subroad", lane);
            if rng.chance(0.7) {
                let number = self.number(rng, 200);
                self.add("subroadno", format!("{number}号"));
            }
            return;
        }
        if rng.chance(0.9) {
            let number = self.number(rng, 2000);
            let number = match rng.below(16) {
                0 => format!("{number}-{}号", 1 + rng.below(20)),
                1 => format!("{number}号之{}", 1 + rng.below(9)),
                2 => number,
                3 => format!("{number}弄"),
                _ => format!("{number}号"),
            };
            self.add("roadno", number);
        }
    }

    fn place(&mut self, rng: &mut dyn Rng) {
        let endings = if rng.chance(0.55) { COMPOUNDS } else { BUILDINGS };
        let mut name = self.invented(rng, endings);
        if rng.chance(0.1) {
            name = format!("{}{name}", self.word(rng, 2));
        }
        self.add("poi", name);
        if rng.chance(0.08) {
            let part = match rng.below(3) {
                0 => format!("{}区", ["东", "西", "南", "北", "A", "B", "C", "一", "二"][rng.below(9)]),
                1 => format!("{}期", ["一", "二", "三", "1", "2"][rng.below(5)]),
                _ => self.invented(rng, COMPOUNDS),
            };
            self.add("subpoi", part);
        }
    }

    fn within(&mut self, rng: &mut dyn Rng) {
        let name = if rng.chance(0.5) { self.invented(rng, BUILDINGS) } else { self.invented(rng, WITHIN) };
        self.add("subpoi", name);
    }

    fn bracketed(&mut self, rng: &mut dyn Rng) {
        let full = rng.chance(0.5);
        self.add("redundant", if full { "（" } else { "(" }.to_owned());
        self.place(rng);
        self.add("redundant", if full { "）" } else { ")" }.to_owned());
    }

    /// Building, unit, floor and room, some or all.
    fn door(&mut self, rng: &mut dyn Rng) {
        let parts = rng.below(10);
        if parts == 0 {
            return;
        }
        let floor = 1 + rng.below(33);
        let room = format!("{floor}{:02}", 1 + rng.below(8));
        let building = match rng.below(8) {
            0 => ["A", "B", "C", "D", "E", "东", "西", "主"][rng.below(8)].to_owned(),
            _ => self.number(rng, 60),
        };
        if rng.chance(0.2) && parts > 3 {
            // 3-1-502
            let dash = word(rng, &["-", "-", "-", "－", "/", "—"]);
            self.add("houseno", building);
            self.add("redundant", dash.to_owned());
            if rng.chance(0.7) {
                let unit = (1 + rng.below(4)).to_string();
                self.add("cellno", unit);
                self.add("redundant", dash.to_owned());
            }
            self.add("roomno", room);
            return;
        }
        if parts > 1 {
            let word = word(rng, &["栋", "幢", "号楼", "座", "#", "栋", "幢", "号"]);
            self.add("houseno", format!("{building}{word}"));
        }
        if parts > 4 && rng.chance(0.7) {
            let unit = self.number(rng, 5);
            let word = word(rng, &["单元", "单元", "单元", "门", "梯"]);
            self.add("cellno", format!("{unit}{word}"));
        }
        if rng.chance(0.25) {
            let word = word(rng, &["楼", "层", "F", "楼"]);
            let written = if self.numerals { self.number(rng, 30) } else { floor.to_string() };
            self.add("floorno", format!("{written}{word}"));
            if rng.chance(0.4) {
                return;
            }
        }
        if parts > 2 {
            let word = word(rng, &["室", "室", "", "", "房", "号"]);
            self.add("roomno", format!("{room}{word}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridweave_core::SeededRng;
    use std::collections::HashSet;

    #[test]
    fn every_kind_is_written_and_a_seed_says_the_same() {
        let lines = [DivisionLine {
            province: "东湖省".to_owned(),
            city: "澜江市".to_owned(),
            district: "南桥区".to_owned(),
            town: "北苑街道".to_owned(),
        }];
        let written = |seed| {
            let mut rng = SeededRng::new(seed);
            let mut writer = LabelledWriter::new(&lines);
            (0..3000).map(|_| writer.next(&mut rng)).collect::<Vec<_>>()
        };
        let all = written(4);
        assert_eq!(all, written(4));
        let kinds: HashSet<&str> = all.iter().flatten().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds.len(), 21, "{kinds:?}");
        assert!(all.iter().all(|one| !one.is_empty() && one.iter().all(|(_, text)| !text.is_empty())));
    }
}

//! Invented names.

use gridweave_core::Rng;

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "邓", "冯", "韩", "曹", "曾", "彭", "萧", "蔡",
    "潘", "田", "董", "袁", "于", "余",
];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明", "超",
    "秀", "霞", "平", "刚", "桂", "英", "华", "玉", "兰", "红", "建", "文", "辉", "力", "云", "莲", "真",
    "环", "雪", "荣", "爱", "妹", "霖",
];
const FRONT: &[&str] = &[
    "东湖", "南桥", "西塘", "北苑", "和平", "新华", "翠竹", "青松", "文昌", "福寿", "兴隆", "朝阳", "荷塘",
    "光明", "建设", "滨江", "锦绣", "紫荆", "云溪", "龙泉", "凤凰", "梅园", "玉泉", "长青", "金桂", "银杏",
    "明珠", "望江", "观澜", "临湖", "澄光", "鼓楼", "石桥", "柳岸", "丹桂", "海棠", "星河", "瑞景", "映月",
    "清河",
];
const COMPOUND_ENDS: &[&str] = &["花园", "小区", "家园", "苑", "新村", "公寓", "名邸", "雅居"];
const ROAD_ENDS: &[&str] = &["路", "大道", "街", "中路", "东路", "西路"];
const SHOPS: &[(&str, &str)] = &[
    ("超市", "retail"),
    ("药店", "pharmacy"),
    ("餐馆", "restaurant"),
    ("理发店", "service"),
    ("五金店", "retail"),
    ("水果店", "retail"),
    ("早点铺", "restaurant"),
    ("诊所", "clinic"),
    ("便利店", "retail"),
    ("快递站", "service"),
];

/// One of a list.
pub(crate) fn pick<'a, T>(rng: &mut dyn Rng, list: &'a [T]) -> &'a T {
    &list[rng.below(list.len())]
}

/// One of some words.
pub(crate) fn word<'a>(rng: &mut dyn Rng, words: &[&'a str]) -> &'a str {
    words[rng.below(words.len())]
}

/// A person's name.
pub(crate) fn person(rng: &mut dyn Rng) -> String {
    let mut name = pick(rng, SURNAMES).to_string();
    name += pick::<&str>(rng, GIVEN);
    if rng.chance(0.7) {
        name += pick::<&str>(rng, GIVEN);
    }
    name
}

/// The `n`-th of a list of names that do not repeat: fronts first, then pairs of fronts.
fn nth(n: usize, ends: &[&str]) -> String {
    let size = FRONT.len();
    let end = ends[(n + n / size) % ends.len()];
    if n < size {
        return format!("{}{end}", FRONT[n]);
    }
    let first = FRONT[n % size].chars().next().unwrap_or('新');
    let second = FRONT[(n / size * 7 + n) % size].chars().last().unwrap_or('安');
    match n / (size * 6) {
        0 => format!("{first}{second}{end}"),
        round => format!("{first}{second}{}{end}", further(round)),
    }
}

/// The letters that tell names of one round from those of another: a digit each.
fn further(round: usize) -> String {
    let letter = ["", "和", "安", "康", "乐", "宁", "盛", "泰", "顺", "嘉"][round % 10];
    match round / 10 {
        0 => letter.to_owned(),
        // A nought within a number needs a letter of its own, or two rounds would have one name.
        more => format!("{}{}", further(more), if letter.is_empty() { "福" } else { letter }),
    }
}

/// Makes names distinct by a number of their own in Chinese numerals where they repeat.
pub(crate) struct Distinct {
    seen: std::collections::HashMap<String, usize>,
    next: usize,
    ends: &'static [&'static str],
}

impl Distinct {
    pub(crate) fn compounds() -> Self {
        Self { seen: Default::default(), next: 0, ends: COMPOUND_ENDS }
    }

    pub(crate) fn roads() -> Self {
        Self { seen: Default::default(), next: 0, ends: ROAD_ENDS }
    }

    pub(crate) fn communities() -> Self {
        Self { seen: Default::default(), next: 0, ends: &["社区"] }
    }

    pub(crate) fn streets() -> Self {
        Self { seen: Default::default(), next: 3, ends: &["街道"] }
    }

    pub(crate) fn districts() -> Self {
        Self { seen: Default::default(), next: 1, ends: &["区"] }
    }

    pub(crate) fn next(&mut self) -> String {
        loop {
            let name = nth(self.next, self.ends);
            self.next += 1;
            let count = self.seen.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 {
                return name;
            }
        }
    }
}

/// A shop's name and kind.
pub(crate) fn shop(rng: &mut dyn Rng) -> (String, &'static str) {
    let (what, kind) = pick(rng, SHOPS);
    (format!("{}{what}", pick(rng, FRONT)), kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_run_out() {
        let mut names = Distinct::compounds();
        let made: std::collections::HashSet<String> = (0..60_000).map(|_| names.next()).collect();
        assert_eq!(made.len(), 60_000);
    }
}

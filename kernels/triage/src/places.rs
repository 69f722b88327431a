//! Places that a text names: what ends as places' names do, with the houses behind it.

use crate::text::{Gap, Unit, units};
use std::ops::Range;

/// Endings of names, the longer before the shorter that they end in.
const ENDINGS: &str = "街道办 街道 社区 小区 花园 家园 新村 公寓 名邸 雅居 新城 国际城 大厦 广场 大道 大街 胡同 步行街 工业园 科技园 产业园 公园 学校 小学 中学 大学 幼儿园 医院 市场 商场 车站 地铁站 水库 大桥 立交 高速 国道 省道 苑 府 湾 郡 邸 庄 路 街 巷 弄 村 镇 乡 县 区 市 省";
/// Words that end like one and are none; a name does not end with them.
const TRAPS: &str = "清路 上路 让路 占路 堵路 挡路 条路 段路 边路 封路 绕路 拦路 迷路 断路 短路 出路 来路 去路 楼路 社区医院 菜市场 农贸市场 批发市场 大医院 县医院 市医院 公立学校 附近学校 超市 城市 门市 都市 夜市 股市 上市 菜市 区区 地区 片区 园区 辖区 校区 景区 山区 郊区 城区 灾区 库区 市区 小区 社区 学区 特区 老区 道路 公路 马路 修路 铁路 线路 思路 一路 走路 过路 问路 电路 半路 带路 开路 大路 小路 水路 网路 逛街 上街 满街 农村 乡村 全村 本村 我村 各村 贵村 山村 县城 我县 全县 本县 我市 全市 本市 各市 我省 全省 本省 各省 政府 村庄 农庄 城镇 乡镇 我镇 全镇 家乡 老乡 下乡 城乡 回乡 学校 大学 中学 小学 医院 市场 商场 公园 广场 车站 地铁站 幼儿园 高速 国道 省道 水库 大桥 大道 大街 街道 公寓 花园 家园 新村 新城 大厦 胡同";
/// Letters that no name has before its ending: of a name nothing before them is part.
const STOPS: &str = "的在于是与到从了住我你您他她它们这那请让被把给就都也还很问但已又将等每该各某些至往离距靠近经沿对没不去可会能想要说为因而且或即如若";
/// What stands behind the number of a house, a stair or a room.
const HOUSES: &str = "栋幢号座楼期组单室弄院";
const NUMERALS: &str = "零〇一二三四五六七八九十甲乙丙";
/// Units of a name before its ending.
const NAME_MAX: usize = 6;

fn ends_with_any(text: &str, words: &str) -> Option<usize> {
    words.split(' ').find(|word| text.ends_with(word)).map(str::len)
}

/// Is a unit a word of Latin letters, which no Chinese name begins with?
fn is_word(unit: &str) -> bool {
    unit.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Where the places stand in a cleaned text, those that follow at once as one.
pub fn places(cleaned: &str) -> Vec<Range<usize>> {
    let mut all: Vec<Unit> = Vec::new();
    units(cleaned, &mut |unit| {
        all.push(unit);
        true
    });
    let of = |unit: &Unit| &cleaned[unit.from as usize..unit.to as usize];
    let mut found: Vec<Range<usize>> = Vec::new();
    // The first unit that is not yet part of a place, or that a name may begin with.
    let mut free = 0;
    let mut at = 0;
    while at < all.len() {
        let unit = &all[at];
        let ends = unit.whole.is_some() && ENDING_LETTERS.contains(&unit.whole.unwrap_or(' '));
        if !ends {
            at += 1;
            continue;
        }
        // 路灯, 路面, 街灯 are things of the road, not its name.
        let thing = all.get(at + 1).filter(|next| next.gap == Gap::None).and_then(|next| next.whole);
        if unit.whole.is_some_and(|letter| "路街道".contains(letter))
            && thing.is_some_and(|next| "灯面况费程障标".contains(next))
        {
            at += 1;
            continue;
        }
        // Back to where the name may begin.
        let mut first = at;
        while first > free
            && at - first < NAME_MAX + 2
            && all[first].gap != Gap::Mark
            && !(all[first].gap == Gap::Blank && is_word(of(&all[first - 1])))
            && all[first - 1].whole.is_none_or(|letter| !STOPS.contains(letter))
        {
            first -= 1;
        }
        let text = &cleaned[all[first].from as usize..unit.to as usize];
        // The longest ending that lies here may go on: 街 of 街道.
        let longer = all.get(at + 1).is_some_and(|next| {
            next.gap == Gap::None
                && ends_with_any(&format!("{}{}", of(unit), of(next)), ENDINGS)
                    .is_some_and(|ending| ending > of(next).len())
        });
        // Behind a place an ending needs no name: 丽发新城小区.
        let goes_on = found.last().is_some_and(|before| before.end == all[first].from as usize);
        let named = ends_with_any(text, ENDINGS).filter(|_| !longer).is_some_and(|ending| {
            let name = &text[..text.len() - ending];
            let trapped = ends_with_any(text, TRAPS).is_some_and(|trap| trap > ending || trap == text.len());
            if name.trim().is_empty() { goes_on } else { !trapped }
        });
        if !named {
            at += 1;
            continue;
        }
        // Houses behind it.
        let mut last = at;
        while let (Some(number), Some(kind)) = (all.get(last + 1), all.get(last + 2)) {
            let counts = number.number
                || number.whole.is_none()
                || number.whole.is_some_and(|letter| NUMERALS.contains(letter));
            if !counts
                || number.gap == Gap::Mark
                || kind.gap != Gap::None
                || !kind.whole.is_some_and(|letter| HOUSES.contains(letter))
            {
                break;
            }
            last += 2;
            // 单元, 号楼
            if all.get(last + 1).is_some_and(|next| {
                next.gap == Gap::None && next.whole.is_some_and(|letter| "元楼".contains(letter))
            }) {
                last += 1;
            }
        }
        let span = all[first].from as usize..all[last].to as usize;
        match found.last_mut() {
            Some(before) if before.end == span.start => before.end = span.end,
            _ => found.push(span),
        }
        free = last + 1;
        at = last + 1;
    }
    found
}

/// Letters that endings end with.
const ENDING_LETTERS: [char; 36] = [
    '办', '道', '区', '园', '村', '寓', '邸', '居', '城', '厦', '场', '街', '同', '学', '校', '院', '站',
    '库', '桥', '交', '速', '苑', '府', '湾', '郡', '庄', '路', '巷', '弄', '镇', '乡', '县', '市', '省',
    '里', '门',
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<&str> {
        places(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn names_are_found_with_what_lies_before_and_behind_them() {
        assert_eq!(of("我住东湖花园3栋1单元502室,电梯坏了"), ["东湖花园3栋1单元502室"]);
        assert_eq!(of("a2区丽发新城小区附近的搅拌站"), ["a2区丽发新城小区"]);
        assert_eq!(of("位于楚龙街道的南塘路经常堵"), ["楚龙街道", "南塘路"]);
        assert_eq!(of("我们小区的路灯不亮,这条马路很黑"), [""; 0]);
        assert_eq!(of("超市里有人在城市广场跳舞"), ["城市广场"]);
        assert_eq!(of("晚上看不清路,老人去医院不方便,街灯全黑了"), [""; 0]);
        assert_eq!(of("新华路路灯不亮"), ["新华路"]);
        assert_eq!(of("at 清河雅居 the bus no longer stops"), ["清河雅居"]);
        assert_eq!(of("a5区万家丽中路泰禹家园一期4栋305房"), ["a5区万家丽中路泰禹家园一期4栋"]);
    }
}

//! Signals of danger in a text: gas, fire, injury, an open manhole, flood, a building that gives way, a person in danger.
//!
//! A signal is a thing and what is wrong with it within a few clauses, or one phrase that says both. It is excused where
//! the words before deny it or only fear it, where the sentence is about a drill, a course, an insurance or the like, and
//! where it is said to be over. Recall goes before precision: what stays unclear is told.

use crate::text::{Gap, Unit, clean, units};
use aho_corasick::{AhoCorasick, MatchKind};
use serde::Serialize;
use std::sync::LazyLock;

/// What kind of danger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// Gas leaks.
    Gas,
    /// Something burns or smokes.
    Fire,
    /// Somebody is hurt.
    Injury,
    /// A manhole is open or broken.
    Manhole,
    /// Water where people live or drive.
    Flood,
    /// A wall, a house, a road gives way.
    Collapse,
    /// A person is trapped, threatened, lost or about to harm themselves.
    Person,
}

impl Danger {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Gas, Self::Fire, Self::Injury, Self::Manhole, Self::Flood, Self::Collapse, Self::Person];

    /// Its name: `gas`, `fire`, `injury`, `manhole`, `flood`, `collapse`, `person`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gas => "gas",
            Self::Fire => "fire",
            Self::Injury => "injury",
            Self::Manhole => "manhole",
            Self::Flood => "flood",
            Self::Collapse => "collapse",
            Self::Person => "person",
        }
    }
}

/// A signal that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// What kind.
    pub danger: Danger,
    /// The words that say so.
    pub words: String,
}

/// What a phrase is for. A phrase may be for several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Says all by itself.
    Says(Danger),
    /// A thing that may be dangerous.
    Thing(Danger),
    /// What is wrong with such a thing.
    Wrong(Danger),
    /// Denies what follows within a few units.
    Denies,
    /// Fears or supposes what follows in the clause.
    Supposes,
    /// The sentence is about something else.
    Else,
    /// It is over; this clause and the one before.
    Over,
}

use Danger::{Collapse, Fire, Flood, Gas, Injury, Manhole, Person};
use Role::{Denies, Else, Over, Says, Supposes, Thing, Wrong};

/// Phrases, parted by blanks; `_` stands for a blank within one.
const PHRASES: [(Role, &str); 26] = [
    (
        Says(Gas),
        "漏气 煤气味 燃气味 天然气味 液化气味 瓦斯味 煤气中毒 一氧化碳 臭鸡蛋味 gas_leak smell_of_gas smells_of_gas smell_gas smells_like_gas leaking_gas",
    ),
    (Thing(Gas), "煤气 燃气 天然气 液化气 瓦斯 煤气罐 气罐 气管 gas"),
    (
        Wrong(Gas),
        "泄漏 泄露 漏了 在漏 气味 味道很大 味道很重 怪味 刺鼻 嘶嘶 挖断 挖破 挖爆 挖漏 leak leaks leaking smell smells hissing",
    ),
    (
        Says(Fire),
        "着火 起火 失火 火灾 火情 大火 明火 冒烟 冒黑烟 浓烟 冒火 火花 火苗 火光 烧起来 烧着了 在燃烧 自燃 爆炸 爆燃 烧焦 焦糊味 焦味 火很大 on_fire fire flames smoke burning explosion exploded sparks",
    ),
    (
        Says(Injury),
        "受伤 砸伤 咬伤 撞伤 摔伤 烧伤 烫伤 刺伤 打伤 扎伤 割伤 轧伤 流血 出血 头破血流 昏迷 昏倒 晕倒 骨折 触电 电击 食物中毒 伤口 起不来 爬不起来 没有呼吸 不省人事 休克 抽搐 重伤 伤者 伤员 死亡 injured bleeding unconscious wounded hit_by_a_car run_over cannot_get_up can't_get_up fainted electrocuted is_hurt was_hurt got_hurt",
    ),
    (Thing(Manhole), "井盖 窨井 检查井 下水道盖 下水井 污水井盖 雨水井 manhole"),
    (
        Wrong(Manhole),
        "不见 缺失 丢失 丢了 被偷 没了 没有盖 没盖 破了 破损 碎了 塌陷 塌了 陷进 陷下 掉进 掉下去 大洞 敞开 敞着 张着口 翘起 断裂 open missing stolen broken collapsed gone",
    ),
    (
        Says(Flood),
        "被水淹 被淹 水淹 淹了 淹水 漫进 漫上 漫过 进水 倒灌 爆管 水管爆裂 管道爆裂 水管爆了 洪水 积水很深 积水齐 积水到 到膝盖 没过膝盖 齐腰 水还在涨 水位上涨 决口 溃坝 flooded flooding flood under_water underwater water_main_burst burst_pipe pipe_burst",
    ),
    (
        Thing(Collapse),
        "墙 梁 柱 房子 房屋 楼体 楼房 楼板 整栋楼 阳台 围墙 脚手架 天花板 屋顶 屋面 危房 挡土墙 边坡 山体 塔吊 路面 地面 桥面 大桥 wall balcony building house ceiling scaffold scaffolding roof bridge",
    ),
    (
        Wrong(Collapse),
        "大缝 裂缝 裂了 开裂 裂开 倾斜 歪了 倒塌 坍塌 垮塌 塌了 要塌 快塌 塌陷 塌方 下沉 滑坡 倒了 要倒 快倒 往下掉 水泥块 摇摇欲坠 crack cracks cracked cracking collapse collapsed collapsing leaning",
    ),
    (Says(Collapse), "坍塌 垮塌 房屋倒塌 要塌 快塌了 山体滑坡 泥石流 脚手架要倒 about_to_collapse"),
    (
        Says(Person),
        "跳楼 轻生 自杀 寻短见 割腕 想不开 困人 被困 困在 关在电梯 溺水 落水 掉进河 掉到河 掉进水 掉到水 掉进湖 掉进井 救命 呼救 拿刀 持刀 砍人 砍伤 行凶 打人 殴打 被打 家暴 劫持 绑架 失踪 走失 走丢 几天没出门 没人应 无人应答 没有应答 联系不上老人 虐待 性侵 尾随 wants_to_jump about_to_jump suicide trapped drowning drowned knife kidnapped missing_child screaming_for_help beaten",
    ),
    (Thing(Person), "孩子 小孩 老人 child man woman person boy girl"),
    (Wrong(Person), "掉进 掉下 坠楼 坠落 fell_into fell_from fell_off fell_out"),
    (
        Denies,
        "没有 没 无 未 不是 并非 从未 不会 不再 no not nobody never without no_one none wasn't isn't weren't",
    ),
    (
        Supposes,
        "如果 万一 防止 避免 预防 以免 免得 防范 怕 容易 易 差点 险些 会不会 小心 模拟 像 好像真 以为 if prevent avoid in_case could_cause might_cause",
    ),
    (
        Else,
        "演练 演习 演得 训练营 培训 课程 讲座 报名 考试 怎么考 门票 乐园 票价 保险 宣传 彩绘 表演 电影 游戏 小说 drill course training insurance lesson lessons movie game exercise",
    ),
    (
        Else,
        "消防栓 消火栓 灭火器 hydrant extinguisher fireworks fire_station fire_brigade firefighters firefighter fire_alarm_test fire_door fire_exit fire_escape fire_lane fire_safety fire_inspection smoke_detector smoke_detectors no_smoking",
    ),
    (
        Else,
        "火锅 火爆 火车 火腿 跳楼价 跳楼机 大火锅 熏腊肉 烧烤摊 抽烟 工伤认定 伤残证 受伤的心 屏幕 门票 鉴定 安检 涨价 价格 换气 抄表 气表 营业厅 账单 缴费 充值 开户 通气 gas_meter gas_bill gas_price gas_station",
    ),
    (
        Else,
        "小裂纹 不影响 地砖 瓷砖 pavement sidewalk 防汛演 补种 植树 归哪个部门 法律咨询 怎么办理 要什么材料 什么时候上门 什么时候发 隐患排查 火灾隐患 消防隐患 安全隐患 消防通道 消防车通道 消防检查",
    ),
    (
        Over,
        "修好 补好 处理好 解决了 已修复 修复了 已经修 恢复正常 已恢复 已经好 扑灭了 换好 新换 获救 脱险 盖子是好的 表扬 repaired fixed fine_again safely painted repainted false_alarm found_no restored resolved",
    ),
    (Denies, "幸好没 幸亏没 好在没 并没有 还没有 有没有 是否 是不是 whether"),
    (Thing(Fire), "配电箱 电表箱 电线 插座 充电 电动车 电瓶车 垃圾桶 厨房"),
    (Wrong(Fire), "烧了 在烧 冒烟 打火 短路 火星 烧掉 发烫"),
    (Thing(Flood), "车库 地下室 一楼 桥洞 隧道 涵洞 水管 河水 房子 basement street garage cellar"),
    (Wrong(Flood), "被困 水淹 淹没 爆裂 喷水 喷出来 涨水 水深 burst water_is_rising knee_deep"),
];

/// Units between a denial and what it denies, at the most.
const DENIED_WITHIN: usize = 3;
/// Clauses that a thing and what is wrong with it may lie apart.
const CLAUSES_APART: usize = 1;

struct Phrases {
    machine: AhoCorasick,
    roles: Vec<Role>,
}

static FOUND: LazyLock<Option<Phrases>> = LazyLock::new(|| {
    let mut words: Vec<String> = Vec::new();
    let mut roles = Vec::new();
    for (role, phrases) in PHRASES {
        for phrase in phrases.split(' ') {
            words.push(phrase.replace('_', " "));
            roles.push(role);
        }
    }
    let machine = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&words).ok()?;
    Some(Phrases { machine, roles })
});

/// A phrase that stands in a text.
#[derive(Clone, Copy, Debug)]
struct Hit {
    role: Role,
    from: usize,
    to: usize,
    /// The units that it begins and ends with, and the clause it stands in.
    first: usize,
    last: usize,
    clause: usize,
}

/// The signals of danger in a text, one of a kind.
pub fn signals(text: &str) -> Vec<Signal> {
    let cleaned = clean(text);
    let Some(phrases) = FOUND.as_ref() else { return Vec::new() };
    if !phrases.machine.is_match(&cleaned) {
        return Vec::new();
    }
    let mut all: Vec<Unit> = Vec::new();
    units(&cleaned, &mut |unit| {
        all.push(unit);
        true
    });
    // The clause of each unit.
    let clauses: Vec<usize> = all
        .iter()
        .scan(0, |clause, unit| {
            *clause += usize::from(unit.gap == Gap::Mark);
            Some(*clause)
        })
        .collect();
    let hit = |found: aho_corasick::Match| {
        let (from, to) = (found.start(), found.end());
        let first = all.partition_point(|unit| unit.to as usize <= from);
        let last = all.partition_point(|unit| (unit.from as usize) < to).checked_sub(1)?;
        // Of words no part is meant.
        let whole = all.get(first)?.from as usize <= from
            && all[first].from as usize == from
            && all[last].to as usize == to;
        let role = phrases.roles[found.pattern().as_usize()];
        whole.then_some(Hit { role, from, to, first, last, clause: clauses[first] })
    };
    let hits: Vec<Hit> = phrases.machine.find_overlapping_iter(&cleaned).filter_map(hit).collect();
    let mut found: Vec<Signal> = Vec::new();
    let mut tell = |danger: Danger, words: String| {
        if !found.iter().any(|signal| signal.danger == danger) {
            found.push(Signal { danger, words });
        }
    };
    for at in &hits {
        match at.role {
            Says(danger) if !excused(&hits, at, danger) => tell(danger, cleaned[at.from..at.to].to_owned()),
            Wrong(danger) => {
                let thing = hits.iter().find(|thing| {
                    thing.role == Thing(danger)
                        && thing.clause.abs_diff(at.clause) <= CLAUSES_APART
                        // What is wrong is said of the thing, not of a part of its name.
                        && (thing.to <= at.from || at.to <= thing.from)
                });
                if let Some(thing) = thing.filter(|_| !excused(&hits, at, danger)) {
                    tell(danger, format!("{} {}", &cleaned[thing.from..thing.to], &cleaned[at.from..at.to]));
                }
            }
            _ => {}
        }
    }
    found
}

/// Is what is said denied, supposed, over, or about something else?
fn excused(hits: &[Hit], at: &Hit, danger: Danger) -> bool {
    hits.iter().any(|other| match other.role {
        // A denial is one only where it is no part of what is said.
        Denies => {
            other.clause == at.clause && other.to <= at.from && at.first - other.last - 1 <= DENIED_WITHIN
        }
        // Of gas the fear is enough.
        Supposes => danger != Gas && other.clause == at.clause && other.to <= at.from,
        Else => {
            other.clause.abs_diff(at.clause) <= CLAUSES_APART && !(at.from <= other.from && other.to <= at.to)
        }
        Over => other.clause == at.clause || other.clause == at.clause + 1,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Danger> {
        signals(text).into_iter().map(|signal| signal.danger).collect()
    }

    #[test]
    fn dangers_are_told_in_both_languages() {
        let cases = [
            ("我家楼道里煤气味道很大，怀疑泄漏", Gas),
            ("施工队把天然气管挖断了", Gas),
            ("I can smell gas in the kitchen", Gas),
            ("三楼阳台冒浓烟，快来人", Fire),
            ("My neighbour's flat is on fire!", Fire),
            ("有个老人在台阶上摔倒了，头破血流", Injury),
            ("A cyclist was hit by a car and is bleeding", Injury),
            ("小区门口的井盖被人偷走，井盖没了", Manhole),
            ("there is an open manhole near the school", Manhole),
            ("暴雨把地下车库淹了", Flood),
            ("our basement is flooded", Flood),
            ("承重墙出现一条裂缝，越来越宽", Collapse),
            ("The balcony has a big crack", Collapse),
            ("电梯里困人了，有小孩在哭", Person),
            ("someone is trapped in the elevator", Person),
            ("有人要从楼顶跳楼", Person),
        ];
        for (text, danger) in cases {
            assert!(of(text).contains(&danger), "{text}: {:?}", signals(text));
        }
    }

    #[test]
    fn what_only_sounds_like_danger_is_not_told() {
        let cases = [
            "昨天没有着火，是有人在做饭",
            "消防演练那天烟很大，像真的着火一样",
            "小区的消防栓重新刷漆了",
            "楼道堆满杂物，万一着火跑不出去",
            "幸好没有人受伤",
            "燃气公司来过，没有漏气",
            "请问燃气安检是什么时候",
            "墙上的裂缝已经修好了，谢谢",
            "手机屏幕裂了",
            "火锅店太吵，生意火爆",
            "There was no fire, only a drill",
            "the fire hydrant was repainted",
            "fire drill on Friday",
            "Nobody was hurt in the accident",
            "电梯以前困过人，现在修好了",
            "路灯不亮，晚上看不清",
            "the manhole cover was painted",
        ];
        for text in cases {
            assert_eq!(of(text), [], "{text}: {:?}", signals(text));
        }
    }

    #[test]
    fn nothing_is_found_in_part_of_a_word_and_any_text_is_read() {
        assert_eq!(of("He was fired from his job at Gasthof Leakey"), []);
        assert_eq!(of(""), []);
        assert_eq!(of("<b>\u{200b}"), []);
    }
}

//! Why a visit is left out, in words.

use super::clock_text;
use super::reading::Read;
use crate::args::Language;
use gridweave_rounds::Why;

/// A reason in a language.
pub fn of(why: Why, read: &Read, language: Language) -> String {
    let worker = |number: usize| read.worker_ids.get(number).cloned().unwrap_or_default();
    match (language, why) {
        (Language::Zh, Why::NoSkill) => "当天没有具备所需技能的网格员".to_owned(),
        (Language::En, Why::NoSkill) => "nobody of this day has the skills for it".to_owned(),
        (Language::Zh, Why::NotTwo) => "需要两人同去，当天具备所需技能的不足两人".to_owned(),
        (Language::En, Why::NotTwo) => "it needs two, and fewer than two have the skills for it".to_owned(),
        (Language::Zh, Why::NoShift { from, until }) => {
            format!("可上门时间 {}–{} 内没有具备技能的人在班", clock_text(from), clock_text(until))
        }
        (Language::En, Why::NoShift { from, until }) => {
            format!("nobody who could is on shift from {} to {}", clock_text(from), clock_text(until))
        }
        (Language::Zh, Why::TooFar { short }) => {
            format!("路程过远：即使只去这一户，班次还差 {short:.0} 分钟")
        }
        (Language::En, Why::TooFar { short }) => {
            format!("too far: with nothing else to do the shift would be {short:.0} minutes too short")
        }
        (Language::Zh, Why::Full { worker: number, more }) => {
            format!("各人行程已满：{} 延长 {more:.0} 分钟即可安排", worker(number))
        }
        (Language::En, Why::Full { worker: number, more }) => {
            format!("all rounds are full: {} could with {more:.0} minutes more", worker(number))
        }
        (Language::Zh, Why::Window { able }) => {
            format!("可上门时间与 {able} 名能去的人已有的安排都冲突")
        }
        (Language::En, Why::Window { able }) => {
            format!("when it may begin, all {able} who could are bound to other visits")
        }
        (Language::Zh, Why::NotWorth { walk }) => format!("要多走 {walk:.0} 分钟，高于其紧急程度所值"),
        (Language::En, Why::NotWorth { walk }) => {
            format!("it would take {walk:.0} minutes more of walking, more than its urgency is worth")
        }
    }
}

//! Standard addresses as people write them: each kind of bad writing by itself or some at once, from a seed.
//! What a matcher of addresses is measured with; it shares nothing with the matcher.

use crate::names::word;
use gridweave_core::Rng;

/// A way of writing badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Noise {
    /// Digits and Latin letters in full width.
    FullWidth,
    /// Blanks between and within elements.
    Blanks,
    /// Commas between elements, the compound or building in brackets.
    Marks,
    /// Numbers behind the road in Chinese numerals.
    Numerals,
    /// Another word for 栋: 幢, 座, 号楼, #.
    BuildingWord,
    /// Another word for 单元 and 室: 门, 梯; 户, 房, none.
    DoorWord,
    /// Building, unit and room joined by dashes.
    Dashes,
    /// Divisions left out, all or some.
    NoDivisions,
    /// Road and number left out, where a compound is there.
    NoRoad,
    /// Compound left out, where a road and number are there.
    NoCompound,
    /// Traditional letters.
    Traditional,
    /// A letter of a name for another of the same sound.
    SoundsAlike,
    /// A letter of a name for another that looks like it.
    LooksAlike,
    /// A letter of a name left out.
    LetterMissing,
    /// A division said twice.
    Twice,
    /// Words that belong to no address, behind it.
    Appended,
}

impl Noise {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::FullWidth,
        Self::Blanks,
        Self::Marks,
        Self::Numerals,
        Self::BuildingWord,
        Self::DoorWord,
        Self::Dashes,
        Self::NoDivisions,
        Self::NoRoad,
        Self::NoCompound,
        Self::Traditional,
        Self::SoundsAlike,
        Self::LooksAlike,
        Self::LetterMissing,
        Self::Twice,
        Self::Appended,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FullWidth => "full_width",
            Self::Blanks => "blanks",
            Self::Marks => "marks",
            Self::Numerals => "numerals",
            Self::BuildingWord => "building_word",
            Self::DoorWord => "door_word",
            Self::Dashes => "dashes",
            Self::NoDivisions => "no_divisions",
            Self::NoRoad => "no_road",
            Self::NoCompound => "no_compound",
            Self::Traditional => "traditional",
            Self::SoundsAlike => "sounds_alike",
            Self::LooksAlike => "looks_alike",
            Self::LetterMissing => "letter_missing",
            Self::Twice => "twice",
            Self::Appended => "appended",
        }
    }
}

/// The elements of a standard address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Parts {
    divisions: Vec<String>,
    road: String,
    road_number: String,
    compound: String,
    building: String,
    building_word: String,
    unit: String,
    unit_word: String,
    room: String,
    room_word: String,
    /// Between the parts below the divisions.
    joined: Joined,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Joined {
    #[default]
    Directly,
    Dashes,
}

/// Takes letters from the front up to and with an ending, where it stands there.
fn up_to(rest: &mut String, endings: &[&str]) -> Option<String> {
    let end = endings.iter().filter_map(|ending| rest.find(ending).map(|at| at + ending.len())).min()?;
    let taken: String = rest.drain(..end).collect();
    Some(taken)
}

impl Parts {
    /// Of an address as `gridweave city` writes it: divisions down to a community or village, road, number and
    /// 号, compound, then numbers with 栋, 单元 and 室.
    fn of(address: &str) -> Self {
        let mut rest = address.to_owned();
        let mut parts = Self::default();
        let room = rest.strip_suffix('室').map(|front| {
            let digits = front.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            (digits, front[digits..].to_owned())
        });
        if let Some((at, room)) = room {
            parts.room = room;
            parts.room_word = "室".to_owned();
            rest.truncate(at);
        }
        for (word, into) in [("单元", 0), ("栋", 1)] {
            let Some(front) = rest.strip_suffix(word) else { continue };
            let at = front.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
            let number = front[at..].to_owned();
            rest.truncate(at);
            match into {
                0 => (parts.unit, parts.unit_word) = (number, word.to_owned()),
                _ => (parts.building, parts.building_word) = (number, word.to_owned()),
            }
        }
        if rest.contains("社区") || rest.contains('村') {
            let mut divisions = up_to(&mut rest, &["社区", "村"]).unwrap_or_default();
            while let Some(one) =
                up_to(&mut divisions, &["省", "市", "街道", "镇", "乡", "社区", "村", "区", "县"])
            {
                parts.divisions.push(one);
            }
        }
        if let Some(at) = rest.find('号') {
            let front = rest[..at].trim_end_matches(|c: char| c.is_ascii_digit()).len();
            parts.road = rest[..front].to_owned();
            parts.road_number = rest[front..at].to_owned();
            rest.drain(..at + '号'.len_utf8());
        }
        parts.compound = rest;
        parts
    }

    fn below(&self) -> String {
        let numbers = [
            (&self.building, &self.building_word),
            (&self.unit, &self.unit_word),
            (&self.room, &self.room_word),
        ];
        match self.joined {
            Joined::Directly => numbers.iter().map(|(number, word)| format!("{number}{word}")).collect(),
            Joined::Dashes => {
                let there = numbers.iter().filter(|(number, _)| !number.is_empty()).map(|(n, _)| n.as_str());
                there.collect::<Vec<_>>().join("-")
            }
        }
    }

    /// Put together, with marks between where they are wanted.
    fn written(&self, between: &str, bracketed: bool) -> String {
        let road = if self.road_number.is_empty() {
            String::new()
        } else {
            format!("{}{}号", self.road, self.road_number)
        };
        let compound = match bracketed && !self.compound.is_empty() && !road.is_empty() {
            true => format!("（{}）", self.compound),
            false => self.compound.clone(),
        };
        let parts = [self.divisions.concat(), road, compound, self.below()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
    }

    /// The name to be written badly: the compound, else the road.
    fn name(&mut self, rng: &mut dyn Rng) -> &mut String {
        let road = self.compound.is_empty() || (!self.road_number.is_empty() && rng.chance(0.4));
        if road { &mut self.road } else { &mut self.compound }
    }
}

const SOUND: &str = "东冬 湖胡 南男 桥乔 西希 塘糖 和河 平萍 新欣 华花 翠脆 竹烛 青清 松嵩 文闻 昌猖 福富 寿受 兴星 隆龙 朝潮 阳洋 荷禾 明名 建健 设社 滨宾 江姜 锦紧 绣秀 紫子 荆京 云芸 溪西 泉全 凤奉 凰皇 梅眉 园圆 玉裕 长常 金今 桂贵 银寅 杏幸 珠朱 望旺 观关 澜兰 临林 澄成 鼓古 石时 岸按 丹单 海嗨 棠堂 河何 瑞锐 景井 映应 月悦 清青 花华 家佳 小晓 村存 公工 寓遇 名明 邸底 雅亚 居拘 路陆 安庵 康慷 宁柠 盛胜 泰太 顺舜 嘉佳 光广 苑愿 柳绺";
const LOOK: &str = "湖潮 桥侨 西酉 塘搪 苑宛 平乎 新祈 华毕 翠萃 竹付 青责 松忪 文又 昌冒 福幅 兴兰 朝潮 荷苛 光先 明朋 建健 设没 滨宾 江汪 锦棉 绣锈 紫素 荆刑 云去 溪奚 泉皇 凤风 凰煌 梅海 园圆 玉王 长张 金全 桂佳 银根 珠株 望塱 观现 澜阑 临监 澄橙 鼓豉 石右 柳抑 岸崖 丹舟 海梅 棠裳 星里 河何 瑞端 景影 映央 月用 清请 花化 家冢 小少 村材 公分 寓寄 名各 邸抵 雅稚 居局 路跑 安按 康庚 宁宇 泰秦 嘉喜 盛威 顺须";
const TRADITIONAL: &str = "东東 桥橋 华華 兴興 龙龍 阳陽 设設 滨濱 锦錦 绣繡 紫紫 云雲 凤鳳 园園 长長 银銀 观觀 澜瀾 临臨 楼樓 号號 栋棟 单單 门門 区區 乡鄉 镇鎮 县縣 广廣 宁寧 泰泰 顺順 建建 苑苑 户戶";
const APPENDED: &[&str] = &["电联", "（近菜场）", " 白天没人", "请提前打电话", "，物业旁"];

/// Another letter for one of a name's letters.
pub(crate) fn swapped(name: &mut String, pairs: &str, rng: &mut dyn Rng) -> bool {
    let letters: Vec<char> = name.chars().collect();
    let other = |letter: char| {
        pairs
            .split(' ')
            .filter_map(|pair| pair.strip_prefix(letter))
            .filter_map(|rest| rest.chars().next())
            .next()
    };
    let able: Vec<usize> = (0..letters.len()).filter(|at| other(letters[*at]).is_some()).collect();
    if able.is_empty() {
        return false;
    }
    let at = able[rng.below(able.len())];
    *name =
        letters.iter().enumerate().map(|(i, c)| if i == at { other(*c).unwrap_or(*c) } else { *c }).collect();
    true
}

fn numeral(number: &str, rng: &mut dyn Rng) -> String {
    const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let Ok(value) = number.parse::<usize>() else { return number.to_owned() };
    match value {
        0..=9 => DIGITS[value].to_string(),
        10 => "十".to_owned(),
        11..=19 => format!("十{}", DIGITS[value - 10]),
        20..=99 if rng.chance(0.5) => {
            let one = if value % 10 == 0 { String::new() } else { DIGITS[value % 10].to_string() };
            format!("{}十{one}", DIGITS[value / 10])
        }
        _ => number.chars().filter_map(|c| c.to_digit(10)).map(|d| DIGITS[d as usize]).collect(),
    }
}

/// A standard address written badly in some ways at once; none where one of them cannot be done to it (there is
/// no road to leave out).
pub fn written_badly(address: &str, noises: &[Noise], rng: &mut dyn Rng) -> Option<String> {
    let mut parts = Parts::of(address);
    let (mut between, mut bracketed) = ("", false);
    let has = |noise| noises.contains(&noise);
    if has(Noise::NoRoad)
        && (has(Noise::NoCompound) || parts.compound.is_empty() || parts.road_number.is_empty())
        || has(Noise::NoCompound) && (parts.compound.is_empty() || parts.road_number.is_empty())
        || has(Noise::Twice) && (parts.divisions.is_empty() || has(Noise::NoDivisions))
        || has(Noise::Dashes) && (has(Noise::BuildingWord) || has(Noise::DoorWord))
    {
        return None;
    }
    if has(Noise::NoDivisions) {
        let left = if rng.chance(0.5) { parts.divisions.len() } else { rng.below(parts.divisions.len()) + 1 };
        parts.divisions.drain(..left.min(parts.divisions.len()));
    }
    if has(Noise::NoRoad) {
        (parts.road, parts.road_number) = (String::new(), String::new());
    }
    if has(Noise::NoCompound) {
        parts.compound = String::new();
    }
    if has(Noise::SoundsAlike) && !swapped(parts.name(rng), SOUND, rng)
        || has(Noise::LooksAlike) && !swapped(parts.name(rng), LOOK, rng)
    {
        return None;
    }
    if has(Noise::LetterMissing) {
        let name = parts.name(rng);
        let count = name.chars().count();
        if count < 4 {
            return None;
        }
        // The ending tells names apart: its loss makes another name.
        let at = rng.below(count - 2);
        *name = name.chars().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
    }
    if has(Noise::BuildingWord) && !parts.building.is_empty() {
        parts.building_word = word(rng, &["幢", "座", "号楼", "#", "#楼"]).to_owned();
    }
    if has(Noise::DoorWord) {
        if !parts.unit.is_empty() {
            parts.unit_word = word(rng, &["门", "梯", "单元"]).to_owned();
        }
        parts.room_word = word(rng, &["户", "房", "", "号"]).to_owned();
    }
    if has(Noise::Dashes) {
        parts.joined = Joined::Dashes;
    }
    if has(Noise::Numerals) {
        for number in [&mut parts.building, &mut parts.unit, &mut parts.room] {
            if !number.is_empty() && rng.chance(0.8) {
                *number = numeral(number, rng);
            }
        }
    }
    if has(Noise::Twice) {
        let at = rng.below(parts.divisions.len());
        let again = parts.divisions[at].clone();
        parts.divisions.push(again);
    }
    if has(Noise::Marks) {
        between = word(rng, &["，", ",", " ", "、", ""]);
        bracketed = rng.chance(0.4);
    }
    let mut text = parts.written(between, bracketed);
    if has(Noise::Traditional) {
        let pairs: Vec<(char, char)> = TRADITIONAL
            .split(' ')
            .filter_map(|pair| Some((pair.chars().next()?, pair.chars().nth(1)?)))
            .collect();
        text = text.chars().map(|c| pairs.iter().find(|(s, _)| *s == c).map_or(c, |(_, t)| *t)).collect();
    }
    if has(Noise::Blanks) {
        let blank = if rng.chance(0.3) { '\u{3000}' } else { ' ' };
        let letters: Vec<char> = text.chars().collect();
        text.clear();
        for (at, letter) in letters.iter().enumerate() {
            // A blank within a number would make it two numbers.
            let within = at > 0 && letters[at - 1].is_ascii_alphanumeric() && letter.is_ascii_alphanumeric();
            if at > 0 && !within && rng.chance(0.2) {
                text.push(blank);
            }
            text.push(*letter);
        }
    }
    if has(Noise::FullWidth) {
        text = text
            .chars()
            .map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c })
            .collect();
    }
    if has(Noise::Appended) {
        text += word(rng, APPENDED);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridweave_core::SeededRng;

    const DOOR: &str = "澜江市南桥区北苑街道和平社区新华路202号东湖花园3栋1单元502室";

    #[test]
    fn elements_are_told_apart_and_put_together_again() {
        let parts = Parts::of(DOOR);
        assert_eq!(parts.divisions, ["澜江市", "南桥区", "北苑街道", "和平社区"]);
        assert_eq!((parts.road.as_str(), parts.compound.as_str()), ("新华路", "东湖花园"));
        assert_eq!(parts.written("", false), DOOR);
    }

    #[test]
    fn every_kind_changes_the_text_and_the_same_seed_says_the_same() {
        for noise in Noise::ALL {
            let write = |seed| written_badly(DOOR, &[noise], &mut SeededRng::new(seed));
            // Some cannot be done to every part of this door: its road is too short to lose a letter.
            let changed = (0..20).filter_map(write).filter(|text| text != DOOR).count();
            assert!(changed >= 5, "{noise:?}: {changed}");
            assert_eq!(write(7), write(7));
        }
    }
}

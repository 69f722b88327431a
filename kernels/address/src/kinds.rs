//! The kinds of elements that addresses are made of.

/// The 21 kinds, in the vocabulary of Li et al., "Neural Chinese Address Parsing" (NAACL 2019).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum ElementKind {
    /// Country.
    Country,
    /// 省、自治区、直辖市
    Prov,
    /// 市、地区、自治州
    City,
    /// 区、县、县级市
    District,
    /// 开发区、工业园区
    DevZone,
    /// 街道、镇、乡
    Town,
    /// 社区、村
    Community,
    /// 路、街、巷
    Road,
    /// A road within or off another.
    SubRoad,
    /// 号 on the road
    RoadNo,
    /// 号 on the road within
    SubRoadNo,
    /// 小区、院、大厦: a named place
    Poi,
    /// A named place within another.
    SubPoi,
    /// 栋、幢、座、号楼
    HouseNo,
    /// 单元、门、梯
    CellNo,
    /// 层、楼
    FloorNo,
    /// 室、户、房
    RoomNo,
    /// A person.
    Person,
    /// Words that say where something lies from another: 对面、旁
    Assist,
    /// Said twice, or punctuation.
    Redundant,
    /// What is left.
    OtherInfo,
}

impl ElementKind {
    /// How many there are.
    pub const COUNT: usize = 21;

    /// All, large to small.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Country,
        Self::Prov,
        Self::City,
        Self::District,
        Self::DevZone,
        Self::Town,
        Self::Community,
        Self::Road,
        Self::SubRoad,
        Self::RoadNo,
        Self::SubRoadNo,
        Self::Poi,
        Self::SubPoi,
        Self::HouseNo,
        Self::CellNo,
        Self::FloorNo,
        Self::RoomNo,
        Self::Person,
        Self::Assist,
        Self::Redundant,
        Self::OtherInfo,
    ];

    /// Its name in labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Prov => "prov",
            Self::City => "city",
            Self::District => "district",
            Self::DevZone => "devzone",
            Self::Town => "town",
            Self::Community => "community",
            Self::Road => "road",
            Self::SubRoad => "subroad",
            Self::RoadNo => "roadno",
            Self::SubRoadNo => "subroadno",
            Self::Poi => "poi",
            Self::SubPoi => "subpoi",
            Self::HouseNo => "houseno",
            Self::CellNo => "cellno",
            Self::FloorNo => "floorno",
            Self::RoomNo => "roomno",
            Self::Person => "person",
            Self::Assist => "assist",
            Self::Redundant => "redundant",
            Self::OtherInfo => "otherinfo",
        }
    }

    /// All names, large to small.
    pub fn names() -> [&'static str; Self::COUNT] {
        Self::ALL.map(Self::name)
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

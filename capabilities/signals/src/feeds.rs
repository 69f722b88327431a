//! Feeds as declared in `catalogues/feeds/*.toml`.

use crate::topic::Topic;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a feed's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Observes {
    /// Meter readings, judged by the kernel.
    Readings,
    /// A prepared list of homes without use.
    ZeroUse,
    /// A prepared list of homes whose use changed suddenly.
    SuddenChange,
    /// Permits for door numbers: they make no signals but corrections of the address library.
    Permits,
}

impl Observes {
    /// The stable name; of a list, the kind of signal that it makes.
    pub fn name(self) -> &'static str {
        match self {
            Observes::Readings => "readings",
            Observes::ZeroUse => "zero_use",
            Observes::SuddenChange => "sudden_change",
            Observes::Permits => "permits",
        }
    }
}

/// How rows arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// By HTTP.
    Push,
    /// As files in a folder.
    Drop,
}

/// What a row spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// One value a day: judged at once.
    #[default]
    Day,
    /// Hours: a day is judged when a later one has begun.
    Hour,
    /// Half hours, likewise.
    HalfHour,
}

/// False alarms a thousand meters a month that a feed may cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FalseAlarms {
    /// Silences and shifts of any home.
    pub all: f64,
    /// Early silences of homes on the care list.
    pub care: f64,
    /// The share of visits that should find what was said; where they find less, less is said. 0: visits change nothing.
    pub useful: f64,
}

impl Default for FalseAlarms {
    fn default() -> Self {
        Self { all: 1.0, care: 30.0, useful: 0.5 }
    }
}

/// A feed.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Stable name.
    pub name: String,
    /// 名称。
    pub zh: String,
    /// Name.
    pub en: String,
    /// How rows arrive.
    pub source: Source,
    /// Folder below the data folder's `drop/`, for `drop`.
    #[serde(default)]
    pub drop: Option<String>,
    /// Topic of the city's MQTT broker whose messages are rows of this feed too, however else they arrive. A level in braces
    /// is what a message leaves out: `water/{meter}/daily`.
    #[serde(default)]
    pub topic: Option<String>,
    /// `csv`, `jsonl` or `xlsx`.
    pub format: String,
    /// What the rows are.
    pub observes: Observes,
    /// What a row of readings spans.
    #[serde(default)]
    pub interval: Interval,
    /// Are values what a register shows, in place of what was used since the reading before?
    #[serde(default)]
    pub registers: bool,
    /// False alarms a thousand meters a month that are allowed: silences and shifts, and early silences of homes on the
    /// care list.
    #[serde(default)]
    pub false_alarms: FalseAlarms,
    /// Unit of the values, for people.
    #[serde(default)]
    pub unit: Option<String>,
    /// Our name → the column's: `meter`, `time`, `value`, `address`; of permits `number`, `address`, `kind` (`new` or
    /// `withdrawn`), `time`, `lon`, `lat`.
    pub columns: HashMap<String, String>,
}

impl Feed {
    /// Reads a declaration; unknown keys are refused with their position.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let feed: Feed = toml::from_str(text).map_err(|error| error.to_string())?;
        let needed: &[&str] = match feed.observes {
            Observes::Readings => &["meter", "time", "value"],
            Observes::ZeroUse | Observes::SuddenChange => &["address"],
            Observes::Permits => &["number", "address"],
        };
        for name in needed {
            if !feed.columns.contains_key(*name) {
                return Err(format!("feed {}: columns.{name} is missing", feed.name));
            }
        }
        if !["csv", "jsonl", "xlsx"].contains(&feed.format.as_str()) {
            return Err(format!("feed {}: format {:?} is not csv, jsonl or xlsx", feed.name, feed.format));
        }
        if let Some(text) = &feed.topic {
            let topic = Topic::parse(text).map_err(|why| format!("feed {}: {why}", feed.name))?;
            if let Some(name) = topic.names().find(|name| !feed.columns.contains_key(*name)) {
                return Err(format!(
                    "feed {}: topic {text:?} names {name:?}, which is not among columns",
                    feed.name
                ));
            }
        }
        Ok(feed)
    }

    /// The topic that it listens to.
    pub fn topic(&self) -> Option<Topic> {
        self.topic.as_deref().and_then(|text| Topic::parse(text).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_declaration_says_what_is_wrong() {
        let good = "name='a'\nzh='a'\nen='a'\nsource='push'\nformat='csv'\nobserves='readings'\n[columns]\nmeter='m'\ntime='t'\nvalue='v'\n";
        assert!(Feed::from_toml(good).is_ok());
        let unknown = Feed::from_toml(&format!("colour='red'\n{good}"));
        assert!(unknown.is_err_and(|error| error.contains("colour") && error.contains("line 1")));
        let missing = Feed::from_toml(&good.replace("value='v'", ""));
        assert!(missing.is_err_and(|error| error.contains("columns.value")));
        let heard = Feed::from_toml(&format!("topic='a/{{meter}}'\n{good}"));
        assert!(heard.is_ok_and(|feed| feed.topic().is_some_and(|topic| topic.filter() == "a/+")));
        let stranger = Feed::from_toml(&format!("topic='a/{{house}}'\n{good}"));
        assert!(stranger.is_err_and(|error| error.contains("house")));
    }
}

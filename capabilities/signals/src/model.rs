//! Signals.

use crate::outcome::Outcome;
use gridweave_address::Ranked;
use gridweave_core::{PlaceId, SignalId};
use serde::{Deserialize, Serialize};

/// The state of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignalState {
    /// Waits for its door.
    Unmatched,
    /// Has its door, waits for the rules.
    Matched,
    /// Became work.
    Work,
    /// Too early to act.
    Watched,
    /// Nothing to do.
    Silenced,
    /// A person put it aside.
    Dismissed,
}

impl SignalState {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            SignalState::Unmatched => "unmatched",
            SignalState::Matched => "matched",
            SignalState::Work => "work",
            SignalState::Watched => "watched",
            SignalState::Silenced => "silenced",
            SignalState::Dismissed => "dismissed",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Unmatched, Self::Matched, Self::Work, Self::Watched, Self::Silenced, Self::Dismissed]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// A place that a signal may mean.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CandidateDoor {
    /// The place.
    pub place: PlaceId,
    /// Its address.
    pub address: String,
    /// How deep the text is certain.
    pub level: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// What agreed, was missing or contradicted.
    pub reasons: Vec<String>,
}

impl From<Ranked> for CandidateDoor {
    fn from(ranked: Ranked) -> Self {
        Self {
            place: PlaceId(ranked.id),
            address: ranked.address,
            level: ranked.level,
            confidence: ranked.confidence,
            reasons: ranked.reasons,
        }
    }
}

/// 信号: one observation from a feed.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Signal {
    /// Identifier.
    pub id: SignalId,
    /// The feed.
    pub feed: String,
    /// `zero_onset`, `return`, `shift_up`, `shift_down`, `leak`, `stuck`, `reversed`, `implausible`, `supply_cut`; of lists
    /// `zero_use`, `sudden_change`.
    pub kind: String,
    /// `early` or `confirmed`.
    pub stage: String,
    /// Meter number or the row's own key.
    pub subject: String,
    /// First day of the new state.
    pub since: String,
    /// Day on which it was found.
    pub detected: String,
    /// Days of silence, or new level over old.
    pub size: f64,
    /// Trust in the observation, from 0 to 1.
    pub confidence: f64,
    /// The numbers behind it, in words: `{"zh", "en"}`.
    pub reason: serde_json::Value,
    /// Its state.
    pub state: SignalState,
    /// Its door.
    pub place: Option<PlaceId>,
    /// Where, 0 when unknown.
    pub division: i64,
    /// The address that came with it.
    pub address: Option<String>,
    /// Doors that it may mean, best first.
    pub candidates: Vec<CandidateDoor>,
    /// The rule that decided, with its reason.
    pub verdict: Option<serde_json::Value>,
    /// When it was made.
    pub created_at_ms: i64,
    /// For stale decisions.
    pub version: i64,
    /// What a visit found of it.
    pub outcome: Option<Outcome>,
}

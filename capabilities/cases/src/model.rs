//! The life cycle, pure: given facts, it gives the next state or a refusal with the moves allowed.

use gridweave_core::{AccountId, CaseId, CaseNo, LonLat, PlaceId};
use serde::{Deserialize, Serialize};

/// The state of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 已立案
    Established,
    /// 已派遣
    Dispatched,
    /// 已接收
    Accepted,
    /// 已走访（处置反馈）
    Visited,
    /// 已核查
    Verified,
    /// 已结案
    Closed,
    /// 不予立案
    Refused,
    /// 已并案
    Merged,
    /// 已撤回
    Withdrawn,
}

impl State {
    /// Every state.
    pub const ALL: [State; 9] = [
        State::Established,
        State::Dispatched,
        State::Accepted,
        State::Visited,
        State::Verified,
        State::Closed,
        State::Refused,
        State::Merged,
        State::Withdrawn,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            State::Established => "established",
            State::Dispatched => "dispatched",
            State::Accepted => "accepted",
            State::Visited => "visited",
            State::Verified => "verified",
            State::Closed => "closed",
            State::Refused => "refused",
            State::Merged => "merged",
            State::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Has it ended?
    pub fn is_end(self) -> bool {
        matches!(self, State::Closed | State::Refused | State::Merged | State::Withdrawn)
    }

    /// What may be done next, whoever does it.
    pub fn moves(self) -> &'static [Action] {
        use Action::*;
        match self {
            State::Established => &[Dispatch, Refuse, Merge, Withdraw, Urge],
            State::Dispatched => &[Dispatch, Accept, Return, Handle, Merge, Withdraw, Urge],
            State::Accepted => &[Return, Handle, Merge, Withdraw, Urge],
            State::Visited => &[VerifyPass, VerifyFail, Urge],
            State::Verified => &[Close],
            State::Closed | State::Refused | State::Merged | State::Withdrawn => &[],
        }
    }
}

/// What can be done with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 派遣
    Dispatch,
    /// 接收
    Accept,
    /// 不予立案
    Refuse,
    /// 退回
    Return,
    /// 处置反馈
    Handle,
    /// 核查通过
    VerifyPass,
    /// 核查不通过（返工）
    VerifyFail,
    /// 结案
    Close,
    /// 并案
    Merge,
    /// 撤回
    Withdraw,
    /// 催办
    Urge,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 11] = [
        Action::Dispatch,
        Action::Accept,
        Action::Refuse,
        Action::Return,
        Action::Handle,
        Action::VerifyPass,
        Action::VerifyFail,
        Action::Close,
        Action::Merge,
        Action::Withdraw,
        Action::Urge,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Action::Dispatch => "dispatch",
            Action::Accept => "accept",
            Action::Refuse => "refuse",
            Action::Return => "return",
            Action::Handle => "handle",
            Action::VerifyPass => "verify_pass",
            Action::VerifyFail => "verify_fail",
            Action::Close => "close",
            Action::Merge => "merge",
            Action::Withdraw => "withdraw",
            Action::Urge => "urge",
        }
    }

    /// Must a reason be given in words?
    pub fn needs_reason(self) -> bool {
        matches!(
            self,
            Action::Refuse | Action::Return | Action::VerifyFail | Action::Withdraw | Action::Merge
        )
    }
}

/// Who handles a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Handler {
    /// Nobody yet.
    None,
    /// A grid worker.
    Worker(AccountId),
    /// A department.
    Department(String),
}

impl Handler {
    /// As stored: `worker:…`, `department:…` or empty.
    pub fn stored(&self) -> String {
        match self {
            Handler::None => String::new(),
            Handler::Worker(account) => format!("worker:{account}"),
            Handler::Department(code) => format!("department:{code}"),
        }
    }

    /// Reads what [`Handler::stored`] wrote.
    pub fn from_stored(text: &str) -> Self {
        match text.split_once(':') {
            Some(("worker", account)) => Handler::Worker(AccountId::from(account)),
            Some(("department", code)) => Handler::Department(code.to_owned()),
            _ => Handler::None,
        }
    }
}

/// 案件.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Case {
    /// Identifier.
    pub id: CaseId,
    /// Number that people see.
    pub no: CaseNo,
    /// Its state.
    pub state: State,
    /// Category code.
    pub category: String,
    /// What it is.
    pub title: String,
    /// In the reporter's words.
    pub description: String,
    /// `signal`, `hotline`, `patrol`, `report`, `department`, `api`.
    pub source: String,
    /// `urgent` or `normal`.
    pub urgency: String,
    /// The place, where it is known.
    pub place: Option<PlaceId>,
    /// Address as shown.
    pub address: String,
    /// Point, where it is known.
    pub point: Option<LonLat>,
    /// Division of 12 digits, 0 where it is not known.
    pub division: i64,
    /// Is the place certain?
    pub located: bool,
    /// The clock starts here.
    pub established_at_ms: i64,
    /// The limit.
    pub due_at_ms: i64,
    /// Who handles it.
    pub handler: Handler,
    /// Their name.
    pub handler_name: String,
    /// Who dispatched it last.
    pub dispatched_by: Option<AccountId>,
    /// Who handled it last.
    pub handled_by: Option<AccountId>,
    /// The case it went into.
    pub merged_into: Option<CaseNo>,
    /// How often it came back.
    pub returns: i64,
    /// How often verification failed.
    pub reworks: i64,
    /// How often it was urged.
    pub urges: i64,
    /// Why it exists and why it went where it went.
    pub reason: serde_json::Value,
    /// When it ended.
    pub ended_at_ms: Option<i64>,
    /// For stale edits.
    pub version: i64,
}

/// One entry of the time line.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Step {
    /// Order.
    pub n: i64,
    /// When.
    pub at_ms: i64,
    /// Who.
    pub actor_name: String,
    /// What was done.
    pub action: String,
    /// The state after it.
    pub state: State,
    /// In words.
    pub note: String,
    /// Reasons, evidence, visit.
    pub data: serde_json::Value,
}

gridweave_core::refusals! {
    /// Why a move is not allowed.
    pub enum Move {
        /// Not from this state.
        NotNow(allowed: String) = "case_move_not_allowed", Conflict, "案件当前状态不能这样操作，可以：{0}",
            "The case cannot go there from its state; possible now: {0}";
        /// The one who handled it may not check it.
        OwnWork = "case_own_work", Forbidden, "处置人不能核查或结案自己处置的案件",
            "Whoever handled a case may not verify or close it";
        /// From the second return on another dispatcher decides.
        NeedsArbiter = "case_needs_arbiter", Forbidden, "案件已被退回两次以上，须由另一名派遣员裁定",
            "The case came back twice: another dispatcher has to decide";
        /// Say why.
        NoReason = "reason_missing", Invalid, "请说明理由", "Give a reason";
    }
}

impl Case {
    /// The state after an action of this actor, or why not. Pure.
    pub fn after(&self, action: Action, actor: &AccountId, reason: &str) -> Result<State, Move> {
        if !self.state.moves().contains(&action) {
            let names: Vec<&str> = self.state.moves().iter().map(|action| action.name()).collect();
            return Err(Move::NotNow(names.join(", ")));
        }
        if action.needs_reason() && reason.trim().is_empty() {
            return Err(Move::NoReason);
        }
        let own_work = self.handled_by.as_ref() == Some(actor);
        if own_work && matches!(action, Action::VerifyPass | Action::VerifyFail | Action::Close) {
            return Err(Move::OwnWork);
        }
        if action == Action::Dispatch && self.returns >= 2 && self.dispatched_by.as_ref() == Some(actor) {
            return Err(Move::NeedsArbiter);
        }
        Ok(match action {
            Action::Dispatch | Action::VerifyFail => State::Dispatched,
            Action::Accept => State::Accepted,
            Action::Refuse => State::Refused,
            Action::Return => State::Established,
            Action::Handle => State::Visited,
            Action::VerifyPass => State::Verified,
            Action::Close => State::Closed,
            Action::Merge => State::Merged,
            Action::Withdraw => State::Withdrawn,
            Action::Urge => self.state,
        })
    }

    /// Is it late at this time?
    pub fn is_overdue(&self, now_ms: i64) -> bool {
        self.ended_at_ms.unwrap_or(now_ms) > self.due_at_ms && self.state != State::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fresh() -> Case {
        Case {
            id: "c".into(),
            no: CaseNo("420106-20261123-00001".into()),
            state: State::Established,
            category: String::new(),
            title: String::new(),
            description: String::new(),
            source: String::new(),
            urgency: String::new(),
            place: None,
            address: String::new(),
            point: None,
            division: 0,
            located: false,
            established_at_ms: 0,
            due_at_ms: 10,
            handler: Handler::None,
            handler_name: String::new(),
            dispatched_by: None,
            handled_by: None,
            merged_into: None,
            returns: 0,
            reworks: 0,
            urges: 0,
            reason: serde_json::Value::Null,
            ended_at_ms: None,
            version: 1,
        }
    }

    proptest! {
        /// Random actions by random actors: whatever happens, the invariants hold.
        #[test]
        fn nobody_verifies_himself_and_what_ended_stays_ended(
            walk in prop::collection::vec((0usize..11, 0u8..3, any::<bool>()), 0..60)
        ) {
            let mut case = fresh();
            for (which, who, reasoned) in walk {
                let (action, actor) = (Action::ALL[which], AccountId(format!("a{who}")));
                let reason = if reasoned { "因为" } else { "" };
                let before = case.clone();
                let Ok(next) = case.after(action, &actor, reason) else { continue };
                prop_assert!(!before.state.is_end(), "{:?} moved by {action:?}", before.state);
                if matches!(action, Action::VerifyPass | Action::VerifyFail | Action::Close) {
                    prop_assert_ne!(before.handled_by.as_ref(), Some(&actor));
                }
                if next == State::Closed {
                    prop_assert_eq!(before.state, State::Verified);
                }
                prop_assert!(reasoned || !action.needs_reason());
                case.state = next;
                match action {
                    Action::Dispatch => case.dispatched_by = Some(actor),
                    Action::Handle => case.handled_by = Some(actor),
                    Action::Return => case.returns += 1,
                    _ => {}
                }
                prop_assert_eq!(case.due_at_ms, 10, "the limit does not move");
            }
        }
    }

    #[test]
    fn a_third_dispatch_after_two_returns_is_for_another() {
        let me = AccountId::from("me");
        let case = Case { returns: 2, dispatched_by: Some(me.clone()), ..fresh() };
        assert_eq!(case.after(Action::Dispatch, &me, ""), Err(Move::NeedsArbiter));
        assert_eq!(case.after(Action::Dispatch, &"other".into(), ""), Ok(State::Dispatched));
    }

    #[test]
    fn handlers_survive_storing() {
        for handler in [Handler::None, Handler::Worker("a:b".into()), Handler::Department("water".into())] {
            assert_eq!(Handler::from_stored(&handler.stored()), handler);
        }
    }
}

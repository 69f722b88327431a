//! Who may do what, where, and for what purpose: the whole of it, in one table.

use crate::model::{Action, Resource};
use gridweave_core::{Actor, Purpose, Role, Scope};

/// How far a rule reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere in the city.
    City,
    /// In the divisions of the role's grant.
    Division,
    /// Only what is the actor's own: their tasks, the cases given to them.
    Own,
    /// Only what was given to the actor's department.
    Department,
}

/// One row: a role may do an action as far as `reach`, with a purpose where one is needed.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What.
    pub action: Action,
    /// Who.
    pub role: Role,
    /// Where.
    pub reach: Reach,
    /// Must a purpose be named?
    pub purpose: bool,
}

macro_rules! rules {
    ($($action:ident: $($role:ident $reach:ident $(for $purpose:ident)?),+;)*) => {
        /// Every rule.
        pub const RULES: &[Rule] = &[$($(Rule {
            action: Action::$action,
            role: Role::$role,
            reach: Reach::$reach,
            purpose: rules!(@purpose $($purpose)?),
        },)+)*];
    };
    (@purpose purpose) => { true };
    (@purpose) => { false };
}

rules! {
    TerritoryRead: Operator City, StreetStaff City, GridWorker City, DepartmentHandler City, Steward City,
        Planner City, Administrator City, Auditor City, Integrator City;
    DivisionsImport: Administrator City, Planner City;
    PlanDraw: Planner Division, Administrator City;
    PlanPublish: Planner Division, Administrator City;
    WorkersAssign: StreetStaff Division, Administrator City;

    PlacesRead: Operator City, StreetStaff City, GridWorker City, DepartmentHandler City, Steward City,
        Planner City, Administrator City, Integrator City;
    PlaceEdit: Steward Division, Administrator City;
    PlacesImport: Steward Division, Administrator City;
    PlacesExport: Steward Division, Administrator City, Integrator City;
    CorrectionOpen: GridWorker Division, StreetStaff Division, Operator Division, Steward Division,
        Administrator City;
    CorrectionsRead: Steward Division, StreetStaff Division, Administrator City;
    CorrectionDecide: Steward Division, Administrator City;

    CardRead: Operator Division, StreetStaff Division, GridWorker Own, DepartmentHandler Department,
        Steward Division, Administrator City;
    PersonUnmask: Operator Division for purpose, StreetStaff Division for purpose,
        GridWorker Own for purpose, DepartmentHandler Department for purpose, Steward Division for purpose;
    RegistersImport: Steward Division, Administrator City;
    AbsenceRecord: StreetStaff Division, GridWorker Own, Steward Division, Administrator City;

    FeedsRead: Operator City, Steward City, Administrator City, Auditor City;
    FeedPush: Integrator City, Administrator City;
    SignalsRead: Operator Division, Steward Division, StreetStaff Division, Administrator City;
    SignalDecide: Operator Division, Steward Division, Administrator City;

    CaseOpen: Operator Division, StreetStaff Division, GridWorker Division, DepartmentHandler City,
        Integrator City, Administrator City;
    CasesRead: Operator Division, StreetStaff Division, DepartmentHandler Department, GridWorker Own,
        Administrator City, Planner Division;
    CaseDispatch: Operator Division, StreetStaff Division, Administrator City;
    CaseHandle: GridWorker Own, DepartmentHandler Department, StreetStaff Division;
    CaseVerify: Operator Division, StreetStaff Division;
    CaseSteer: Operator Division, StreetStaff Division;

    TasksRead: GridWorker Own, Operator Division, StreetStaff Division, Administrator City;
    VisitSubmit: GridWorker Own;
    LedgerRead: Auditor Division, Administrator City;
    Administer: Administrator City;
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No role of the actor's allows the action at all.
    Role,
    /// A role allows it, but not here or not on what is another's.
    Scope,
    /// It would be allowed if a purpose were named.
    Purpose,
}

gridweave_core::refusals! {
    /// How a denial leaves the house.
    pub enum AccessRefusal {
        /// See [`Denied::Role`].
        Role = "forbidden_role", Forbidden, "您的角色不能进行此操作", "Your role may not do this";
        /// See [`Denied::Scope`]: existence itself is private.
        Scope = "not_found", NotFound, "没有找到，或不在您的范围内", "Not found, or outside your area";
        /// See [`Denied::Purpose`].
        Purpose = "purpose_required", Forbidden, "查看个人信息须说明目的（任务、案件或法定职责）",
            "Reading personal data needs a purpose: a task, a case or a statutory duty";
    }
}

impl From<Denied> for AccessRefusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Role => AccessRefusal::Role,
            Denied::Scope => AccessRefusal::Scope,
            Denied::Purpose => AccessRefusal::Purpose,
        }
    }
}

impl From<Denied> for gridweave_db::OpError {
    fn from(denied: Denied) -> Self {
        AccessRefusal::from(denied).into()
    }
}

/// May this actor do this to this, for this purpose? The loop itself may always.
pub fn may(
    actor: &Actor,
    action: Action,
    resource: &Resource,
    purpose: Option<&Purpose>,
) -> Result<(), Denied> {
    if actor.is_system() {
        return Ok(());
    }
    let mut best = Denied::Role;
    for grant in &actor.grants {
        for rule in RULES.iter().filter(|rule| rule.action == action && rule.role == grant.role) {
            let near = match rule.reach {
                Reach::City => true,
                Reach::Division => grant.scope().contains(resource.division),
                Reach::Own => resource.owner.as_ref() == Some(&actor.account),
                Reach::Department => actor.department.is_some() && resource.department == actor.department,
            };
            let stated = purpose.is_some_and(|purpose| !purpose.0.trim().is_empty());
            match (near, rule.purpose && !stated) {
                (true, false) => return Ok(()),
                (true, true) => best = Denied::Purpose,
                (false, _) if best == Denied::Role => best = Denied::Scope,
                (false, _) => {}
            }
        }
    }
    Err(best)
}

/// What a list may show an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visible {
    /// The widest interval of divisions that one of the actor's grants gives.
    pub scope: Scope,
    /// Only what is the actor's own or their department's.
    pub own_only: bool,
}

/// How far a list may reach for this actor: the widest grant decides.
pub fn reach(actor: &Actor, action: Action) -> Result<Visible, Denied> {
    if actor.is_system() {
        return Ok(Visible { scope: Scope::EVERYWHERE, own_only: false });
    }
    let mut widest: Option<Visible> = None;
    for grant in &actor.grants {
        for rule in RULES.iter().filter(|rule| rule.action == action && rule.role == grant.role) {
            let own_only = matches!(rule.reach, Reach::Own | Reach::Department);
            let scope = match rule.reach {
                Reach::Division => grant.scope(),
                _ => Scope::EVERYWHERE,
            };
            let size = |visible: &Visible| (!visible.own_only, visible.scope.hi - visible.scope.lo);
            let candidate = Visible { scope, own_only };
            if widest.as_ref().is_none_or(|known| size(known) < size(&candidate)) {
                widest = Some(candidate);
            }
        }
    }
    widest.ok_or(Denied::Role)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use gridweave_core::{AccountId, DivisionCode, Grant};

    fn actor(role: Role, division: &str) -> Actor {
        Actor {
            account: AccountId::from("me"),
            name: "x".to_owned(),
            department: Some("water".to_owned()),
            grants: vec![Grant { role, division: DivisionCode::parse(division).ok() }],
        }
    }

    #[test]
    fn every_action_is_allowed_to_somebody_and_not_to_everybody() {
        for action in Action::ALL {
            let holders: Vec<Role> = RULES.iter().filter(|r| r.action == *action).map(|r| r.role).collect();
            assert!(!holders.is_empty(), "{} has no rule", action.name());
            // The ground is everybody's; nothing else is.
            let ground = matches!(action, Action::TerritoryRead | Action::PlacesRead);
            assert!(ground || !holders.contains(&Role::Integrator) || holders.len() < 7, "{}", action.name());
        }
    }

    #[test]
    fn a_street_clerk_sees_the_street_only() {
        let clerk = actor(Role::StreetStaff, "420106001");
        let here = Resource::in_division(420_106_001_003);
        let there = Resource::in_division(420_106_002_003);
        assert_eq!(may(&clerk, Action::CasesRead, &here, None), Ok(()));
        assert_eq!(may(&clerk, Action::CasesRead, &there, None), Err(Denied::Scope));
        assert_eq!(may(&clerk, Action::LedgerRead, &here, None), Err(Denied::Role));
    }

    #[test]
    fn unmasking_needs_a_purpose_in_words() {
        let clerk = actor(Role::StreetStaff, "420106001");
        let here = Resource::in_division(420_106_001_003);
        assert_eq!(may(&clerk, Action::PersonUnmask, &here, None), Err(Denied::Purpose));
        let blank = Purpose("  ".to_owned());
        assert_eq!(may(&clerk, Action::PersonUnmask, &here, Some(&blank)), Err(Denied::Purpose));
        let case = Purpose("案件 420106-20261123-00042".to_owned());
        assert_eq!(may(&clerk, Action::PersonUnmask, &here, Some(&case)), Ok(()));
    }

    #[test]
    fn a_worker_sees_the_doors_of_own_tasks_and_no_others() {
        let worker = actor(Role::GridWorker, "420106001");
        let mut door = Resource::in_division(420_106_001_003);
        assert_eq!(may(&worker, Action::CardRead, &door, None), Err(Denied::Scope));
        door.owner = Some(AccountId::from("me"));
        assert_eq!(may(&worker, Action::CardRead, &door, None), Ok(()));
        assert!(reach(&worker, Action::TasksRead).unwrap().own_only);
    }

    #[test]
    fn integrators_push_and_read_nothing_about_people() {
        let program = actor(Role::Integrator, "");
        assert_eq!(may(&program, Action::FeedPush, &Resource::city(), None), Ok(()));
        for action in [Action::CardRead, Action::PersonUnmask, Action::CasesRead, Action::LedgerRead] {
            assert_eq!(may(&program, action, &Resource::city(), None), Err(Denied::Role));
        }
    }
}

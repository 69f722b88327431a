//! Actions, resources and sessions.

use gridweave_core::{AccountId, Actor};

macro_rules! actions {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)*) => {
        /// Everything that may be asked for. The names appear in the ledger and in the API's guard table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $($(#[$meta])* $name,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Action] = &[$(Action::$name,)*];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Action::$name => $text,)*
                }
            }
        }
    };
}

actions! {
    /// Divisions, networks, cells and plans, without people.
    TerritoryRead = "territory.read";
    /// Import divisions.
    DivisionsImport = "territory.import";
    /// Draw and import plans of cells.
    PlanDraw = "territory.draw";
    /// Put a plan into force.
    PlanPublish = "territory.publish";
    /// Say who works in a cell.
    WorkersAssign = "territory.assign";
    /// The address library.
    PlacesRead = "places.read";
    /// Change the library directly.
    PlaceEdit = "places.edit";
    /// Import into the library.
    PlacesImport = "places.import";
    /// Take the library out as a file.
    PlacesExport = "places.export";
    /// Propose a correction.
    CorrectionOpen = "corrections.open";
    /// See the corrections' inbox.
    CorrectionsRead = "corrections.read";
    /// Decide a correction.
    CorrectionDecide = "corrections.decide";
    /// The card of a door or building, masked.
    CardRead = "registers.card";
    /// A name, number or phone in clear, for a purpose.
    PersonUnmask = "registers.unmask";
    /// Import into the registers.
    RegistersImport = "registers.import";
    /// Record a planned absence.
    AbsenceRecord = "registers.absence";
    /// Feeds and how they do.
    FeedsRead = "feeds.read";
    /// Push observations.
    FeedPush = "feeds.push";
    /// The signals' inbox.
    SignalsRead = "signals.read";
    /// Match or dismiss a signal.
    SignalDecide = "signals.decide";
    /// Open a case.
    CaseOpen = "cases.open";
    /// See cases.
    CasesRead = "cases.read";
    /// Give a case to someone.
    CaseDispatch = "cases.dispatch";
    /// Take on, refuse, return or handle a case that one has been given.
    CaseHandle = "cases.handle";
    /// Check what was done.
    CaseVerify = "cases.verify";
    /// Merge, withdraw, urge.
    CaseSteer = "cases.steer";
    /// See tasks.
    TasksRead = "tasks.read";
    /// Hand in a visit.
    VisitSubmit = "visits.submit";
    /// Read the ledger.
    LedgerRead = "ledger.read";
    /// Accounts, catalogues, feeds' settings.
    Administer = "admin.write";
}

/// What an action is about, as far as access is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Division code of 12 digits, 0 where there is none.
    pub division: i64,
    /// The account whose it is: a worker's task, a case given to a worker.
    pub owner: Option<AccountId>,
    /// The department whose it is.
    pub department: Option<String>,
}

impl Resource {
    /// Something that lies in a division and belongs to nobody in particular.
    pub fn in_division(division: i64) -> Self {
        Self { division, ..Self::default() }
    }

    /// What lies nowhere: catalogues, feeds.
    pub fn city() -> Self {
        Self::default()
    }
}

/// A session that is alive.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub actor: Actor,
    /// What a changing request must carry besides the cookie.
    pub csrf: String,
    /// A program's key, which needs no such token as no browser sends it by itself.
    pub is_key: bool,
}

//! What an operation is given: who acts, for what purpose, the time and chance.

use crate::{
    actor::{Actor, Purpose},
    ids,
    rng::{OsRng, Rng},
    time::{Clock, SystemClock, TimeMs, Zone},
};
use std::sync::{Arc, Mutex};

/// The surroundings of one operation. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    /// Who acts.
    pub actor: Actor,
    /// Why personal data are read, where they are.
    pub purpose: Option<Purpose>,
    /// Ties log lines, ledger entries and answers together.
    pub request_id: String,
    /// The city's time zone.
    pub zone: Zone,
    clock: Arc<dyn Clock>,
    rng: Arc<Mutex<dyn Rng>>,
}

impl Ctx {
    /// Surroundings with the given clock and randomness.
    pub fn new(actor: Actor, clock: Arc<dyn Clock>, rng: Arc<Mutex<dyn Rng>>, zone: Zone) -> Self {
        Self { actor, purpose: None, request_id: String::new(), zone, clock, rng }
    }

    /// Surroundings for the loop itself, with the machine's clock and randomness.
    pub fn system(zone: Zone) -> Self {
        Self::new(Actor::system(), Arc::new(SystemClock), Arc::new(Mutex::new(OsRng)), zone)
    }

    /// The same surroundings for another actor.
    pub fn acting_as(&self, actor: Actor) -> Self {
        Self { actor, purpose: None, ..self.clone() }
    }

    /// The same surroundings with a purpose named.
    pub fn with_purpose(&self, purpose: Option<Purpose>) -> Self {
        Self { purpose, ..self.clone() }
    }

    /// The present.
    pub fn now(&self) -> TimeMs {
        self.clock.now()
    }

    /// Today's local day number.
    pub fn today(&self) -> i64 {
        self.zone.day_of(self.now())
    }

    /// A fresh identifier of the type asked for.
    pub fn new_id<T: From<String>>(&self) -> T {
        self.with_rng(|rng| T::from(ids::uuid_v7(self.now(), rng)))
    }

    /// Uses the randomness.
    pub fn with_rng<T>(&self, use_it: impl FnOnce(&mut dyn Rng) -> T) -> T {
        // A panic elsewhere cannot leave random numbers in a bad state.
        let mut rng = self.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        use_it(&mut *rng)
    }
}

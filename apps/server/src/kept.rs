//! What is read over and over and seldom changes, kept in memory: whole indexes by their epoch, small answers
//! until something is written.

use gridweave_core::time::TimeMs;
use gridweave_db::DbError;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A value made from the database, and made anew when the epoch that it was made of has moved on.
pub struct Kept<T> {
    current: RwLock<Option<(i64, Arc<T>)>>,
    making: Mutex<()>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { current: RwLock::new(None), making: Mutex::new(()) }
    }
}

impl<T> Kept<T> {
    fn known(&self) -> Option<(i64, Arc<T>)> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The value of an epoch. One caller makes it, from the one before where there is one; others who ask
    /// meanwhile wait for it.
    pub fn of(
        &self,
        epoch: i64,
        make: impl FnOnce(Option<&T>) -> Result<T, DbError>,
    ) -> Result<Arc<T>, DbError> {
        let at = |known: Option<(i64, Arc<T>)>| known.filter(|(at, _)| *at == epoch).map(|(_, value)| value);
        if let Some(value) = at(self.known()) {
            return Ok(value);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.known();
        if let Some(value) = at(before.clone()) {
            return Ok(value);
        }
        let fresh = Arc::new(make(before.as_ref().map(|(_, value)| value.as_ref()))?);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // A reader of an older state may come late: it gets its answer, and the newer one stays.
        if current.as_ref().is_none_or(|(at, _)| *at < epoch) {
            *current = Some((epoch, fresh.clone()));
        }
        Ok(fresh)
    }
}

/// How old an answer may be where the write that changes it cannot be noticed here: another program's on
/// SQLite, or another server's while the connection that tells of it is down.
const AGE_MS_MAX: i64 = 1000;
const KEPT_MAX: usize = 10_000;

/// Answers that hold until this server hears of a write.
pub struct UntilWrite<K, V>(RwLock<Answers<K, V>>);

struct Answers<K, V> {
    writes: u64,
    values: HashMap<K, (TimeMs, V)>,
}

impl<K, V> Default for UntilWrite<K, V> {
    fn default() -> Self {
        Self(RwLock::new(Answers { writes: 0, values: HashMap::new() }))
    }
}

impl<K: Hash + Eq, V: Clone> UntilWrite<K, V> {
    /// The answer, if it was read when no fewer than `writes` had been heard of (`Db::writes`), and lately.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q, writes: u64, now: TimeMs) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let answers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (at, value) = answers.values.get(key).filter(|_| answers.writes == writes)?;
        (0..AGE_MS_MAX).contains(&(now.0 - at.0)).then(|| value.clone())
    }

    /// Keeps an answer. `writes` was asked for before the answer was read.
    pub fn put(&self, key: K, writes: u64, now: TimeMs, value: V) {
        let mut answers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if answers.writes < writes || answers.values.len() >= KEPT_MAX {
            answers.values.clear();
            answers.writes = writes;
        }
        if answers.writes == writes {
            answers.values.insert(key, (now, value));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_value_is_made_once_for_each_epoch_and_from_the_one_before() {
        let kept = Kept::<Vec<i64>>::default();
        let make = |epoch: i64| {
            let made = kept.of(epoch, |before| {
                let mut all = before.cloned().unwrap_or_default();
                all.push(epoch);
                Ok(all)
            });
            made.unwrap()
        };
        assert_eq!(*make(1), [1]);
        assert!(Arc::ptr_eq(&make(1), &make(1)));
        assert_eq!(*make(3), [1, 3]);
        // Somebody who still reads the state before: no way back for the others.
        assert_eq!(*make(2), [1, 3, 2]);
        assert_eq!(*make(3), [1, 3]);
    }

    #[test]
    fn an_answer_holds_until_a_write_or_a_second() {
        let answers = UntilWrite::<String, i64>::default();
        answers.put("a".to_owned(), 5, TimeMs(1000), 1);
        assert_eq!(answers.get("a", 5, TimeMs(1999)), Some(1));
        assert_eq!(answers.get("a", 5, TimeMs(2000)), None);
        assert_eq!(answers.get("a", 6, TimeMs(1001)), None);
        // Read before a write that another answer knows of already.
        answers.put("b".to_owned(), 6, TimeMs(1000), 2);
        answers.put("a".to_owned(), 5, TimeMs(1000), 1);
        assert_eq!((answers.get("a", 6, TimeMs(1001)), answers.get("b", 6, TimeMs(1001))), (None, Some(2)));
    }
}

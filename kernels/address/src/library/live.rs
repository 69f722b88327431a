//! A compiled library with the changes since laid over it: a changed place is found as it is now within
//! milliseconds, long before all is compiled again.

use super::{AddressIndex, Entry, LibraryBuilder};
use std::collections::HashSet;
use std::sync::Arc;

/// A library as it is now. Cheap to clone.
#[derive(Clone)]
pub struct LiveLibrary {
    base: AddressIndex,
    /// The base's places that have changed or are gone, by where their identifier stands.
    hidden: Arc<HashSet<u32>>,
    changed: AddressIndex,
}

/// An index, and which of its places are no longer so.
#[derive(Clone, Copy)]
pub(crate) struct Layer<'a> {
    pub index: &'a AddressIndex,
    pub hidden: Option<&'a HashSet<u32>>,
}

impl<'a> Layer<'a> {
    /// All of an index.
    pub fn whole(index: &'a AddressIndex) -> Self {
        Self { index, hidden: None }
    }

    /// Is the place still so?
    pub fn shows(&self, place: u32) -> bool {
        self.hidden.is_none_or(|hidden| hidden.is_empty() || !hidden.contains(&self.index.identity(place)))
    }
}

impl LiveLibrary {
    /// A library without changes.
    pub fn new(base: AddressIndex) -> Self {
        Self { base, hidden: Arc::default(), changed: LibraryBuilder::default().finish() }
    }

    /// The same base with these changes instead of any others: places that are there as they are now, and
    /// identifiers of places that are no longer found. Takes time in the number of changes only.
    pub fn with_changes<'a>(&self, now: &'a [Entry], gone: impl IntoIterator<Item = &'a str>) -> Self {
        let changed = now.iter().map(|entry| entry.id.as_str()).chain(gone);
        let hidden = changed.filter_map(|id| self.base.number_of(id));
        let hidden = hidden.map(|number| self.base.identity(number)).collect();
        let mut builder = LibraryBuilder::default();
        builder.add(now);
        Self { base: self.base.clone(), hidden: Arc::new(hidden), changed: builder.finish() }
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.base.len() - self.hidden.len() + self.changed.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The compiled part.
    pub fn base(&self) -> &AddressIndex {
        &self.base
    }

    pub(crate) fn layers(&self) -> [Layer<'_>; 2] {
        [Layer { index: &self.base, hidden: Some(&self.hidden) }, Layer::whole(&self.changed)]
    }
}

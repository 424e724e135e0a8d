//! What is wrong with a document beyond what its schema can say, all of it at once.

use std::collections::BTreeSet;

use crate::error::{Error, Fault, Result};

#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, pointer: impl Into<String>, code: &'static str) {
        self.0.push(Fault::new(pointer, code));
    }

    /// The same, with the bound that was passed.
    pub(super) fn limited(&mut self, pointer: impl Into<String>, code: &'static str, limit: impl ToString) {
        self.0.push(Fault::new(pointer, code).with("limit", limit));
    }

    /// It is there, but out of use.
    pub(super) fn archived(&mut self, pointer: impl Into<String>, name: &str) {
        self.0.push(Fault::new(pointer, "archived").with("name", name));
    }

    /// Things that should be different, each with its pointer: what stands there again is wrong.
    pub(super) fn twice<T: Ord>(&mut self, things: impl IntoIterator<Item = (String, T)>) {
        let mut seen = BTreeSet::new();
        for (pointer, thing) in things {
            if !seen.insert(thing) {
                self.add(pointer, "duplicate");
            }
        }
    }

    pub(super) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(self.0)) }
    }
}

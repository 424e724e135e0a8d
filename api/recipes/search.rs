//! Finding things by a part of their name.

use domain::language::Text;

use crate::error::{Error, Fault, Result};

const LONGEST: usize = 100;

/// What somebody types to find a thing; nothing finds everything.
pub(super) struct Search(String);

impl Search {
    pub(super) fn of(part: Option<String>) -> Result<Search> {
        let part = part.unwrap_or_default();
        if part.chars().count() > LONGEST {
            return Err(Error::invalid(vec![Fault::new("q", "too_long").with("limit", LONGEST)]));
        }
        Ok(Search(part.trim().to_lowercase()))
    }

    /// Whether it is part of the slug or of the name in some language, in capitals or not.
    pub(super) fn finds(&self, slug: &str, name: &Text) -> bool {
        [slug, &name.fr, &name.en].iter().any(|text| text.to_lowercase().contains(&self.0))
    }
}

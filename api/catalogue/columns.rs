//! Columns as the rules want them: words, texts, counts.

use std::collections::BTreeMap;

use domain::language::Text;
use serde_json::Value;

use crate::error::{Error, Result};

pub fn text(json: Value) -> Result<Text> {
    Ok(serde_json::from_value(json)?)
}

pub fn word<T: TryFrom<String>>(word: String) -> Result<T>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(word).map_err(Error::internal)
}

/// The words of an array; a null in it says nothing.
pub fn words<T: TryFrom<String>>(list: Vec<Option<String>>) -> Result<Vec<T>>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    list.into_iter().flatten().map(word).collect()
}

pub(super) fn count(number: i32) -> Result<u32> {
    u32::try_from(number).map_err(Error::internal)
}

pub fn grouped<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, Vec<V>> {
    let mut groups: BTreeMap<K, Vec<V>> = BTreeMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

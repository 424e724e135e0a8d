//! The rules of the trade as plain functions over values.
//!
//! This crate knows no clock, no database and no HTTP: `now`, ids and rows come in as arguments. Its `Cargo.toml` is the
//! proof: a rule that wants diesel or actix does not compile here.

/// Declares an enum together with the one word that names each variant in JSON and in SQL.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:tt,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)+ }
        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),+ } }
        }
        impl TryFrom<String> for $name {
            type Error = $crate::UnknownWord;
            fn try_from(word: String) -> Result<Self, Self::Error> {
                Self::ALL.iter().copied().find(|v| v.as_str() == word).ok_or($crate::UnknownWord(word))
            }
        }
        impl From<$name> for String { fn from(value: $name) -> Self { value.as_str().to_owned() } }
    };
}

pub mod allergens;
pub mod availability;
pub mod catalogue;
pub mod delivery;
pub mod discount;
pub mod event;
pub mod geo;
pub mod hours;
pub mod kitchen;
pub mod language;
pub mod machine;
pub mod menu;
pub mod money;
pub mod order;
pub mod payment;
pub mod people;
pub mod pricing;
pub mod promotion;
pub mod recipe;
pub mod selection;
pub mod stock;
pub mod tax;
pub mod unit;
pub mod zone;

#[cfg(test)]
mod baskets;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod notation;

/// A word that names no variant: the database and the code have parted.
#[derive(Debug, thiserror::Error)]
#[error("«{0}» is not a word of this enum")]
pub struct UnknownWord(pub String);

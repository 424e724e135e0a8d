//! What may stand in a file: values that are checked while they are read, so that a fault points at them.

use std::collections::BTreeMap;
use std::fmt;

use domain::stock::Quantity;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// Names a thing in files and URLs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Slug(pub(super) String);

impl TryFrom<String> for Slug {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Slug, &'static str> {
        let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let fits = text.len() <= 64 && text.split('-').all(part);
        if fits { Ok(Slug(text)) } else { Err("a slug has at most 64 of a-z, 0-9 and single hyphens between them") }
    }
}

/// A text that says something, in so many characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Words<const MOST: usize>(pub(super) String);

impl<const MOST: usize> TryFrom<String> for Words<MOST> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = !text.trim().is_empty() && text.chars().count() <= MOST && !text.contains('\0');
        if fits { Ok(Words(text)) } else { Err(format!("a text is not blank and has at most {MOST} characters")) }
    }
}

/// Five digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Postcode(String);

impl TryFrom<String> for Postcode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Postcode, &'static str> {
        let fits = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Postcode(text)) } else { Err("a postcode has five digits") }
    }
}

/// A text in every language.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Label {
    pub(super) fr: Words<2000>,
    pub(super) en: Words<2000>,
}

/// Where a picture is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Link(String);

impl TryFrom<String> for Link {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Link, &'static str> {
        let plain = |rest: &str| !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(|b| b.is_ascii_graphic());
        let fits = text.len() <= 1000 && text.strip_prefix("https://").is_some_and(plain);
        if fits { Ok(Link(text)) } else { Err("should be an address that begins with https://") }
    }
}

/// What a customer types to get a promotion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct CouponCode(pub(super) String);

impl TryFrom<String> for CouponCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<CouponCode, &'static str> {
        let known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let fits = (3..=32).contains(&text.len()) && text.bytes().all(known);
        if fits { Ok(CouponCode(text)) } else { Err("a code has 3 to 32 of A-Z, 0-9, _ and -") }
    }
}

/// A whole number between two others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Within<const LOW: i32, const HIGH: i32>(pub(super) i32);

impl<const LOW: i32, const HIGH: i32> TryFrom<i64> for Within<LOW, HIGH> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        let fits = i32::try_from(number).ok().filter(|number| (LOW..=HIGH).contains(number));
        fits.map(Within).ok_or_else(|| format!("should be from {LOW} to {HIGH}"))
    }
}

/// An amount in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Price(pub(super) i64);

impl TryFrom<i64> for Price {
    type Error = &'static str;

    fn try_from(cents: i64) -> Result<Price, &'static str> {
        let fits = (0..=1_000_000_000).contains(&cents);
        if fits { Ok(Price(cents)) } else { Err("an amount is not below zero and at most ten million euros") }
    }
}

/// What a recipe takes of an ingredient: a quantity, or one with what is lost on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    pub(super) quantity: Quantity,
    pub(super) waste_basis_points: i32,
}

/// By the ingredient's slug.
pub(super) type Ingredients = BTreeMap<String, Portion>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wasteful {
    quantity: Quantity,
    #[serde(default)]
    waste_basis_points: Option<Within<0, 10_000>>,
}

impl<'de> Deserialize<'de> for Portion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Portion, D::Error> {
        deserializer.deserialize_any(NumberOrObject)
    }
}

/// By hand, because an untagged enum would not say what is wrong with which field.
struct NumberOrObject;

impl<'de> Visitor<'de> for NumberOrObject {
    type Value = Portion;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity, or an object with quantity and wasteBasisPoints")
    }

    fn visit_f64<E: serde::de::Error>(self, units: f64) -> Result<Portion, E> {
        let quantity = Quantity::deserialize(units.into_deserializer())?;
        Ok(Portion { quantity, waste_basis_points: 0 })
    }

    fn visit_u64<E: serde::de::Error>(self, units: u64) -> Result<Portion, E> {
        self.visit_f64(units as f64)
    }

    fn visit_i64<E: serde::de::Error>(self, units: i64) -> Result<Portion, E> {
        self.visit_f64(units as f64)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Portion, A::Error> {
        let given = Wasteful::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Portion { quantity: given.quantity, waste_basis_points: given.waste_basis_points.map_or(0, |waste| waste.0) })
    }
}

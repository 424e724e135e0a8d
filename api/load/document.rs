//! The shape of the files; see demo/README.md.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::hours::Weekday;
use domain::language::{Language, Text};
use domain::menu::{Allergen, ProductKind, SizeCode};
use domain::order::ServiceType;
use domain::people::Role;
use domain::stock::{Quantity, Unit};
use domain::tax::TaxCategory;
use serde::{Deserialize, Serialize};

/// Any of these, in one file or many.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Document {
    pub(super) tax_rates: Vec<TaxRateEntry>,
    pub(super) stores: Vec<StoreEntry>,
    pub(super) ingredients: Vec<IngredientEntry>,
    pub(super) categories: Vec<CategoryEntry>,
    pub(super) modifier_groups: Vec<ModifierGroupEntry>,
    pub(super) products: Vec<ProductEntry>,
    pub(super) stock: Vec<StockEntry>,
    pub(super) people: Vec<PersonEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TaxRateEntry {
    pub(super) category: TaxCategory,
    pub(super) service_type: Option<ServiceType>,
    pub(super) rate_basis_points: i32,
    pub(super) valid_from: NaiveDate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StoreEntry {
    pub(super) slug: String,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) line1: String,
    pub(super) postcode: String,
    pub(super) city: String,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) phone: String,
    pub(super) email: String,
    pub(super) time_zone: String,
    pub(super) business_day_cutoff: String,
    pub(super) service_types: Vec<ServiceType>,
    pub(super) delivery_radius_metres: i32,
    pub(super) delivery_fee_cents: i64,
    pub(super) free_delivery_from_cents: Option<i64>,
    pub(super) preparation_minutes: i32,
    pub(super) delivery_minutes: i32,
    pub(super) acceptance_deadline_minutes: i32,
    pub(super) hours: Vec<HoursEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HoursEntry {
    pub(super) weekday: Weekday,
    pub(super) service_type: ServiceType,
    /// HH:MM
    pub(super) opens: String,
    /// HH:MM; not after `opens` means the next day, 24:00 the midnight that ends it.
    pub(super) closes: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IngredientEntry {
    pub(super) slug: String,
    pub(super) name: Text,
    pub(super) unit: Unit,
    pub(super) allergens: Vec<Allergen>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CategoryEntry {
    pub(super) slug: String,
    pub(super) name: Text,
    pub(super) position: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierGroupEntry {
    pub(super) slug: String,
    pub(super) name: Text,
    pub(super) minimum: i32,
    pub(super) maximum: i32,
    pub(super) modifiers: Vec<ModifierEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierEntry {
    pub(super) slug: String,
    pub(super) name: Text,
    pub(super) sizes: BTreeMap<SizeCode, ModifierSizeEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierSizeEntry {
    pub(super) price_cents: i64,
    pub(super) ingredients: Ingredients,
}

/// Quantity of one unit by the ingredient's slug.
pub(super) type Ingredients = BTreeMap<String, Quantity>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProductEntry {
    pub(super) slug: String,
    pub(super) category: String,
    pub(super) kind: ProductKind,
    pub(super) name: Text,
    pub(super) description: Text,
    pub(super) tax_category: TaxCategory,
    pub(super) modifier_groups: Vec<String>,
    pub(super) variants: Vec<VariantEntry>,
    pub(super) recipe: RecipeEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VariantEntry {
    pub(super) size: SizeCode,
    pub(super) name: Text,
    pub(super) price_cents: i64,
    pub(super) ingredients: Ingredients,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RecipeEntry {
    pub(super) prep_seconds: i32,
    pub(super) bake_seconds: i32,
    pub(super) steps: StepsEntry,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepsEntry {
    pub(super) fr: Vec<String>,
    pub(super) en: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StockEntry {
    pub(super) store: String,
    pub(super) levels: Ingredients,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PersonEntry {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) phone: Option<String>,
    pub(super) language: Option<Language>,
    /// In clear: such people are for development only.
    pub(super) password: String,
    pub(super) roles: Vec<RoleEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RoleEntry {
    pub(super) store: Option<String>,
    pub(super) role: Role,
}

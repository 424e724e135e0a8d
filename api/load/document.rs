//! The shape of the files; see demo/README.md.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::hours::{Weekday, Window};
use domain::language::Language;
use domain::menu::{Allergen, Diet, ModifierKind, PriceRule, ProductKind, SizeCode};
use domain::order::{Channel, ServiceType};
use domain::people::Role;
use domain::promotion::PromotionKind;
use domain::stock::{Quantity, Unit};
use domain::tax::TaxCategory;
use serde::{Deserialize, Serialize};

use super::values::{CouponCode, Ingredients, Label, Link, Postcode, Price, Slug, Within, Words};

/// Any of these, in one file or many.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Document {
    pub(super) tax_rates: Vec<TaxRateEntry>,
    pub(super) stores: Vec<StoreEntry>,
    pub(super) ingredients: Vec<IngredientEntry>,
    pub(super) categories: Vec<CategoryEntry>,
    pub(super) modifier_groups: Vec<ModifierGroupEntry>,
    pub(super) portion_policies: Vec<PortionPolicyEntry>,
    pub(super) products: Vec<ProductEntry>,
    pub(super) price_overrides: Vec<PriceOverrideEntry>,
    pub(super) promotions: Vec<PromotionEntry>,
    pub(super) stock: Vec<StockEntry>,
    pub(super) people: Vec<PersonEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TaxRateEntry {
    pub(super) category: TaxCategory,
    pub(super) service_type: Option<ServiceType>,
    pub(super) rate_basis_points: Within<0, 10_000>,
    pub(super) valid_from: NaiveDate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StoreEntry {
    pub(super) slug: Slug,
    pub(super) code: String,
    pub(super) name: Words<200>,
    pub(super) line1: String,
    pub(super) postcode: String,
    pub(super) city: String,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) phone: String,
    pub(super) email: String,
    pub(super) time_zone: String,
    pub(super) business_day_cutoff: String,
    pub(super) service_types: BTreeSet<ServiceType>,
    pub(super) preparation_minutes: i32,
    pub(super) delivery_minutes: i32,
    pub(super) acceptance_deadline_minutes: i32,
    pub(super) hours: Vec<HoursEntry>,
    pub(super) zones: Vec<ZoneEntry>,
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

/// A radius around the store or a polygon.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ZoneEntry {
    pub(super) name: Words<100>,
    pub(super) radius_metres: Option<Within<1, 100_000>>,
    /// Longitude and latitude of each corner, as in GeoJSON.
    pub(super) polygon: Option<Vec<[f64; 2]>>,
    #[serde(default)]
    pub(super) postcodes: BTreeSet<Postcode>,
    #[serde(default)]
    pub(super) minimum_cents: Price,
    pub(super) tiers: Vec<TierEntry>,
    #[serde(default)]
    pub(super) extra_minutes: Option<Within<0, 240>>,
    pub(super) position: Within<0, 10_000>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TierEntry {
    pub(super) from_cents: Price,
    pub(super) fee_cents: Price,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IngredientEntry {
    pub(super) slug: Slug,
    pub(super) name: Label,
    pub(super) unit: Unit,
    pub(super) allergens: BTreeSet<Allergen>,
    #[serde(default)]
    pub(super) may_contain: BTreeSet<Allergen>,
    #[serde(default = "yes")]
    pub(super) allergens_known: bool,
    pub(super) cost_cents_per_thousand: Option<Price>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CategoryEntry {
    pub(super) slug: Slug,
    pub(super) name: Label,
    pub(super) position: Within<0, 10_000>,
    /// When it is sold; empty: always.
    #[serde(default)]
    pub(super) windows: Vec<Window>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierGroupEntry {
    pub(super) slug: Slug,
    pub(super) name: Label,
    pub(super) minimum: Within<0, 50>,
    pub(super) maximum: Within<1, 50>,
    /// So many of the chosen ones cost nothing.
    pub(super) free_quantity: Option<Within<0, 50>>,
    pub(super) modifiers: Vec<ModifierEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierEntry {
    pub(super) slug: Slug,
    pub(super) name: Label,
    /// Without it an extra.
    pub(super) kind: Option<ModifierKind>,
    /// Without it ten.
    pub(super) maximum: Option<Within<1, 10>>,
    #[serde(default)]
    pub(super) is_default: bool,
    /// The ingredient that it leaves out: exactly of kind `remove`.
    pub(super) removes: Option<String>,
    pub(super) sizes: BTreeMap<SizeCode, ModifierSizeEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ModifierSizeEntry {
    pub(super) price_cents: Price,
    #[serde(default)]
    pub(super) ingredients: Ingredients,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PortionPolicyEntry {
    pub(super) product_kind: ProductKind,
    pub(super) price_rule: PriceRule,
    /// 50 or 100.
    pub(super) extras_percent: Within<50, 100>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProductEntry {
    pub(super) slug: Slug,
    pub(super) category: String,
    pub(super) kind: ProductKind,
    pub(super) name: Label,
    pub(super) description: Label,
    pub(super) tax_category: TaxCategory,
    #[serde(default)]
    pub(super) diets: BTreeSet<Diet>,
    #[serde(default)]
    pub(super) image_urls: Vec<Link>,
    #[serde(default = "yes")]
    pub(super) halves_allowed: bool,
    pub(super) modifier_groups: Vec<String>,
    pub(super) variants: Vec<VariantEntry>,
    /// Every product but a combo has one.
    pub(super) recipe: Option<RecipeEntry>,
    /// Of a combo.
    #[serde(default)]
    pub(super) slots: Vec<SlotEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VariantEntry {
    pub(super) size: SizeCode,
    pub(super) name: Label,
    pub(super) price_cents: Price,
    /// None of a combo.
    #[serde(default)]
    pub(super) ingredients: Ingredients,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RecipeEntry {
    pub(super) prep_seconds: Within<0, 7200>,
    pub(super) bake_seconds: Within<0, 7200>,
    pub(super) oven_celsius: Option<Within<0, 600>>,
    pub(super) photo_url: Option<Link>,
    pub(super) steps: Vec<StepEntry>,
}

/// Read from the file and stored as it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StepEntry {
    pub(super) fr: Words<1000>,
    pub(super) en: Words<1000>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) photo_url: Option<Link>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SlotEntry {
    pub(super) name: Label,
    pub(super) minimum: Within<0, 10>,
    pub(super) maximum: Within<1, 10>,
    pub(super) variants: Vec<SlotVariantEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SlotVariantEntry {
    pub(super) product: String,
    pub(super) size: SizeCode,
    #[serde(default)]
    pub(super) surcharge_cents: Price,
}

/// Of a product or of a modifier, in one size.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PriceOverrideEntry {
    pub(super) store: Option<String>,
    pub(super) service_type: Option<ServiceType>,
    pub(super) channel: Option<Channel>,
    pub(super) product: Option<String>,
    pub(super) modifier: Option<String>,
    pub(super) size: SizeCode,
    pub(super) price_cents: Price,
    /// First day, local to the store.
    pub(super) valid_from: Option<NaiveDate>,
    /// Last day.
    pub(super) valid_until: Option<NaiveDate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PromotionEntry {
    /// The French name finds it again.
    pub(super) name: Label,
    pub(super) kind: PromotionKind,
    pub(super) percent_basis_points: Option<Within<1, 10_000>>,
    pub(super) amount_cents: Option<Price>,
    pub(super) buy_quantity: Option<Within<1, 50>>,
    pub(super) get_quantity: Option<Within<1, 50>>,
    #[serde(default)]
    pub(super) conditions: ConditionsEntry,
    pub(super) needs_coupon: bool,
    pub(super) stackable: bool,
    pub(super) maximum_uses: Option<Within<1, 100_000_000>>,
    pub(super) maximum_uses_per_customer: Option<Within<1, 1_000_000>>,
    pub(super) valid_from: Option<DateTime<Utc>>,
    pub(super) valid_until: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) coupons: Vec<CouponEntry>,
}

/// Where, when and on what; an empty list asks for nothing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ConditionsEntry {
    pub(super) stores: Vec<String>,
    pub(super) service_types: BTreeSet<ServiceType>,
    pub(super) channels: BTreeSet<Channel>,
    pub(super) windows: Vec<Window>,
    pub(super) minimum_cents: Option<Price>,
    pub(super) products: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) size_codes: BTreeSet<SizeCode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CouponEntry {
    pub(super) code: CouponCode,
    pub(super) maximum_uses: Option<Within<1, 100_000_000>>,
    pub(super) maximum_uses_per_customer: Option<Within<1, 1_000_000>>,
    pub(super) valid_from: Option<DateTime<Utc>>,
    pub(super) valid_until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StockEntry {
    pub(super) store: String,
    pub(super) levels: BTreeMap<String, Quantity>,
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

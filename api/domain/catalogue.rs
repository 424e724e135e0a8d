//! What the chain sells, as values: products, options, recipes, prices and taxes, looked up by id.
//!
//! Archived things stay in it, marked as no longer on sale: carts and orders still name them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use uuid::Uuid;

use crate::hours::Window;
use crate::language::Text;
use crate::menu::{Allergen, Diet, ModifierKind, PriceRule, ProductKind, SizeCode};
use crate::money::Cents;
use crate::order::{Channel, ServiceType};
use crate::promotion::Promotion;
use crate::stock::Recipe;
use crate::tax::{Rate, TaxCategory};
use crate::zone::Zone;

#[derive(Debug, Default)]
pub struct Catalogue {
    /// In the order of the menu.
    pub categories: Vec<Category>,
    /// In the order of the menu.
    pub products: Vec<Product>,
    pub variants: BTreeMap<Uuid, Variant>,
    pub groups: BTreeMap<Uuid, Group>,
    pub modifiers: BTreeMap<Uuid, Modifier>,
    pub ingredients: BTreeMap<Uuid, Ingredient>,
    /// A kind without a policy has no halves.
    pub policies: BTreeMap<ProductKind, PortionPolicy>,
    pub overrides: BTreeMap<Target, Vec<Override>>,
    pub tax_rates: Vec<TaxRate>,
    pub promotions: Vec<Promotion>,
    /// By store, the first that holds an address counts.
    pub zones: BTreeMap<Uuid, Vec<Zone>>,
}

#[derive(Debug)]
pub struct Category {
    pub id: Uuid,
    pub slug: String,
    pub name: Text,
    /// When it is sold; empty: always.
    pub windows: Vec<Window>,
    pub on_sale: bool,
}

#[derive(Debug)]
pub struct Product {
    pub id: Uuid,
    pub slug: String,
    pub category: Uuid,
    pub kind: ProductKind,
    pub name: Text,
    pub description: Text,
    pub tax: TaxCategory,
    pub diets: Vec<Diet>,
    pub image_urls: Vec<String>,
    pub halves_allowed: bool,
    pub on_sale: bool,
    /// In the order they are offered in.
    pub groups: Vec<Uuid>,
    /// Its sizes in order, archived ones included.
    pub variants: Vec<Uuid>,
    /// Of a combo.
    pub slots: Vec<Slot>,
}

/// A choice inside a combo.
#[derive(Debug)]
pub struct Slot {
    pub id: Uuid,
    pub name: Text,
    pub minimum: u32,
    pub maximum: u32,
    /// What can fill it, and what that costs on top.
    pub variants: BTreeMap<Uuid, Cents>,
}

#[derive(Debug)]
pub struct Variant {
    pub id: Uuid,
    /// Place of its product in [`Catalogue::products`].
    pub product: usize,
    pub size: SizeCode,
    pub name: Text,
    /// VAT included.
    pub price: Cents,
    /// What one takes from stock, waste included; empty: nobody knows how it is made.
    pub recipe: Recipe,
    pub on_sale: bool,
}

#[derive(Debug)]
pub struct Group {
    pub id: Uuid,
    pub slug: String,
    pub name: Text,
    pub minimum: u32,
    pub maximum: u32,
    /// So many of the chosen ones cost nothing: the dearest.
    pub free: u32,
    /// In order, archived ones included.
    pub modifiers: Vec<Uuid>,
}

#[derive(Debug)]
pub struct Modifier {
    pub id: Uuid,
    pub group: Uuid,
    pub name: Text,
    pub kind: ModifierKind,
    /// How many of it one unit may have.
    pub maximum: u32,
    /// Chosen where a choice must be made and nobody made it.
    pub is_default: bool,
    /// The ingredient that it leaves out.
    pub removes: Option<Uuid>,
    /// A size that is missing cannot take it.
    pub sizes: BTreeMap<SizeCode, ModifierSize>,
    pub on_sale: bool,
}

#[derive(Debug)]
pub struct ModifierSize {
    pub price: Cents,
    /// What it takes from stock, waste included; empty: nothing.
    pub recipe: Recipe,
}

#[derive(Debug)]
pub struct Ingredient {
    pub id: Uuid,
    pub slug: String,
    pub name: Text,
    pub allergens: Vec<Allergen>,
    pub may_contain: Vec<Allergen>,
    /// false: nobody has looked, so that none is listed means nothing.
    pub allergens_known: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct PortionPolicy {
    pub rule: PriceRule,
    /// What an extra on one half costs, in percent of its price on the whole.
    pub extras_percent: u32,
}

/// What a price is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Variant(Uuid),
    Modifier(Uuid, SizeCode),
}

/// Another price for some store, service, channel or days.
#[derive(Clone, Debug)]
pub struct Override {
    pub id: Uuid,
    pub store: Option<Uuid>,
    pub service: Option<ServiceType>,
    pub channel: Option<Channel>,
    pub price: Cents,
    /// First day, local to the store.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub until: Option<NaiveDate>,
}

#[derive(Clone, Debug)]
pub struct TaxRate {
    pub category: TaxCategory,
    /// None: every service that has no rate of its own.
    pub service: Option<ServiceType>,
    pub rate: Rate,
    pub from: NaiveDate,
}

/// For whom and when a price is asked.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    pub store: Uuid,
    pub service: ServiceType,
    pub channel: Channel,
    /// When it is wanted, on the store's wall clock.
    pub at: NaiveDateTime,
}

impl Catalogue {
    pub fn product_of(&self, variant: &Variant) -> Option<&Product> {
        self.products.get(variant.product)
    }

    /// A variant with its product.
    pub fn dish(&self, variant: Uuid) -> Option<(&Variant, &Product)> {
        let variant = self.variants.get(&variant)?;
        Some((variant, self.product_of(variant)?))
    }

    pub fn category(&self, id: Uuid) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// Whether the category of a product is sold at this time.
    pub fn is_served(&self, product: &Product, at: NaiveDateTime) -> bool {
        let windows = self.category(product.category).map_or(&[][..], |category| &category.windows);
        windows.is_empty() || windows.iter().any(|window| window.contains(at))
    }

    pub fn variant_price(&self, context: &Context, variant: &Variant) -> Cents {
        self.overridden(context, Target::Variant(variant.id)).unwrap_or(variant.price)
    }

    /// None when the size cannot take it.
    pub fn modifier_price(&self, context: &Context, modifier: &Modifier, size: SizeCode) -> Option<Cents> {
        let usual = modifier.sizes.get(&size)?.price;
        Some(self.overridden(context, Target::Modifier(modifier.id, size)).unwrap_or(usual))
    }

    /// The most particular override counts: a store before a service before a channel before days; among equals the
    /// newest (ids are UUIDv7).
    fn overridden(&self, context: &Context, target: Target) -> Option<Cents> {
        let day = context.at.date();
        let holds = |o: &&Override| {
            o.store.is_none_or(|store| store == context.store)
                && o.service.is_none_or(|service| service == context.service)
                && o.channel.is_none_or(|channel| channel == context.channel)
                && o.from.is_none_or(|from| from <= day)
                && o.until.is_none_or(|until| day <= until)
        };
        let particular = |o: &&Override| {
            (o.store.is_some(), o.service.is_some(), o.channel.is_some(), o.from.is_some() || o.until.is_some(), o.id)
        };
        self.overrides.get(&target)?.iter().filter(holds).max_by_key(particular).map(|o| o.price)
    }

    /// The VAT rate of a category: that of the service before the general one, of these the newest that has begun.
    pub fn rate(&self, context: &Context, category: TaxCategory) -> Option<Rate> {
        let holds = |rate: &&TaxRate| {
            rate.category == category
                && rate.from <= context.at.date()
                && rate.service.is_none_or(|service| service == context.service)
        };
        self.tax_rates.iter().filter(holds).max_by_key(|rate| (rate.service.is_some(), rate.from)).map(|rate| rate.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{catalogue, euros, id, lunch, special, variant};
    use crate::notation::context;

    /// The price of a medium reine, whose own is 12.50, under these overrides, oldest first.
    fn price(overrides: &[(&str, &str)], whom: &str) -> Cents {
        let mut catalogue = catalogue();
        let special = |(number, (whom, price)): (u128, &(&str, &str))| special(number, whom, euros(price));
        catalogue.overrides = BTreeMap::from([(Target::Variant(id("reine/M")), (1..).zip(overrides).map(special).collect())]);
        let (variant, _) = catalogue.dish(id("reine/M")).expect("a reine");
        catalogue.variant_price(&context(whom), variant)
    }

    #[test]
    fn a_price_holds_for_whom_it_names() {
        let own = euros("12.50");
        for (named, others) in [
            ("lyon", "paris"),
            ("collection", "delivery"),
            ("app", "web"),
            ("lyon collection app", "lyon collection web"),
            ("lyon collection app", "lyon delivery app"),
            ("lyon collection app", "paris collection app"),
        ] {
            assert_eq!(price(&[(named, "9")], named), euros("9"), "{named}");
            assert_eq!(price(&[(named, "9")], others), own, "{named} for {others}");
        }
        assert_eq!(price(&[("", "9")], "lyon"), euros("9"), "for everybody");
    }

    #[test]
    fn a_price_holds_from_its_first_day_to_its_last() {
        let on = |days: &str, day: &str| price(&[(days, "9")], day) == euros("9");
        let days = ["2026-12-23", "2026-12-24", "2026-12-25", "2026-12-26"];
        assert_eq!(days.map(|day| on("2026-12-24..2026-12-25", day)), [false, true, true, false]);
        assert_eq!(days.map(|day| on("2026-12-25..", day)), [false, false, true, true]);
        assert_eq!(days.map(|day| on("..2026-12-24", day)), [true, true, false, false]);
        assert!(on("2026-12-24..2026-12-24", "2026-12-24 23:59") && !on("2026-12-24..2026-12-24", "2026-12-25 00:00"));
    }

    #[test]
    fn a_store_comes_before_a_service_before_a_channel_before_days() {
        let all =
            [("lyon", "1"), ("collection app 2020-01-01..", "2"), ("app 2020-01-01..", "3"), ("2020-01-01..", "4"), ("", "5")];
        for (left_out, expected) in [(0, "1"), (1, "2"), (2, "3"), (3, "4"), (4, "5")] {
            let mut rest = all.get(left_out..).expect("so many").to_vec();
            assert_eq!(price(&rest, "lyon collection app"), euros(expected));
            rest.reverse();
            assert_eq!(price(&rest, "lyon collection app"), euros(expected), "however old they are");
        }
        assert_eq!(price(&[("lyon collection", "1"), ("lyon app 2020-01-01..", "2")], "lyon collection app"), euros("1"));
        assert_eq!(price(&[("lyon app", "1"), ("lyon 2020-01-01..", "2")], "lyon app"), euros("1"));
    }

    #[test]
    fn among_equals_the_newest_counts() {
        assert_eq!(price(&[("lyon", "1"), ("lyon", "2")], "lyon"), euros("2"));
        assert_eq!(price(&[("2026-01-01..", "1"), ("..2026-12-31", "2")], ""), euros("2"));
    }

    #[test]
    fn a_modifier_has_a_price_by_size_and_its_own_overrides() {
        let catalogue = catalogue();
        let mozza = catalogue.modifiers.get(&id("+mozza")).expect("mozza");
        let price = |size, whom: &str| catalogue.modifier_price(&context(whom), mozza, size);
        assert_eq!(price(SizeCode::Large, "paris"), Some(euros("2")));
        assert_eq!(price(SizeCode::Large, "lyon"), Some(euros("1.80")));
        assert_eq!(price(SizeCode::Medium, "lyon"), Some(euros("1.50")), "the override is of the large one");
        assert_eq!(price(SizeCode::Regular, "lyon"), None);
    }

    #[test]
    fn the_rate_of_the_service_comes_first_and_then_the_newest_that_has_begun() {
        use TaxCategory::{Alcohol, ClosedContainer, PreparedFood};
        let catalogue = catalogue();
        let rate = |category, whom: &str| catalogue.rate(&context(whom), category).map(|rate| rate.0);
        assert_eq!(rate(PreparedFood, "2019-12-31"), None);
        assert_eq!(rate(PreparedFood, "2020-01-01 00:00"), Some(1000));
        assert_eq!(rate(PreparedFood, "2026-12-31 23:59"), Some(1000));
        assert_eq!(rate(PreparedFood, "2027-01-01 00:00"), Some(1200));
        assert_eq!(rate(ClosedContainer, "collection 2026-12-31"), Some(550));
        assert_eq!(rate(ClosedContainer, "collection 2027-01-01"), Some(1000));
        assert_eq!(rate(ClosedContainer, "delivery 2027-01-01"), Some(550));
        assert_eq!(rate(ClosedContainer, "delivery 2027-07-01"), Some(600));
        assert_eq!(rate(ClosedContainer, "collection 2027-07-01"), Some(1000), "a newer one for all does not end it");
        assert_eq!(rate(Alcohol, "collection 2027-07-01"), Some(2000));
    }

    #[test]
    fn a_category_is_served_in_its_windows() {
        let mut catalogue = catalogue();
        catalogue.categories.iter_mut().filter(|category| category.slug == "dessert").for_each(|c| c.windows.push(lunch()));
        let served = |slug: &str, whom: &str| {
            let (_, product) = catalogue.dish(variant(slug)).expect(slug);
            catalogue.is_served(product, context(whom).at)
        };
        assert_eq!([served("glace", "12:00"), served("glace", "14:00"), served("cola", "14:00")], [true, false, true]);
    }
}

//! A cart with everything that pricing and stock need to know of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::money::Cents;
use domain::order::ServiceType;
use domain::pricing::{self, Basket, DeliveryTariff, Priced};
use domain::stock::{self, Quantity, Recipe};
use domain::tax::Rate;
use uuid::Uuid;

use crate::carts::queries::{self, CartRow, LineRow, ModifierRow};
use crate::error::{Error, Result};
use crate::stores::queries::{self as stores, StoreRow};

pub struct Quote {
    pub cart: CartRow,
    pub store: StoreRow,
    pub lines: Vec<QuotedLine>,
    pub priced: Priced,
}

pub struct QuotedLine {
    pub row: LineRow,
    /// The chosen modifiers that can (still) be had in this size, with their count.
    pub modifiers: Vec<(ModifierRow, u32)>,
    pub tax_rate: Rate,
    pub total: Cents,
    /// What the whole line takes from stock.
    pub demand: BTreeMap<Uuid, Quantity>,
    /// Whether the variant and all its chosen modifiers are still sold, and have a recipe to be made by.
    pub on_sale: bool,
}

impl Quote {
    /// Every ingredient that the cart needs.
    pub fn ingredients(&self) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = self.lines.iter().flat_map(|line| line.demand.keys().copied()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// The lines, by index, that cannot be made together of what is available.
    pub fn short_lines(&self, available: &BTreeMap<Uuid, Quantity>) -> Vec<usize> {
        let demands: Vec<&BTreeMap<Uuid, Quantity>> = self.lines.iter().map(|line| &line.demand).collect();
        stock::short_lines(&demands, available)
    }
}

impl QuotedLine {
    /// How many units of the line could be made if it were alone.
    pub fn makeable(&self, available: &BTreeMap<Uuid, Quantity>) -> u32 {
        let units = i64::from(self.row.quantity.max(1));
        let each: Recipe = self.demand.iter().map(|(id, all)| (*id, Quantity(all.0 / units))).collect();
        stock::servings(&each, available)
    }
}

/// Reads and prices a cart.
pub fn quote(conn: &mut PgConnection, cart: CartRow, now: DateTime<Utc>) -> Result<Quote> {
    let store = stores::find(conn, cart.store_id)?;
    let rows = queries::lines(conn, cart.id)?;
    let variant_ids: Vec<Uuid> = rows.iter().map(|row| row.variant.id).collect();
    let modifier_ids: Vec<Uuid> = rows.iter().flat_map(|row| row.chosen.iter().map(|m| m.modifier_id)).collect();
    let known = Known {
        rates: queries::tax_rates(conn, cart.service_type, store.local(now)?.date())?,
        modifiers: queries::modifiers(conn, &modifier_ids)?,
        variant_recipes: queries::variant_recipes(conn, &variant_ids)?,
        modifier_recipes: queries::modifier_recipes(conn, &modifier_ids)?,
    };
    let mut lines = rows.into_iter().map(|row| known.line(row)).collect::<Result<Vec<_>>>()?;
    let priced = pricing::price(&Basket { lines: lines.iter().map(basket_line).collect(), delivery: tariff(&cart, &store) });
    for (line, total) in lines.iter_mut().zip(&priced.lines) {
        line.total = *total;
    }
    Ok(Quote { cart, store, lines, priced })
}

fn tariff(cart: &CartRow, store: &StoreRow) -> Option<DeliveryTariff> {
    (cart.service_type == ServiceType::Delivery)
        .then(|| DeliveryTariff { fee: Cents(store.delivery_fee_cents), free_from: store.free_delivery_from_cents.map(Cents) })
}

fn basket_line(line: &QuotedLine) -> pricing::Line {
    pricing::Line {
        unit_price: Cents(line.row.variant.price_cents),
        modifiers: line.modifiers.iter().map(|(m, count)| (Cents(m.price_cents), *count)).collect(),
        quantity: line.row.quantity,
        tax_rate: line.tax_rate,
    }
}

/// What was read at once for all lines.
struct Known {
    rates: BTreeMap<domain::tax::TaxCategory, Rate>,
    modifiers: Vec<ModifierRow>,
    variant_recipes: BTreeMap<Uuid, Recipe>,
    modifier_recipes: BTreeMap<(Uuid, domain::menu::SizeCode), Recipe>,
}

impl Known {
    fn line(&self, row: LineRow) -> Result<QuotedLine> {
        let size = row.variant.size_code;
        let category = row.variant.tax_category;
        let rate = self.rates.get(&category).copied();
        let tax_rate = rate.ok_or_else(|| Error::internal(format!("no VAT rate for {}", category.as_str())))?;
        let modifiers: Vec<(ModifierRow, u32)> = row
            .chosen
            .iter()
            .filter_map(|chosen| {
                let found = self.modifiers.iter().find(|m| m.id == chosen.modifier_id && m.size_code == size)?;
                Some((found.clone(), chosen.quantity))
            })
            .collect();
        let recipe = self.variant_recipes.get(&row.variant.id);
        let extras =
            modifiers.iter().filter_map(|(modifier, count)| Some((self.modifier_recipes.get(&(modifier.id, size))?, *count)));
        let demand = stock::demand(recipe.map(|recipe| (recipe, 1)).into_iter().chain(extras), row.quantity);
        let on_sale = row.variant.on_sale && recipe.is_some() && modifiers.len() == row.chosen.len();
        Ok(QuotedLine { modifiers, tax_rate, total: Cents::ZERO, demand, on_sale, row })
    }
}

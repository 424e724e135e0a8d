//! A basket with everything that pricing, stock and the rules of choosing need to know of it. Carts, dry runs and
//! placement ask here, so that all three say the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::pg::PgConnection;
use domain::availability::Snoozed;
use domain::catalogue::{Catalogue, Context, Product, Variant};
use domain::geo::Point;
use domain::language::Text;
use domain::money::Cents;
use domain::order::ServiceType;
use domain::pricing::{self, Basket, Line, Priced};
use domain::selection::{self, Wrong};
use domain::stock::{self, Demand, Quantity};
use domain::tax::Rate;
use domain::unit::{Unit, unit};
use domain::zone::{self, Found, Tier, Zone};
use uuid::Uuid;

use crate::carts::offers::{self, QuotedCoupon, Taken};
use crate::carts::queries::WantedLine;
use crate::carts::wanted::Wanted;
use crate::catalogue::Catalogues;
use crate::error::{Error, Result};
use crate::stores::queries::{self as stores, StoreRow};

pub struct Quote {
    pub wanted: Wanted,
    pub store: StoreRow,
    pub catalogue: Arc<Catalogue>,
    pub snoozed: Snoozed,
    pub context: Context,
    pub lines: Vec<QuotedLine>,
    pub coupons: Vec<QuotedCoupon>,
    /// The promotions that were taken.
    pub taken: Vec<Taken>,
    /// A promotion that comes by itself was left out, because it was used as often as it may be.
    pub offers_used_up: bool,
    pub priced: Priced,
    pub reach: Reach,
    /// None: the store is open at that time; else when it opens next, if ever.
    pub closed: Option<Option<NaiveDateTime>>,
}

pub struct QuotedLine {
    pub wanted: WantedLine,
    pub unit: Unit,
    /// What is wrong with its options, by the rules of today.
    pub wrongs: Vec<Wrong>,
    /// Before discounts.
    pub total: Cents,
    pub discount: Cents,
    pub net: BTreeMap<Rate, Cents>,
    /// What the whole line takes from stock.
    pub demand: Demand,
}

/// Whether and how far the store goes.
#[derive(Clone, Copy, Debug)]
pub enum Reach {
    /// It is collected.
    Counter,
    /// Delivered, as far as is known: what is delivered at all begins at this amount, and takes so much longer.
    Delivered { minimum: Cents, extra_minutes: i32 },
    /// The address is in no zone.
    Outside,
}

/// Prices a basket and holds it against the rules; what can be made of it is asked of [`Quote::short_lines`].
pub fn quote(conn: &mut PgConnection, catalogues: &Catalogues, wanted: Wanted, now: DateTime<Utc>) -> Result<Quote> {
    let store = stores::find(conn, wanted.store_id)?;
    let (catalogue, snoozed) = catalogues.at(conn, store.id, now)?;
    let at = store.local(wanted.requested_at.unwrap_or(now))?;
    let context = Context { store: store.id, service: wanted.service_type, channel: wanted.channel, at };
    let mut lines =
        wanted.lines.iter().map(|line| quoted(&catalogue, &context, line.clone())).collect::<Result<Vec<QuotedLine>>>()?;
    let priced_lines: Vec<Line> =
        lines.iter().map(|line| Line { parts: line.unit.parts.clone(), quantity: line.wanted.quantity }).collect();
    let (reach, tiers) = reach(&catalogue, &store, &wanted);
    let candidates = offers::candidates(conn, &catalogue, &context, &wanted, pricing::items(&priced_lines), now)?;
    let offers = candidates.offers();
    let priced = pricing::price(&Basket { lines: priced_lines, delivery: tiers, offers, tip: wanted.tip });
    for (line, priced) in lines.iter_mut().zip(&priced.lines) {
        (line.total, line.discount, line.net) = (priced.total, priced.discount, priced.net.clone());
    }
    let closed = stores::closed(conn, &store, wanted.service_type, at)?;
    let offers_used_up = candidates.used_up;
    let (coupons, taken) = candidates.outcome(&priced);
    Ok(Quote { wanted, store, catalogue, snoozed, context, lines, coupons, taken, offers_used_up, priced, reach, closed })
}

/// A choice that has become compulsory since the line was chosen is made for the customer, where it has a default: if that
/// costs anything, the price has changed.
fn quoted(catalogue: &Catalogue, context: &Context, mut wanted: WantedLine) -> Result<QuotedLine> {
    let wrongs = match selection::check(catalogue, &wanted.selection) {
        Ok(selection) => {
            wanted.selection = selection;
            Vec::new()
        }
        Err(wrongs) => wrongs,
    };
    let unit = unit(catalogue, context, &wanted.selection).map_err(Error::internal)?;
    let unit = unit.ok_or_else(|| Error::internal("a line of a variant that is not in the catalogue"))?;
    let demand = unit.demand.iter().map(|(id, each)| (*id, each.times(wanted.quantity))).collect();
    Ok(QuotedLine { wanted, unit, wrongs, demand, total: Cents::ZERO, discount: Cents::ZERO, net: BTreeMap::new() })
}

/// Until there is an address the first zone's tariff is shown.
fn reach(catalogue: &Catalogue, store: &StoreRow, wanted: &Wanted) -> (Reach, Option<Vec<Tier>>) {
    if wanted.service_type == ServiceType::Collection {
        return (Reach::Counter, None);
    }
    let zones = catalogue.zones.get(&store.id).map_or(&[][..], Vec::as_slice);
    let shop = Point { latitude: store.latitude, longitude: store.longitude };
    let delivered =
        |zone: &Zone| (Reach::Delivered { minimum: zone.minimum, extra_minutes: zone.extra_minutes }, Some(zone.tiers.clone()));
    let first = |reach: Reach| (reach, zones.first().map(|zone| zone.tiers.clone()));
    match &wanted.address {
        Some(address) => match zone::find(zones, shop, address.place()) {
            Found::Zone(zone) | Found::Perhaps(zone) => delivered(zone),
            Found::Outside(_) => first(Reach::Outside),
        },
        None => zones.first().map_or_else(|| first(Reach::Outside), delivered),
    }
}

impl Quote {
    /// Every ingredient that the basket needs.
    pub fn ingredients(&self) -> Vec<Uuid> {
        self.demand().into_keys().collect()
    }

    /// What the whole basket takes from stock.
    pub fn demand(&self) -> Demand {
        let mut all = Demand::new();
        for (ingredient, quantity) in self.lines.iter().flat_map(|line| &line.demand) {
            let sum = all.entry(*ingredient).or_default();
            *sum = *sum + *quantity;
        }
        all
    }

    /// The lines, by index, that cannot be made together of what is left: too little of something, or snoozed.
    pub fn short_lines(&self, left: &BTreeMap<Uuid, Quantity>) -> Vec<usize> {
        let demands: Vec<&Demand> = self.lines.iter().map(|line| &line.demand).collect();
        let mut short = stock::short_lines(&demands, left);
        let snoozed = self.lines.iter().enumerate().filter(|(_, line)| self.is_snoozed(line));
        short.extend(snoozed.map(|(index, _)| index));
        short.sort_unstable();
        short.dedup();
        short
    }

    fn is_snoozed(&self, line: &QuotedLine) -> bool {
        let (variants, modifiers) = line.parts();
        self.snoozed.touches(&variants, &modifiers, &line.demand)
    }

    /// How many units of a line could be made if it were alone.
    pub fn makeable(&self, line: &QuotedLine, left: &BTreeMap<Uuid, Quantity>) -> u32 {
        if self.is_snoozed(line) {
            return 0;
        }
        let each: Vec<(Uuid, Quantity)> = line.unit.demand.iter().map(|(id, quantity)| (*id, *quantity)).collect();
        stock::servings(&each, left)
    }

    /// The options of a line that cannot be had, whatever it is on.
    pub fn missing_options(&self, line: &QuotedLine, left: &BTreeMap<Uuid, Quantity>) -> Vec<&Text> {
        let parts = line.wanted.selection.components.iter();
        let parts = parts.map(|component| (component.variant_id, &component.modifiers));
        let all = std::iter::once((line.wanted.selection.variant_id, &line.wanted.selection.modifiers)).chain(parts);
        let missing = all.flat_map(|(variant, modifiers)| {
            let size = self.catalogue.variants.get(&variant).map(|variant| variant.size);
            let known = modifiers.iter().filter_map(|chosen| self.catalogue.modifiers.get(&chosen.modifier_id));
            known.filter(move |modifier| {
                let recipe = size.and_then(|size| modifier.sizes.get(&size)).map(|made| made.recipe.as_slice());
                let scarce = recipe.is_some_and(|recipe| !recipe.is_empty() && stock::servings(recipe, left) == 0);
                scarce || self.snoozed.modifiers.contains(&modifier.id)
            })
        });
        missing.map(|modifier| &modifier.name).collect()
    }

    pub fn dish(&self, line: &QuotedLine) -> Result<(&Variant, &Product)> {
        let dish = self.catalogue.dish(line.wanted.selection.variant_id);
        dish.ok_or_else(|| Error::internal("a line of a variant that is not in the catalogue"))
    }
}

impl QuotedLine {
    /// Every variant and every modifier in it.
    fn parts(&self) -> (Vec<Uuid>, Vec<Uuid>) {
        let selection = &self.wanted.selection;
        let mut variants = vec![selection.variant_id];
        variants.extend(selection.second_variant_id);
        let mut modifiers: Vec<Uuid> = selection.modifiers.iter().map(|chosen| chosen.modifier_id).collect();
        for component in &selection.components {
            variants.push(component.variant_id);
            variants.extend(component.second_variant_id);
            modifiers.extend(component.modifiers.iter().map(|chosen| chosen.modifier_id));
        }
        (variants, modifiers)
    }

    /// Whether the price has changed since the customer agreed to it.
    pub fn is_dearer_or_cheaper(&self) -> bool {
        self.wanted.seen.is_some_and(|seen| seen != self.unit.price())
    }
}

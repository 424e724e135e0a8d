//! Carts on the wire.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use domain::language::Language;
use domain::money::Money;
use domain::order::{Channel, ServiceType};
use domain::promotion::CouponReason;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::address::Address;
use crate::carts::problems::{self, CartProblem};
use crate::carts::queries::{self, CartRow};
use crate::carts::quote::{Quote, QuotedLine, quote};
use crate::carts::sold::{LineComponent, LineModifier, sold_components, sold_modifiers};
use crate::carts::totals::{AppliedDiscount, Totals};
use crate::carts::wanted::Wanted;
use crate::catalogue::Catalogues;
use crate::error::Result;
use crate::promotions::ledger::identities;
use crate::stock::ledger;

/// A cart with its prices as they are now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cart {
    pub(super) id: Uuid,
    /// The secret of the cart, told once, when it is created: send it as `Cart-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    store_id: Uuid,
    service_type: ServiceType,
    channel: Channel,
    /// Where to deliver, if it has been told.
    address: Option<Address>,
    /// When it is wanted; null: as soon as possible.
    requested_at: Option<DateTime<Utc>>,
    /// For the store.
    note: Option<String>,
    /// The customer has declared to be of age.
    age_confirmed: bool,
    lines: Vec<CartLine>,
    coupons: Vec<CartCoupon>,
    totals: Totals,
    /// What stands in the way of an order; empty when it can be placed.
    problems: Vec<CartProblem>,
    /// The order it became.
    order_id: Option<Uuid>,
    /// Its secret, for a customer who lost the answer to the placement: it goes into `Tracking-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_token: Option<String>,
    expires_at: DateTime<Utc>,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 3)]
    pub(super) version: i32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartLine {
    id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    /// Of the other half, when it is of two halves.
    second_variant_id: Option<Uuid>,
    #[schema(example = "Reine")]
    name: String,
    #[schema(example = "Chèvre miel")]
    second_name: Option<String>,
    #[schema(example = "Moyenne 31 cm")]
    variant_name: String,
    #[schema(example = 2)]
    quantity: u32,
    /// Of one unit, without its modifiers and surcharges.
    unit_price: Money,
    /// On each unit.
    modifiers: Vec<LineModifier>,
    /// In each unit, of a combo.
    components: Vec<LineComponent>,
    /// Before discounts.
    total: Money,
    /// Its share of the discounts.
    discount: Money,
    note: Option<String>,
    /// Whether it can be made now, together with the rest of the cart.
    available: bool,
}

/// A coupon that was entered, and what came of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartCoupon {
    #[schema(example = "BIENVENUE")]
    code: String,
    /// What it takes off; null when it does not apply.
    discount: Option<Money>,
    /// Why it does not apply.
    reason: Option<CouponReason>,
}

impl CartCoupon {
    /// As it stands in an order.
    fn of(discount: &AppliedDiscount) -> Option<CartCoupon> {
        let code = discount.coupon_code.clone()?;
        Some(CartCoupon { code, discount: Some(discount.amount), reason: None })
    }
}

/// A basket with its figures.
pub struct QuoteView {
    pub lines: Vec<CartLine>,
    pub coupons: Vec<CartCoupon>,
    pub totals: Totals,
    pub problems: Vec<CartProblem>,
}

/// Prices the cart and looks what of it can be made.
pub(super) fn view(
    conn: &mut PgConnection,
    catalogues: &Catalogues,
    cart: CartRow,
    language: Language,
    now: DateTime<Utc>,
) -> Result<Cart> {
    let lines = queries::lines(conn, cart.id)?;
    let wanted = Wanted::of(&cart, lines, identities(cart.customer_id, None, None))?;
    let quote = quote(conn, catalogues, wanted, now)?;
    let shown = quote_view(conn, &quote, language, now)?;
    // What has become an order costs what it cost then, and nothing stands in its way any more.
    let ordered = cart.order_id.map(|id| queries::ordered(conn, id)).transpose()?;
    let (tracking_token, totals, coupons, problems) = match ordered {
        None => (None, shown.totals, shown.coupons, shown.problems),
        Some((token, sold)) => {
            let totals = sold.shown(language)?;
            let coupons = totals.discounts.iter().filter_map(CartCoupon::of).collect();
            (Some(token), totals, coupons, Vec::new())
        }
    };
    Ok(Cart {
        token: None,
        problems,
        lines: shown.lines,
        coupons,
        totals,
        address: quote.wanted.address,
        tracking_token,
        id: cart.id,
        store_id: cart.store_id,
        service_type: cart.service_type,
        channel: cart.channel,
        requested_at: cart.requested_at,
        note: cart.note,
        age_confirmed: cart.age_confirmed,
        order_id: cart.order_id,
        expires_at: cart.expires_at,
        version: cart.version,
    })
}

/// The figures of a quote, and what is in the way.
pub fn quote_view(conn: &mut PgConnection, quote: &Quote, language: Language, now: DateTime<Utc>) -> Result<QuoteView> {
    let left = ledger::available(conn, quote.store.id, &quote.ingredients())?;
    let short = quote.short_lines(&left);
    let mut obstacles = problems::obstacles(quote, language, now);
    obstacles.extend(problems::changed_prices(quote));
    obstacles.extend(problems::shortage(quote, &left));
    let lines = quote.lines.iter().enumerate();
    let coupons = quote.coupons.iter().map(|coupon| CartCoupon {
        code: coupon.code.clone(),
        discount: coupon.outcome.ok().map(Into::into),
        reason: coupon.outcome.err(),
    });
    Ok(QuoteView {
        lines: lines.map(|(index, line)| line_view(quote, line, !short.contains(&index), language)).collect::<Result<_>>()?,
        coupons: coupons.collect(),
        totals: Totals::of(&quote.priced, &quote.taken, language),
        problems: obstacles.iter().flat_map(|obstacle| problems::shown(quote, obstacle, &left, language)).collect(),
    })
}

fn line_view(quote: &Quote, line: &QuotedLine, is_left: bool, language: Language) -> Result<CartLine> {
    let (variant, product) = quote.dish(line)?;
    let selection = &line.wanted.selection;
    let second = selection.second_variant_id.and_then(|id| quote.catalogue.dish(id));
    let modifiers = sold_modifiers(&line.unit.modifiers);
    let components = sold_components(&quote.catalogue, product, &line.unit);
    Ok(CartLine {
        id: line.wanted.id,
        product_id: product.id,
        variant_id: variant.id,
        second_variant_id: selection.second_variant_id,
        name: product.name.get(language).to_owned(),
        second_name: second.map(|(_, product)| product.name.get(language).to_owned()),
        variant_name: variant.name.get(language).to_owned(),
        quantity: line.wanted.quantity,
        unit_price: line.unit.base.into(),
        modifiers: modifiers.iter().map(|modifier| modifier.shown(language)).collect(),
        components: components.iter().map(|component| component.shown(language)).collect(),
        total: line.total.into(),
        discount: line.discount.into(),
        note: line.wanted.note.clone(),
        available: is_left && line.unit.on_sale && line.unit.is_served,
    })
}

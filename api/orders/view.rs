//! Orders on the wire.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use domain::language::{Language, Text};
use domain::money::{Cents, Money};
use domain::order::{Channel, OrderStatus, ServiceType};
use domain::payment::{PaymentMethod, PaymentStatus};
use domain::people::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::address::Address;
use crate::carts::sold::{LineComponent, LineModifier, SoldComponent, SoldModifier};
use crate::carts::totals::{SoldTotals, Totals};
use crate::error::{Error, Result};
use crate::orders::queries::{self, OrderLineRow, OrderRow};
use crate::payments::ledger::{self as payments, PaymentRow};

/// An order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: Uuid,
    /// What people say aloud: the store's code and the number of the business day.
    #[schema(example = "PAR-42")]
    pub number: String,
    pub store_id: Uuid,
    pub business_date: NaiveDate,
    pub channel: Channel,
    pub service_type: ServiceType,
    pub status: OrderStatus,
    pub lines: Vec<OrderLine>,
    pub totals: Totals,
    pub payment: OrderPayment,
    /// null for those who only cook.
    pub contact: Option<Contact>,
    /// Where to deliver; null for collection, and for those who only cook.
    pub address: Option<Address>,
    pub note: Option<String>,
    /// When the customer wants it; null: as soon as possible.
    pub requested_at: Option<DateTime<Utc>>,
    /// The secret of the tracking page, told to the customer only: whoever has it may follow and cancel the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_token: Option<String>,
    pub placed_at: DateTime<Utc>,
    /// When the customer can expect it.
    pub promised_at: DateTime<Utc>,
    /// When it came to an end.
    pub closed_at: Option<DateTime<Utc>>,
    /// Why it was cancelled, rejected or failed.
    pub reason: Option<String>,
    /// Counts the changes.
    #[schema(example = 1)]
    pub version: i32,
}

/// What was sold, as it was named and priced then.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    pub id: Uuid,
    pub product_id: Uuid,
    pub variant_id: Uuid,
    /// Of the other half, when it is of two halves.
    pub second_variant_id: Option<Uuid>,
    #[schema(example = "Reine")]
    pub name: String,
    #[schema(example = "Chèvre miel")]
    pub second_name: Option<String>,
    #[schema(example = "Moyenne 31 cm")]
    pub variant_name: String,
    #[schema(example = 2)]
    pub quantity: i32,
    /// Of one unit, without its modifiers and surcharges.
    pub unit_price: Money,
    /// On each unit.
    pub modifiers: Vec<LineModifier>,
    /// In each unit, of a combo.
    pub components: Vec<LineComponent>,
    /// Before discounts.
    pub total: Money,
    /// Its share of the discounts.
    pub discount: Money,
    /// total - discount by VAT rate: several where a combo has parts of several rates.
    pub taxes: Vec<OrderLineTax>,
    pub note: Option<String>,
}

/// What is paid of a line at one VAT rate, after its discount.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderLineTax {
    /// 1000 is 10 %.
    #[schema(example = 1000)]
    pub rate_basis_points: i32,
    /// VAT included.
    pub gross: Money,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPayment {
    pub method: PaymentMethod,
    pub status: PaymentStatus,
    pub amount: Money,
    /// Cash handed over.
    pub tendered: Option<Money>,
    /// Cash given back.
    pub change: Option<Money>,
    pub collected_at: Option<DateTime<Utc>>,
}

/// Whom to call.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contact {
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Camille Martin")]
    pub name: String,
    /// E.164.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$", example = "+33639981234")]
    pub phone: String,
    #[schema(format = "email", max_length = 254, example = "camille@example.org")]
    pub email: Option<String>,
}

/// What was paid of a line at one rate, as it stands in an order line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoldLineTax {
    pub rate_basis_points: i32,
    pub gross_cents: i64,
}

/// How much of an order a reader is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Its customer: all of it.
    Customer,
    /// Who takes orders or brings them: not the secret of the tracking page.
    Staff,
    /// Who cooks, or who brought it: no names and no addresses either.
    Kitchen,
}

impl Audience {
    /// What somebody with these hats is shown of an order.
    fn of(actors: &[Actor], order: &OrderRow) -> Audience {
        let wears = |actor: Actor| actors.contains(&actor);
        if wears(Actor::Customer) {
            Audience::Customer
        } else if wears(Actor::Counter) || wears(Actor::Manager) || (wears(Actor::Driver) && order.closed_at.is_none()) {
            Audience::Staff
        } else {
            Audience::Kitchen
        }
    }
}

/// Reads what belongs to these orders and shows them in the given order, as far as somebody with these hats may see.
pub fn orders(conn: &mut PgConnection, rows: Vec<OrderRow>, language: Language, actors: &[Actor]) -> Result<Vec<Order>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut lines: BTreeMap<Uuid, Vec<OrderLineRow>> = BTreeMap::new();
    for line in queries::lines(conn, &ids)? {
        lines.entry(line.order_id).or_default().push(line);
    }
    let payments = payments::of_orders(conn, &ids)?;
    let paid = rows.into_iter().filter_map(|row| Some((payments.get(&row.id)?, row)));
    paid.map(|(payment, row)| order(lines.remove(&row.id).unwrap_or_default(), row, payment, language, actors)).collect()
}

pub fn one(conn: &mut PgConnection, row: OrderRow, language: Language, actors: &[Actor]) -> Result<Order> {
    let found = orders(conn, vec![row], language, actors)?.into_iter().next();
    found.ok_or_else(|| Error::internal("an order without a payment"))
}

pub fn order(
    lines: Vec<OrderLineRow>,
    row: OrderRow,
    payment: &PaymentRow,
    language: Language,
    actors: &[Actor],
) -> Result<Order> {
    let audience = Audience::of(actors, &row);
    let personal = audience != Audience::Kitchen;
    Ok(Order {
        totals: totals(&row, language)?,
        payment: payment_view(payment),
        lines: lines.into_iter().map(|line| line_view(line, language)).collect::<Result<_>>()?,
        contact: personal.then(|| serde_json::from_value(row.contact)).transpose()?,
        address: row.address.filter(|_| personal).map(serde_json::from_value).transpose()?,
        id: row.id,
        number: row.number,
        store_id: row.store_id,
        business_date: row.business_date,
        channel: row.channel,
        service_type: row.service_type,
        status: row.status,
        note: row.note,
        requested_at: row.requested_at,
        tracking_token: (audience == Audience::Customer).then_some(row.tracking_token),
        placed_at: row.placed_at,
        promised_at: row.promised_at,
        closed_at: row.closed_at,
        reason: row.reason,
        version: row.version,
    })
}

fn totals(row: &OrderRow, language: Language) -> Result<Totals> {
    let sold = SoldTotals {
        items_cents: row.items_cents,
        delivery_fee_cents: row.delivery_fee_cents,
        discount_cents: row.discount_cents,
        tip_cents: row.tip_cents,
        tax_cents: row.tax_cents,
        total_cents: row.total_cents,
        taxes: row.taxes.clone(),
        adjustments: row.adjustments.clone(),
    };
    sold.shown(language)
}

fn payment_view(payment: &PaymentRow) -> OrderPayment {
    let money = |cents: i64| Money::from(Cents(cents));
    OrderPayment {
        method: payment.method,
        status: payment.status,
        amount: money(payment.amount_cents),
        tendered: payment.tendered_cents.map(money),
        change: payment.change().map(Into::into),
        collected_at: payment.collected_at,
    }
}

fn line_view(line: OrderLineRow, language: Language) -> Result<OrderLine> {
    let text = |json: serde_json::Value| Ok::<_, Error>(serde_json::from_value::<Text>(json)?.get(language).to_owned());
    let modifiers: Vec<SoldModifier> = serde_json::from_value(line.modifiers)?;
    let components: Vec<SoldComponent> = serde_json::from_value(line.components)?;
    let taxes: Vec<SoldLineTax> = serde_json::from_value(line.taxes)?;
    let tax = |tax: SoldLineTax| OrderLineTax { rate_basis_points: tax.rate_basis_points, gross: Cents(tax.gross_cents).into() };
    Ok(OrderLine {
        id: line.id,
        product_id: line.product_id,
        variant_id: line.variant_id,
        second_variant_id: line.second_variant_id,
        name: text(line.name)?,
        second_name: line.second_name.map(text).transpose()?,
        variant_name: text(line.variant_name)?,
        quantity: line.quantity,
        unit_price: Cents(line.unit_price_cents).into(),
        modifiers: modifiers.iter().map(|modifier| modifier.shown(language)).collect(),
        components: components.iter().map(|component| component.shown(language)).collect(),
        total: Cents(line.total_cents).into(),
        discount: Cents(line.discount_cents).into(),
        taxes: taxes.into_iter().map(tax).collect(),
        note: line.note,
    })
}

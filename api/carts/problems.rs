//! What stands in the way of an order. A cart shows all of it; placing fails with the first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::language::Language;
use domain::promotion::CouponReason;
use domain::stock::Quantity;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::carts::quote::{Quote, QuotedLine, Reach};
use crate::error::{Code, Error};
use crate::http::sentences;

/// Why the cart cannot be ordered as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartProblem {
    /// The code with which placing the order would fail.
    #[schema(example = "out_of_stock")]
    code: String,
    /// JSON pointer into the cart.
    #[schema(example = "/lines/0")]
    pointer: String,
    /// For people.
    #[schema(example = "Il ne reste pas assez d'ingrédients pour : Truffe.")]
    detail: String,
    /// What a front end should do.
    #[schema(example = "Show the lines named in `lines`, with what is left, and let the customer choose again.")]
    advice: String,
    /// Why a coupon does not apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<CouponReason>,
    /// How many of the line can be made, where there are too few.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    available_quantity: Option<u32>,
}

/// One obstacle, about some lines or about something else in the cart.
pub struct Obstacle {
    code: Code,
    pointer: String,
    lines: Vec<usize>,
    params: Vec<(&'static str, String)>,
    reason: Option<CouponReason>,
}

impl Obstacle {
    fn new(code: Code, pointer: &str) -> Obstacle {
        Obstacle { code, pointer: pointer.to_owned(), lines: Vec::new(), params: Vec::new(), reason: None }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Obstacle {
        self.params.push((name, value.to_string()));
        self
    }
}

type Left = BTreeMap<Uuid, Quantity>;

/// Everything that is in the way, but for what stock and snoozes say: the most fundamental first.
pub fn obstacles(quote: &Quote, language: Language, now: DateTime<Utc>) -> Vec<Obstacle> {
    let mut found = Vec::new();
    if quote.lines.is_empty() {
        found.push(Obstacle::new(Code::CartEmpty, "/lines"));
    }
    let mut of_lines = |code, is: &dyn Fn(&QuotedLine) -> bool| found.extend(about(quote, code, is));
    of_lines(Code::ProductUnavailable, &|line| !line.unit.on_sale);
    of_lines(Code::OptionsInvalid, &|line| line.unit.on_sale && !line.wrongs.is_empty());
    of_lines(Code::NotServedNow, &|line| !line.unit.is_served);
    if !quote.wanted.age_confirmed {
        of_lines(Code::AgeConfirmationRequired, &|line| line.unit.has_alcohol);
    }
    found.extend(of_service(quote, now));
    found.extend(of_coupons(quote, language));
    found
}

/// The lines whose price is not what the customer agreed to.
pub fn changed_prices(quote: &Quote) -> Vec<Obstacle> {
    let changed = quote.lines.iter().enumerate().filter(|(_, line)| line.is_dearer_or_cheaper());
    changed
        .map(|(index, line)| {
            let seen = line.wanted.seen.unwrap_or_default();
            let obstacle = Obstacle::new(Code::PriceChanged, &format!("/lines/{index}"));
            Obstacle { lines: vec![index], ..obstacle.with("total", euros(line.unit.price().0)).with("expected", euros(seen.0)) }
        })
        .collect()
}

/// The lines of which there is too little.
pub fn shortage(quote: &Quote, left: &Left) -> Option<Obstacle> {
    let short = quote.short_lines(left);
    (!short.is_empty()).then(|| Obstacle { lines: short, ..Obstacle::new(Code::OutOfStock, "/lines") })
}

fn about(quote: &Quote, code: Code, is: &dyn Fn(&QuotedLine) -> bool) -> Option<Obstacle> {
    let lines: Vec<usize> = quote.lines.iter().enumerate().filter(|(_, line)| is(line)).map(|(index, _)| index).collect();
    (!lines.is_empty()).then(|| Obstacle { lines, ..Obstacle::new(code, "/lines") })
}

fn of_service(quote: &Quote, now: DateTime<Utc>) -> Vec<Obstacle> {
    let mut found = Vec::new();
    if quote.wanted.requested_at.is_some_and(|at| at < now - TimeDelta::minutes(1)) {
        found.push(Obstacle::new(Code::RequestedTimePassed, "/requestedAt"));
    }
    if let Some(opens) = quote.closed {
        let opens = opens.map_or_else(|| "—".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string());
        let pointer = if quote.wanted.requested_at.is_some() { "/requestedAt" } else { "/storeId" };
        found.push(Obstacle::new(Code::StoreClosed, pointer).with("opens", opens));
    }
    match quote.reach {
        Reach::Outside => {
            found.push(Obstacle::new(Code::OutsideZone, "/address"));
        }
        Reach::Delivered { minimum, .. } if quote.priced.items < minimum && !quote.lines.is_empty() => {
            let missing = euros((minimum - quote.priced.items).0);
            found.push(
                Obstacle::new(Code::BelowMinimum, "/totals/items").with("minimum", euros(minimum.0)).with("missing", missing),
            );
        }
        Reach::Delivered { .. } | Reach::Counter => {}
    }
    found
}

fn of_coupons(quote: &Quote, language: Language) -> Vec<Obstacle> {
    let refused = quote.coupons.iter().enumerate();
    let refused = refused.filter_map(|(index, coupon)| Some((index, &coupon.code, coupon.outcome.as_ref().err()?)));
    // Who has the better offer without the coupon need not take it out to order.
    let refused = refused.filter(|(.., reason)| **reason != CouponReason::NotCombinable);
    refused
        .map(|(index, code, reason)| {
            let obstacle = Obstacle::new(Code::CouponInvalid, &format!("/coupons/{index}"));
            let text = sentences::coupon_reason(*reason, language);
            Obstacle { reason: Some(*reason), ..obstacle.with("coupon", code).with("reason", text) }
        })
        .collect()
}

pub fn euros(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// What is told of an obstacle in a cart: of one about lines, one problem a line.
pub fn shown(quote: &Quote, obstacle: &Obstacle, left: &Left, language: Language) -> Vec<CartProblem> {
    let problem = |pointer: String, names: String, available_quantity: Option<u32>| {
        let mut params = obstacle.params.clone();
        params.push(("names", names));
        CartProblem {
            code: obstacle.code.word().to_owned(),
            pointer,
            detail: sentences::fill(sentences::detail(obstacle.code, language), &params),
            advice: sentences::advice(obstacle.code).to_owned(),
            reason: obstacle.reason,
            available_quantity,
        }
    };
    if obstacle.lines.is_empty() {
        return vec![problem(obstacle.pointer.clone(), String::new(), None)];
    }
    let lines = obstacle.lines.iter().filter_map(|index| Some((index, quote.lines.get(*index)?)));
    let short = obstacle.code == Code::OutOfStock;
    let lines = lines.map(|(index, line)| {
        problem(format!("/lines/{index}"), name(quote, line, short, left, language), short.then(|| quote.makeable(line, left)))
    });
    lines.collect()
}

/// The refusal of a placement: it names the lines.
pub fn refusal(quote: &Quote, obstacle: Obstacle, left: &Left, language: Language) -> Error {
    let lines: Vec<(usize, &QuotedLine)> =
        obstacle.lines.iter().filter_map(|&index| Some((index, quote.lines.get(index)?))).collect();
    let short = obstacle.code == Code::OutOfStock;
    let names: BTreeSet<String> = lines.iter().map(|(_, line)| name(quote, line, short, left, language)).collect();
    let mut error = Error::new(obstacle.code).with("names", names.into_iter().collect::<Vec<_>>().join(", "));
    error.params.extend(obstacle.params);
    if let Some(reason) = obstacle.reason {
        error = error.extend("reason", Value::from(reason.as_str()));
    }
    if lines.is_empty() {
        return error.extend("pointer", Value::from(obstacle.pointer));
    }
    let shown = lines.iter().map(|(index, line)| {
        json!({
            "pointer": format!("/lines/{index}"),
            "lineId": line.wanted.id,
            "productId": quote.dish(line).map(|(_, product)| product.id).ok(),
            "variantId": line.wanted.selection.variant_id,
            "name": name(quote, line, false, left, language),
            "quantity": line.wanted.quantity,
        })
    });
    let mut shown: Vec<Value> = shown.collect();
    if obstacle.code == Code::OutOfStock {
        for (line, value) in lines.iter().zip(&mut shown) {
            value["availableQuantity"] = json!(quote.makeable(line.1, left));
        }
    }
    error.extend("lines", Value::Array(shown))
}

/// What a line is called; of one that is `short` with the options that are to blame, so that nobody takes off the pizza for
/// want of a crust.
fn name(quote: &Quote, line: &QuotedLine, short: bool, left: &Left, language: Language) -> String {
    let name = quote.dish(line).map(|(_, product)| product.name.get(language).to_owned()).unwrap_or_default();
    let missing: Vec<&str> =
        if short { quote.missing_options(line, left) } else { Vec::new() }.into_iter().map(|text| text.get(language)).collect();
    if missing.is_empty() { name } else { format!("{name} ({})", missing.join(", ")) }
}

//! A short way to write down what somebody orders, and for whom, for the tests.
//!
//! `2 reine|chevre/M +ham*2@1 -onion`: two medium pizzas, half reine, half chèvre, each with twice ham on its first half and
//! without onion. `duo(reine/M +egg, cola)` is a combo with what fills its slots. `collection app lyon 2026-12-24` says for
//! whom and when; what is not said is a delivery in Paris, asked on the web, on a Friday evening.

use chrono::NaiveTime;
use uuid::Uuid;

use crate::catalogue::{Catalogue, Context};
use crate::fixture::{day, id, variant};
use crate::menu::Portion;
use crate::order::{Channel, ServiceType};
use crate::selection::{ChosenComponent, ChosenModifier, Selection};

/// The lines of an order, parted by semicolons, each with how many of it.
pub(crate) fn order(catalogue: &Catalogue, text: &str) -> Vec<(u32, Selection)> {
    let line = |line: &str| {
        let (count, unit) = line.trim().split_once(' ').expect(line);
        (count.parse().expect(line), selection(catalogue, unit))
    };
    text.split(';').map(line).collect()
}

pub(crate) fn selection(catalogue: &Catalogue, text: &str) -> Selection {
    let (own, inside) = text.trim().split_once('(').unwrap_or((text.trim(), ""));
    let (variant_id, second_variant_id, modifiers) = dish(own);
    let inside = inside.trim_end_matches(')').split(',').map(str::trim).filter(|part| !part.is_empty());
    Selection {
        variant_id,
        second_variant_id,
        modifiers,
        components: inside.map(|part| component(catalogue, own, part)).collect(),
    }
}

/// It goes to the slot that offers it, or to the first, that the test may see it refused.
fn component(catalogue: &Catalogue, combo: &str, text: &str) -> ChosenComponent {
    let (variant_id, second_variant_id, modifiers) = dish(text);
    let combo = catalogue.products.iter().find(|product| product.slug == combo).expect(combo);
    let slot = combo.slots.iter().find(|slot| slot.variants.contains_key(&variant_id)).or(combo.slots.first());
    ChosenComponent { slot_id: slot.map_or(Uuid::nil(), |slot| slot.id), variant_id, second_variant_id, modifiers }
}

fn dish(text: &str) -> (Uuid, Option<Uuid>, Vec<ChosenModifier>) {
    let (name, modifiers) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let modifiers = modifiers.split_whitespace().map(modifier).collect();
    let Some((first, second)) = name.split_once('|') else { return (variant(name), None, modifiers) };
    // Both halves are of the size behind the second, unless the first says its own.
    let size = second.split_once('/').map_or(String::new(), |(_, size)| format!("/{size}"));
    let first = if first.contains('/') { first.to_owned() } else { format!("{first}{size}") };
    (variant(&first), Some(variant(second)), modifiers)
}

fn modifier(text: &str) -> ChosenModifier {
    let (text, half) = text.split_once('@').unwrap_or((text, ""));
    let portion = match half {
        "1" => Portion::FirstHalf,
        "2" => Portion::SecondHalf,
        _ => Portion::Whole,
    };
    let (name, count) = text.split_once('*').unwrap_or((text, "1"));
    ChosenModifier { modifier_id: id(name), quantity: count.parse().expect(text), portion }
}

pub(crate) fn context(text: &str) -> Context {
    let (store, service, channel) = (id("paris"), ServiceType::Delivery, Channel::Web);
    let at = day("2026-11-27").and_time(time("19:30"));
    let mut context = Context { store, service, channel, at };
    for word in text.split_whitespace() {
        match (ServiceType::try_from(word.to_owned()), Channel::try_from(word.to_owned())) {
            (Ok(service), _) => context.service = service,
            (_, Ok(channel)) => context.channel = channel,
            _ if word.contains(':') => context.at = context.at.date().and_time(time(word)),
            _ if word.contains('-') => context.at = day(word).and_time(context.at.time()),
            _ => context.store = id(word),
        }
    }
    context
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").expect(text)
}

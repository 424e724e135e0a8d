//! A small menu with something of everything, for the tests: sizes, halves, extras, combos, other prices, rates that change.
//!
//! Things are named as in [`crate::notation`]: `reine/M` is the medium reine, `cola` comes in one size, `+ham` puts ham on
//! top, `-ham` leaves it out. Recipes are those of a medium one: a small one takes half, a large one half as much again.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::catalogue::{
    Catalogue, Category, Group, Ingredient, Modifier, ModifierSize, Override, PortionPolicy, Product, Slot, Target, TaxRate,
    Variant,
};
use crate::hours::{ClockTime, Weekday, Window};
use crate::language::Text;
use crate::menu::{ModifierKind, PriceRule, ProductKind, SizeCode};
use crate::money::{Cents, Money};
use crate::order::{Channel, ServiceType};
use crate::promotion::{Conditions, Effect, Promotion};
use crate::stock::{Quantity, Recipe};
use crate::tax::{Rate, TaxCategory};
use crate::zone::{Area, Tier, Zone};

/// Pizzas may be of two halves at the dearer price, extras on a half at half of theirs; sides at the mean, extras in full.
const DISHES: &str = "
    margherita | pizza   | prepared_food    | crust extras         | S 8.90 M 10.90 L 13.90  | dough 250 tomato 90 mozza 100 basil 5
    reine      | pizza   | prepared_food    | crust extras without | S 9.90 M 12.50 L 15.90  | dough 250 tomato 90 mozza 100 ham 60
    chevre     | pizza   | prepared_food    | crust extras without | S 10.40 M 13.20 L 16.75 | dough 250 mozza 60 goat 70 onion 25
    calzone    | pizza   | prepared_food    | extras               | M 12.95                 | dough 280 tomato 60 mozza 90 ham 50
    focaccia   | side    | prepared_food    | extras               | M 6.50 L 8.95           | dough 200 oil 10
    fougasse   | side    | prepared_food    | extras               | M 7.25 L 9.80           | dough 210 olives 40
    wings      | side    | prepared_food    |                      | R 5.90                  | chicken 8
    pain       | side    | prepared_food    |                      | R 3.50                  | dough 100
    cola       | drink   | closed_container |                      | R 2.50                  | cola 1
    eau        | drink   | closed_container |                      | R 1.80                  | eau 1
    beer       | drink   | alcohol          |                      | R 4.20                  | beer 1
    wine       | drink   | alcohol          |                      | R 14.90                 | wine 1
    tiramisu   | dessert | prepared_food    |                      | R 4.50                  | tiramisu 1
    glace      | dessert | prepared_food    | toppings             | R 3.20                  | ice 90
    pot        | dessert | closed_container |                      | R 3.90                  | pot 1
    duo        | combo   | prepared_food    |                      | R 14.50                 |
    soiree     | combo   | prepared_food    |                      | R 26.90                 |
    famille    | combo   | prepared_food    |                      | R 39.90                 |
    apero      | combo   | prepared_food    |                      | R 9.90                  |
";

/// The slots of the combos: how many fill one, what can, and what that costs on top.
const SLOTS: &str = "
    duo     | pizza   | 1 1 | margherita/M 0 reine/M 0 chevre/M 1.50
    duo     | drink   | 1 1 | cola 0 eau 0 beer 1.80
    soiree  | pizza   | 1 1 | margherita/M 0 reine/M 0 chevre/M 1.50
    soiree  | soft    | 1 1 | cola 0 eau 0
    soiree  | wine    | 1 1 | wine 0 beer 0
    famille | pizza   | 2 2 | margherita/L 0 reine/L 0 chevre/L 2.00
    famille | drink   | 1 2 | cola 0 eau 0
    famille | dessert | 0 1 | tiramisu 1.00 pot 0
    apero   | bread   | 1 1 | focaccia/M 0 fougasse/M 0.50
    apero   | drink   | 1 1 | beer 0
";

/// How many of a group at least and at most, and how many of them are free.
const GROUPS: &str = "
    crust    | 1 1 0
    extras   | 0 4 0
    without  | 0 2 0
    toppings | 0 4 2
";

/// The group, the kind, how many of it one unit may have; the star marks the default.
const MODIFIERS: &str = "
    +classic* | crust    | choice | 1 | S 0.00 M 0.00 L 0.00 |
    +cheesy   | crust    | choice | 1 | S 1.50 M 2.00 L 2.50 | mozza 60
    +thin     | crust    | choice | 1 | M 0.00 L 0.00        |
    +mozza    | extras   | extra  | 3 | S 1.00 M 1.50 L 2.00 | mozza 40
    +ham      | extras   | extra  | 2 | S 1.20 M 1.65 L 2.15 | ham 30
    +egg      | extras   | extra  | 2 | M 1.05 L 1.35        | egg 2
    +olives   | extras   | extra  | 2 | S 0.45 M 0.75 L 0.95 | olives 15
    -ham      | without  | remove | 1 | S 0.00 M 0.00 L 0.00 |
    -onion    | without  | remove | 1 | S 0.00 M 0.00 L 0.00 |
    +caramel  | toppings | extra  | 2 | R 0.50               |
    +choco    | toppings | extra  | 2 | R 0.60               |
    +nuts     | toppings | extra  | 2 | R 0.75               | nuts 10
    +cream    | toppings | extra  | 2 | R 0.40               | cream 15
";

/// Other prices: for whom or when. Later ones are newer.
const OVERRIDES: &str = "
    margherita/M | lyon                   | 9.90
    margherita/M | app                    | 10.40
    margherita/M | lyon collection        | 9.50
    wings/R      | collection             | 5.20
    tiramisu/R   | 2026-12-24..2026-12-25 | 5.20
    +mozza/L     | lyon                   | 1.80
";

/// VAT in percent, for a service or any, from a day on.
const RATES: &str = "
    prepared_food    | any        | 10  | 2020-01-01
    closed_container | any        | 5.5 | 2020-01-01
    alcohol          | any        | 20  | 2020-01-01
    prepared_food    | any        | 12  | 2027-01-01
    closed_container | collection | 10  | 2027-01-01
    closed_container | any        | 6   | 2027-07-01
";

/// What makes an order cheaper; `alone` is not to be combined. Later ones are younger.
const PROMOTIONS: &str = "
    ten      | percent 10    | stackable |
    third    | percent 33.33 | alone     |
    all      | percent 100   | stackable |
    sweets   | percent 50    | stackable | category dessert
    large    | percent 15    | stackable | size large
    reines   | percent 20    | stackable | product reine
    lunch    | percent 25    | alone     | window lunch
    five     | amount 5.00   | stackable |
    cake     | amount 6.00   | stackable | category dessert
    twenty   | amount 20.00  | alone     | minimum 45.00
    twofor   | buy 2 1       | alone     | category pizza
    onefor   | buy 1 1       | stackable | category pizza
    drinks   | buy 2 1       | stackable | category drink
    ride     | delivery      | stackable | minimum 15.00
    lift     | delivery      | alone     |
    pickup   | percent 10    | alone     | service collection
    lyonnais | percent 10    | alone     | store lyon
    app      | percent 5     | stackable | channel app
";

/// The id of whatever has this slug.
pub(crate) fn id(slug: &str) -> Uuid {
    assert!(slug.len() <= 16, "{slug} does not fit into an id");
    Uuid::from_u128(slug.bytes().fold(0, |number, byte| number << 8 | u128::from(byte)))
}

/// The id of a variant: what has no size comes in one.
pub(crate) fn variant(slug: &str) -> Uuid {
    if slug.contains('/') { id(slug) } else { id(&format!("{slug}/R")) }
}

/// `12.50` or `10` in hundredths.
pub(crate) fn hundredths(number: &str) -> i64 {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "00"));
    let fraction = format!("{fraction:0<2}");
    assert_eq!(fraction.len(), 2, "{number}");
    whole.parse::<i64>().expect(number) * 100 + fraction.parse::<i64>().expect(number)
}

pub(crate) fn euros(number: &str) -> Cents {
    Cents(hundredths(number))
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

/// The word of an enum.
pub(crate) fn word<T: TryFrom<String>>(word: &str) -> T {
    T::try_from(word.to_owned()).ok().expect(word)
}

pub(crate) fn text(word: &str) -> Text {
    Text { fr: word.to_owned(), en: word.to_owned() }
}

pub(crate) fn grams(quantity: i64) -> Quantity {
    Quantity(quantity * 1000)
}

pub(crate) fn size(letter: &str) -> SizeCode {
    let (_, size) = ["S", "M", "L", "R"].iter().zip(SizeCode::ALL).find(|(known, _)| **known == letter).expect(letter);
    *size
}

/// The menu, the tariffs and the offers of the chain; all of it may be changed by a test.
pub(crate) fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    for kind in ProductKind::ALL {
        let (id, slug) = (id(kind.as_str()), kind.as_str().to_owned());
        catalogue.categories.push(Category { id, name: text(&slug), slug, windows: Vec::new(), on_sale: true });
    }
    let max = PortionPolicy { rule: PriceRule::Max, extras_percent: 50 };
    let average = PortionPolicy { rule: PriceRule::Average, extras_percent: 100 };
    catalogue.policies = BTreeMap::from([(ProductKind::Pizza, max), (ProductKind::Side, average)]);
    for columns in rows(DISHES) {
        dish(&mut catalogue, columns);
    }
    for columns in rows(GROUPS) {
        group(&mut catalogue, columns);
    }
    for columns in rows(MODIFIERS) {
        modifier(&mut catalogue, columns);
    }
    for (number, [target, whom, price]) in (1..).zip(rows(OVERRIDES)) {
        catalogue.overrides.entry(self::target(target)).or_default().push(special(number, whom, euros(price)));
    }
    catalogue.tax_rates = rows(RATES).map(tax_rate).collect();
    catalogue.promotions = (1..).zip(rows(PROMOTIONS)).map(|(number, columns)| promotion(number, columns)).collect();
    for store in ["paris", "lyon"] {
        catalogue.zones.insert(id(store), vec![zone()]);
    }
    catalogue
}

fn rows<const COLUMNS: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; COLUMNS]> {
    table.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        columns.try_into().expect(line)
    })
}

fn pairs(words: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let words: Vec<&str> = words.split_whitespace().collect();
    words.chunks(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>().into_iter()
}

/// The recipe of a size; on the way its ingredients become known.
fn recipe(catalogue: &mut Catalogue, medium: &'static str, size: SizeCode) -> Recipe {
    let percent = match size {
        SizeCode::Small => 50,
        SizeCode::Large => 150,
        SizeCode::Medium | SizeCode::Regular => 100,
    };
    let takes = |(slug, quantity): (&str, &str)| (id(slug), Quantity(quantity.parse::<i64>().expect(slug) * 10 * percent));
    let ingredient = |slug: &str| Ingredient {
        id: id(slug),
        slug: slug.to_owned(),
        name: text(slug),
        allergens: Vec::new(),
        may_contain: Vec::new(),
        allergens_known: true,
    };
    catalogue.ingredients.extend(pairs(medium).map(|(slug, _)| (id(slug), ingredient(slug))));
    pairs(medium).map(takes).collect()
}

fn dish(catalogue: &mut Catalogue, [slug, kind, tax, groups, prices, medium]: [&'static str; 6]) {
    let product = catalogue.products.len();
    let mut variants = Vec::new();
    for (letter, price) in pairs(prices) {
        let (id, size) = (id(&format!("{slug}/{letter}")), size(letter));
        let (recipe, price) = (recipe(catalogue, medium, size), euros(price));
        catalogue.variants.insert(id, Variant { id, product, size, name: text(letter), price, recipe, on_sale: true });
        variants.push(id);
    }
    let mut slots = Vec::new();
    for [combo, name, bounds, offered] in rows(SLOTS) {
        let (minimum, maximum) = pairs(bounds).next().expect(bounds);
        let [minimum, maximum] = [minimum, maximum].map(|bound| bound.parse().expect(bound));
        let variants = pairs(offered).map(|(slug, surcharge)| (variant(slug), euros(surcharge))).collect();
        if combo == slug {
            slots.push(Slot { id: id(&format!("{combo}:{name}")), name: text(name), minimum, maximum, variants });
        }
    }
    catalogue.products.push(Product {
        id: id(slug),
        slug: slug.to_owned(),
        category: id(kind),
        kind: word(kind),
        name: text(slug),
        description: text(slug),
        tax: word(tax),
        diets: Vec::new(),
        image_urls: Vec::new(),
        halves_allowed: slug != "calzone",
        on_sale: true,
        groups: groups.split_whitespace().map(id).collect(),
        variants,
        slots,
    });
}

fn group(catalogue: &mut Catalogue, [slug, bounds]: [&'static str; 2]) {
    let bounds: Vec<u32> = bounds.split_whitespace().map(|bound| bound.parse().expect(slug)).collect();
    let [minimum, maximum, free] = bounds.try_into().expect(slug);
    let (id, slug, name) = (id(slug), slug.to_owned(), text(slug));
    catalogue.groups.insert(id, Group { id, slug, name, minimum, maximum, free, modifiers: Vec::new() });
}

fn modifier(catalogue: &mut Catalogue, [slug, group, kind, maximum, prices, medium]: [&'static str; 6]) {
    let (name, group) = (slug.trim_end_matches('*'), id(group));
    let mut sizes = BTreeMap::new();
    for (letter, price) in pairs(prices) {
        let recipe = recipe(catalogue, medium, size(letter));
        sizes.insert(size(letter), ModifierSize { price: euros(price), recipe });
    }
    let modifier = Modifier {
        id: id(name),
        group,
        name: text(name),
        kind: word(kind),
        maximum: maximum.parse().expect(slug),
        is_default: slug.ends_with('*'),
        removes: (word::<ModifierKind>(kind) == ModifierKind::Remove).then(|| id(name.trim_start_matches('-'))),
        sizes,
        on_sale: true,
    };
    catalogue.groups.get_mut(&group).expect(slug).modifiers.push(modifier.id);
    catalogue.modifiers.insert(modifier.id, modifier);
}

fn target(slug: &str) -> Target {
    match slug.split_once('/') {
        Some((modifier, letter)) if modifier.starts_with(['+', '-']) => Target::Modifier(id(modifier), size(letter)),
        _ => Target::Variant(id(slug)),
    }
}

/// Another price for whom these words name: a store, a service, a channel, days.
pub(crate) fn special(number: u128, whom: &str, price: Cents) -> Override {
    let (id, store) = (Uuid::from_u128(number), None);
    let mut special = Override { id, store, service: None, channel: None, price, from: None, until: None };
    for name in whom.split_whitespace() {
        let (service, channel) = (ServiceType::try_from(name.to_owned()), Channel::try_from(name.to_owned()));
        match (name.split_once(".."), service, channel) {
            (Some((from, until)), ..) => {
                let bound = |text: &str| (!text.is_empty()).then(|| day(text));
                (special.from, special.until) = (bound(from), bound(until));
            }
            (_, Ok(service), _) => special.service = Some(service),
            (_, _, Ok(channel)) => special.channel = Some(channel),
            _ => special.store = Some(self::id(name)),
        }
    }
    special
}

fn tax_rate([category, service, percent, from]: [&'static str; 4]) -> TaxRate {
    let rate = Rate(i32::try_from(hundredths(percent)).expect(percent));
    TaxRate {
        category: word::<TaxCategory>(category),
        service: ServiceType::try_from(service.to_owned()).ok(),
        rate,
        from: day(from),
    }
}

fn promotion(number: u128, [slug, effect, combined, condition]: [&'static str; 4]) -> Promotion {
    let effect: Vec<&str> = effect.split_whitespace().collect();
    let count = |text: &str| text.parse().expect(slug);
    let effect = match *effect {
        ["percent", percent] => Effect::Percent(u32::try_from(hundredths(percent)).expect(slug)),
        ["amount", amount] => Effect::Amount(euros(amount)),
        ["buy", buy, get] => Effect::BuyXGetY { buy: count(buy), get: count(get) },
        _ => Effect::FreeDelivery,
    };
    let mut conditions = Conditions::default();
    for (what, name) in pairs(condition) {
        match what {
            "category" => conditions.category_ids.push(id(name)),
            "product" => conditions.product_ids.push(id(name)),
            "size" => conditions.size_codes.push(word(name)),
            "minimum" => conditions.minimum = Some(Money::from(euros(name))),
            "window" => conditions.windows.push(lunch()),
            "service" => conditions.service_types.push(word(name)),
            "channel" => conditions.channels.push(word(name)),
            _ => conditions.store_ids.push(id(name)),
        }
    }
    Promotion {
        id: Uuid::from_u128(number),
        name: text(slug),
        effect,
        conditions,
        valid_from: None,
        valid_until: None,
        needs_coupon: false,
        stackable: combined == "stackable",
        maximum_uses: None,
        maximum_uses_per_customer: None,
    }
}

/// Noon to two, Monday to Friday.
pub(crate) fn lunch() -> Window {
    let weekdays = Weekday::ALL.iter().copied().filter(|day| day.number() <= 5).collect();
    Window { weekdays, opens: ClockTime::from_minute(720), closes: ClockTime::from_minute(840) }
}

fn zone() -> Zone {
    let tiers = [("0", "3.90"), ("20.00", "1.90"), ("35.00", "0")];
    Zone {
        id: id("zone"),
        name: "zone".to_owned(),
        area: Area::Radius(5_000),
        postcodes: Vec::new(),
        minimum: Cents::ZERO,
        tiers: tiers.map(|(from, fee)| Tier { from: euros(from), fee: euros(fee) }).to_vec(),
        extra_minutes: 0,
    }
}

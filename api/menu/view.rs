//! The menu on the wire, made of the catalogue and of what can be made.

use domain::allergens::{self, Derived};
use domain::availability::{Made, Servings, availability, told};
use domain::catalogue::{Catalogue, Category, Context, Group, Modifier, Product, Slot, Variant};
use domain::hours::Window;
use domain::language::Language;
use domain::menu::{Availability, Diet, ModifierKind, PriceRule, ProductKind, SizeCode};
use domain::money::{Currency, Money};
use domain::order::{Channel, ServiceType};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a store sells now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Menu {
    store_id: Uuid,
    service_type: ServiceType,
    channel: Channel,
    currency: Currency,
    categories: Vec<MenuCategory>,
    /// How two halves of one unit are priced, by kind of product; a kind that is not listed has no halves.
    halves: Vec<MenuHalves>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuCategory {
    id: Uuid,
    #[schema(example = "pizzas")]
    slug: String,
    #[schema(example = "Pizzas")]
    name: String,
    /// When it is sold, on the store's wall clock; empty: always.
    windows: Vec<Window>,
    /// Whether it is sold at this time.
    served_now: bool,
    products: Vec<MenuProduct>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuHalves {
    kind: ProductKind,
    price_rule: PriceRule,
    /// What an extra on one half costs, in percent of its price on the whole.
    #[schema(example = 50)]
    extras_percent: u32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuProduct {
    id: Uuid,
    #[schema(example = "reine")]
    slug: String,
    #[schema(example = "Reine")]
    name: String,
    #[schema(example = "Sauce tomate, mozzarella, jambon, champignons")]
    description: String,
    kind: ProductKind,
    #[schema(example = json!(["https://images.ocpizza.example/reine.jpg"]))]
    image_urls: Vec<String>,
    diets: Vec<Diet>,
    /// Of all its ingredients, in any size; of a combo those of its parts count.
    allergens: Derived,
    /// There is alcohol in it: the customer has to declare to be of age.
    age_restricted: bool,
    /// Whether it may be one half of two.
    halves_allowed: bool,
    /// Whether at least one variant can be had now.
    available: bool,
    variants: Vec<MenuVariant>,
    modifier_groups: Vec<MenuModifierGroup>,
    /// The choices of a combo.
    slots: Vec<MenuSlot>,
}

/// A product in one size.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuVariant {
    /// Goes into a cart line.
    id: Uuid,
    #[schema(example = "Moyenne 31 cm")]
    name: String,
    size_code: SizeCode,
    price: Money,
    /// Whether one more can be made of the ingredients left, and is sold at this time.
    available: bool,
    availability: Availability,
    /// How many can still be made; told when it is five or fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 4)]
    servings_left: Option<u32>,
}

/// A choice on a product: between `minimum` and `maximum` modifiers in all; on each half, where there are halves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuModifierGroup {
    id: Uuid,
    #[schema(example = "Suppléments")]
    name: String,
    #[schema(example = 0)]
    minimum: u32,
    #[schema(example = 5)]
    maximum: u32,
    /// So many of the chosen ones cost nothing: the dearest.
    #[schema(example = 0)]
    free_quantity: u32,
    modifiers: Vec<MenuModifier>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuModifier {
    id: Uuid,
    #[schema(example = "Mozzarella")]
    name: String,
    kind: ModifierKind,
    /// How many of it one unit may have.
    #[schema(example = 2)]
    maximum: u32,
    /// Taken where a choice must be made and none was.
    is_default: bool,
    /// Of what it adds.
    allergens: Derived,
    /// The sizes it can be had in, with its price in each.
    sizes: Vec<MenuModifierSize>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuModifierSize {
    size_code: SizeCode,
    price: Money,
    available: bool,
}

/// A choice inside a combo: between `minimum` and `maximum` of its variants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuSlot {
    /// Goes into a component of a cart line.
    id: Uuid,
    #[schema(example = "Votre pizza")]
    name: String,
    #[schema(example = 1)]
    minimum: u32,
    #[schema(example = 1)]
    maximum: u32,
    variants: Vec<MenuSlotVariant>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuSlotVariant {
    /// A variant of the menu: its options are at its product.
    variant_id: Uuid,
    product_id: Uuid,
    /// What it costs on top of the combo.
    surcharge: Money,
    available: bool,
}

/// For whom, when, and of what a menu is made.
pub(super) struct Kitchen<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) servings: &'a Servings,
    pub(super) context: Context,
    pub(super) language: Language,
}

pub(super) fn menu(kitchen: &Kitchen<'_>) -> Menu {
    let categories = kitchen.catalogue.categories.iter().filter(|category| category.on_sale);
    let policies = kitchen.catalogue.policies.iter();
    let halves =
        policies.map(|(kind, policy)| MenuHalves { kind: *kind, price_rule: policy.rule, extras_percent: policy.extras_percent });
    Menu {
        store_id: kitchen.context.store,
        service_type: kitchen.context.service,
        channel: kitchen.context.channel,
        currency: Currency::Eur,
        categories: categories.map(|c| kitchen.category(c)).filter(|c| !c.products.is_empty()).collect(),
        halves: halves.collect(),
    }
}

impl Kitchen<'_> {
    fn category(&self, category: &Category) -> MenuCategory {
        let of_category = |product: &&Product| product.category == category.id && product.on_sale;
        let served_now = category.windows.is_empty() || category.windows.iter().any(|window| window.contains(self.context.at));
        let products = self.catalogue.products.iter().filter(of_category).map(|product| self.product(product, served_now));
        MenuCategory {
            id: category.id,
            slug: category.slug.clone(),
            name: category.name.get(self.language).to_owned(),
            windows: category.windows.clone(),
            served_now,
            products: products.filter(|product| !product.variants.is_empty()).collect(),
        }
    }

    fn product(&self, product: &Product, served_now: bool) -> MenuProduct {
        let on_sale: Vec<&Variant> =
            product.variants.iter().filter_map(|id| self.catalogue.variants.get(id)).filter(|variant| variant.on_sale).collect();
        let groups = product.groups.iter().filter_map(|id| self.catalogue.groups.get(id));
        let variants: Vec<MenuVariant> = on_sale.iter().map(|variant| self.variant(variant, served_now)).collect();
        MenuProduct {
            id: product.id,
            slug: product.slug.clone(),
            name: product.name.get(self.language).to_owned(),
            description: product.description.get(self.language).to_owned(),
            kind: product.kind,
            image_urls: product.image_urls.clone(),
            diets: product.diets.clone(),
            allergens: self.allergens_of(product, &on_sale),
            age_restricted: self.has_alcohol(product),
            halves_allowed: product.halves_allowed && self.catalogue.policies.contains_key(&product.kind),
            available: variants.iter().any(|variant| variant.available),
            variants,
            modifier_groups: groups
                .map(|group| self.group(group, &on_sale))
                .filter(|group| !group.modifiers.is_empty())
                .collect(),
            slots: product.slots.iter().map(|slot| self.slot(slot)).collect(),
        }
    }

    fn has_alcohol(&self, product: &Product) -> bool {
        let alcohol = |product: &Product| product.tax == domain::tax::TaxCategory::Alcohol;
        let parts = product.slots.iter().filter(|slot| slot.minimum > 0).map(|slot| &slot.variants);
        // A combo of which some slot has nothing but alcohol; where there is a choice, the cart tells.
        let only = |variants: &std::collections::BTreeMap<Uuid, _>| {
            !variants.is_empty() && variants.keys().filter_map(|id| self.catalogue.dish(*id)).all(|(_, part)| alcohol(part))
        };
        alcohol(product) || parts.into_iter().any(only)
    }

    fn allergens_of(&self, product: &Product, variants: &[&Variant]) -> Derived {
        let parts = product.slots.iter().flat_map(|slot| slot.variants.keys()).filter_map(|id| self.catalogue.variants.get(id));
        let recipes = variants.iter().copied().chain(parts).flat_map(|variant| &variant.recipe);
        self.allergens(recipes.map(|(id, _)| *id))
    }

    fn allergens(&self, ingredients: impl Iterator<Item = Uuid>) -> Derived {
        allergens::allergens(ingredients.filter_map(|id| self.catalogue.ingredients.get(&id)))
    }

    fn left(&self, made: Made) -> u32 {
        self.servings.get(&made).copied().unwrap_or(0)
    }

    fn variant(&self, variant: &Variant, served_now: bool) -> MenuVariant {
        let left = self.left(Made::Variant(variant.id));
        MenuVariant {
            id: variant.id,
            name: variant.name.get(self.language).to_owned(),
            size_code: variant.size,
            price: self.catalogue.variant_price(&self.context, variant).into(),
            available: left > 0 && served_now,
            availability: availability(left),
            servings_left: told(left),
        }
    }

    /// What can be left out is offered where it is in the recipe.
    fn group(&self, group: &Group, variants: &[&Variant]) -> MenuModifierGroup {
        let in_recipe = |id: Uuid| variants.iter().any(|variant| variant.recipe.iter().any(|(used, _)| *used == id));
        let offered = |modifier: &&Modifier| modifier.on_sale && modifier.removes.is_none_or(in_recipe);
        let modifiers = group.modifiers.iter().filter_map(|id| self.catalogue.modifiers.get(id)).filter(offered);
        MenuModifierGroup {
            id: group.id,
            name: group.name.get(self.language).to_owned(),
            minimum: group.minimum,
            maximum: group.maximum,
            free_quantity: group.free,
            modifiers: modifiers.map(|modifier| self.modifier(modifier, variants)).filter(|m| !m.sizes.is_empty()).collect(),
        }
    }

    fn modifier(&self, modifier: &Modifier, variants: &[&Variant]) -> MenuModifier {
        let sizes = modifier.sizes.keys().filter(|size| variants.iter().any(|variant| variant.size == **size));
        let sizes = sizes.filter_map(|size| {
            let price = self.catalogue.modifier_price(&self.context, modifier, *size)?;
            let available = self.left(Made::Modifier(modifier.id, *size)) > 0;
            Some(MenuModifierSize { size_code: *size, price: price.into(), available })
        });
        let adds: Vec<Uuid> = modifier.sizes.values().flat_map(|size| size.recipe.iter().map(|(id, _)| *id)).collect();
        let nothing = Derived { contains: Vec::new(), may_contain: Vec::new(), known: true };
        MenuModifier {
            id: modifier.id,
            name: modifier.name.get(self.language).to_owned(),
            kind: modifier.kind,
            maximum: modifier.maximum,
            is_default: modifier.is_default,
            allergens: if adds.is_empty() { nothing } else { self.allergens(adds.into_iter()) },
            sizes: sizes.collect(),
        }
    }

    fn slot(&self, slot: &Slot) -> MenuSlot {
        let on_sale = slot.variants.iter().filter_map(|(id, surcharge)| {
            let (variant, product) = self.catalogue.dish(*id)?;
            (variant.on_sale && product.on_sale).then_some((variant, product, surcharge))
        });
        let mut variants: Vec<(&Variant, &Product, Money)> =
            on_sale.map(|(v, p, surcharge)| (v, p, (*surcharge).into())).collect();
        variants.sort_by_key(|(variant, ..)| variant.product);
        let shown = variants.into_iter().map(|(variant, product, surcharge)| MenuSlotVariant {
            variant_id: variant.id,
            product_id: product.id,
            surcharge,
            available: self.left(Made::Variant(variant.id)) > 0 && self.catalogue.is_served(product, self.context.at),
        });
        MenuSlot {
            id: slot.id,
            name: slot.name.get(self.language).to_owned(),
            minimum: slot.minimum,
            maximum: slot.maximum,
            variants: shown.collect(),
        }
    }
}

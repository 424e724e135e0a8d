//! What belongs to a line, as an order keeps it and as it is shown: the same for carts and orders.

use domain::catalogue::{Catalogue, Product};
use domain::language::{Language, Text};
use domain::menu::{ModifierKind, Portion};
use domain::money::{Cents, Money};
use domain::unit::{PricedModifier, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A modifier as it stands in an order line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoldModifier {
    pub modifier_id: Uuid,
    pub kind: ModifierKind,
    pub name: Text,
    pub portion: Portion,
    pub quantity: u32,
    pub free_quantity: u32,
    pub unit_price_cents: i64,
}

/// What fills a slot of a combo, as it stands in an order line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoldComponent {
    pub slot_id: Uuid,
    pub slot_name: Text,
    pub variant_id: Uuid,
    pub second_variant_id: Option<Uuid>,
    pub name: Text,
    pub second_name: Option<Text>,
    pub variant_name: Text,
    /// Its share of the combo's price.
    pub share_cents: i64,
    pub surcharge_cents: i64,
    pub modifiers: Vec<SoldModifier>,
}

/// An option of a line, on each unit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineModifier {
    pub modifier_id: Uuid,
    pub kind: ModifierKind,
    #[schema(example = "Mozzarella")]
    pub name: String,
    pub portion: Portion,
    #[schema(example = 1)]
    pub quantity: u32,
    /// So many of them cost nothing.
    #[schema(example = 0)]
    pub free_quantity: u32,
    /// Of one that is not free.
    pub unit_price: Money,
}

/// What fills a slot of a combo, in each unit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineComponent {
    pub slot_id: Uuid,
    #[schema(example = "Votre pizza")]
    pub slot_name: String,
    pub variant_id: Uuid,
    /// Of the other half, when it is of two halves.
    pub second_variant_id: Option<Uuid>,
    #[schema(example = "Reine")]
    pub name: String,
    #[schema(example = "Chèvre miel")]
    pub second_name: Option<String>,
    #[schema(example = "Moyenne 31 cm")]
    pub variant_name: String,
    /// What it costs on top of the combo.
    pub surcharge: Money,
    pub modifiers: Vec<LineModifier>,
}

pub fn sold_modifiers(modifiers: &[PricedModifier]) -> Vec<SoldModifier> {
    let sold = |modifier: &PricedModifier| SoldModifier {
        modifier_id: modifier.id,
        kind: modifier.kind,
        name: modifier.name.clone(),
        portion: modifier.portion,
        quantity: modifier.quantity,
        free_quantity: modifier.free,
        unit_price_cents: modifier.price.0,
    };
    modifiers.iter().map(sold).collect()
}

/// The components of a combo, in the order of its slots.
pub fn sold_components(catalogue: &Catalogue, combo: &Product, unit: &Unit) -> Vec<SoldComponent> {
    let of_slot = |slot: &domain::catalogue::Slot| {
        let inside = unit.components.iter().filter(|component| component.slot == slot.id);
        let sold = inside.filter_map(|component| {
            let (variant, product) = catalogue.dish(component.variant)?;
            Some(SoldComponent {
                slot_id: slot.id,
                slot_name: slot.name.clone(),
                variant_id: component.variant,
                second_variant_id: component.second,
                name: product.name.clone(),
                second_name: component.second.and_then(|id| catalogue.dish(id)).map(|(_, product)| product.name.clone()),
                variant_name: variant.name.clone(),
                share_cents: component.share.0,
                surcharge_cents: component.surcharge.0,
                modifiers: sold_modifiers(&component.modifiers),
            })
        });
        sold.collect::<Vec<_>>()
    };
    combo.slots.iter().flat_map(of_slot).collect()
}

impl SoldModifier {
    pub fn shown(&self, language: Language) -> LineModifier {
        LineModifier {
            modifier_id: self.modifier_id,
            kind: self.kind,
            name: self.name.get(language).to_owned(),
            portion: self.portion,
            quantity: self.quantity,
            free_quantity: self.free_quantity,
            unit_price: Cents(self.unit_price_cents).into(),
        }
    }
}

impl SoldComponent {
    pub fn shown(&self, language: Language) -> LineComponent {
        LineComponent {
            slot_id: self.slot_id,
            slot_name: self.slot_name.get(language).to_owned(),
            variant_id: self.variant_id,
            second_variant_id: self.second_variant_id,
            name: self.name.get(language).to_owned(),
            second_name: self.second_name.as_ref().map(|name| name.get(language).to_owned()),
            variant_name: self.variant_name.get(language).to_owned(),
            surcharge: Cents(self.surcharge_cents).into(),
            modifiers: self.modifiers.iter().map(|modifier| modifier.shown(language)).collect(),
        }
    }
}

//! What a dish contains, derived from what it is made of.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::Ingredient;
use crate::menu::Allergen;

/// The allergens of a dish, derived from its ingredients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DerivedAllergens)]
pub struct Derived {
    /// In it, in the order of the regulation.
    #[schema(example = json!(["gluten", "milk"]))]
    pub contains: Vec<Allergen>,
    /// Traces that suppliers warn of; what is contained is not named again.
    #[schema(example = json!(["nuts"]))]
    pub may_contain: Vec<Allergen>,
    /// false: of some ingredient, or of the whole recipe, nobody knows. The lists are then «at least these»: an allergen
    /// that is not in them may still be in the dish.
    pub known: bool,
}

/// Unknown never reads as none: one ingredient that nobody has looked at, or no recipe at all, and the whole is unknown.
pub fn allergens<'a>(ingredients: impl IntoIterator<Item = &'a Ingredient>) -> Derived {
    let (mut contains, mut may_contain) = (BTreeSet::new(), BTreeSet::new());
    let (mut is_empty, mut all_known) = (true, true);
    for ingredient in ingredients {
        contains.extend(ingredient.allergens.iter().copied());
        may_contain.extend(ingredient.may_contain.iter().copied());
        is_empty = false;
        all_known &= ingredient.allergens_known;
    }
    Derived {
        may_contain: may_contain.difference(&contains).copied().collect(),
        contains: contains.into_iter().collect(),
        known: all_known && !is_empty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    use crate::language::Text;

    fn ingredient(contains: &[Allergen], may_contain: &[Allergen], known: bool) -> Ingredient {
        Ingredient {
            id: Uuid::from_u128(1),
            slug: "mozzarella".to_owned(),
            name: Text { fr: "Mozzarella".to_owned(), en: "Mozzarella".to_owned() },
            allergens: contains.to_vec(),
            may_contain: may_contain.to_vec(),
            allergens_known: known,
        }
    }

    #[test]
    fn a_dish_contains_what_its_ingredients_contain() {
        let dough = ingredient(&[Allergen::Gluten], &[Allergen::Soy, Allergen::Milk], true);
        let pesto = ingredient(&[Allergen::Nuts, Allergen::Milk], &[Allergen::Soy], true);
        let dish = allergens([&pesto, &dough]);
        assert_eq!(dish.contains, [Allergen::Gluten, Allergen::Milk, Allergen::Nuts]);
        assert_eq!(dish.may_contain, [Allergen::Soy], "milk is in it: that it may be says less");
        assert!(dish.known);
    }

    #[test]
    fn unknown_never_reads_as_none() {
        let tomato = ingredient(&[], &[], true);
        let mystery = ingredient(&[Allergen::Milk], &[], false);
        assert_eq!(allergens([&tomato]), Derived { contains: vec![], may_contain: vec![], known: true });
        assert_eq!(allergens([&tomato, &mystery]), Derived { contains: vec![Allergen::Milk], may_contain: vec![], known: false });
        assert!(!allergens([]).known, "no recipe says nothing");
    }
}

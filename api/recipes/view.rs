//! A recipe as cooks read it: one language, what each size takes, and what each option adds or leaves out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::allergens::{self, Derived};
use domain::language::Language;
use domain::menu::{ModifierKind, SizeCode};
use domain::recipe::Line;
use domain::stock::{Quantity, Unit};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalogue::columns;
use crate::error::{Error, Result};
use crate::http::edit::Tagged;
use crate::recipes::document::RecipeStepBody;
use crate::recipes::queries::{self, Known, Modifier, Size};
use schema::products;

/// How a product is made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipe {
    product_id: Uuid,
    #[schema(example = "Reine")]
    name: String,
    #[schema(example = 150)]
    preparation_seconds: i32,
    /// 0: it does not go into the oven.
    #[schema(example = 300)]
    bake_seconds: i32,
    #[schema(example = 320)]
    oven_celsius: Option<i32>,
    /// What it looks like when it is right.
    #[schema(example = "https://static.ocpizza.example/recipes/reine.jpg")]
    photo_url: Option<String>,
    /// In the order they are done.
    steps: Vec<RecipeStep>,
    /// What each size takes. A size without ingredients has no recipe and cannot be sold.
    sizes: Vec<RecipeSize>,
    /// Of all its ingredients, in any size, without options.
    allergens: Derived,
    /// What customers may choose on top, in the order of the menu.
    options: Vec<RecipeOption>,
    /// Counts the changes; in quotes it is the `ETag`.
    #[schema(example = 1)]
    version: i32,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeStep {
    #[schema(example = "Étaler la pâte du centre vers les bords.")]
    text: String,
    #[schema(example = "https://static.ocpizza.example/recipes/reine-1.jpg")]
    photo_url: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeSize {
    variant_id: Uuid,
    size_code: SizeCode,
    #[schema(example = "Moyenne 31 cm")]
    name: String,
    /// What there is most of comes first.
    ingredients: Vec<RecipeIngredient>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeIngredient {
    ingredient_id: Uuid,
    #[schema(example = "Mozzarella")]
    name: String,
    /// Net: what ends up in the dish.
    quantity: Quantity,
    /// Lost while preparing, on top of the quantity: 500 is 5 %.
    #[schema(example = 500)]
    waste_basis_points: i32,
    /// What is taken from stock.
    quantity_with_waste: Quantity,
    unit: Unit,
    allergens: Derived,
}

/// A modifier that the product offers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeOption {
    id: Uuid,
    #[schema(example = "Mozzarella")]
    name: String,
    kind: ModifierKind,
    /// The name of the ingredient that it leaves out.
    #[schema(example = "Oignon")]
    removes: Option<String>,
    /// The sizes of the product that can have it.
    sizes: Vec<RecipeOptionSize>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeOptionSize {
    size_code: SizeCode,
    /// What one of it adds.
    ingredients: Vec<RecipeIngredient>,
    /// What of the recipe it leaves out; null when it leaves nothing out, or the recipe has none of it.
    leaves_out: Option<RecipeIngredient>,
}

/// The recipe in force, or 404.
pub(super) fn recipe(conn: &mut PgConnection, product_id: Uuid, language: Language) -> Result<Recipe> {
    let missing = || Error::not_found("recipe");
    let row = queries::recipe(conn, product_id)?.ok_or_else(missing)?;
    let name = products::table.find(product_id).select(products::name).first(conn)?;
    let steps: Vec<RecipeStepBody> = serde_json::from_value(row.steps)?;
    let sizes = queries::sizes(conn, product_id)?;
    let modifiers = queries::modifiers(conn, product_id, &sizes)?;
    let known = queries::ingredients(conn, &sizes, &modifiers)?;
    let reader = Reader { known: &known, language };
    let lines = sizes.iter().flat_map(|size| &size.lines);
    let ingredients = lines.filter_map(|line| known.get(&line.ingredient)).map(|known| &known.ingredient);
    Ok(Recipe {
        product_id,
        name: columns::text(name)?.get(language).to_owned(),
        preparation_seconds: row.preparation_seconds,
        bake_seconds: row.bake_seconds,
        oven_celsius: row.oven_celsius,
        photo_url: row.photo_url,
        steps: steps.into_iter().map(|step| RecipeStep { text: step.text(language), photo_url: step.photo_url }).collect(),
        allergens: allergens::allergens(ingredients),
        options: modifiers.iter().map(|modifier| reader.option(modifier, &sizes)).collect::<Result<_>>()?,
        sizes: sizes.iter().map(|size| reader.size(size)).collect::<Result<_>>()?,
        version: row.version,
        updated_at: row.updated_at,
    })
}

impl Recipe {
    pub(super) fn tagged(self) -> Tagged<Recipe> {
        Tagged { version: self.version, body: self }
    }
}

/// Puts names to ids.
struct Reader<'a> {
    known: &'a BTreeMap<Uuid, Known>,
    language: Language,
}

impl Reader<'_> {
    fn known(&self, id: Uuid) -> Result<&Known> {
        self.known.get(&id).ok_or_else(|| Error::internal("a recipe without its ingredient"))
    }

    fn ingredient(&self, line: &Line) -> Result<RecipeIngredient> {
        let known = self.known(line.ingredient)?;
        Ok(RecipeIngredient {
            ingredient_id: line.ingredient,
            name: known.ingredient.name.get(self.language).to_owned(),
            quantity: line.quantity,
            waste_basis_points: line.waste_basis_points,
            quantity_with_waste: line.taken(),
            unit: known.unit,
            allergens: allergens::allergens([&known.ingredient]),
        })
    }

    fn ingredients(&self, lines: &[Line]) -> Result<Vec<RecipeIngredient>> {
        lines.iter().map(|line| self.ingredient(line)).collect()
    }

    fn size(&self, size: &Size) -> Result<RecipeSize> {
        Ok(RecipeSize {
            variant_id: size.variant_id,
            size_code: size.code,
            name: size.name.get(self.language).to_owned(),
            ingredients: self.ingredients(&size.lines)?,
        })
    }

    fn option(&self, modifier: &Modifier, sizes: &[Size]) -> Result<RecipeOption> {
        let removed = |code: SizeCode| {
            let lines = sizes.iter().filter(|size| size.code == code).flat_map(|size| &size.lines);
            lines.into_iter().find(|line| modifier.removes == Some(line.ingredient))
        };
        let of_size = |size: &queries::ModifierSize| {
            Ok(RecipeOptionSize {
                size_code: size.code,
                ingredients: self.ingredients(&size.lines)?,
                leaves_out: removed(size.code).map(|line| self.ingredient(line)).transpose()?,
            })
        };
        let removes = modifier.removes.map(|id| self.known(id)).transpose()?;
        Ok(RecipeOption {
            id: modifier.id,
            name: modifier.name.get(self.language).to_owned(),
            kind: modifier.kind,
            removes: removes.map(|known| known.ingredient.name.get(self.language).to_owned()),
            sizes: modifier.sizes.iter().map(of_size).collect::<Result<_>>()?,
        })
    }
}

//! The recipe of a product, as cooks read it.

use actix_web::{get, web};
use diesel::prelude::*;
use domain::language::Text;
use domain::menu::SizeCode;
use domain::stock::{Quantity, Unit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::auth::{Everybody, Staff};
use crate::http::problem::Speaks;
use crate::http::receive::Path;
use schema::{ingredients, products, recipes, variant_ingredients, variants};

/// How a product is made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipe {
    product_id: Uuid,
    #[schema(example = "Reine")]
    name: String,
    #[schema(example = 150)]
    preparation_seconds: i32,
    #[schema(example = 300)]
    bake_seconds: i32,
    /// In the language of the request.
    #[schema(example = json!(["Étaler la pâte.", "Napper de sauce tomate."]))]
    steps: Vec<String>,
    /// What each size takes.
    sizes: Vec<RecipeSize>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeSize {
    variant_id: Uuid,
    size_code: SizeCode,
    ingredients: Vec<RecipeIngredient>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeIngredient {
    ingredient_id: Uuid,
    #[schema(example = "Mozzarella")]
    name: String,
    quantity: Quantity,
    unit: Unit,
}

#[derive(Clone, Copy, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Path)]
struct ProductPath {
    /// The product.
    #[param(rename = "productId")]
    product_id: Uuid,
}

/// Read the recipe of a product
///
/// The cooks' aide-mémoire: steps and quantities for each size.
#[utoipa::path(tag = "menu", security(("bearer" = ["counter", "cook", "driver", "manager", "admin"])), params(ProductPath),
    responses((status = 200, description = "The recipe", body = Recipe)))]
#[get("/v1/products/{productId}/recipe")]
pub(crate) async fn find_recipe(
    _staff: Staff<Everybody>,
    db: web::Data<Db>,
    Path(path): Path<ProductPath>,
    Speaks(language): Speaks,
) -> Result<web::Json<Recipe>> {
    let recipe = db
        .run(move |conn| {
            let found = recipes::table
                .inner_join(products::table)
                .filter(products::id.eq(path.product_id))
                .select((products::name, recipes::preparation_seconds, recipes::bake_seconds, recipes::steps))
                .first::<(Value, i32, i32, Value)>(conn)
                .optional()?;
            let (name, preparation_seconds, bake_seconds, steps) = found.ok_or_else(|| Error::not_found("recipe"))?;
            let steps: Vec<Text> = serde_json::from_value(steps)?;
            Ok(Recipe {
                product_id: path.product_id,
                name: serde_json::from_value::<Text>(name)?.get(language).to_owned(),
                preparation_seconds,
                bake_seconds,
                steps: steps.iter().map(|step| step.get(language).to_owned()).collect(),
                sizes: sizes(conn, path.product_id, language)?,
            })
        })
        .await?;
    Ok(web::Json(recipe))
}

fn sizes(conn: &mut PgConnection, product_id: Uuid, language: domain::language::Language) -> Result<Vec<RecipeSize>> {
    let rows = variant_ingredients::table
        .inner_join(variants::table)
        .inner_join(ingredients::table)
        .filter(variants::product_id.eq(product_id).and(variants::archived_at.is_null()))
        .order((variants::position, variant_ingredients::quantity_milli.desc()))
        .select((
            variants::id,
            variants::size_code,
            ingredients::id,
            ingredients::name,
            variant_ingredients::quantity_milli,
            ingredients::unit,
        ))
        .load::<(Uuid, String, Uuid, Value, i64, String)>(conn)?;
    let mut sizes: Vec<RecipeSize> = Vec::new();
    for (variant_id, size, ingredient_id, name, milli, unit) in rows {
        let ingredient = RecipeIngredient {
            ingredient_id,
            name: serde_json::from_value::<Text>(name)?.get(language).to_owned(),
            quantity: Quantity(milli),
            unit: Unit::try_from(unit).map_err(Error::internal)?,
        };
        match sizes.last_mut() {
            Some(last) if last.variant_id == variant_id => last.ingredients.push(ingredient),
            _ => sizes.push(RecipeSize {
                variant_id,
                size_code: SizeCode::try_from(size).map_err(Error::internal)?,
                ingredients: vec![ingredient],
            }),
        }
    }
    Ok(sizes)
}

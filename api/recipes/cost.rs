//! What a product's ingredients cost, next to its price.

use std::collections::BTreeMap;

use actix_web::{get, web};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::language::Language;
use domain::menu::SizeCode;
use domain::money::{Cents, Money};
use domain::recipe::{self, Line};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalogue::columns;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http::auth::{Managers, Staff};
use crate::http::problem::Speaks;
use crate::http::receive::Path;
use crate::recipes::queries::{self, Known};
use crate::recipes::recipes::ProductPath;
use schema::products;

/// What the ingredients of a product cost.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeCost {
    product_id: Uuid,
    #[schema(example = "Reine")]
    name: String,
    /// In the order of the menu.
    sizes: Vec<RecipeSizeCost>,
    /// What customers may choose on top.
    options: Vec<RecipeOptionCost>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeSizeCost {
    variant_id: Uuid,
    size_code: SizeCode,
    #[schema(example = "Moyenne 31 cm")]
    name: String,
    /// Of the ingredients, waste included, rounded half up to the cent once. null: the size has no recipe, or the costs of
    /// the ingredients in `unknownCosts` are unknown.
    cost: Option<Money>,
    /// Names of the ingredients without a cost.
    #[schema(example = json!(["Origan"]))]
    unknown_costs: Vec<String>,
    /// The usual price, VAT included.
    price: Money,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeOptionCost {
    id: Uuid,
    #[schema(example = "Mozzarella")]
    name: String,
    sizes: Vec<RecipeOptionSizeCost>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecipeOptionSizeCost {
    size_code: SizeCode,
    /// Of what one of it adds, waste included; nothing is taken off for what it leaves out. null: see `unknownCosts`.
    cost: Option<Money>,
    /// Names of the ingredients without a cost.
    #[schema(example = json!([]))]
    unknown_costs: Vec<String>,
    /// The usual price, VAT included.
    price: Money,
}

/// Read what the ingredients of a product cost
///
/// Of each size and each option, next to its price.
#[utoipa::path(tag = "recipes", security(("bearer" = ["manager", "admin"])), params(ProductPath),
    responses((status = 200, description = "The costs", body = RecipeCost)))]
#[get("/v1/products/{productId}/recipe/cost")]
pub(crate) async fn find_recipe_cost(
    _staff: Staff<Managers>,
    db: web::Data<Db>,
    Path(path): Path<ProductPath>,
    Speaks(language): Speaks,
) -> Result<web::Json<RecipeCost>> {
    Ok(web::Json(db.run(move |conn| costs(conn, path.product_id, language)).await?))
}

fn costs(conn: &mut PgConnection, product_id: Uuid, language: Language) -> Result<RecipeCost> {
    queries::recipe(conn, product_id)?.ok_or_else(|| Error::not_found("recipe"))?;
    let name = products::table.find(product_id).select(products::name).first(conn)?;
    let sizes = queries::sizes(conn, product_id)?;
    let modifiers = queries::modifiers(conn, product_id, &sizes)?;
    let known = queries::ingredients(conn, &sizes, &modifiers)?;
    let prices = known.iter().filter_map(|(id, known)| Some((*id, known.cost?))).collect();
    let till = Till { known: &known, prices, language };
    let size_cost = |size: &queries::Size| {
        let (cost, unknown_costs) = till.cost(&size.lines);
        RecipeSizeCost {
            variant_id: size.variant_id,
            size_code: size.code,
            name: size.name.get(language).to_owned(),
            cost: cost.filter(|_| !size.lines.is_empty()),
            unknown_costs,
            price: size.price.into(),
        }
    };
    let option_size_cost = |size: &queries::ModifierSize| {
        let (cost, unknown_costs) = till.cost(&size.lines);
        RecipeOptionSizeCost { size_code: size.code, cost, unknown_costs, price: size.price.into() }
    };
    let option_cost = |modifier: &queries::Modifier| RecipeOptionCost {
        id: modifier.id,
        name: modifier.name.get(language).to_owned(),
        sizes: modifier.sizes.iter().map(option_size_cost).collect(),
    };
    Ok(RecipeCost {
        product_id,
        name: columns::text(name)?.get(language).to_owned(),
        sizes: sizes.iter().map(size_cost).collect(),
        options: modifiers.iter().map(option_cost).collect(),
    })
}

/// What ingredients cost, and their names.
struct Till<'a> {
    known: &'a BTreeMap<Uuid, Known>,
    prices: BTreeMap<Uuid, Cents>,
    language: Language,
}

impl Till<'_> {
    /// The cost, or the names of those whose cost is unknown.
    fn cost(&self, lines: &[Line]) -> (Option<Money>, Vec<String>) {
        let name = |id: &Uuid| self.known.get(id).map(|known| known.ingredient.name.get(self.language).to_owned());
        match recipe::cost(lines, &self.prices) {
            Ok(cost) => (Some(cost.into()), Vec::new()),
            Err(unknown) => (None, unknown.iter().filter_map(name).collect()),
        }
    }
}

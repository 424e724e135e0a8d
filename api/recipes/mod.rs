//! How things are made: ingredients, the cooks' aide-mémoire, and what it costs.
//!
//! Owns `ingredients`, `recipes`, `recipe_versions`, `variant_ingredients`, `modifier_ingredients`. Invariant: what a recipe
//! takes is what stock counts, and what a recipe was is never lost.

mod cost;
mod document;
mod ingredients;
pub mod ledger;
mod queries;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod recipes;
mod search;
mod versions;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(recipes::list_recipes)
        .service(recipes::find_recipe)
        .service(recipes::replace_recipe)
        .service(versions::list_recipe_versions)
        .service(versions::restore_recipe_version)
        .service(cost::find_recipe_cost)
        .service(ingredients::list_ingredients)
        .service(ingredients::create_ingredient)
        .service(ingredients::find_ingredient)
        .service(ingredients::replace_ingredient)
        .service(ingredients::archive_ingredient);
}

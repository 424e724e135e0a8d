//! How things are made: the cooks' aide-mémoire.
//!
//! Owns `ingredients`, `recipes`, `variant_ingredients`, `modifier_ingredients`. Invariant: what a recipe takes is what stock counts.

pub mod ledger;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod recipes;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(recipes::find_recipe);
}

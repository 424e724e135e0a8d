//! What the chain sells and at what price, as managers keep it.
//!
//! Owns `categories`, `products`, `variants`, `combo_slots`, `combo_slot_variants`, `modifier_groups`, `modifiers`,
//! `modifier_sizes`, `product_modifier_groups`, `portion_policies`, `price_overrides`, `tax_rates`. Invariant: what carts and
//! orders may name is archived, never deleted, and keeps its id.

mod categories;
mod faults;
mod modifier_groups;
mod modifier_rules;
mod modifier_tables;
mod overrides;
mod policies;
mod product_rules;
mod product_tables;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod products;
mod taxes;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(categories::list_categories)
        .service(categories::create_category)
        .service(categories::find_category)
        .service(categories::replace_category)
        .service(categories::archive_category)
        .service(overrides::list_price_overrides)
        .service(overrides::create_price_override)
        .service(overrides::find_price_override)
        .service(overrides::replace_price_override)
        .service(overrides::archive_price_override)
        .service(taxes::list_tax_rates)
        .service(taxes::set_tax_rate)
        .service(taxes::delete_tax_rate)
        .service(policies::list_portion_policies)
        .service(policies::set_portion_policy)
        .service(policies::delete_portion_policy)
        .service(products::list_products)
        .service(products::create_product)
        .service(products::find_product)
        .service(products::replace_product)
        .service(products::archive_product)
        .service(modifier_groups::list_modifier_groups)
        .service(modifier_groups::create_modifier_group)
        .service(modifier_groups::find_modifier_group)
        .service(modifier_groups::replace_modifier_group)
        .service(modifier_groups::archive_modifier_group);
}

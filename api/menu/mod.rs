//! What the chain sells and what can still be made of it, shop by shop.
//!
//! Owns `tax_rates`, `categories`, `products`, `variants`, `modifier_groups`, `modifiers`, `modifier_sizes`,
//! `product_modifier_groups`, `portion_policies`, `combo_slots`, `combo_slot_variants`, `price_overrides`, `snoozes`.
//! Invariants: a variant is available when every ingredient of its recipe is; no process shows a menu that is more than a
//! second older than the stock and the catalogue (ten, while its line to PostgreSQL is broken).

pub mod announce;
mod availability;
pub mod board;
mod categories;
mod faults;
#[expect(clippy::module_inception, reason = "the resource has the name of its slice")]
mod menu;
mod modifier_groups;
mod modifier_rules;
mod modifier_tables;
mod overrides;
mod policies;
mod product_rules;
mod product_tables;
mod products;
mod queries;
mod snoozes;
mod taxes;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use snoozes::end_snooze;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(menu::find_menu)
        .service(availability::find_availability)
        .service(snoozes::list_snoozes)
        .service(snoozes::create_snooze)
        .service(snoozes::delete_snooze)
        .service(categories::list_categories)
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

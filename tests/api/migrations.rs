//! The database as the migrations make it: back and forth, like the generated tables, with the words of the enums.

use std::collections::BTreeMap;
use std::path::PathBuf;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::support::database::Lease;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(lease: &Lease, query: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(query).load(&mut lease.connect()).expect("the query runs");
    rows.into_iter().map(|row| row.line).collect()
}

/// Everything that tells one schema from another.
fn shape(lease: &Lease) -> Vec<String> {
    let mut shape = lines(
        lease,
        "select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
         as line from information_schema.columns where table_schema = 'public' order by 1",
    );
    shape.extend(lines(
        lease,
        "select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as line from pg_constraint
         where connamespace = 'public'::regnamespace order by 1",
    ));
    shape.extend(lines(lease, "select indexdef as line from pg_indexes where schemaname = 'public' order by 1"));
    shape
}

#[test]
fn up_down_up_comes_to_the_same() {
    let lease = Lease::empty();
    let db = lease.db(1);
    let ran = db.migrate().expect("up");
    let once = shape(&lease);
    for _ in &ran {
        db.migrate_down().expect("down");
    }
    let left = lines(&lease, "select table_name::text as line from information_schema.tables where table_schema = 'public'");
    assert_eq!(left, ["__diesel_schema_migrations"], "every down.sql takes back what its up.sql made");
    assert_eq!(db.migrate().expect("up again").len(), ran.len());
    assert_eq!(shape(&lease), once);
    assert_eq!(db.migrate().expect("nothing to do"), [""; 0]);
}

#[test]
fn four_at_once_migrate_once() {
    let lease = Lease::empty();
    let ran: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| lease.db(1).migrate().expect("up").len())).collect();
        runs.into_iter().map(|run| run.join().expect("no panic")).sum()
    });
    assert_eq!(ran, lease.db(1).migrations().expect("a list").len());
}

#[test]
fn the_generated_tables_are_those_of_the_database() {
    let lease = Lease::demo();
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("api/schema/lib.rs");
    let text = std::fs::read_to_string(source).expect("the generated file");
    let mut generated = Vec::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name.to_owned();
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ").filter(|_| !line.contains('(')) {
            let column = column.trim_end_matches('_');
            generated.push(format!("{table}.{column} {kind}"));
        }
    }
    generated.sort();
    let mut actual = lines(
        &lease,
        "select table_name || '.' || column_name || ' ' || case when is_nullable = 'YES' then 'Nullable<' || t || '>' else t end
         as line from (select *, case udt_name when 'uuid' then 'Uuid' when 'text' then 'Text' when 'int4' then 'Int4'
           when 'int2' then 'Int2' when 'int8' then 'Int8' when 'bool' then 'Bool' when 'jsonb' then 'Jsonb'
           when 'timestamptz' then 'Timestamptz' when 'date' then 'Date' when 'time' then 'Time' when 'bytea' then 'Bytea'
           when 'float8' then 'Float8' when '_text' then 'Array<Nullable<Text>>' else udt_name end as t
           from information_schema.columns where table_schema = 'public' and table_name <> '__diesel_schema_migrations') c",
    );
    actual.sort();
    assert_eq!(generated, actual, "run `make schema`");
}

/// Every CHECK as its name and its definition.
fn checks(lease: &Lease) -> Vec<String> {
    lines(
        lease,
        "select conname || ' ' || pg_get_constraintdef(oid) as line from pg_constraint
         where contype = 'c' and connamespace = 'public'::regnamespace order by 1",
    )
}

/// A CHECK lists exactly the words of its enum.
#[test]
fn the_words_of_the_database_are_those_of_the_enums() {
    use domain::{delivery, hours, kitchen, language, menu, order, payment, people, promotion, stock, tax};
    fn words<E: Copy + Into<String>>(all: &[E]) -> Vec<String> {
        let mut words: Vec<String> = all.iter().map(|word| (*word).into()).collect();
        words.sort();
        words
    }
    let mut services = words(order::ServiceType::ALL);
    services.insert(0, "any".to_owned());
    let expected: BTreeMap<&str, Vec<String>> = BTreeMap::from([
        ("carts_service_type_check", words(order::ServiceType::ALL)),
        ("deliveries_state_check", words(delivery::DeliveryState::ALL)),
        ("ingredients_allergens_check", words(menu::Allergen::ALL)),
        ("ingredients_unit_check", words(stock::Unit::ALL)),
        ("kitchen_items_state_check", words(kitchen::KitchenState::ALL)),
        ("kitchen_tickets_state_check", words(kitchen::KitchenState::ALL)),
        ("memberships_role_check", words(people::Role::ALL)),
        ("modifier_sizes_size_code_check", words(menu::SizeCode::ALL)),
        ("orders_channel_check", words(order::Channel::ALL)),
        ("orders_language_check", words(language::Language::ALL)),
        ("orders_service_type_check", words(order::ServiceType::ALL)),
        ("orders_status_check", words(order::OrderStatus::ALL)),
        ("payments_method_check", words(payment::PaymentMethod::ALL)),
        ("payments_status_check", words(payment::PaymentStatus::ALL)),
        ("products_kind_check", words(menu::ProductKind::ALL)),
        ("products_tax_category_check", words(tax::TaxCategory::ALL)),
        ("promotions_kind_check", words(promotion::PromotionKind::ALL)),
        ("redemptions_state_check", words(promotion::RedemptionState::ALL)),
        ("stock_movements_kind_check", words(stock::MovementKind::ALL)),
        ("stock_reservations_state_check", words(stock::ReservationState::ALL)),
        ("store_hours_service_type_check", words(order::ServiceType::ALL)),
        ("stores_service_types_check", words(order::ServiceType::ALL)),
        ("tax_rates_category_check", words(tax::TaxCategory::ALL)),
        ("tax_rates_service_type_check", services),
        ("users_language_check", words(language::Language::ALL)),
        ("variants_size_code_check", words(menu::SizeCode::ALL)),
    ]);
    let lease = Lease::demo();
    let checks = checks(&lease);
    let mut compared = 0;
    for check in &checks {
        let (name, definition) = check.split_once(' ').expect("a name");
        let mut found: Vec<String> = definition.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
        found.sort();
        if let Some(words) = expected.get(name) {
            assert_eq!(&found, words, "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, expected.len(), "a CHECK has another name than this test thinks");
    let closed = checks.iter().find(|check| check.starts_with("orders_closed_check ")).expect("the CHECK");
    for status in order::OrderStatus::ALL {
        let listed = closed.contains(&format!("'{}'", status.as_str()));
        assert_eq!(listed, status.is_terminal(), "orders_closed_check and {status:?}");
    }
    assert_eq!(hours::Weekday::Sunday.number(), 7, "store_hours.weekday is ISO");
}

/// A table that the catalogue reads and no trigger stamps would be cached for ever.
#[test]
fn every_table_of_the_catalogue_is_stamped() {
    let lease = Lease::demo();
    let stamped =
        lines(&lease, "select tgrelid::regclass::text as line from pg_trigger where tgname like '%\\_stamp' order by 1");
    let mut read = Vec::new();
    for file in ["load", "offer"] {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("api/catalogue/{file}.rs"));
        let text = std::fs::read_to_string(source).expect("the file");
        let (_, imports) = text.split_once("use schema::{").expect("its tables");
        let (imports, _) = imports.split_once("};").expect("the end of its tables");
        read.extend(imports.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
    }
    read.sort();
    // Cooks' texts are not in it, but a recipe that is written says so with the quantities.
    let stamped: Vec<String> = stamped.into_iter().filter(|table| table != "recipes").collect();
    assert_eq!(read, stamped);
}

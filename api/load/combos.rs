//! What fills combos.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::ProductKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::document::{ProductEntry, SlotEntry};
use super::products::{self, Sizes};
use super::{Faults, Source};
use crate::error::Result;
use schema::{combo_slot_variants, combo_slots};

const WRITE_SLOTS: &str = "
  insert into combo_slots (id, product_id, name, minimum, maximum, position)
  select id, product_id, name, minimum, maximum, position from jsonb_populate_recordset(null::combo_slots, $1)
  on conflict (id) do update set
    name = excluded.name, minimum = excluded.minimum, maximum = excluded.maximum, position = excluded.position";

const WRITE_VARIANTS: &str = "
  insert into combo_slot_variants (slot_id, variant_id, surcharge_cents)
  select slot_id, variant_id, surcharge_cents from jsonb_populate_recordset(null::combo_slot_variants, $1)";

/// What slots may name, and what not.
struct Fillers {
    sizes: Sizes,
    combos: BTreeSet<String>,
}

/// The slots of the file's products, each known by its place: carts name it by id, so it is replaced where it is.
pub(super) fn slots(conn: &mut PgConnection, source: &Source) -> Result<()> {
    let mut faults = Faults::of(source);
    let entries = &source.document.products;
    if entries.is_empty() {
        return Ok(());
    }
    let product_ids = products::ids(conn)?;
    let combos = schema::products::table.filter(schema::products::kind.eq(ProductKind::Combo.as_str()));
    let combos = combos.select(schema::products::slug).load(conn)?.into_iter().collect();
    let known = Fillers { sizes: products::sizes_on_sale(conn)?, combos };
    let found: Vec<(Uuid, &ProductEntry)> =
        entries.iter().filter_map(|entry| Some((*product_ids.get(&entry.slug.0)?, entry))).collect();
    let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
    let mut there = slots_of(conn, &ids)?;
    let (mut rows, mut fills, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (product_id, entry)) in found.iter().enumerate() {
        let mut slots = there.remove(product_id).unwrap_or_default().into_iter();
        for (position, slot) in entry.slots.iter().enumerate() {
            let id = slots.next().unwrap_or_else(Uuid::now_v7);
            kept.push(id);
            let (name, minimum, maximum) = (&slot.name, slot.minimum, slot.maximum);
            rows.push(json!({
                "id": id, "product_id": product_id, "name": name, "minimum": minimum, "maximum": maximum, "position": position,
            }));
            let at = format!("/products/{index}/slots/{position}");
            fills.extend(fillings(id, slot, &at, &known, &mut faults));
        }
    }
    faults.check()?;
    let gone = combo_slots::product_id.eq_any(&ids).and(combo_slots::id.ne_all(&kept));
    diesel::delete(combo_slots::table.filter(gone)).execute(conn)?;
    diesel::delete(combo_slot_variants::table.filter(combo_slot_variants::slot_id.eq_any(&kept))).execute(conn)?;
    faults.write(conn, "/products", WRITE_SLOTS, rows)?;
    faults.write(conn, "/products", WRITE_VARIANTS, fills)
}

/// The slots of products, in order.
fn slots_of(conn: &mut PgConnection, products: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Uuid>>> {
    let rows = combo_slots::table
        .filter(combo_slots::product_id.eq_any(products))
        .order((combo_slots::position, combo_slots::id))
        .select((combo_slots::product_id, combo_slots::id))
        .load::<(Uuid, Uuid)>(conn)?;
    let mut slots: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (product, slot) in rows {
        slots.entry(product).or_default().push(slot);
    }
    Ok(slots)
}

/// What can fill a slot, as far as it can be resolved.
fn fillings(slot_id: Uuid, slot: &SlotEntry, at: &str, known: &Fillers, faults: &mut Faults<'_>) -> Vec<Value> {
    if slot.maximum.0 < slot.minimum.0 {
        faults.add(&format!("{at}/maximum"), "it is not below the minimum");
    }
    faults.length(slot.variants.len(), 1..=100, &format!("{at}/variants"));
    let named = slot.variants.iter().enumerate();
    faults.distinct(named.clone().map(|(index, entry)| ((&entry.product, entry.size), format!("{at}/variants/{index}"))));
    let mut found = Vec::new();
    for (index, entry) in named {
        let at = format!("{at}/variants/{index}");
        let (slug, size, surcharge) = (&entry.product, entry.size, entry.surcharge_cents);
        if known.combos.contains(slug) {
            faults.add(&format!("{at}/product"), "a combo does not fill another one");
        } else if let Some(variant) = products::find(&known.sizes, slug, size, &at, faults) {
            found.push(json!({ "slot_id": slot_id, "variant_id": variant, "surcharge_cents": surcharge }));
        }
    }
    found
}

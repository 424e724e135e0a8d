//! What modifiers take from stock, written in the transaction that writes the modifiers.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use domain::menu::SizeCode;
use domain::stock::Quantity;
use uuid::Uuid;

use crate::error::Result;
use schema::modifier_ingredients;

/// What one portion of a modifier in one size takes of one ingredient.
#[derive(Clone, Copy)]
pub struct Taken {
    pub modifier_id: Uuid,
    pub size: SizeCode,
    pub ingredient_id: Uuid,
    pub quantity: Quantity,
    /// Lost while preparing, on top of the quantity.
    pub waste_basis_points: i32,
}

/// Writes all that these modifiers take; what they took before is forgotten. Their sizes are there, and the ingredients
/// are shared.
pub fn replace_taken(conn: &mut PgConnection, modifiers: &[Uuid], taken: &[Taken]) -> Result<()> {
    diesel::delete(modifier_ingredients::table.filter(modifier_ingredients::modifier_id.eq_any(modifiers))).execute(conn)?;
    let row = |taken: &Taken| {
        (
            modifier_ingredients::modifier_id.eq(taken.modifier_id),
            modifier_ingredients::size_code.eq(taken.size.as_str()),
            modifier_ingredients::ingredient_id.eq(taken.ingredient_id),
            modifier_ingredients::quantity_milli.eq(taken.quantity.0),
            modifier_ingredients::waste_basis_points.eq(taken.waste_basis_points),
        )
    };
    diesel::insert_into(modifier_ingredients::table).values(taken.iter().map(row).collect::<Vec<_>>()).execute(conn)?;
    Ok(())
}

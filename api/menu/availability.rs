//! What of the menu can be made, in a few kilobytes: for a front end that has the menu already, and for the staff.

use actix_web::{get, web};
use domain::availability::{Made, Shelf, availability, count, told};
use domain::menu::{Availability, SizeCode};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalogue::Catalogues;
use crate::clock;
use crate::db::Db;
use crate::error::Result;
use crate::http::auth::MaybeSignedIn;
use crate::http::receive::Path;
use crate::http::store_path::StorePath;
use crate::menu::queries;

/// What can be made of everything on sale.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuAvailability {
    store_id: Uuid,
    variants: Vec<VariantAvailability>,
    modifiers: Vec<ModifierAvailability>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VariantAvailability {
    variant_id: Uuid,
    availability: Availability,
    /// How many can still be made, if nothing else is: told to the staff of the store, to customers when it is five or fewer.
    #[schema(example = 4)]
    servings_left: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModifierAvailability {
    modifier_id: Uuid,
    size_code: SizeCode,
    availability: Availability,
    /// As of variants; null also where it takes nothing from stock.
    #[schema(example = 4)]
    servings_left: Option<u32>,
}

/// Read what can be made
///
/// Of everything on the menu of a store, each as if nothing else were made. Whether it is sold at this hour is told by the menu.
#[utoipa::path(tag = "menu", security((), ("bearer" = [])), params(StorePath),
    responses((status = 200, description = "What can be made", body = MenuAvailability)))]
#[get("/v1/stores/{storeId}/menu/availability")]
pub(crate) async fn find_availability(
    MaybeSignedIn(user): MaybeSignedIn,
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<StorePath>,
) -> Result<web::Json<MenuAvailability>> {
    let found = db.run(move |conn| {
        let store_id = path.resolve(conn)?;
        let is_staff = user.is_some_and(|user| !user.actors_at(store_id).is_empty());
        let (catalogue, snoozed) = catalogues.at(conn, store_id, clock::now())?;
        let servings = count(&catalogue, &Shelf { available: queries::available(conn, store_id)?, snoozed });
        let left = |count: u32| if is_staff && count < u32::MAX { Some(count) } else { told(count) };
        let mut found = MenuAvailability { store_id, variants: Vec::new(), modifiers: Vec::new() };
        for (made, count) in servings {
            let (availability, servings_left) = (availability(count), left(count));
            match made {
                Made::Variant(variant_id) => {
                    found.variants.push(VariantAvailability { variant_id, availability, servings_left });
                }
                Made::Modifier(modifier_id, size_code) => {
                    found.modifiers.push(ModifierAvailability { modifier_id, size_code, availability, servings_left });
                }
            }
        }
        Ok(found)
    });
    Ok(web::Json(found.await?))
}

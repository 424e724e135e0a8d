//! Where a store delivers, and for how much, as customers see it.

use actix_web::{get, post, web};
use domain::geo::{Point, distance_metres};
use domain::money::Money;
use domain::order::ServiceType;
use domain::zone::{Area, Found, Place, Zone, find};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalogue::Catalogues;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::page::Page;
use crate::http::receive::{Body, Path};
use crate::http::store_path::StorePath;
use crate::stores::queries::{self, StoreRow};
use crate::stores::zones::{PolygonCorner, ZonePostcode, ZoneTier};

/// An area that a store delivers to: a circle or a polygon.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoreZone {
    id: Uuid,
    #[schema(example = "Bastille")]
    name: String,
    /// Around the store; null when it is a polygon.
    #[schema(example = 4000)]
    radius_metres: Option<i32>,
    /// Its corners in order; null when it is a circle.
    #[schema(example = json!(null))]
    polygon: Option<Vec<PolygonCorner>>,
    /// Also served, for addresses without coordinates.
    postcodes: Vec<ZonePostcode>,
    /// Below this amount of items nothing is delivered.
    minimum: Money,
    /// Ascending by `from`: the last one that the items reach tells the fee.
    tiers: Vec<ZoneTier>,
    /// The way takes so much longer than elsewhere.
    #[schema(example = 0)]
    extra_minutes: i32,
}

/// An address, as much of it as is known. Coordinates are better than a postcode.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct QuoteDelivery {
    /// WGS 84 degrees; with `longitude`.
    #[schema(minimum = -90, maximum = 90, example = 48.8532)]
    latitude: Option<f64>,
    /// WGS 84 degrees; with `latitude`.
    #[schema(minimum = -180, maximum = 180, example = 2.3765)]
    longitude: Option<f64>,
    postcode: ZonePostcode,
}

/// Whether a store delivers to an address, and at what fee.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryQuote {
    /// Without coordinates, and when the store lists no postcodes, this is true: then the store decides.
    deliverable: bool,
    /// When it is deliverable.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<QuotedZone>,
    /// Below this amount of items nothing is delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<Money>,
    /// Ascending by `from`: the last one that the items reach tells the fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    tiers: Option<Vec<ZoneTier>>,
    /// From the store, when coordinates were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 412)]
    distance_metres: Option<i64>,
    /// From acceptance to the door, as a rule; when it is deliverable.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 35)]
    minutes: Option<i32>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuotedZone {
    id: Uuid,
    #[schema(example = "Bastille")]
    name: String,
}

/// List where a store delivers
///
/// In the order in which they count: an address belongs to the first zone that holds it.
#[utoipa::path(tag = "stores", security(()), params(StorePath),
    responses((status = 200, description = "The delivery zones", body = Page<StoreZone>)))]
#[get("/v1/stores/{storeId}/zones")]
pub(crate) async fn list_store_zones(
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<StorePath>,
) -> Result<web::Json<Page<StoreZone>>> {
    let data = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            let catalogue = catalogues.current(conn)?;
            Ok(catalogue.zones.get(&store_id).into_iter().flatten().map(view).collect())
        })
        .await?;
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Ask whether a store delivers to an address
///
/// And from which amount on, at what fee, and how long it takes. It is a question, which changes nothing: it is a POST because
/// addresses do not belong into URLs, and it takes no `Idempotency-Key`.
#[utoipa::path(tag = "stores", security(()), params(StorePath), request_body = QuoteDelivery,
    responses((status = 200, description = "Whether and how", body = DeliveryQuote)))]
#[post("/v1/stores/{storeId}/delivery-quote")]
pub(crate) async fn quote_delivery(
    db: web::Data<Db>,
    catalogues: web::Data<Catalogues>,
    Path(path): Path<StorePath>,
    Body(body): Body<QuoteDelivery>,
) -> Result<web::Json<DeliveryQuote>> {
    let point = match (body.latitude, body.longitude) {
        (Some(latitude), Some(longitude)) => Some(Point { latitude, longitude }),
        (None, None) => None,
        (Some(_), None) => return Err(Error::invalid(vec![Fault::new("/longitude", "required")])),
        (None, Some(_)) => return Err(Error::invalid(vec![Fault::new("/latitude", "required")])),
    };
    let quote = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            let store = queries::find(conn, store_id)?;
            let catalogue = catalogues.current(conn)?;
            let zones = catalogue.zones.get(&store_id).map_or(&[][..], Vec::as_slice);
            Ok(quote(&store, zones, Place { point, postcode: &body.postcode.0 }))
        })
        .await?;
    Ok(web::Json(quote))
}

fn quote(store: &StoreRow, zones: &[Zone], place: Place<'_>) -> DeliveryQuote {
    let shop = Point { latitude: store.latitude, longitude: store.longitude };
    let delivers = store.services().contains(&ServiceType::Delivery);
    let zone = match find(zones, shop, place) {
        Found::Zone(zone) | Found::Perhaps(zone) if delivers => Some(zone),
        _ => None,
    };
    DeliveryQuote {
        deliverable: zone.is_some(),
        zone: zone.map(|zone| QuotedZone { id: zone.id, name: zone.name.clone() }),
        minimum: zone.map(|zone| zone.minimum.into()),
        tiers: zone.map(tiers),
        distance_metres: place.point.map(|point| distance_metres(shop, point).round() as i64),
        minutes: zone.map(|zone| store.preparation_minutes + store.delivery_minutes + zone.extra_minutes),
    }
}

fn view(zone: &Zone) -> StoreZone {
    let (radius_metres, polygon) = match &zone.area {
        Area::Radius(metres) => (Some(*metres), None),
        Area::Polygon(corners) => {
            (None, Some(corners.iter().map(|corner| PolygonCorner([corner.longitude, corner.latitude])).collect()))
        }
    };
    StoreZone {
        id: zone.id,
        name: zone.name.clone(),
        radius_metres,
        polygon,
        postcodes: zone.postcodes.iter().cloned().map(ZonePostcode).collect(),
        minimum: zone.minimum.into(),
        tiers: tiers(zone),
        extra_minutes: zone.extra_minutes,
    }
}

fn tiers(zone: &Zone) -> Vec<ZoneTier> {
    zone.tiers.iter().map(|tier| ZoneTier { from: tier.from.into(), fee: tier.fee.into() }).collect()
}

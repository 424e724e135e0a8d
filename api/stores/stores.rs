//! The stores as customers see them.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use domain::geo::{Point, distance_metres};
use domain::hours::{Weekday, is_open};
use domain::order::ServiceType;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::clock;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::page::Page;
use crate::http::receive::{Path, Query};
use crate::http::store_path::StorePath;
use crate::stores::queries::{self, Hours, StoreRow};

/// A point of sale.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Store {
    id: Uuid,
    #[schema(example = "paris-bastille")]
    slug: String,
    /// Opens every order number of the store.
    #[schema(example = "PAR")]
    code: String,
    #[schema(example = "OC Pizza Paris Bastille")]
    name: String,
    address: StoreAddress,
    /// E.164.
    #[schema(example = "+33199001201")]
    phone: String,
    #[schema(example = "paris-bastille@ocpizza.example")]
    email: String,
    /// IANA zone in which the hours are meant.
    #[schema(example = "Europe/Paris")]
    time_zone: String,
    service_types: Vec<ServiceType>,
    /// The services that run at this moment.
    open_for: Vec<ServiceType>,
    hours: Vec<StoreHours>,
    /// From acceptance to ready, as a rule.
    #[schema(example = 20)]
    preparation_minutes: i32,
    /// From ready to the door, as a rule; fees and zones are at `/zones`.
    #[schema(example = 15)]
    delivery_minutes: i32,
    /// From the position of the query, when one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_metres: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoreAddress {
    #[schema(example = "14 rue de la Roquette")]
    line1: String,
    #[schema(example = "75011")]
    postcode: String,
    #[schema(example = "Paris")]
    city: String,
    /// WGS 84 degrees.
    #[schema(example = 48.8543)]
    latitude: f64,
    #[schema(example = 2.3717)]
    longitude: f64,
}

/// One service of one weekday, on the store's wall clock.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoreHours {
    service_type: ServiceType,
    weekday: Weekday,
    #[schema(example = "18:00")]
    opens: String,
    /// Not after `opens`: on the next day. 24:00 is the midnight that ends the day.
    #[schema(example = "01:30")]
    closes: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct StoresQuery {
    /// WGS 84 degrees; with `longitude`: nearest first.
    #[param(minimum = -90, maximum = 90, example = 48.8532)]
    latitude: Option<f64>,
    /// WGS 84 degrees; with `latitude`.
    #[param(minimum = -180, maximum = 180, example = 2.3692)]
    longitude: Option<f64>,
    /// Only stores that offer it.
    service_type: Option<ServiceType>,
}

impl StoresQuery {
    fn point(&self) -> Result<Option<Point>> {
        match (self.latitude, self.longitude) {
            (None, None) => Ok(None),
            (Some(latitude), Some(longitude)) if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) => {
                Ok(Some(Point { latitude, longitude }))
            }
            (Some(_), Some(_)) => Err(Error::invalid(vec![Fault::new("latitude", "invalid_format")])),
            (Some(_), None) => Err(Error::invalid(vec![Fault::new("longitude", "required")])),
            (None, Some(_)) => Err(Error::invalid(vec![Fault::new("latitude", "required")])),
        }
    }
}

/// List the stores
///
/// All of them, on one page; nearest first when a position is given.
#[utoipa::path(tag = "stores", security(()), params(StoresQuery),
    responses((status = 200, description = "The stores", body = Page<Store>)))]
#[get("/v1/stores")]
pub(crate) async fn list_stores(db: web::Data<Db>, Query(query): Query<StoresQuery>) -> Result<web::Json<Page<Store>>> {
    let from = query.point()?;
    let now = clock::now();
    let mut data = db
        .run(move |conn| {
            let rows = queries::list(conn)?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let mut hours = queries::hours(conn, &ids)?;
            rows.into_iter()
                .map(|row| view(hours.remove(&row.id).unwrap_or_default(), row, from, now))
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    data.retain(|store| query.service_type.is_none_or(|service| store.service_types.contains(&service)));
    data.sort_by_key(|store| store.distance_metres);
    Ok(web::Json(Page { data, next_cursor: None }))
}

/// Read one store
#[utoipa::path(tag = "stores", security(()), params(StorePath),
    responses((status = 200, description = "The store", body = Store)))]
#[get("/v1/stores/{storeId}")]
pub(crate) async fn find_store(db: web::Data<Db>, Path(path): Path<StorePath>) -> Result<web::Json<Store>> {
    let now = clock::now();
    let store = db
        .run(move |conn| {
            let id = path.resolve(conn)?;
            let mut hours = queries::hours(conn, &[id])?;
            view(hours.remove(&id).unwrap_or_default(), queries::find(conn, id)?, None, now)
        })
        .await?;
    Ok(web::Json(store))
}

fn view(hours: Hours, row: StoreRow, from: Option<Point>, now: DateTime<Utc>) -> Result<Store> {
    let local = row.local(now)?;
    let here = Point { latitude: row.latitude, longitude: row.longitude };
    let open = hours.iter().filter(|(_, openings)| is_open(openings, local)).map(|(service, _)| *service);
    let times = hours.iter().flat_map(|(service, openings)| {
        openings.iter().map(|o| StoreHours {
            service_type: *service,
            weekday: o.weekday,
            opens: clock_face(o.opens),
            closes: if o.closes == 1440 { "24:00".to_owned() } else { clock_face(o.closes % 1440) },
        })
    });
    Ok(Store {
        open_for: open.collect(),
        hours: times.collect(),
        service_types: row.services(),
        distance_metres: from.map(|from| distance_metres(from, here).round() as i64),
        address: StoreAddress {
            line1: row.line1,
            postcode: row.postcode,
            city: row.city,
            latitude: row.latitude,
            longitude: row.longitude,
        },
        id: row.id,
        slug: row.slug,
        code: row.code,
        name: row.name,
        phone: row.phone,
        email: row.email,
        time_zone: row.time_zone,
        preparation_minutes: row.preparation_minutes,
        delivery_minutes: row.delivery_minutes,
    })
}

fn clock_face(minute: i16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

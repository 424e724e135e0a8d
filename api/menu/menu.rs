//! The menu of a store, with what can still be made.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::language::Language;
use domain::menu::{Allergen, ProductKind, SizeCode};
use domain::money::{Cents, Currency, Money};
use domain::order::ServiceType;
use domain::stock::{Quantity, servings};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::http::auth::hash_of;
use crate::http::problem::Speaks;
use crate::http::receive::{Path, Query};
use crate::http::store_path::StorePath;
use crate::menu::queries::{self, Catalogue, GroupRow, ProductRow, VariantRow};

/// Customers are told how many are left when it is no more than this.
const FEW: u32 = 5;

/// What a store sells now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Menu {
    store_id: Uuid,
    service_type: ServiceType,
    currency: Currency,
    categories: Vec<MenuCategory>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuCategory {
    id: Uuid,
    #[schema(example = "pizzas")]
    slug: String,
    #[schema(example = "Pizzas")]
    name: String,
    products: Vec<MenuProduct>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuProduct {
    id: Uuid,
    #[schema(example = "reine")]
    slug: String,
    #[schema(example = "Reine")]
    name: String,
    #[schema(example = "Sauce tomate, mozzarella, jambon, champignons")]
    description: String,
    kind: ProductKind,
    /// Of all its ingredients, in any size.
    allergens: Vec<Allergen>,
    /// Whether at least one variant can be made now.
    available: bool,
    variants: Vec<MenuVariant>,
    modifier_groups: Vec<MenuModifierGroup>,
}

/// A product in one size.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuVariant {
    /// Goes into a cart line.
    id: Uuid,
    #[schema(example = "Moyenne 31 cm")]
    name: String,
    size_code: SizeCode,
    price: Money,
    /// Whether one more can be made of the ingredients left.
    available: bool,
    availability: Availability,
    /// How many can still be made; told when it is five or fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    servings_left: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Availability {
    InStock,
    /// Five or fewer are left.
    Low,
    Out,
}

/// A choice on a product: between `minimum` and `maximum` modifiers in all.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuModifierGroup {
    id: Uuid,
    #[schema(example = "Suppléments")]
    name: String,
    #[schema(example = 0)]
    minimum: i32,
    #[schema(example = 5)]
    maximum: i32,
    modifiers: Vec<MenuModifier>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuModifier {
    id: Uuid,
    #[schema(example = "Mozzarella")]
    name: String,
    /// Of what it adds.
    allergens: Vec<Allergen>,
    /// The sizes it can be had in, with its price in each.
    sizes: Vec<MenuModifierSize>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MenuModifierSize {
    size_code: SizeCode,
    price: Money,
    available: bool,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct MenuQuery {
    /// How the customer will get the order; the store's first service when absent.
    service_type: Option<ServiceType>,
}

/// Read the menu of a store
///
/// Texts are in the language of the request. `available` is computed from the ingredients left; send the `ETag` back as
/// `If-None-Match` and an unchanged menu costs 304 and no body.
#[utoipa::path(tag = "menu", security(()), params(StorePath, MenuQuery),
    responses((status = 200, description = "The menu", body = Menu, headers(("ETag" = String, description = "Changes with the menu"))),
        (status = 304, description = "Not changed")))]
#[get("/v1/stores/{storeId}/menu")]
pub(crate) async fn find_menu(
    request: HttpRequest,
    db: web::Data<Db>,
    Path(path): Path<StorePath>,
    Query(query): Query<MenuQuery>,
    Speaks(language): Speaks,
) -> Result<HttpResponse> {
    let body = db
        .run(move |conn| {
            let store_id = path.resolve(conn)?;
            let offered = queries::services(conn, store_id)?;
            let service_type = match query.service_type {
                Some(service) => service,
                None => offered
                    .first()
                    .cloned()
                    .map(ServiceType::try_from)
                    .transpose()
                    .map_err(Error::internal)?
                    .unwrap_or(ServiceType::Collection),
            };
            if !offered.iter().any(|word| word == service_type.as_str()) {
                return Err(Error::invalid(vec![Fault::new("serviceType", "not_offered")]));
            }
            let catalogue = queries::catalogue(conn)?;
            let available = queries::available(conn, store_id)?;
            let categories = categories(&catalogue, &available, language);
            Ok(serde_json::to_vec(&Menu { store_id, service_type, currency: Currency::Eur, categories })?)
        })
        .await?;
    Ok(tagged(&request, body))
}

/// The body with its ETag, or 304 when the caller has it.
fn tagged(request: &HttpRequest, body: Vec<u8>) -> HttpResponse {
    let etag = header::EntityTag::new_strong(hash_of(&body, 12));
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or("");
    let same = known.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag.to_string());
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header(header::ETag(etag))
        .insert_header((header::CACHE_CONTROL, "public, no-cache"))
        .insert_header((header::VARY, "Accept-Language"));
    if same { response.finish() } else { response.content_type("application/json").body(body) }
}

type Available = BTreeMap<Uuid, Quantity>;

fn categories(catalogue: &Catalogue, available: &Available, language: Language) -> Vec<MenuCategory> {
    let category = |(id, slug, name): &(Uuid, String, domain::language::Text)| MenuCategory {
        id: *id,
        slug: slug.clone(),
        name: name.get(language).to_owned(),
        products: catalogue
            .products
            .iter()
            .filter(|p| p.category_id == *id)
            .map(|p| product(catalogue, available, p, language))
            .collect(),
    };
    catalogue.categories.iter().map(category).filter(|c| !c.products.is_empty()).collect()
}

fn product(catalogue: &Catalogue, available: &Available, row: &ProductRow, language: Language) -> MenuProduct {
    let rows = catalogue.variants.get(&row.id).map_or(&[][..], Vec::as_slice);
    let variants: Vec<MenuVariant> = rows.iter().map(|v| variant(catalogue, available, v, language)).collect();
    let ingredients = rows.iter().filter_map(|v| catalogue.variant_recipes.get(&v.id)).flatten().map(|(id, _)| id);
    let sizes: Vec<SizeCode> = rows.iter().map(|v| v.size_code).collect();
    let groups = catalogue.product_groups.get(&row.id).into_iter().flatten();
    MenuProduct {
        id: row.id,
        slug: row.slug.clone(),
        name: row.name.get(language).to_owned(),
        description: row.description.get(language).to_owned(),
        kind: row.kind,
        allergens: allergens(catalogue, ingredients),
        available: variants.iter().any(|v| v.available),
        variants,
        modifier_groups: groups
            .filter_map(|id| catalogue.groups.get(id))
            .map(|g| group(catalogue, available, g, &sizes, language))
            .collect(),
    }
}

fn allergens<'a>(catalogue: &Catalogue, ingredients: impl Iterator<Item = &'a Uuid>) -> Vec<Allergen> {
    let known: BTreeSet<Allergen> = ingredients.filter_map(|id| catalogue.allergens.get(id)).flatten().copied().collect();
    known.into_iter().collect()
}

fn variant(catalogue: &Catalogue, available: &Available, row: &VariantRow, language: Language) -> MenuVariant {
    let left = catalogue.variant_recipes.get(&row.id).map_or(0, |recipe| servings(recipe, available));
    MenuVariant {
        id: row.id,
        name: row.name.get(language).to_owned(),
        size_code: row.size_code,
        price: Cents(row.price_cents).into(),
        available: left > 0,
        availability: match left {
            0 => Availability::Out,
            1..=FEW => Availability::Low,
            _ => Availability::InStock,
        },
        servings_left: (left <= FEW).then_some(left),
    }
}

fn group(
    catalogue: &Catalogue,
    available: &Available,
    row: &GroupRow,
    sizes: &[SizeCode],
    language: Language,
) -> MenuModifierGroup {
    let modifiers = catalogue.modifiers.get(&row.id).into_iter().flatten().map(|m| {
        let prices = catalogue.modifier_sizes.get(&m.id).into_iter().flatten();
        let recipes = prices.clone().filter_map(|(size, _)| catalogue.modifier_recipes.get(&(m.id, *size)));
        MenuModifier {
            id: m.id,
            name: m.name.get(language).to_owned(),
            allergens: allergens(catalogue, recipes.flatten().map(|(id, _)| id)),
            sizes: prices
                .filter(|(size, _)| sizes.contains(size))
                .map(|(size, cents)| MenuModifierSize {
                    size_code: *size,
                    price: Cents(*cents).into(),
                    available: catalogue.modifier_recipes.get(&(m.id, *size)).is_none_or(|r| servings(r, available) > 0),
                })
                .collect(),
        }
    });
    MenuModifierGroup {
        id: row.id,
        name: row.name.get(language).to_owned(),
        minimum: row.minimum,
        maximum: row.maximum,
        modifiers: modifiers.collect(),
    }
}

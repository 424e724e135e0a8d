//! The head of the OpenAPI document; the operations come from the slices as they are mounted.

use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "OC Pizza",
        version = "2.0.0",
        license(name = "MIT", identifier = "MIT"),
        description = "The back end of OC Pizza: menu, carts, orders, kitchen queue, stock and delivery tracking.\n\n\
            **Conventions.** JSON in camelCase; ids are UUIDv7; times are RFC 3339 in UTC; money is `{amount, currency}` in \
            cents, VAT included. Texts come in the language of `Accept-Language` (`fr`, `en`). Every failure is a problem \
            document (RFC 9457): decide by `code`. Unknown fields in a request are refused, new fields in answers may come.\n\n\
            **Retries.** Send `Idempotency-Key` with every POST and repeat it with the same key: the first answer comes \
            again. A command that already happened is a no-op that answers the present state.\n\n\
            **Log in** with `POST /v1/auth/login` and send the access token as `Authorization: Bearer …`. Customers need no \
            account: `POST /v1/carts` answers a token for `Cart-Token`, `POST /v1/orders` one for `Tracking-Token`.",
    ),
    tags(
        (name = "auth", description = "Accounts and sessions"),
        (name = "me", description = "The logged-in user"),
        (name = "staff", description = "Who works where"),
        (name = "stores", description = "Where the chain sells"),
        (name = "menu", description = "What can be ordered now"),
        (name = "catalogue", description = "What the chain sells and at what price, as managers keep it"),
        (name = "recipes", description = "How things are made, of what, and what that costs"),
        (name = "promotions", description = "What makes an order cheaper"),
        (name = "carts", description = "What is about to be ordered, priced by the server"),
        (name = "orders", description = "Sales, from the click to the door"),
        (name = "tracking", description = "Following an order by its link"),
        (name = "kitchen", description = "What is to be made"),
        (name = "deliveries", description = "The way to the door"),
        (name = "stock", description = "What each store has"),
        (name = "events", description = "What happens, live and by polling"),
        (name = "audit", description = "Who changed what"),
        (name = "platform", description = "Health and this document"),
    ),
    modifiers(&Security),
)]
struct Head;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access token of a log-in. Where roles are named, one of them is needed."))
            .build();
        let key = |name: &str, text: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name.to_owned(), text.to_owned())))
        };
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("cartToken", key("Cart-Token", "The secret of a cart, from its creation."));
        components.add_security_scheme("trackingToken", key("Tracking-Token", "The secret of an order, from its placement."));
    }
}

pub fn head() -> utoipa::openapi::OpenApi {
    Head::openapi()
}

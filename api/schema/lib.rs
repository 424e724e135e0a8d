// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;

    /// Who changed what, from what, to what; append-only. Owned by audit.
    audit_entries (id) {
        id -> Uuid,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        entity -> Text,
        entity_id -> Text,
        store_id -> Nullable<Uuid>,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
        occurred_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A variant with its modifiers, so many times. Owned by carts.
    cart_lines (id) {
        id -> Uuid,
        cart_id -> Uuid,
        position -> Int4,
        variant_id -> Uuid,
        quantity -> Int4,
        /// [{"modifierId": …, "quantity": …, "portion": "whole"}], of each unit
        modifiers -> Jsonb,
        note -> Nullable<Text>,
        /// The other half, when the unit is of two halves
        second_variant_id -> Nullable<Uuid>,
        /// What fills the slots of a combo: [{"slotId", "variantId", "secondVariantId", "modifiers"}]
        components -> Jsonb,
        /// The price of one unit when the customer last agreed to it; null: not yet asked
        seen_cents -> Nullable<Int8>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What a customer is about to order. Owned by carts.
    carts (id) {
        id -> Uuid,
        /// SHA-256 of the secret that lets an anonymous customer come back
        token_hash -> Bytea,
        store_id -> Uuid,
        service_type -> Text,
        customer_id -> Nullable<Uuid>,
        /// The order it became; null while it is open
        order_id -> Nullable<Uuid>,
        version -> Int4,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        channel -> Text,
        address -> Nullable<Jsonb>,
        /// When the customer wants it; null: as soon as possible
        requested_at -> Nullable<Timestamptz>,
        /// Codes in capitals, in the order they were entered
        coupons -> Array<Nullable<Text>>,
        tip_cents -> Int8,
        note -> Nullable<Text>,
        age_confirmed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Another value after every change of what is sold and at what price; written by triggers. Owned by catalogue.
    catalogue_stamp (singleton) {
        singleton -> Bool,
        stamp -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The headings of the menu. Owned by products.
    categories (id) {
        id -> Uuid,
        slug -> Text,
        /// By language: {"fr": …, "en": …}
        name -> Jsonb,
        position -> Int4,
        /// When it is sold: [{"weekdays": ["monday"], "opens": "11:30", "closes": "15:00"}]; empty: always
        windows -> Jsonb,
        archived_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What can fill a slot, and what it costs on top of the combo. Owned by products.
    combo_slot_variants (slot_id, variant_id) {
        slot_id -> Uuid,
        variant_id -> Uuid,
        surcharge_cents -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A choice inside a combo: how many components at least and at most. Owned by products.
    combo_slots (id) {
        id -> Uuid,
        product_id -> Uuid,
        name -> Jsonb,
        minimum -> Int4,
        maximum -> Int4,
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A word that brings a promotion. Owned by promotions.
    coupons (id) {
        id -> Uuid,
        promotion_id -> Uuid,
        code -> Text,
        valid_from -> Nullable<Timestamptz>,
        valid_until -> Nullable<Timestamptz>,
        maximum_uses -> Nullable<Int4>,
        maximum_uses_per_customer -> Nullable<Int4>,
        /// Orders that have it and were not cancelled
        uses -> Int4,
        archived_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The way of one order to its door. Owned by deliveries.
    deliveries (id) {
        id -> Uuid,
        order_id -> Uuid,
        store_id -> Uuid,
        driver_id -> Nullable<Uuid>,
        state -> Text,
        opened_at -> Timestamptz,
        claimed_at -> Nullable<Timestamptz>,
        picked_up_at -> Nullable<Timestamptz>,
        departed_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        failure_reason -> Nullable<Text>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Where a store delivers, from which amount on, and at what fee. Owned by stores.
    delivery_zones (id) {
        id -> Uuid,
        store_id -> Uuid,
        name -> Text,
        /// Around the store; a zone has a radius or a polygon
        radius_metres -> Nullable<Int4>,
        /// [[longitude, latitude], …] in WGS 84 degrees, as in GeoJSON, open or closed
        polygon -> Nullable<Jsonb>,
        /// Also served, for addresses without coordinates
        postcodes -> Array<Nullable<Text>>,
        minimum_cents -> Int8,
        /// [{"fromCents": 0, "feeCents": 250}, {"fromCents": 3000, "feeCents": 0}], ascending, the first from 0
        tiers -> Jsonb,
        extra_minutes -> Int4,
        /// The first zone that holds the address counts
        position -> Int4,
        archived_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The last event number of a store. Its row lock orders the events of a store by commit. Owned by events.
    event_counters (store_id) {
        store_id -> Uuid,
        last_seq -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What happened, store by store, without a gap; append-only. Owned by events.
    events (store_id, seq) {
        store_id -> Uuid,
        /// 1, 2, 3, … within the store: the cursor of streams and pollers
        seq -> Int8,
        order_id -> Nullable<Uuid>,
        #[sql_name = "type"]
        type_ -> Text,
        payload -> Jsonb,
        actor_id -> Nullable<Uuid>,
        occurred_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The first answer to a POST, replayed for 24 hours. Owned by http::idempotency.
    idempotency_keys (principal, key) {
        principal -> Text,
        key -> Text,
        /// SHA-256 of method, path and body
        fingerprint -> Bytea,
        status -> Int2,
        body -> Text,
        location -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What recipes are made of and stock counts. Owned by recipes.
    ingredients (id) {
        id -> Uuid,
        slug -> Text,
        name -> Jsonb,
        unit -> Text,
        /// Of the 14 of EU regulation 1169/2011, annex II
        allergens -> Array<Nullable<Text>>,
        /// Traces that the supplier warns of
        may_contain -> Array<Nullable<Text>>,
        /// false: nobody has looked; that none is listed means nothing
        allergens_known -> Bool,
        /// Of 1000 units: a kilogram, a litre, a thousand pieces; null: unknown
        cost_cents_per_thousand -> Nullable<Int8>,
        archived_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Work to do outside the request, enqueued in its transaction. Owned by jobs.
    jobs (id) {
        id -> Uuid,
        job -> Jsonb,
        dedupe_key -> Nullable<Text>,
        /// Due from then on; a worker that claims it pushes this forward as a lease
        run_at -> Timestamptz,
        attempts -> Int4,
        last_error -> Nullable<Text>,
        /// Given up after the last attempt: an operator has to look
        dead_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// One unit to make: two Reines are two items. Owned by kitchen.
    kitchen_items (id) {
        id -> Uuid,
        ticket_id -> Uuid,
        order_line_id -> Uuid,
        unit_index -> Int4,
        state -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What the kitchen has to make for one order. Owned by kitchen.
    kitchen_tickets (id) {
        id -> Uuid,
        order_id -> Uuid,
        store_id -> Uuid,
        state -> Text,
        opened_at -> Timestamptz,
        /// When it must leave the kitchen
        due_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        started_by -> Nullable<Uuid>,
        done_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Failed log-ins by account and by address within a window. Owned by accounts.
    login_attempts (key) {
        key -> Text,
        attempts -> Int4,
        window_started_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A role of a user at a store; the group admin has no store. Owned by accounts.
    memberships (id) {
        id -> Uuid,
        user_id -> Uuid,
        store_id -> Nullable<Uuid>,
        role -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A choice offered on products: how many modifiers at least and at most. Owned by products.
    modifier_groups (id) {
        id -> Uuid,
        slug -> Text,
        name -> Jsonb,
        minimum -> Int4,
        maximum -> Int4,
        /// So many of the chosen modifiers cost nothing: the dearest ones
        free_quantity -> Int4,
        archived_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What one portion of a modifier takes from stock, by size. Owned by recipes.
    modifier_ingredients (modifier_id, size_code, ingredient_id) {
        modifier_id -> Uuid,
        size_code -> Text,
        ingredient_id -> Uuid,
        /// Thousandths of the ingredient's unit
        quantity_milli -> Int8,
        /// Lost while preparing, on top of the quantity: 500 is 5 %
        waste_basis_points -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The price of a modifier by size; a size that is missing cannot take it. Owned by products.
    modifier_sizes (modifier_id, size_code) {
        modifier_id -> Uuid,
        size_code -> Text,
        price_cents -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// One option of a group. Owned by products.
    modifiers (id) {
        id -> Uuid,
        group_id -> Uuid,
        slug -> Text,
        name -> Jsonb,
        position -> Int4,
        archived_at -> Nullable<Timestamptz>,
        kind -> Text,
        /// How many of it one unit of a product may have
        maximum -> Int4,
        /// Chosen for a customer who chooses nothing in its group
        is_default -> Bool,
        /// What a modifier of kind remove leaves out of the recipe
        removes_ingredient_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The last order number given in a business day of a store. Owned by orders.
    order_counters (store_id, business_date) {
        store_id -> Uuid,
        business_date -> Date,
        last_number -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What was sold, as it was named and priced then; never updated. Owned by orders.
    order_lines (id) {
        id -> Uuid,
        order_id -> Uuid,
        position -> Int4,
        product_id -> Uuid,
        variant_id -> Uuid,
        name -> Jsonb,
        variant_name -> Jsonb,
        quantity -> Int4,
        /// Of one unit without its modifiers, VAT included
        unit_price_cents -> Int8,
        /// [{"modifierId", "kind", "name", "quantity", "portion", "unitPriceCents"}], of each unit
        modifiers -> Jsonb,
        total_cents -> Int8,
        note -> Nullable<Text>,
        /// The other half, when the unit is of two halves
        second_variant_id -> Nullable<Uuid>,
        second_name -> Nullable<Jsonb>,
        /// What fills a combo: [{"slotId", "variantId", "name", "variantName", "modifiers", …}], of each unit
        components -> Jsonb,
        /// This line's share of the discounts; total_cents is before it
        discount_cents -> Int8,
        /// [{"rateBasisPoints", "grossCents"}] of the line after its discount; a combo has several rates
        taxes -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A sale, from the click to the door. Owned by orders; status is written by orders::transition alone.
    orders (id) {
        id -> Uuid,
        store_id -> Uuid,
        /// What people say aloud: store code and number of the business day, PAR-42
        number -> Text,
        business_date -> Date,
        channel -> Text,
        service_type -> Text,
        status -> Text,
        customer_id -> Nullable<Uuid>,
        /// Snapshot: {"name": …, "phone": …, "email": …}
        contact -> Jsonb,
        /// Snapshot of where to deliver; null for collection
        address -> Nullable<Jsonb>,
        note -> Nullable<Text>,
        language -> Text,
        items_cents -> Int8,
        delivery_fee_cents -> Int8,
        discount_cents -> Int8,
        tip_cents -> Int8,
        tax_cents -> Int8,
        total_cents -> Int8,
        /// [{"rateBasisPoints": …, "baseCents": …, "taxCents": …}]
        taxes -> Jsonb,
        /// The secret of the tracking page: whoever has it may follow and cancel
        tracking_token -> Text,
        placed_at -> Timestamptz,
        promised_at -> Timestamptz,
        /// When it came to a terminal status
        closed_at -> Nullable<Timestamptz>,
        /// Why it was cancelled, rejected or failed
        reason -> Nullable<Text>,
        version -> Int4,
        /// What made discount_cents: [{"kind", "promotionId", "couponCode", "name", "amountCents"}]
        adjustments -> Jsonb,
        /// When the customer wants it; null: as soon as possible
        requested_at -> Nullable<Timestamptz>,
        /// The customer has declared to be of age: there is alcohol in it
        age_confirmed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What is due at hand-over and what was taken. Owned by payments.
    payments (id) {
        id -> Uuid,
        order_id -> Uuid,
        method -> Text,
        status -> Text,
        amount_cents -> Int8,
        /// What the customer handed over in cash: the change is the rest
        tendered_cents -> Nullable<Int8>,
        collected_at -> Nullable<Timestamptz>,
        collected_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How two halves of one unit are priced; a kind without a row has no halves. Owned by products.
    portion_policies (product_kind) {
        product_kind -> Text,
        price_rule -> Text,
        /// What an extra on one half costs, of its price on the whole
        extras_percent -> Int4,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Another price for some store, service, channel or days; the most particular one counts. Owned by products.
    price_overrides (id) {
        id -> Uuid,
        store_id -> Nullable<Uuid>,
        service_type -> Nullable<Text>,
        channel -> Nullable<Text>,
        variant_id -> Nullable<Uuid>,
        modifier_id -> Nullable<Uuid>,
        size_code -> Nullable<Text>,
        price_cents -> Int8,
        /// First day, local to the store; null: since ever
        valid_from -> Nullable<Date>,
        /// Last day, inclusive; null: for ever
        valid_until -> Nullable<Date>,
        archived_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Which groups a product offers. Owned by products.
    product_modifier_groups (product_id, group_id) {
        product_id -> Uuid,
        group_id -> Uuid,
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What the chain sells, in every store. Owned by products.
    products (id) {
        id -> Uuid,
        slug -> Text,
        category_id -> Uuid,
        kind -> Text,
        name -> Jsonb,
        description -> Jsonb,
        tax_category -> Text,
        position -> Int4,
        archived_at -> Nullable<Timestamptz>,
        diets -> Array<Nullable<Text>>,
        image_urls -> Array<Nullable<Text>>,
        /// Whether it may be one half of a pizza of two; asked only where a portion policy exists for its kind
        halves_allowed -> Bool,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What makes an order cheaper, by itself or with a coupon. Owned by promotions.
    promotions (id) {
        id -> Uuid,
        name -> Jsonb,
        kind -> Text,
        percent_basis_points -> Nullable<Int4>,
        amount_cents -> Nullable<Int8>,
        buy_quantity -> Nullable<Int4>,
        get_quantity -> Nullable<Int4>,
        /// Where, when and on what: see domain::promotion::Conditions
        conditions -> Jsonb,
        valid_from -> Nullable<Timestamptz>,
        valid_until -> Nullable<Timestamptz>,
        needs_coupon -> Bool,
        stackable -> Bool,
        maximum_uses -> Nullable<Int4>,
        maximum_uses_per_customer -> Nullable<Int4>,
        /// Orders that have it and were not cancelled
        uses -> Int4,
        archived_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Every version of a recipe as it was written; append-only. Owned by recipes.
    recipe_versions (product_id, version) {
        product_id -> Uuid,
        version -> Int4,
        document -> Jsonb,
        actor_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How a product is made: the cooks' aide-mémoire. Owned by recipes.
    recipes (product_id) {
        product_id -> Uuid,
        preparation_seconds -> Int4,
        bake_seconds -> Int4,
        /// [{"fr": …, "en": …, "photoUrl": …}]; the photo may be absent
        steps -> Jsonb,
        photo_url -> Nullable<Text>,
        oven_celsius -> Nullable<Int4>,
        /// The version in force; recipe_versions keeps them all
        version -> Int4,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Which order used which promotion; given back when the order is cancelled. Owned by promotions.
    redemptions (order_id, promotion_id) {
        order_id -> Uuid,
        promotion_id -> Uuid,
        coupon_id -> Nullable<Uuid>,
        /// Hashes of account, phone number and e-mail address: what makes two guests the same customer
        identities -> Array<Nullable<Text>>,
        discount_cents -> Int8,
        state -> Text,
        used_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Each token is good once; a second use revokes its session. Owned by accounts.
    refresh_tokens (token_hash) {
        /// SHA-256: the token itself is never stored
        token_hash -> Bytea,
        session_id -> Uuid,
        issued_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// One log-in on one device: the family of its refresh tokens. Owned by accounts.
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        revoked_because -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What a store cannot sell for a while, whatever the stock says. Owned by menu.
    snoozes (id) {
        id -> Uuid,
        store_id -> Uuid,
        ingredient_id -> Nullable<Uuid>,
        variant_id -> Nullable<Uuid>,
        modifier_id -> Nullable<Uuid>,
        /// When it comes back by itself; null: when somebody says so
        until -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How much of an ingredient a store has; available is on hand - reserved - safety. Owned by stock::ledger.
    stock_levels (store_id, ingredient_id) {
        store_id -> Uuid,
        ingredient_id -> Uuid,
        /// Thousandths of the ingredient's unit; equals the sum of the movements
        on_hand_milli -> Int8,
        /// Equals the sum of the held reservations
        reserved_milli -> Int8,
        /// Kept back: never promised to a customer
        safety_milli -> Int8,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Every change of stock on hand; append-only. Owned by stock::ledger.
    stock_movements (id) {
        id -> Uuid,
        store_id -> Uuid,
        ingredient_id -> Uuid,
        kind -> Text,
        /// Signed: consumption is negative
        quantity_milli -> Int8,
        order_line_id -> Nullable<Uuid>,
        actor_id -> Nullable<Uuid>,
        moved_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What an order line takes or would take from stock. Owned by stock::ledger.
    stock_reservations (order_line_id, ingredient_id) {
        order_line_id -> Uuid,
        ingredient_id -> Uuid,
        store_id -> Uuid,
        quantity_milli -> Int8,
        state -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Weekly opening hours by service. Owned by stores.
    store_hours (store_id, service_type, weekday, opens_minute) {
        store_id -> Uuid,
        service_type -> Text,
        /// ISO: 1 is Monday
        weekday -> Int2,
        /// Minutes after local midnight
        opens_minute -> Int2,
        /// Minutes after the midnight of the opening day: above 1440 the service goes on past midnight
        closes_minute -> Int2,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A point of sale. Owned by stores.
    stores (id) {
        id -> Uuid,
        slug -> Text,
        /// Three capitals that open every order number of the store
        code -> Text,
        name -> Text,
        line1 -> Text,
        postcode -> Text,
        city -> Text,
        latitude -> Float8,
        longitude -> Float8,
        phone -> Text,
        email -> Text,
        /// IANA zone: opening hours and the business day are local to it
        time_zone -> Text,
        /// Local time at which a new business day (and order numbering) begins
        business_day_cutoff -> Time,
        service_types -> Array<Nullable<Text>>,
        preparation_minutes -> Int4,
        delivery_minutes -> Int4,
        /// An order that nobody accepted by then is rejected by a job
        acceptance_deadline_minutes -> Int4,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// VAT by category, service and date, in basis points: 1000 is 10 %. Owned by products.
    tax_rates (category, service_type, valid_from) {
        category -> Text,
        /// any: every service that has no rate of its own
        service_type -> Text,
        rate_basis_points -> Int4,
        valid_from -> Date,
        version -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Whoever can log in: customers and staff. Owned by accounts.
    users (id) {
        id -> Uuid,
        email -> Text,
        name -> Text,
        phone -> Nullable<Text>,
        /// argon2id, PHC string
        password_hash -> Text,
        language -> Text,
        status -> Text,
        /// Loaded with a published password: refused at log-in in production
        is_demo -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What one portion of a variant takes from stock. Owned by recipes.
    variant_ingredients (variant_id, ingredient_id) {
        variant_id -> Uuid,
        ingredient_id -> Uuid,
        /// Thousandths of the ingredient's unit
        quantity_milli -> Int8,
        /// Lost while preparing, on top of the quantity: 500 is 5 %
        waste_basis_points -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A product in one size, with its price. Owned by products.
    variants (id) {
        id -> Uuid,
        product_id -> Uuid,
        size_code -> Text,
        name -> Jsonb,
        /// VAT included
        price_cents -> Int8,
        position -> Int4,
        archived_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(audit_entries -> stores (store_id));
diesel::joinable!(audit_entries -> users (actor_id));
diesel::joinable!(cart_lines -> carts (cart_id));
diesel::joinable!(carts -> orders (order_id));
diesel::joinable!(carts -> stores (store_id));
diesel::joinable!(carts -> users (customer_id));
diesel::joinable!(combo_slot_variants -> combo_slots (slot_id));
diesel::joinable!(combo_slot_variants -> variants (variant_id));
diesel::joinable!(combo_slots -> products (product_id));
diesel::joinable!(coupons -> promotions (promotion_id));
diesel::joinable!(deliveries -> orders (order_id));
diesel::joinable!(deliveries -> stores (store_id));
diesel::joinable!(deliveries -> users (driver_id));
diesel::joinable!(delivery_zones -> stores (store_id));
diesel::joinable!(event_counters -> stores (store_id));
diesel::joinable!(kitchen_items -> kitchen_tickets (ticket_id));
diesel::joinable!(kitchen_items -> order_lines (order_line_id));
diesel::joinable!(kitchen_tickets -> orders (order_id));
diesel::joinable!(kitchen_tickets -> stores (store_id));
diesel::joinable!(kitchen_tickets -> users (started_by));
diesel::joinable!(memberships -> stores (store_id));
diesel::joinable!(memberships -> users (user_id));
diesel::joinable!(modifier_ingredients -> ingredients (ingredient_id));
diesel::joinable!(modifier_sizes -> modifiers (modifier_id));
diesel::joinable!(modifiers -> ingredients (removes_ingredient_id));
diesel::joinable!(modifiers -> modifier_groups (group_id));
diesel::joinable!(order_counters -> stores (store_id));
diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(order_lines -> products (product_id));
diesel::joinable!(orders -> stores (store_id));
diesel::joinable!(orders -> users (customer_id));
diesel::joinable!(payments -> orders (order_id));
diesel::joinable!(payments -> users (collected_by));
diesel::joinable!(price_overrides -> stores (store_id));
diesel::joinable!(price_overrides -> variants (variant_id));
diesel::joinable!(product_modifier_groups -> modifier_groups (group_id));
diesel::joinable!(product_modifier_groups -> products (product_id));
diesel::joinable!(products -> categories (category_id));
diesel::joinable!(recipe_versions -> products (product_id));
diesel::joinable!(recipe_versions -> users (actor_id));
diesel::joinable!(recipes -> products (product_id));
diesel::joinable!(redemptions -> coupons (coupon_id));
diesel::joinable!(redemptions -> orders (order_id));
diesel::joinable!(redemptions -> promotions (promotion_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(snoozes -> ingredients (ingredient_id));
diesel::joinable!(snoozes -> modifiers (modifier_id));
diesel::joinable!(snoozes -> stores (store_id));
diesel::joinable!(snoozes -> users (created_by));
diesel::joinable!(snoozes -> variants (variant_id));
diesel::joinable!(stock_levels -> ingredients (ingredient_id));
diesel::joinable!(stock_levels -> stores (store_id));
diesel::joinable!(stock_movements -> ingredients (ingredient_id));
diesel::joinable!(stock_movements -> order_lines (order_line_id));
diesel::joinable!(stock_movements -> stores (store_id));
diesel::joinable!(stock_movements -> users (actor_id));
diesel::joinable!(stock_reservations -> ingredients (ingredient_id));
diesel::joinable!(stock_reservations -> order_lines (order_line_id));
diesel::joinable!(stock_reservations -> stores (store_id));
diesel::joinable!(store_hours -> stores (store_id));
diesel::joinable!(variant_ingredients -> ingredients (ingredient_id));
diesel::joinable!(variant_ingredients -> variants (variant_id));
diesel::joinable!(variants -> products (product_id));

diesel::allow_tables_to_appear_in_same_query!(
    audit_entries,
    cart_lines,
    carts,
    categories,
    combo_slot_variants,
    combo_slots,
    coupons,
    deliveries,
    delivery_zones,
    event_counters,
    ingredients,
    kitchen_items,
    kitchen_tickets,
    memberships,
    modifier_groups,
    modifier_ingredients,
    modifier_sizes,
    modifiers,
    order_counters,
    order_lines,
    orders,
    payments,
    price_overrides,
    product_modifier_groups,
    products,
    promotions,
    recipe_versions,
    recipes,
    redemptions,
    refresh_tokens,
    sessions,
    snoozes,
    stock_levels,
    stock_movements,
    stock_reservations,
    store_hours,
    stores,
    users,
    variant_ingredients,
    variants,
);

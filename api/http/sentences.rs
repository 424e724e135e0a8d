//! Every sentence that a failure says, in both languages. `{name}` is filled from the error.

use domain::language::Language;
use domain::promotion::CouponReason;

use crate::error::Code;

/// Title and detail in English and French, and what the client should do.
struct Row {
    title: [&'static str; 2],
    detail: [&'static str; 2],
    advice: &'static str,
}

const fn row(en: [&'static str; 2], fr: [&'static str; 2], advice: &'static str) -> Row {
    Row { title: [en[0], fr[0]], detail: [en[1], fr[1]], advice }
}

fn of(code: Code) -> Row {
    match code {
        Code::MalformedJson => row(
            ["Malformed JSON", "The body is not JSON: {reason}."],
            ["JSON illisible", "Le corps n'est pas du JSON (ligne {line}, colonne {column})."],
            "Mend the body at the line and column given; do not retry as it is.",
        ),
        Code::MalformedRequest => row(
            ["Malformed request", "The request could not be read: {reason}."],
            ["Requête illisible", "La requête n'a pas pu être lue."],
            "Mend the request; do not retry as it is.",
        ),
        Code::IdempotencyKeyRequired => row(
            ["Idempotency-Key is missing", "This request moves money, orders or stock: send an Idempotency-Key header."],
            ["Idempotency-Key manquant", "Cette requête engage une commande : envoyez un en-tête Idempotency-Key."],
            "Make a UUID for each intent of the user and send it with every try.",
        ),
        Code::Unauthenticated => row(
            [
                "Log in first",
                "This needs a valid access token; carts and orders also open with their Cart-Token or Tracking-Token.",
            ],
            [
                "Connexion nécessaire",
                "Cette action demande un jeton d'accès valable ; un panier ou une commande s'ouvre aussi avec son Cart-Token ou Tracking-Token.",
            ],
            "Log in, or refresh the token, and send it as `Authorization: Bearer …`.",
        ),
        Code::TokenExpired => row(
            ["The access token has expired", "Access tokens live 15 minutes."],
            ["Le jeton d'accès a expiré", "Un jeton d'accès vit 15 minutes."],
            "Call `POST /v1/auth/refresh` once and repeat the request.",
        ),
        Code::InvalidCredentials => row(
            ["Wrong e-mail address or password", "No account has this e-mail address with this password."],
            ["Adresse ou mot de passe incorrect", "Aucun compte n'a cette adresse avec ce mot de passe."],
            "Ask the user again; five failures in 15 minutes lock the account for a while.",
        ),
        Code::RefreshTokenInvalid => row(
            ["The refresh token is not good", "It is unknown, expired, revoked, or was used before; log in again."],
            ["Jeton de rafraîchissement refusé", "Il est inconnu, expiré, révoqué ou déjà utilisé ; reconnectez-vous."],
            "Log in again. A token that was used twice ends its session on every device that shares it.",
        ),
        Code::Forbidden => row(
            ["Not allowed", "Your role does not allow this here."],
            ["Action non autorisée", "Votre rôle ne permet pas cette action ici."],
            "Hide the action from this user; a manager can grant the role.",
        ),
        Code::NotFound => row(
            ["Not found", "There is no such {what}, or it is not yours to see."],
            ["Introuvable", "Cet élément n'existe pas ou ne vous est pas accessible ({what})."],
            "Check the id or the path.",
        ),
        Code::MethodNotAllowed => row(
            ["Method not allowed", "This path answers to {allowed}."],
            ["Méthode non autorisée", "Ce chemin répond à {allowed}."],
            "Use a method of the `Allow` header.",
        ),
        Code::InvalidTransition => row(
            ["Not in this state", "A {what} that is {status} cannot go through «{command}»."],
            ["Impossible dans cet état", "L'action « {command} » est impossible : l'état est « {status} » ({what})."],
            "Show the present state, which is in `currentState`, and read the resource again.",
        ),
        Code::OutOfStock => row(
            ["Sold out", "There are not enough ingredients left for: {names}."],
            ["Épuisé", "Il ne reste pas assez d'ingrédients pour : {names}."],
            "Show the lines named in `lines`, with what is left, and let the customer choose again.",
        ),
        Code::PriceChanged => row(
            ["The price has changed", "The price is now {total} €, not {expected} €."],
            ["Le prix a changé", "Le prix est maintenant de {total} €, et non {expected} €."],
            "Read the cart again, show the new total, and ask the customer.",
        ),
        Code::StoreClosed => row(
            ["The store is closed", "The store takes no order for this service now; it opens at {opens} (local time)."],
            ["Le point de vente est fermé", "Aucune commande pour ce service en ce moment ; ouverture à {opens}."],
            "Show the opening hours; offer another store or service.",
        ),
        Code::OutsideZone => row(
            ["Outside the delivery zones", "This store does not deliver to this address."],
            ["Hors zone de livraison", "Ce point de vente ne livre pas à cette adresse."],
            "Offer collection, or a nearer store.",
        ),
        Code::CartOrdered => row(
            ["Already ordered", "This cart has become an order; make a new one."],
            ["Panier déjà commandé", "Ce panier est devenu une commande ; créez-en un autre."],
            "Show the order; for another one create a cart.",
        ),
        Code::CartEmpty => row(
            ["The cart is empty", "There is nothing to order."],
            ["Le panier est vide", "Il n'y a rien à commander."],
            "Add a line first.",
        ),
        Code::ProductUnavailable => row(
            ["No longer on the menu", "These are no longer sold: {names}."],
            ["Plus à la carte", "Ces produits ne sont plus vendus : {names}."],
            "Remove the lines named in `lines`.",
        ),
        Code::AlreadyClaimed => row(
            ["Somebody was faster", "Another driver has taken this delivery."],
            ["Déjà prise", "Un autre livreur a pris cette livraison."],
            "Read the list again.",
        ),
        Code::EmailTaken => row(
            ["There is an account already", "An account with this e-mail address exists."],
            ["Compte existant", "Un compte existe avec cette adresse."],
            "Offer to log in.",
        ),
        Code::AlreadyExists => row(
            ["It exists already", "Another one has this name: {names}."],
            ["Existe déjà", "Un autre élément porte déjà ce nom : {names}."],
            "Choose another slug or code, or edit the one that exists.",
        ),
        Code::InUse => row(
            ["Still in use", "Something else still needs it: {names}."],
            ["Encore utilisé", "D'autres éléments en dépendent encore : {names}."],
            "Take it out of what is named first.",
        ),
        Code::BelowMinimum => row(
            ["Below the minimum", "Delivery to this address begins at {minimum} €; {missing} € are missing."],
            ["Minimum non atteint", "La livraison à cette adresse commence à {minimum} € ; il manque {missing} €."],
            "Show what is missing; offer collection.",
        ),
        Code::OptionsInvalid => row(
            ["Choose the options again", "The options of these no longer fit: {names}."],
            ["Options à revoir", "Les options de ces produits ne conviennent plus : {names}."],
            "Let the customer choose the options of the lines named in `lines` again.",
        ),
        Code::NotServedNow => row(
            ["Not served at this time", "These are sold at other hours: {names}."],
            ["Pas servi à cette heure", "Ces produits sont vendus à d'autres heures : {names}."],
            "Remove the lines named in `lines`, or order for another time.",
        ),
        Code::RequestedTimePassed => row(
            ["That time has passed", "The order was wanted for a time that is over."],
            ["Heure dépassée", "La commande était demandée pour une heure déjà passée."],
            "Let the customer choose another time.",
        ),
        Code::AgeConfirmationRequired => row(
            ["Are you of age?", "There is alcohol in it: {names}. The customer has to declare to be 18 or older."],
            ["Êtes-vous majeur ?", "Il y a de l'alcool : {names}. Le client doit déclarer avoir 18 ans ou plus."],
            "Ask the customer, and set `ageConfirmed`.",
        ),
        Code::CouponInvalid => row(
            ["The coupon does not apply", "{coupon}: {reason}."],
            ["Le code promo ne s'applique pas", "{coupon} : {reason}."],
            "Show why (`reason`); remove the coupon or change the cart.",
        ),
        Code::VersionConflict => row(
            ["Somebody was faster", "It has been changed meanwhile; its version is now {version}."],
            ["Modifié entre-temps", "Cet élément a été modifié entre-temps ; sa version est maintenant {version}."],
            "Read it again, show what changed, and send the change with the new `ETag` as `If-Match`.",
        ),
        Code::PreconditionRequired => row(
            ["If-Match is missing", "Send the ETag that you read as If-Match, so that nobody's change is lost."],
            ["If-Match manquant", "Envoyez l'ETag lu dans If-Match, pour qu'aucune modification ne soit perdue."],
            "Read the resource, and send its `ETag` as `If-Match`.",
        ),
        Code::IdempotencyInFlight => row(
            ["Still working on it", "The first request with this Idempotency-Key has not ended."],
            ["Traitement en cours", "La première requête avec cet Idempotency-Key n'est pas terminée."],
            "Repeat after `Retry-After` seconds with the same key.",
        ),
        Code::PayloadTooLarge => row(
            ["The body is too large", "A body may have {limit} bytes."],
            ["Corps trop volumineux", "Un corps peut avoir {limit} octets."],
            "Send less.",
        ),
        Code::UnsupportedMediaType => row(
            ["Not JSON", "Send application/json, not «{sent}»."],
            ["Type de contenu refusé", "Envoyez application/json, et non « {sent} »."],
            "Set `Content-Type: application/json`.",
        ),
        Code::InvalidRequest => row(
            ["The request is not valid", "Some parts of the request are wrong; `errors` names each."],
            ["Requête non valable", "Certaines parties de la requête sont fausses ; `errors` les nomme."],
            "Show each of `errors` at the field of its `pointer`.",
        ),
        Code::IdempotencyMismatch => row(
            ["The key was used for something else", "This Idempotency-Key came with another request before."],
            ["Clé déjà utilisée", "Cet Idempotency-Key a déjà servi à une autre requête."],
            "Make a new key for each intent.",
        ),
        Code::TooManyRequests => row(
            ["Too many tries", "Wait {minutes} minutes before you try again."],
            ["Trop de tentatives", "Patientez {minutes} minutes avant de réessayer."],
            "Wait `Retry-After` seconds.",
        ),
        Code::Internal => row(
            ["Our mistake", "Something went wrong on our side; it has been written down."],
            ["Erreur de notre côté", "Un problème est survenu de notre côté ; il a été consigné."],
            "Retry once with the same Idempotency-Key; then quote `requestId` to us.",
        ),
        Code::Busy => row(
            ["Busy", "The service cannot answer at the moment."],
            ["Service occupé", "Le service ne peut pas répondre pour l'instant."],
            "Repeat after `Retry-After` seconds with the same Idempotency-Key.",
        ),
    }
}

fn pick(texts: [&'static str; 2], language: Language) -> &'static str {
    match language {
        Language::En => texts[0],
        Language::Fr => texts[1],
    }
}

pub fn title(code: Code, language: Language) -> &'static str {
    pick(of(code).title, language)
}

pub fn detail(code: Code, language: Language) -> &'static str {
    pick(of(code).detail, language)
}

/// Why a coupon does not apply.
pub fn coupon_reason(reason: CouponReason, language: Language) -> &'static str {
    let texts = match reason {
        CouponReason::Unknown => ["no coupon has this code", "aucun code promo ne porte ce nom"],
        CouponReason::NotYetValid => ["it is not valid yet", "il n'est pas encore valable"],
        CouponReason::Expired => ["it has expired", "il a expiré"],
        CouponReason::NotInThisStore => ["other stores take it", "il vaut dans d'autres points de vente"],
        CouponReason::NotForThisService => ["it is for another way of ordering", "il vaut pour un autre mode de commande"],
        CouponReason::NotAtThisTime => ["it holds at other times", "il vaut à d'autres moments"],
        CouponReason::BelowMinimum => ["the cart is below its minimum", "le panier n'atteint pas son minimum"],
        CouponReason::NothingEligible => {
            ["there is nothing in the cart that it applies to", "rien dans le panier n'y donne droit"]
        }
        CouponReason::UsedUp => ["it has been used up", "il a été épuisé"],
        CouponReason::AlreadyUsed => ["you have used it already", "vous l'avez déjà utilisé"],
        CouponReason::NotCombinable => ["another offer is worth more", "une autre offre est plus avantageuse"],
    };
    pick(texts, language)
}

/// What the client should do about it.
pub fn advice(code: Code) -> &'static str {
    of(code).advice
}

/// What is wrong with one part of a request.
pub fn fault(code: &str, language: Language) -> &'static str {
    let texts = match code {
        "required" => ["This is missing.", "Cette valeur manque."],
        "unknown_field" => ["There is no such field.", "Ce champ n'existe pas."],
        "wrong_type" => ["This has the wrong type.", "Cette valeur n'a pas le bon type."],
        "too_short" => ["At least {limit} characters.", "Au moins {limit} caractères."],
        "too_long" => ["At most {limit} characters.", "Au plus {limit} caractères."],
        "too_few" => ["At least {limit}.", "Au moins {limit}."],
        "too_many" => ["At most {limit}.", "Au plus {limit}."],
        "too_small" => ["Not below {limit}.", "Pas moins de {limit}."],
        "too_large" => ["Not above {limit}.", "Pas plus de {limit}."],
        "unknown_value" => ["One of {limit}.", "Une valeur parmi {limit}."],
        "invalid_length" | "out_of_range" => ["Between {minimum} and {maximum}.", "Entre {minimum} et {maximum}."],
        "invalid_character" => ["The NUL character is not allowed.", "Le caractère NUL n'est pas permis."],
        "not_found" => ["There is no such thing here.", "Cet élément n'existe pas ici."],
        "not_offered" => ["This is not offered here.", "Ce n'est pas proposé ici."],
        "not_the_same_size" => ["Both halves have the same size.", "Les deux moitiés ont la même taille."],
        "only_on_the_whole" => ["This goes on the whole, not on one half.", "Ceci concerne le tout, et non une moitié."],
        "not_for_this_size" => ["Not to be had in this size.", "Indisponible dans cette taille."],
        "no_area" => ["These corners enclose nothing.", "Ces points n'entourent rien."],
        "before_today" => ["This should not be in the past.", "Cette date ne doit pas être passée."],
        "not_within_days" => {
            ["This should be within the next {limit} days.", "Cette date doit être dans les {limit} prochains jours."]
        }
        "only_one_of" => ["Only one of these can be named.", "Un seul de ces éléments peut être nommé."],
        "not_within_a_week" => {
            ["This should be within the next seven days.", "Cette date doit être dans les sept prochains jours."]
        }
        "not_within_a_day" => ["This should be within the next 24 hours.", "Cette date doit être dans les prochaines 24 heures."],
        "only_with_cash" => ["Only cash is handed over.", "Uniquement pour un paiement en espèces."],
        "too_large_in_all" => ["Not above {limit} in all.", "Pas plus de {limit} en tout."],
        "duplicate" => ["This stands twice.", "Cet élément figure deux fois."],
        "not_yours_to_give" => ["You cannot give this role here.", "Vous ne pouvez pas donner ce rôle ici."],
        "too_weak" => ["This password is published or too easy.", "Ce mot de passe est public ou trop simple."],
        "below_total" => ["Less than what is due.", "Moins que la somme due."],
        "not_after" => ["This should be after {limit}.", "Cette date doit être postérieure à {limit}."],
        "archived" => ["{name} is archived: bring it back first.", "{name} est archivé : remettez-le d'abord en service."],
        _ => ["This cannot be read.", "Cette valeur est illisible."],
    };
    pick(texts, language)
}

/// Puts the values into a sentence.
pub fn fill(sentence: &str, params: &[(&'static str, String)]) -> String {
    params.iter().fold(sentence.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// Values for sentences that stand as examples.
pub(crate) fn samples() -> Vec<(&'static str, String)> {
    let samples = [
        ("what", "order"),
        ("status", "ready"),
        ("command", "cancel"),
        ("names", "Reine, Truffe"),
        ("total", "29.30"),
        ("expected", "28.30"),
        ("minimum", "15.00"),
        ("missing", "3.10"),
        ("coupon", "BIENVENUE"),
        ("version", "4"),
        ("opens", "2026-11-27 18:00"),
        ("allowed", "GET, POST"),
        ("limit", "65536"),
        ("sent", "text/plain"),
        ("reason", "expected value at line 2 column 14"),
        ("line", "2"),
        ("column", "14"),
        ("minutes", "15"),
    ];
    samples.map(|(name, value)| (name, value.to_owned())).to_vec()
}

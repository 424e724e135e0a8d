//! Words of the menu.

words! {
    ProductKind {
        Pizza = "pizza",
        Side = "side",
        Drink = "drink",
        Dessert = "dessert",
    }
}

words! {
    SizeCode {
        Small = "small",
        Medium = "medium",
        Large = "large",
        /// For what comes in one size.
        Regular = "regular",
    }
}

words! {
    /// The 14 allergens of EU regulation 1169/2011, annex II.
    Allergen {
        Gluten = "gluten",
        Crustaceans = "crustaceans",
        Eggs = "eggs",
        Fish = "fish",
        Peanuts = "peanuts",
        Soy = "soy",
        Milk = "milk",
        Nuts = "nuts",
        Celery = "celery",
        Mustard = "mustard",
        Sesame = "sesame",
        Sulphites = "sulphites",
        Lupin = "lupin",
        Molluscs = "molluscs",
    }
}

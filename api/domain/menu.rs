//! Words of the menu.

words! {
    /// What kind of product it is; a combo is a set of others at one price (French: formule).
    ProductKind {
        Pizza = "pizza",
        Side = "side",
        Drink = "drink",
        Dessert = "dessert",
        Combo = "combo",
    }
}

words! {
    /// What choosing a modifier does.
    ModifierKind {
        /// Adds something.
        Extra = "extra",
        /// One way of making it instead of another, such as a crust.
        Choice = "choice",
        /// Leaves an ingredient out.
        Remove = "remove",
    }
}

words! {
    /// Where on a unit a modifier goes.
    Portion {
        Whole = "whole",
        FirstHalf = "first_half",
        SecondHalf = "second_half",
    }
}

words! {
    /// What two halves cost.
    PriceRule {
        /// The dearer of the two.
        Max = "max",
        /// The mean of the two, rounded half up to the cent.
        Average = "average",
    }
}

words! {
    /// What a product is fit for, as the chain declares it.
    Diet {
        Vegetarian = "vegetarian",
        Vegan = "vegan",
        Halal = "halal",
        Kosher = "kosher",
        GlutenFree = "gluten_free",
        LactoseFree = "lactose_free",
    }
}

words! {
    /// Whether a thing can be made now.
    Availability {
        InStock = "in_stock",
        /// Five or fewer are left.
        Low = "low",
        Out = "out",
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

//! Payments at hand-over.

words! {
    /// How the customer pays when the order is handed over.
    PaymentMethod {
        Cash = "cash",
        /// On the driver's or the counter's card reader.
        CardTerminal = "card_terminal",
    }
}

words! {
    PaymentStatus {
        /// To be taken at hand-over.
        Due = "due",
        Collected = "collected",
        /// The order was cancelled or rejected: nothing is due any more.
        Cancelled = "cancelled",
    }
}

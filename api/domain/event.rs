//! What happens in a store, as streams, pollers and notifications read it.

words! {
    EventType {
        OrderPlaced = "order.placed",
        OrderAccepted = "order.accepted",
        OrderRejected = "order.rejected",
        OrderInPreparation = "order.in_preparation",
        OrderReady = "order.ready",
        OrderOutForDelivery = "order.out_for_delivery",
        OrderDelivered = "order.delivered",
        OrderCollected = "order.collected",
        OrderDeliveryFailed = "order.delivery_failed",
        OrderCancelled = "order.cancelled",
        OrderExpired = "order.expired",
        KitchenTicketCreated = "kitchen.ticket_created",
        KitchenTicketUpdated = "kitchen.ticket_updated",
        KitchenTicketVoided = "kitchen.ticket_voided",
        DeliveryCreated = "delivery.created",
        DeliveryAssigned = "delivery.assigned",
        DeliveryPickedUp = "delivery.picked_up",
        DeliveryEnRoute = "delivery.en_route",
        DeliveryDelivered = "delivery.delivered",
        DeliveryFailed = "delivery.failed",
        DeliveryCancelled = "delivery.cancelled",
        MenuAvailabilityChanged = "menu.availability_changed",
    }
}

impl EventType {
    /// What anybody may see who reads the menu.
    pub fn is_for_everybody(self) -> bool {
        self == EventType::MenuAvailabilityChanged
    }

    /// What the customer of the order may see on its stream.
    pub fn is_for_customer(self) -> bool {
        self.as_str().starts_with("order.")
    }
}

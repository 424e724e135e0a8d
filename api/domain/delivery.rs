//! The way of one order to its door.

use crate::machine::{self, Step, Transition};
use crate::people::Actor;

words! {
    DeliveryState {
        /// No driver has taken it yet.
        Pending = "pending",
        Assigned = "assigned",
        /// In the driver's bag.
        PickedUp = "picked_up",
        EnRoute = "en_route",
        /// Terminal.
        Delivered = "delivered",
        /// Nobody there, wrong address, refused: a manager decides.
        Failed = "failed",
        /// Terminal: the order was cancelled.
        Cancelled = "cancelled",
    }
}

words! {
    DeliveryCommand {
        Claim = "claim",
        Pickup = "pickup",
        Depart = "depart",
        Complete = "complete",
        Fail = "fail",
        Retry = "retry",
        Cancel = "cancel",
    }
}

use DeliveryCommand as C;
use DeliveryState as S;

const DRIVERS: &[Actor] = &[Actor::Driver, Actor::Manager];
const MANAGERS: &[Actor] = &[Actor::Manager];
/// A delivery is cancelled by whoever may cancel its order; `order::TRANSITIONS` says who.
const CANCELLERS: &[Actor] = &[Actor::Customer, Actor::Counter, Actor::Manager, Actor::System];

pub const INITIAL: &[DeliveryState] = &[S::Pending];

/// Everything that may happen to a delivery.
pub const TRANSITIONS: &[Transition<DeliveryState, DeliveryCommand>] = &[
    Transition { from: S::Pending, command: C::Claim, to: S::Assigned, who: DRIVERS },
    Transition { from: S::Pending, command: C::Cancel, to: S::Cancelled, who: CANCELLERS },
    Transition { from: S::Assigned, command: C::Pickup, to: S::PickedUp, who: DRIVERS },
    Transition { from: S::Assigned, command: C::Cancel, to: S::Cancelled, who: CANCELLERS },
    Transition { from: S::PickedUp, command: C::Depart, to: S::EnRoute, who: DRIVERS },
    Transition { from: S::PickedUp, command: C::Cancel, to: S::Cancelled, who: MANAGERS },
    Transition { from: S::EnRoute, command: C::Complete, to: S::Delivered, who: DRIVERS },
    Transition { from: S::EnRoute, command: C::Fail, to: S::Failed, who: DRIVERS },
    Transition { from: S::Failed, command: C::Retry, to: S::Pending, who: MANAGERS },
    Transition { from: S::Failed, command: C::Cancel, to: S::Cancelled, who: MANAGERS },
];

pub fn step(from: DeliveryState, command: DeliveryCommand, actors: &[Actor]) -> Step<DeliveryState> {
    machine::step(TRANSITIONS, INITIAL, from, command, actors)
}

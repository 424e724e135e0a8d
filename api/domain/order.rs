//! The life of an order: one allow-list, read by the API, drawn in ARCHITECTURE.md and in states.json.

use crate::machine::{self, Step, Transition};
use crate::people::Actor;

words! {
    /// How the customer gets the order.
    ServiceType {
        Delivery = "delivery",
        Collection = "collection",
    }
}

words! {
    /// Where an order came from.
    Channel {
        /// The customer site.
        Web = "web",
        /// A mobile app.
        App = "app",
        /// Taken on the phone by the staff.
        Phone = "phone",
        /// Taken at the counter.
        Counter = "counter",
        /// A platform that sells for the chain.
        Partner = "partner",
    }
}

impl Channel {
    /// Whether customers order there themselves.
    pub fn is_of_customers(self) -> bool {
        matches!(self, Channel::Web | Channel::App)
    }
}

words! {
    /// Where an order stands.
    OrderStatus {
        /// Waits for an online payment.
        PendingPayment = "pending_payment",
        /// Received; the store has not answered yet.
        Placed = "placed",
        /// The store will make it.
        Accepted = "accepted",
        /// The kitchen has started: customers can no longer change it.
        InPreparation = "in_preparation",
        /// Made; waits for the driver or the customer.
        Ready = "ready",
        OutForDelivery = "out_for_delivery",
        /// Terminal: handed over at the door.
        Delivered = "delivered",
        /// Terminal: handed over at the counter.
        Collected = "collected",
        /// The driver could not hand it over; a manager decides.
        DeliveryFailed = "delivery_failed",
        /// Terminal.
        Cancelled = "cancelled",
        /// Terminal: the store said no, or did not answer in time.
        Rejected = "rejected",
        /// Terminal: the online payment never came.
        Expired = "expired",
    }
}

words! {
    /// What is asked of an order.
    OrderCommand {
        AuthorisePayment = "authorise_payment",
        PayOnHandover = "pay_on_handover",
        Expire = "expire",
        Accept = "accept",
        Reject = "reject",
        MissDeadline = "miss_deadline",
        StartPreparation = "start_preparation",
        FinishPreparation = "finish_preparation",
        Collect = "collect",
        Depart = "depart",
        Deliver = "deliver",
        FailDelivery = "fail_delivery",
        RetryDelivery = "retry_delivery",
        Cancel = "cancel",
        NoShow = "no_show",
    }
}

use OrderCommand as C;
use OrderStatus as S;

/// Where orders begin: with an online payment to wait for, or without.
pub const INITIAL: &[OrderStatus] = &[S::PendingPayment, S::Placed];

const fn row(
    from: OrderStatus,
    command: OrderCommand,
    to: OrderStatus,
    who: &'static [Actor],
) -> Transition<OrderStatus, OrderCommand> {
    Transition { from, command, to, who }
}

const SYSTEM: &[Actor] = &[Actor::System];
const MANAGER: &[Actor] = &[Actor::Manager];
const KITCHEN: &[Actor] = &[Actor::Cook, Actor::Manager];
const ROAD: &[Actor] = &[Actor::Driver, Actor::Manager];
const SHOP: &[Actor] = &[Actor::Counter, Actor::Cook, Actor::Manager];
const BEFORE_PREPARATION: &[Actor] = &[Actor::Customer, Actor::Counter, Actor::Manager];

/// Everything that may happen to an order. What is not listed does not happen.
pub const TRANSITIONS: &[Transition<OrderStatus, OrderCommand>] = &[
    row(S::PendingPayment, C::AuthorisePayment, S::Placed, SYSTEM),
    row(S::PendingPayment, C::PayOnHandover, S::Placed, &[Actor::Customer]),
    row(S::PendingPayment, C::Expire, S::Expired, SYSTEM),
    row(S::PendingPayment, C::Cancel, S::Cancelled, BEFORE_PREPARATION),
    row(S::Placed, C::Accept, S::Accepted, &[Actor::Counter, Actor::Cook, Actor::Manager, Actor::System]),
    row(S::Placed, C::Reject, S::Rejected, SHOP),
    row(S::Placed, C::MissDeadline, S::Rejected, SYSTEM),
    row(S::Placed, C::Cancel, S::Cancelled, BEFORE_PREPARATION),
    row(S::Accepted, C::StartPreparation, S::InPreparation, KITCHEN),
    row(S::Accepted, C::Cancel, S::Cancelled, BEFORE_PREPARATION),
    row(S::InPreparation, C::FinishPreparation, S::Ready, KITCHEN),
    row(S::InPreparation, C::Cancel, S::Cancelled, MANAGER),
    row(S::Ready, C::Collect, S::Collected, SHOP),
    row(S::Ready, C::Depart, S::OutForDelivery, ROAD),
    row(S::Ready, C::NoShow, S::Cancelled, MANAGER),
    row(S::Ready, C::Cancel, S::Cancelled, MANAGER),
    row(S::OutForDelivery, C::Deliver, S::Delivered, ROAD),
    row(S::OutForDelivery, C::FailDelivery, S::DeliveryFailed, ROAD),
    row(S::DeliveryFailed, C::RetryDelivery, S::Ready, MANAGER),
    row(S::DeliveryFailed, C::Cancel, S::Cancelled, MANAGER),
];

/// May `command` be carried out on an order in `from` by somebody who wears these hats?
pub fn step(from: OrderStatus, command: OrderCommand, actors: &[Actor]) -> Step<OrderStatus> {
    machine::step(TRANSITIONS, INITIAL, from, command, actors)
}

impl OrderStatus {
    /// Terminal is terminal: no row leads out.
    pub fn is_terminal(self) -> bool {
        TRANSITIONS.iter().all(|t| t.from != self)
    }
}

/// The life of an order as a Mermaid diagram, one arrow a row of the allow-list.
pub fn diagram() -> String {
    let mut lines = vec!["stateDiagram-v2".to_owned()];
    lines.extend(INITIAL.iter().map(|s| format!("    [*] --> {}", s.as_str())));
    lines.extend(TRANSITIONS.iter().map(|t| format!("    {} --> {}: {}", t.from.as_str(), t.to.as_str(), t.command.as_str())));
    let ends = OrderStatus::ALL.iter().filter(|s| s.is_terminal());
    lines.extend(ends.map(|s| format!("    {} --> [*]", s.as_str())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unlisted_passes() {
        for &from in OrderStatus::ALL {
            for &command in OrderCommand::ALL {
                let listed = TRANSITIONS.iter().find(|t| t.from == from && t.command == command);
                match (step(from, command, Actor::ALL), listed) {
                    (Step::Moved(to), Some(row)) => assert_eq!(to, row.to),
                    (Step::Same | Step::Illegal, None) => {}
                    (answer, row) => panic!("{from:?} {command:?}: {answer:?}, but the list has {row:?}"),
                }
            }
        }
    }

    #[test]
    fn each_move_has_one_outcome_and_every_status_is_reachable() {
        for a in TRANSITIONS {
            let same = TRANSITIONS.iter().filter(|b| b.from == a.from && b.command == a.command).count();
            assert_eq!(same, 1, "{a:?}");
        }
        for &status in OrderStatus::ALL {
            let reached = INITIAL.contains(&status) || TRANSITIONS.iter().any(|t| t.to == status);
            assert!(reached, "{status:?}");
        }
    }

    #[test]
    fn terminal_statuses_are_those_of_the_trade() {
        let terminal: Vec<_> = OrderStatus::ALL.iter().filter(|s| s.is_terminal()).collect();
        assert_eq!(terminal, [&S::Delivered, &S::Collected, &S::Cancelled, &S::Rejected, &S::Expired]);
    }

    #[test]
    fn a_repeated_command_is_a_no_op() {
        for t in TRANSITIONS {
            if TRANSITIONS.iter().any(|again| again.from == t.to && again.command == t.command) {
                continue;
            }
            assert_eq!(step(t.to, t.command, Actor::ALL), Step::Same, "{t:?} twice");
        }
        // The retry may come late: the cook has gone on meanwhile.
        assert_eq!(step(S::Ready, C::Accept, Actor::ALL), Step::Same);
        assert_eq!(step(S::Delivered, C::StartPreparation, Actor::ALL), Step::Same);
        assert_eq!(step(S::Cancelled, C::Accept, Actor::ALL), Step::Illegal, "it may have been cancelled before");
        assert_eq!(step(S::Collected, C::Cancel, Actor::ALL), Step::Illegal);
    }

    #[test]
    fn customers_are_locked_out_once_the_kitchen_has_started() {
        let customer = &[Actor::Customer];
        assert_eq!(step(S::Accepted, C::Cancel, customer), Step::Moved(S::Cancelled));
        assert_eq!(step(S::InPreparation, C::Cancel, customer), Step::Forbidden);
        assert_eq!(step(S::Placed, C::Accept, customer), Step::Forbidden);
    }
}

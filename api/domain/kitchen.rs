//! The life of one thing to make; a ticket stands where its least advanced item stands.

use crate::machine::{self, Step, Transition};
use crate::people::Actor;

words! {
    /// Where a ticket, or one item on it, stands.
    KitchenState {
        Queued = "queued",
        InProgress = "in_progress",
        Done = "done",
        /// The order was cancelled: do not make it.
        Voided = "voided",
    }
}

words! {
    KitchenCommand {
        Start = "start",
        /// The trade's word for «made, off my screen».
        Bump = "bump",
        Void = "void",
    }
}

use KitchenCommand as C;
use KitchenState as S;

const COOKS: &[Actor] = &[Actor::Cook, Actor::Manager];
/// A ticket is voided by whoever may cancel its order; `order::TRANSITIONS` says who.
const CANCELLERS: &[Actor] = &[Actor::Customer, Actor::Counter, Actor::Manager, Actor::System];

pub const INITIAL: &[KitchenState] = &[S::Queued];

/// Everything that may happen to an item.
pub const TRANSITIONS: &[Transition<KitchenState, KitchenCommand>] = &[
    Transition { from: S::Queued, command: C::Start, to: S::InProgress, who: COOKS },
    Transition { from: S::Queued, command: C::Void, to: S::Voided, who: CANCELLERS },
    Transition { from: S::InProgress, command: C::Bump, to: S::Done, who: COOKS },
    Transition { from: S::InProgress, command: C::Void, to: S::Voided, who: CANCELLERS },
    Transition { from: S::Done, command: C::Void, to: S::Voided, who: CANCELLERS },
];

pub fn step(from: KitchenState, command: KitchenCommand, actors: &[Actor]) -> Step<KitchenState> {
    machine::step(TRANSITIONS, INITIAL, from, command, actors)
}

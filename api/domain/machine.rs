//! State machines as one allow-list each: what no row permits does not happen.

use crate::people::Actor;

/// One permitted move.
#[derive(Debug)]
pub struct Transition<S: 'static, C: 'static> {
    pub from: S,
    pub command: C,
    pub to: S,
    pub who: &'static [Actor],
}

/// The answer to «may this command be carried out now, by these?».
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<S> {
    Moved(S),
    /// It was carried out before: a repeated tap or webhook changes nothing.
    Same,
    /// The move exists, but not for these actors.
    Forbidden,
    /// The state has no such move.
    Illegal,
}

/// Looks a command up in the allow-list. `actors` are all the hats the caller wears.
pub fn step<S: Copy + Eq, C: Copy + Eq>(
    table: &'static [Transition<S, C>],
    initial: &[S],
    from: S,
    command: C,
    actors: &[Actor],
) -> Step<S> {
    let mut moves = table.iter().filter(|t| t.from == from && t.command == command).peekable();
    if moves.peek().is_some() {
        return moves.find(|t| t.who.iter().any(|who| actors.contains(who))).map_or(Step::Forbidden, |t| Step::Moved(t.to));
    }
    if already_happened(table, initial, from, command) { Step::Same } else { Step::Illegal }
}

/// Whether a thing in state `now` must have gone through `command`: either it stands right behind it, or no way without
/// that command leads here.
fn already_happened<S: Copy + Eq, C: Copy + Eq>(table: &[Transition<S, C>], initial: &[S], now: S, command: C) -> bool {
    if table.iter().any(|t| t.command == command && t.to == now) {
        return true;
    }
    let mut reached: Vec<S> = initial.to_vec();
    let mut next = 0;
    while let Some(&state) = reached.get(next) {
        next += 1;
        for t in table.iter().filter(|t| t.from == state && t.command != command) {
            if !reached.contains(&t.to) {
                reached.push(t.to);
            }
        }
    }
    !reached.contains(&now)
}

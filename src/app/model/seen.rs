//! What a page had shown when its customer decided something about all of it.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// What was shown: what another device changed since was not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The list as it was after this change: a page without scripts, which is loaded anew after each of its own.
    UpTo(i64),
    /// These to-dos, in these versions.
    These(Vec<(Uuid, i64)>),
}

/// Written as a number, or as `id:version` for each, divided by blanks.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpTo(change) => write!(f, "{change}"),
            Self::These(todos) => todos.iter().enumerate().try_for_each(|(position, (id, version))| {
                let separator = if position == 0 { "" } else { " " };
                write!(f, "{separator}{id}:{version}")
            }),
        }
    }
}

/// Not what a page of ours writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this does not say what was seen")]
pub struct Unclear;

impl FromStr for Seen {
    type Err = Unclear;

    fn from_str(text: &str) -> Result<Self, Unclear> {
        if let Ok(change) = text.parse() {
            return Ok(Self::UpTo(change));
        }
        let one = |word: &str| {
            let (id, version) = word.split_once(':')?;
            Some((id.parse().ok()?, version.parse().ok()?))
        };
        let todos: Option<Vec<_>> = text.split_ascii_whitespace().map(one).collect();
        todos.filter(|todos| !todos.is_empty()).map(Self::These).ok_or(Unclear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_read_as_it_was_written() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for seen in [Seen::UpTo(17), Seen::These(vec![(a, 3), (b, 0)])] {
            assert_eq!(seen.to_string().parse(), Ok(seen));
        }
        for text in ["", "x", "1:2", &format!("{a}"), &format!("{a}:x"), &format!("{a}:1 {b}")] {
            assert_eq!(text.parse::<Seen>(), Err(Unclear), "{text}");
        }
    }
}

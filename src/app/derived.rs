//! Values that follow from signals.
//!
//! On the server nothing ever changes: a page is made once, of what is known then. So there such a value is computed where it
//! is made, and is not computed again: it costs no place in the reactive graph, and nothing asks for it when the page and its
//! signals are gone. What it is made of must be there before it.

#[cfg(not(feature = "ssr"))]
use leptos::prelude::Memo;
#[cfg(feature = "ssr")]
use leptos::prelude::{Signal, untrack};

/// A value that follows from signals: [`derived`].
#[cfg(not(feature = "ssr"))]
pub type Derived<T> = Memo<T>;
/// A value that follows from signals: [`derived`].
#[cfg(feature = "ssr")]
pub type Derived<T> = Signal<T>;

/// What `compute` says: in the browser, always of what the signals are; on the server, of what they are now.
pub fn derived<T: PartialEq + Send + Sync + 'static>(compute: impl Fn() -> T + Send + Sync + 'static) -> Derived<T> {
    #[cfg(not(feature = "ssr"))]
    return Memo::new(move |_| compute());
    #[cfg(feature = "ssr")]
    Signal::stored(untrack(compute))
}

/// The same; `compute` is told what it said last.
pub fn derived_from_last<T: PartialEq + Send + Sync + 'static>(
    compute: impl Fn(Option<&T>) -> T + Send + Sync + 'static,
) -> Derived<T> {
    #[cfg(not(feature = "ssr"))]
    return Memo::new(compute);
    #[cfg(feature = "ssr")]
    Signal::stored(untrack(|| compute(None)))
}

//! Views that the server makes in one go.
//!
//! What is inside a `Suspense` is walked through several times on the server: to see what it waits for, to see whether it
//! waits for more, and to make HTML of it; each time each closure in it is called, which makes what is in that anew. A view that
//! waits for nothing needs none of that.

use leptos::prelude::*;

use crate::app::erased::{Erase as _, Erased};

/// The view of one element that waits for nothing. On the server it is HTML at once.
#[cfg(feature = "ssr")]
pub fn at_once(element: impl IntoView + 'static) -> Erased {
    leptos::tachys::html::InertElement::new(element.into_view().to_html()).erased()
}

/// The view of one element that waits for nothing. On the server it is HTML at once.
#[cfg(not(feature = "ssr"))]
pub fn at_once(element: impl IntoView + 'static) -> Erased {
    element.erased()
}

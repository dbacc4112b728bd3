//! **Errand**: a to-do list that customers sign up for, and an answer to one question: how does a Rust web app
//! sign people in, and call APIs on their behalf, without a token ever reaching the browser?
//!
//! # Layout
//!
//! | module | what it is |
//! |---|---|
//! | `todo` | what a to-do is: shared by browser, web server, API |
//! | `language` | the languages that Errand speaks, and how a text is put together |
//! | `app` | what the customer sees, compiled for the browser **and** the server |
//! | `identity` | sign-in and tokens for any axum app; knows nothing of to-dos |
//! | `web` | the web server: mounts `app` and `identity`, implements the server functions |
//! | `api` | the protected `ToDoList` API |
//! | `tenant` | the embedded identity provider, for development and tests |
//! | `daemon` | the programs without a browser: `errand admin`, `errand worker`, `errand doctor` |
//! | `digest` | who wants a mail each morning with what is open, and how far the worker has come |
//! | `platform` | what every program needs: configuration, database, serving, clock, outbound HTTP |
//! | `dev` | all of them in one process |
//! | `architecture` | the rooms, and walks through the code |
//! | `sessions_and_tokens` | where sessions and tokens live, and how they are renewed and ended |
//! | `expectations` | what people expect of a to-do list, and where each is tried |
//! | `decisions` | what could have been done otherwise, and why it was not |
//! | `build` | set-up, targets, tests |
//! | `entra_setup` | from an empty tenant to a running Errand, and the same for other providers |
//! | `security` | the threat model, and for each claim the test that holds it |
//!
//! Everything but `app`, `language` and `todo` exists in the server build only: token types live under `identity`, so
//! code that runs in the browser cannot even name one.

//!
//! # Features
//!
//! | feature | what is compiled |
//! |---|---|
//! | `identity` | `identity` and `platform`: for an app of your own |
//! | `tenant` | `tenant` and `platform`: for the tests of such an app |
//! | `ssr` | all but the browser's half: the program `errand` |
//! | `hydrate` | `app`, `language` and `todo`: the browser's half, for `wasm32-unknown-unknown` |
//!
//! `identity` and `tenant` go together; `hydrate` goes with none of the others.

#[cfg(all(feature = "hydrate", any(feature = "ssr", feature = "identity", feature = "tenant")))]
compile_error!(
    "`hydrate` is the build for the browser, and goes with no other feature: build the two halves one after the other, as \
     `cargo leptos build` does (so not with --all-features)"
);
#[cfg(not(any(feature = "hydrate", feature = "ssr", feature = "identity", feature = "tenant")))]
compile_error!(
    "name a feature: `identity` (sign-in and tokens for your axum app), `tenant` (the embedded provider, for tests), `ssr` \
     (the program `errand`), or `hydrate` (its half in the browser)"
);

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod app;
#[cfg(feature = "ssr")]
#[doc = include_str!("docs/architecture.md")]
pub mod architecture {}
#[cfg(feature = "ssr")]
#[doc = include_str!("docs/build.md")]
pub mod build {}
#[cfg(feature = "ssr")]
pub mod daemon;
#[cfg(feature = "ssr")]
#[doc = include_str!("docs/decisions.md")]
pub mod decisions {}
#[cfg(feature = "ssr")]
pub mod dev;
#[cfg(feature = "ssr")]
pub mod digest;
#[cfg(feature = "ssr")]
#[doc = include_str!("docs/entra-setup.md")]
pub mod entra_setup {}
#[cfg(feature = "ssr")]
#[doc = include_str!("docs/expectations.md")]
pub mod expectations {}
#[cfg(feature = "identity")]
pub mod identity;
pub mod language;
#[cfg(any(feature = "identity", feature = "tenant"))]
pub mod platform;
#[cfg(feature = "ssr")]
#[doc = include_str!("docs/security.md")]
pub mod security {}
#[cfg(feature = "ssr")]
#[doc = include_str!("docs/sessions-and-tokens.md")]
pub mod sessions_and_tokens {}
#[cfg(feature = "tenant")]
pub mod tenant;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod todo;
#[cfg(feature = "ssr")]
pub mod web;

/// Where the browser takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    app::start_in_browser();
}

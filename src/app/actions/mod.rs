//! The server functions: what the page asks of the web server. Signatures and addresses only; the bodies are one
//! line into `crate::web`, where each authenticates by the session and acquires a token with the scope it needs.
//! All are POST: nothing changes, and nothing is read across sites, by GET.
#![cfg_attr(
    not(feature = "ssr"),
    expect(
        clippy::unused_async_trait_impl,
        reason = "in the browser, `#[server]` makes a body without an await of it"
    )
)]

pub mod account;
pub mod customer;
pub mod lists;
pub mod todos;

//! The server functions: what the page asks of the web server. Signatures and addresses only; the bodies are one
//! line into `crate::web`, where each authenticates by the session and acquires a token with the scope it needs.
//! All are POST: nothing changes, and nothing is read across sites, by GET.

pub mod account;
pub mod customer;
pub mod todos;

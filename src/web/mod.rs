//! The web server: mounts `app` and `identity`, implements the server functions.
pub mod customer;
pub mod todolist;

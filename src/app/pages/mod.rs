//! The pages: one file per address.

pub mod account;
pub mod home;
pub mod not_found;
pub mod sign_in_problem;
pub mod todos;

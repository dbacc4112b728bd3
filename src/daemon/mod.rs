//! The programs without a browser.
//!
//! | module | what it is |
//! |---|---|
//! | [`admin`] | `errand admin`: everyone's to-dos, by an app with its own identity (client credentials, application permissions) |
//! | [`worker`] | `errand worker`: the daily digest, made with the customer's cached tokens while they are away |
//! | [`doctor`] | `errand doctor`: holds a configuration against the provider and the API that it names |
//! | [`aadsts`] | what Entra's error numbers mean, and what to do |

pub mod aadsts;
pub mod admin;
pub mod doctor;
mod texts;
pub mod worker;

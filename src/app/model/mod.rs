//! What the server functions ([`crate::app::actions`]) take and answer: plain data, without behaviour of the page or of the
//! server. Both sides know it.

pub mod account;
pub mod details_fields;
pub mod done;
pub mod flash;
pub mod form_draft;
pub mod listed;
pub mod overview;
pub mod reason;
pub mod row_change;
pub mod seen;
pub mod step_action;
pub mod viewer;

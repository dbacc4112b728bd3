//! What the pages are made of: the frame, form fields, and the pages that say that something is wrong. Everything
//! works without scripts, and looks right from 320 pixels up, in light and dark.

pub(super) mod form;
pub(super) mod frame;
pub(super) mod headers;
pub(super) mod messages;
pub(super) mod notice;
pub(super) mod sentence;
pub(super) mod way_back;

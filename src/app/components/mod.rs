//! What pages are made of: one component per file.

pub mod add_form;
pub mod author_field;
pub mod card;
pub mod digest_card;
pub mod edit_form;
pub mod failure;
pub mod filters;
pub mod frame;
pub mod greeting;
pub mod icons;
pub mod list_footer;
pub mod nav;
pub mod problem_banner;
pub mod profile_card;
pub mod session_notice;
pub mod sessions_card;
pub mod skeleton;
pub mod todo_list;
pub mod todo_row;
pub mod undo_toast;

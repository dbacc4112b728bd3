//! What the worker's mails say: a method for each message of `texts/*.ftl`. (What the programs say in a terminal is
//! English.)

crate::language::server_texts::texts!("daemon_texts.rs");

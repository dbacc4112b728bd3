//! What the pages and mails of the tenant say: a method for each message of `texts/*.ftl`.

crate::language::server_texts::texts!("tenant_texts.rs");

//! Errand from outside: the real programs on real ports, driven over HTTP as browsers, attackers and operators would.
//! Numbers in doc comments are those of the abuse cases.

#![expect(clippy::unwrap_used, reason = "these are tests: what is not as expected should panic")]

mod account;
mod admin;
mod answers_apart;
mod api_tokens;
mod architecture;
mod clocks;
mod command_line;
mod compression;
mod cross_site;
mod data_folder;
mod dev_configuration;
mod doctor;
mod examples;
mod expectations;
mod faults;
mod features;
mod forms;
mod imports;
mod interactions;
mod journey;
mod killed;
mod languages;
mod live;
mod offline;
mod page_headers;
mod planted_tokens;
mod programs;
mod proxy;
mod schemathesis;
mod second_provider;
mod security_document;
mod server_requests;
mod test_browser;
mod test_errand;
mod time_passes;
mod two_web_servers;
mod visitors;
mod ways_out;
mod worker;

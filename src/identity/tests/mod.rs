//! Sign-in, sessions and tokens against a provider that lies, as a browser, an app and an attacker meet them. One file
//! for each subject. On SQLite, or on PostgreSQL where `ERRAND_TEST_POSTGRES` says so.

mod app_tokens;
mod bearer;
mod budget;
mod builder;
mod cache;
mod challenge;
mod claims_challenge;
mod conformance;
mod cookies;
mod credentials;
mod downstream;
mod ended;
mod form_post;
mod id_token;
mod logout;
mod long_running;
mod next_step;
mod planted;
mod provider;
mod renewal;
mod renewed_id_token;
mod revocation;
mod session;
mod sign_in;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Extension, Router};
use futures::future::join_all;
use serde_json::{Value, json};
use time::Duration;
use tower_sessions::Session;

use super::client::endpoint::{TokenEndpointError, TokenResponse};
use super::return_to::ReturnTo;
use super::scopes::Scopes;
use super::session::{SessionProbe, UserKey, UserSession};
use super::testing::{
    Asked, BOB, Browser, JWT, Lies, Page, ProviderDouble, READ, SUBJECT, SigningKey, TENANT, TestApp, WEB, WRITE,
    World, alice, customer, eventually, interaction, scopes, send, unavailable, whoami,
};
use super::tokens::{AccessToken, AcquireError, Options};
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::seal::KeyRing;
use crate::platform::{random, serve};

const GRAPH: &str = "https://graph.microsoft.com/User.Read";

const CHALLENGE: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

fn claims(challenge: &str) -> Options {
    Options { claims: Some(challenge.to_owned()), force_refresh: false }
}

fn bearer(token: &AccessToken) -> String {
    token.authorization_header().to_str().unwrap().trim_start_matches("Bearer ").to_owned()
}

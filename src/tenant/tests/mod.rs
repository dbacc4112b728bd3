//! The tenant as an app and a browser meet it: requests to the router, on a database of their own. One file for each
//! endpoint. But for `user_flow`, the pages are skipped: `TestTenant::sign_in` completes interactions itself.

mod authorize;
mod conformance;
mod credentials;
mod directory;
mod discovery;
mod grants;
mod interactions;
mod leniency;
mod logout;
mod serving;
mod sessions;
mod single_logout;
mod token_endpoint;
mod user_flow;
mod userinfo;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;
use serde_json::Value;
use time::Duration;

use super::interaction::Interaction;
use super::sso::{Factor, Session};
use super::testing::{
    ALICE, API, Answer, BOB, CALLBACK, DAEMON, DIRECTORY, OTHER, OTHER_API, OTHER_WEB, PROFILE, READ, TENANT,
    TestTenant, WEB, WRITE, configuration, interaction, is_sign_in_page, is_spanish, request, revoke_reused,
};
use super::user_flow::finish;
use super::{StartError, Tenant, config, cookies, sso};
use crate::platform::clock::Clock;
use crate::platform::config::Mode;
use crate::platform::{hash, random};

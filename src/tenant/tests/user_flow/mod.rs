//! The user flows as a browser meets them: pages, forms, redirects, and the mail that comes of them.

mod journeys;
mod languages;
mod mailbox;
mod pages;
mod passcodes;
mod reset_password;
mod sign_in;
mod sign_up;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use time::Duration;

use crate::language::Language;
use crate::platform::hash;
use crate::tenant::email::Email;
use crate::tenant::passcode::{self, Purpose, Verdict};
use crate::tenant::testing::{Answer, Browser, GOOD_PASSWORD, OTHER_PASSWORD, TestTenant};
use crate::tenant::texts::Texts;
use crate::tenant::{mail, user};

const DETAILS: [(&str, &str); 4] = [
    ("password", GOOD_PASSWORD),
    ("confirm_password", GOOD_PASSWORD),
    ("display_name", "Alice Liddell"),
    ("country", "NL"),
];

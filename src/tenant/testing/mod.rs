//! The harness of the tenant's tests: a tenant, its answers, a browser. Requests go to the router.

mod answer;
mod browser;
mod configuration;
mod requests;
mod spoken;
mod tenant;

pub(super) use self::answer::Answer;
pub(super) use self::browser::Browser;
pub(super) use self::configuration::{configuration, revoke_reused};
pub(super) use self::requests::{interaction, is_sign_in_page, request};
pub(super) use self::spoken::{is_spanish, language, said, says_nothing_in_english};
pub(super) use self::tenant::TestTenant;

pub(super) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(super) const API: &str = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
pub(super) const OTHER_API: &str = "dddddddd-dddd-dddd-dddd-dddddddddddd";
pub(super) const WEB: &str = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb";
pub(super) const OTHER_WEB: &str = "cccccccc-cccc-cccc-cccc-cccccccccccc";
pub(super) const DAEMON: &str = "eeeeeeee-eeee-eeee-eeee-eeeeeeeeeeee";
pub(super) const DIRECTORY: &str = "00000003-0000-0000-c000-000000000000";
pub(super) const CALLBACK: &str = "http://localhost:3000/auth/callback";
pub(super) const ALICE: &str = "99999999-0000-4000-8000-000000000001";
pub(super) const BOB: &str = "99999999-0000-4000-8000-000000000002";
pub(super) const READ: &str = "api://aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa/ToDoList.Read";
pub(super) const WRITE: &str = "api://aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa/ToDoList.ReadWrite";
pub(super) const OTHER: &str = "https://other.example/Things.Read";
pub(super) const PROFILE: &str = "https://graph.microsoft.com/User.Read";
pub(super) const GOOD_PASSWORD: &str = "correct horse battery staple";
pub(super) const OTHER_PASSWORD: &str = "wachtwoord van mijn fiets";

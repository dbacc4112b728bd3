//! Programs whose clocks disagree, and clocks that jump.

use errand::platform::clock::Clock;
use errand::platform::config::Settings;
use errand::platform::{outbound, serve};
use errand::{api, tenant, web};
use reqwest::StatusCode;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::programs::Programs;
use crate::test_browser::Browser;

/// Web, API and tenant in this process, each with a clock of its own.
struct ThreeClocks {
    programs: Programs,
    web: Clock,
    api: Clock,
    tenant: Clock,
    _stop: DropGuard,
}

fn clock() -> Clock {
    Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::days(20_600))
}

impl ThreeClocks {
    async fn start() -> Self {
        let programs = Programs::new();
        programs.write_configuration();
        let settings = Settings::load(Some(&programs.folder.path().join("errand.toml")), "").unwrap();
        let (web, api, tenant) = (clock(), clock(), clock());
        let stop = CancellationToken::new();
        let config: tenant::config::Config = settings.section("tenant").unwrap();
        let listener = serve::listen("tenant.listen", config.listen).await.unwrap();
        let program = tenant::Tenant::start(config, settings.mode, &outbound::client(), tenant.clone()).await.unwrap();
        tokio::spawn(serve::serve(listener, tenant::router(program), stop.clone()));
        let config: api::config::Config = settings.section("api").unwrap();
        let listener = serve::listen("api.listen", config.listen).await.unwrap();
        let program = api::Api::start(config, settings.mode, &outbound::client(), api.clone()).await.unwrap();
        tokio::spawn(serve::serve(listener, api::router(program), stop.clone()));
        let config: web::config::Config = settings.section("web").unwrap();
        let listener = serve::listen("web.listen", config.listen).await.unwrap();
        let program = web::Web::start(&config, settings.mode, &outbound::client(), web.clone()).await.unwrap();
        tokio::spawn(serve::serve(listener, program.router(), stop.clone()));
        Self { programs, web, api, tenant, _stop: stop.drop_guard() }
    }

    async fn sign_up(&self, email: &str) -> Browser {
        let mut browser = self.programs.browser();
        browser.sign_up(email, "Ada Lovelace").await;
        browser
    }

    fn advance_all(&self, by: Duration) {
        for clock in [&self.web, &self.api, &self.tenant] {
            clock.advance(by);
        }
    }
}

/// 90: clocks that are less than a minute apart are not noticed, whoever is ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clocks_within_the_skew_work_as_one() {
    let clocks = ThreeClocks::start().await;
    clocks.web.advance(Duration::seconds(-50));
    clocks.api.advance(Duration::seconds(-40));
    let mut browser = clocks.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    for _ in 0..3 {
        clocks.advance_all(Duration::minutes(58));
        assert_eq!(browser.open("/todos").await.todos().len(), 1);
    }
    clocks.tenant.advance(Duration::seconds(-100));
    assert_eq!(browser.open("/todos").await.todos().len(), 1);
}

/// 90: a provider whose clock is five minutes ahead of ours issues tokens that are not valid yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_five_minutes_ahead_is_a_friendly_page_and_no_loop_until_clocks_agree() {
    let clocks = ThreeClocks::start().await;
    clocks.sign_up("ada@example.com").await;
    clocks.tenant.advance(Duration::minutes(5));
    let mut browser = clocks.programs.browser();
    browser.open("/todos").await;
    let page = browser.sign_in_here("ada@example.com").await;
    assert_eq!(page.url.path(), "/sign-in-problem", "{}", page.body);
    assert!(!page.status.is_server_error() || page.status == StatusCode::SERVICE_UNAVAILABLE, "{}", page.status);
    clocks.tenant.advance(Duration::minutes(-5));
    assert_eq!(browser.open("/todos").await.todos(), []);
}

/// 90: as above, but it is the API that is behind: tokens of now are not valid there yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_api_five_minutes_behind_ends_no_session_and_causes_no_storm() {
    let clocks = ThreeClocks::start().await;
    let mut browser = clocks.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    clocks.advance_all(Duration::hours(3));
    clocks.api.advance(Duration::minutes(-5));
    let before = browser.seen.len();
    for _ in 0..5 {
        let page = browser.open("/todos").await;
        // An API that refuses tokens that are fresh is set up wrongly.
        assert_eq!(page.status, StatusCode::BAD_GATEWAY, "{}", page.body);
        assert!(page.alert().contains("Nothing is lost"), "{}", page.body);
    }
    assert!(browser.seen.len() - before <= 15, "{} answers for five pages", browser.seen.len() - before);
    clocks.api.advance(Duration::minutes(5));
    assert_eq!(browser.open("/todos").await.todos(), [("buy milk".to_owned(), false)]);
}

/// 90: every clock jumps, far ahead and back again, as after a wrong answer of a time server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_clock_that_jumps_back_signs_nobody_out() {
    let clocks = ThreeClocks::start().await;
    let mut browser = clocks.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    clocks.advance_all(Duration::days(3));
    assert_eq!(browser.open("/todos").await.todos().len(), 1);
    // Tokens from three days ahead are in the cache now.
    clocks.advance_all(Duration::days(-3));
    for _ in 0..3 {
        assert_eq!(browser.open("/todos").await.todos().len(), 1, "the list is there");
    }
    let added = browser.call("todos/add", &[("description", "and bread")]).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    // Somebody new is not concerned at all.
    clocks.sign_up("bob@example.com").await;
}

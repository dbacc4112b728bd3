//! Two web servers on one database behind a proxy that takes turns: PostgreSQL where `ERRAND_TEST_POSTGRES` names a
//! server, else one SQLite file.

use reqwest::{Method, StatusCode, header};

use crate::command_line::Running;
use crate::programs::{Programs, let_access_tokens_run_out, new_postgres_database, note};
use crate::proxy::{Fate, Proxy};
use crate::test_browser::{Browser, Page, http};
use crate::test_errand::closed_port;

/// Two web servers, an API, a tenant, and the proxies in front of them.
struct TwoWebServers {
    programs: Programs,
    ports: [u16; 2],
    web: [Option<Running>; 2],
    tenant_proxy: Proxy,
    _web_proxy: Proxy,
    _others: [Running; 2],
}

impl TwoWebServers {
    async fn start() -> Self {
        let mut programs = Programs::new();
        match new_postgres_database().await {
            Some(url) => programs.web_database = url,
            None => note("two web servers share a SQLite file: ERRAND_TEST_POSTGRES is not set"),
        }
        let ports = [closed_port(), closed_port()];
        let tenant_proxy = Proxy::start(&[programs.tenant]).await;
        let web_proxy = Proxy::start(&ports).await;
        (programs.public_tenant, programs.public_web) = (tenant_proxy.port, web_proxy.port);
        programs.write_configuration();
        let others = ["tenant", "api"].map(|program| programs.start(program));
        let mut servers =
            Self { programs, ports, web: [None, None], tenant_proxy, _web_proxy: web_proxy, _others: others };
        servers.start_web(0);
        servers.start_web(1);
        servers
    }

    fn start_web(&mut self, number: usize) {
        let listen = format!("127.0.0.1:{}", self.ports[number]);
        self.web[number] = Some(self.programs.start_with("web", &[("ERRAND_WEB__LISTEN", &listen)]));
    }

    /// `kill -9`.
    fn kill_web(&mut self, number: usize) {
        self.web[number].take().unwrap().kill();
    }

    /// A browser at one of the two, past the proxy. Cookies and public address are the same.
    fn at(&self, number: usize, browser: &Browser) -> Browser {
        let mut other = Browser::new(&format!("http://localhost:{}", self.ports[number]), browser.tenant.as_str());
        other.cookies.clone_from(&browser.cookies);
        other
    }
}

fn texts(page: &Page) -> Vec<String> {
    page.todos().into_iter().map(|(text, _)| text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_of_two_web_servers_loses_nothing_when_either_is_killed_and_is_signed_out_of_both() {
    let mut servers = TwoWebServers::start().await;
    // Every request of this browser goes to the server whose turn it is: the sign-in itself is on its way on both.
    let mut browser = servers.programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    for number in [0, 1] {
        assert_eq!(texts(&servers.at(number, &browser).look("/todos").await), ["buy milk"], "server {number}");
    }

    // Either may die at any moment.
    let mut expected = vec!["buy milk".to_owned()];
    for number in [0, 1] {
        servers.kill_web(number);
        let text = format!("written while server {number} was dead");
        let page = browser.submit("form.add", &[("description", &text)]).await;
        expected.push(text);
        assert_eq!(texts(page), expected);
        servers.start_web(number);
        assert_eq!(texts(&servers.at(number, &browser).look("/todos").await), expected, "server {number}");
    }

    // Signed out of one is signed out of both, also with the cookie from before.
    let kept = browser.cookies.clone();
    browser.open("/todos").await;
    browser.submit(".nav-customer form", &[]).await;
    browser.cookies = kept;
    for number in [0, 1] {
        let mut browser = servers.at(number, &browser);
        let answer = browser.look("/todos").await;
        assert_eq!(answer.location_path(), "/auth/sign-in?return_to=%2Ftodos", "server {number}");
        assert_eq!(browser.call("todos/list", &[]).await.status, StatusCode::UNAUTHORIZED, "server {number}");
    }
}

/// 43, with two processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_parallel_calls_with_an_expired_token_refresh_once_on_two_web_servers() {
    let mut servers = TwoWebServers::start().await;
    let mut browser = servers.programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    let db = servers.programs.open_web_database().await;

    for round in 0..2 {
        // What they hold in memory goes with them; what is in the database is hours old.
        for number in [0, 1] {
            servers.kill_web(number);
        }
        let_access_tokens_run_out(&db).await;
        for number in [0, 1] {
            servers.start_web(number);
        }
        // Slow enough that all of them come while it is on its way.
        let slow = std::time::Duration::from_millis(500);
        servers.tenant_proxy.rule(move |passed| {
            if passed.is_refresh() { Fate::Delay { before: slow, after: slow } } else { Fate::Pass }
        });
        let before = servers.tenant_proxy.refreshes();
        let cookies = browser.cookies_for("/").unwrap();
        let http = http();
        let calls = (0..100).map(|number| {
            let url = format!("http://localhost:{}/actions/todos/list", servers.ports[number % 2]);
            let request = http
                .request(Method::POST, url)
                .header(header::ACCEPT, "application/json")
                .header("sec-fetch-site", "same-origin")
                .header(header::COOKIE, cookies.clone())
                .form(&[("", ""); 0]);
            tokio::spawn(async move { Page::read(request.send().await.unwrap()).await })
        });
        let calls: Vec<_> = calls.collect();
        for call in calls {
            let page = call.await.unwrap();
            assert_eq!(page.status, StatusCode::OK, "round {round}: {}", page.body);
            assert!(page.body.contains("buy milk"), "{}", page.body);
        }
        assert_eq!(servers.tenant_proxy.refreshes() - before, 1, "round {round}");
    }
    servers.tenant_proxy.no_rule();
    assert_eq!(texts(browser.open("/todos").await), ["buy milk"], "nobody was signed out");
}

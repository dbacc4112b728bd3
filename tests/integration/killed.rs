//! `kill -9`, at the worst moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use errand::platform::{hash, random};
use reqwest::{Method, StatusCode};

use crate::command_line::{site_beside_the_program, without_settings};
use crate::programs::{
    CLIENT, CLIENT_SECRET, Programs, TENANT_ID, eventually, expire_leases, let_access_tokens_run_out,
    new_postgres_database, note, open, started,
};
use crate::proxy::{Fate, Proxy};
use crate::test_browser::{Browser, Page, http};

/// Opens the list: how often the customer was sent to sign in on the way. Redirects without end fail in the browser.
async fn sign_ins_to_the_list(browser: &mut Browser) -> usize {
    let before = browser.seen.len();
    let page = browser.open("/todos").await;
    assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/todos"), "{}", page.alert());
    browser.seen[before..].iter().filter(|page| page.url.path() == "/auth/sign-in").count()
}

/// A refresh token replaces itself, and the web server dies before, while and after it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_kill_9_during_refreshes_customers_are_signed_in_or_asked_once() {
    const CUSTOMERS: usize = 8;
    const ROUNDS: usize = 4;
    let mut programs = Programs::new();
    let proxy = Proxy::start(&[programs.tenant]).await;
    programs.public_tenant = proxy.port;
    programs.write_configuration();
    let _others = ["tenant", "api"].map(|program| programs.start(program));
    let mut web = programs.start("web");
    let mut browsers = Vec::new();
    for number in 0..CUSTOMERS {
        let mut browser = programs.browser();
        browser.sign_up(&format!("customer{number}@example.com"), "Ada Lovelace").await;
        browser.submit("form.add", &[("description", &format!("to-do of {number}"))]).await;
        browsers.push(browser);
    }
    let db = programs.open_web_database().await;
    let (mut kept, mut asked) = (0, 0);

    for round in 0..ROUNDS {
        web.kill();
        let_access_tokens_run_out(&db).await;
        web = programs.start("web");
        // Eight renewals in eight stages: when the web server is killed, some were not sent on yet, some were answered
        // without the answer having arrived, and some arrive within milliseconds of the kill, on either side of it.
        let turn = AtomicUsize::new(0);
        proxy.rule(move |passed| {
            if !passed.is_refresh() {
                return Fate::Pass;
            }
            let millis = |ms: usize| Duration::from_millis(ms.try_into().unwrap());
            match turn.fetch_add(1, Ordering::SeqCst) {
                0 => Fate::Delay { before: millis(5000), after: millis(0) },
                1 => Fate::Delay { before: millis(0), after: millis(5000) },
                number => Fate::Delay { before: millis(0), after: millis(260 + 13 * number + 3 * round) },
            }
        });
        let before = proxy.refreshes();
        let requests: Vec<_> = browsers
            .iter()
            .map(|browser| {
                let cookies = browser.cookies.clone();
                let mut browser = programs.browser();
                browser.cookies = cookies;
                let request = browser.request(Method::GET, browser.web.join("/todos").unwrap());
                // Cut off by the kill, most of them.
                tokio::spawn(async move { browser.try_send(request).await })
            })
            .collect();
        eventually("a renewal for each customer", async || proxy.refreshes() - before >= CUSTOMERS).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        web.kill();
        for request in requests {
            let _ = request.await.unwrap();
        }
        proxy.no_rule();
        expire_leases(&db).await;
        web = programs.start("web");

        for (number, browser) in browsers.iter_mut().enumerate() {
            let sign_ins = sign_ins_to_the_list(browser).await;
            assert!(sign_ins <= 1, "round {round}: customer {number} was sent to sign in {sign_ins} times");
            if sign_ins == 0 {
                kept += 1;
            } else {
                asked += 1;
            }
            // And that was that.
            assert_eq!(sign_ins_to_the_list(browser).await, 0, "round {round}: customer {number} is in a loop");
            assert_eq!(browser.page.todos(), [(format!("to-do of {number}"), false)]);
            let answer = browser.call("todos/list", &[]).await;
            assert_eq!(answer.status, StatusCode::OK, "round {round}: customer {number}: {}", answer.body);
        }
    }
    assert_eq!(kept + asked, CUSTOMERS * ROUNDS);
    assert!(kept >= ROUNDS, "a renewal that never reached the provider signs nobody out");
    assert!(asked >= ROUNDS, "an answer that never arrived cannot be had again");
}

/// 44: the web server lives, and the provider's answer does not arrive.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_answer_that_is_lost_in_transit_leads_to_one_clean_sign_in_and_no_loop() {
    let mut programs = Programs::new();
    let proxy = Proxy::start(&[programs.tenant]).await;
    programs.public_tenant = proxy.port;
    programs.write_configuration();
    let _others = ["tenant", "api"].map(|program| programs.start(program));
    let web = programs.start("web");
    let mut browser = programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    web.kill();
    let_access_tokens_run_out(&programs.open_web_database().await).await;
    let _web = programs.start("web");

    let lost = Arc::new(AtomicUsize::new(0));
    proxy.rule({
        let lost = lost.clone();
        move |passed| {
            let first = passed.is_refresh() && lost.fetch_add(1, Ordering::SeqCst) == 0;
            if first { Fate::LoseAnswer } else { Fate::Pass }
        }
    });
    // The provider may have replaced the token, or not: that is no reason to sign anybody out.
    let page = browser.open("/todos").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.body);
    assert_eq!(lost.load(Ordering::SeqCst), 1);
    // The next time it says that it had, and the customer signs in: without a question, for the provider knows them.
    assert_eq!(sign_ins_to_the_list(&mut browser).await, 1);
    assert_eq!(sign_ins_to_the_list(&mut browser).await, 0);
    assert_eq!(browser.page.todos(), [("buy milk".to_owned(), false)]);
}

/// 88.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn todos_that_were_acknowledged_outlive_kill_9_of_the_api_at_any_moment() {
    let programs = Programs::new();
    programs.write_configuration();
    let _others = ["tenant", "web"].map(|program| programs.start(program));
    let mut api = programs.start("api");
    let mut browser = programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;

    let mut acknowledged = Vec::new();
    for round in 0..6_usize {
        let written = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (mut browser, cookies) = (programs.browser(), browser.cookies.clone());
                browser.cookies = cookies;
                let written = written.clone();
                tokio::spawn(async move {
                    let mut acknowledged = Vec::new();
                    for number in 0.. {
                        let text = format!("{round} {writer} {number}");
                        // 503 when the API is gone, which is no acknowledgement; it may have been written all the same.
                        if browser.call("todos/add", &[("description", &text)]).await.status != StatusCode::OK {
                            break;
                        }
                        acknowledged.push(text);
                        written.fetch_add(1, Ordering::SeqCst);
                    }
                    acknowledged
                })
            })
            .collect();
        eventually("a few to-dos", async || written.load(Ordering::SeqCst) >= 3 + 2 * round).await;
        api.kill();
        for writer in writers {
            acknowledged.extend(writer.await.unwrap());
        }
        api = programs.start("api");
        let texts: Vec<String> = browser.open("/todos").await.todos().into_iter().map(|(text, _)| text).collect();
        for text in &acknowledged {
            assert_eq!(texts.iter().filter(|known| *known == text).count(), 1, "round {round}: {text} in {texts:?}");
        }
    }
}

/// What a customer's device does: it makes the ids, and sends a change until it is told that it is done.
struct Device {
    browser: Browser,
    /// How many changes all devices were told of.
    told: Arc<AtomicUsize>,
}

impl Device {
    async fn sends(&mut self, function: &str, arguments: &[(&str, &str)]) {
        loop {
            let answer = self.browser.try_call(function, arguments).await;
            self.browser.seen.clear();
            match answer.map(|page| page.status) {
                Ok(StatusCode::OK) => break,
                // Deleted by what was sent before, the answer to which was lost.
                Ok(StatusCode::NOT_FOUND) if function == "todos/delete" => break,
                // 503: it may have been done all the same.
                Ok(StatusCode::SERVICE_UNAVAILABLE) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                Ok(status) => panic!("{function} was answered with {status}"),
            }
        }
        self.told.fetch_add(1, Ordering::SeqCst);
    }

    /// Adds, completes, rewrites and deletes until `is_over`; returns what must be there then.
    async fn works(mut self, name: usize, is_over: Arc<AtomicBool>) -> Vec<(String, bool)> {
        let mut there = Vec::new();
        for number in 0.. {
            if is_over.load(Ordering::SeqCst) {
                break;
            }
            let (id, text) = (uuid::Uuid::new_v4().to_string(), format!("{name} {number}"));
            let todo = serde_json::json!({ "description": text }).to_string();
            self.sends("todos/create", &[("id", &id), ("todo", &todo)]).await;
            // One of ten stays, so that the list does not become the whole of the work.
            let is_done = number % 20 == 0;
            if is_done || number % 3 == 0 {
                self.sends("todos/done", &[("id", &id), ("done", "true")]).await;
            }
            if number % 10 == 0 {
                let rewritten = format!("{text}, rewritten");
                let change = serde_json::json!({ "description": rewritten, "starred": true, "note": text }).to_string();
                self.sends("todos/amend", &[("id", &id), ("change", &change)]).await;
                there.push((rewritten, is_done || number % 3 == 0));
            } else {
                self.sends("todos/delete", &[("id", &id)]).await;
            }
        }
        there
    }
}

/// How often each of the tests below kills: enough to fail where something is wrong, and as often as `ERRAND_TEST_KILLS` says
/// for who wants to be sure.
fn kills() -> usize {
    std::env::var("ERRAND_TEST_KILLS").map_or(12, |kills| kills.parse().expect("a number"))
}

/// 88: the API and the web server are killed in turn, and at the same time, while four devices of a customer write.
async fn each_change_is_there_once_over_kill_9(databases: [(&'static str, String); 2]) {
    let programs = Programs::new();
    programs.write_configuration();
    let limits = [
        ("ERRAND_API__RATE_LIMITS__PER_CUSTOMER__REQUESTS", "1000000"),
        ("ERRAND_API__RATE_LIMITS__PER_CUSTOMER__SECONDS", "60"),
    ];
    let environment: Vec<(&str, &str)> =
        databases.iter().map(|(key, url)| (*key, url.as_str())).chain(limits).collect();
    let start = |program| programs.start_with(program, &environment);
    let _tenant = programs.start("tenant");
    let (mut api, mut web) = (start("api"), start("web"));
    let mut browser = programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;

    let (told, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let devices: Vec<_> = (0..4)
        .map(|name| {
            let mut device = Device { browser: programs.browser(), told: told.clone() };
            device.browser.cookies.clone_from(&browser.cookies);
            tokio::spawn(device.works(name, is_over.clone()))
        })
        .collect();
    for round in 0..kills() {
        let before = told.load(Ordering::SeqCst);
        eventually("a few changes", async || told.load(Ordering::SeqCst) >= before + 3 + round % 5).await;
        // Another moment each time.
        tokio::time::sleep(Duration::from_micros(700 * u64::try_from(round % 11).unwrap())).await;
        match round % 3 {
            0 => {
                api.kill();
                api = start("api");
            }
            1 => {
                web.kill();
                web = start("web");
            }
            _ => {
                web.kill();
                api.kill();
                (api, web) = (start("api"), start("web"));
            }
        }
    }
    is_over.store(true, Ordering::SeqCst);
    let mut expected = Vec::new();
    for device in devices {
        expected.extend(device.await.unwrap());
    }
    assert_eq!(sign_ins_to_the_list(&mut browser).await, 0, "and nobody is asked to sign in");
    let mut there = browser.page.todos();
    expected.sort();
    there.sort();
    assert_eq!(there, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_acknowledged_change_is_there_once_over_kill_9_of_api_and_web() {
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let databases = [("ERRAND_API__DATABASE_URL", url("api.db")), ("ERRAND_WEB__DATABASE_URL", url("web.db"))];
    each_change_is_there_once_over_kill_9(databases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_postgresql_each_acknowledged_change_is_there_once_over_kill_9_of_api_and_web() {
    let (Some(api), Some(web)) = (new_postgres_database().await, new_postgres_database().await) else {
        note("nothing was killed on PostgreSQL: ERRAND_TEST_POSTGRES is not set");
        return;
    };
    each_change_is_there_once_over_kill_9([("ERRAND_API__DATABASE_URL", api), ("ERRAND_WEB__DATABASE_URL", web)]).await;
}

/// 88: what is used once is used once, also when the tenant dies while it is used.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_code_and_no_refresh_token_is_usable_twice_over_kill_9_of_the_tenant() {
    let programs = Programs::new();
    programs.write_configuration();
    let mut tenant = programs.start("tenant");
    let _others = ["api", "web"].map(|program| programs.start(program));
    let mut browser = programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    let below = browser.tenant.join(&format!("/{TENANT_ID}/oauth2/v2.0/")).unwrap();
    let redirect_uri = format!("{}/auth/redirect", programs.web_url());

    for round in 0..6_u64 {
        let verifier = random::token();
        let mut authorize = below.join("authorize").unwrap();
        authorize
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", CLIENT)
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("scope", "openid offline_access")
            .append_pair("code_challenge", &hash::sha256_base64url(&verifier))
            .append_pair("code_challenge_method", "S256");
        let answer = browser.send(browser.request(Method::GET, authorize)).await;
        let code = answer.location().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let fields = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("redirect_uri", redirect_uri.clone()),
            ("code_verifier", verifier),
        ];
        let exchange = || {
            let request = http().post(below.join("token").unwrap()).basic_auth(CLIENT, Some(CLIENT_SECRET));
            let sent = request.form(&fields).send();
            async move { Some(Page::try_read(sent.await.ok()?).await.ok()?.status) }
        };
        let first = tokio::spawn(exchange());
        tokio::time::sleep(Duration::from_millis(2 * round)).await;
        tenant.kill();
        let first = first.await.unwrap();
        tenant = programs.start("tenant");
        let second = exchange().await;
        assert_eq!(exchange().await, Some(StatusCode::BAD_REQUEST), "round {round}: a third time");
        let successes = [first, second].iter().filter(|status| **status == Some(StatusCode::OK)).count();
        assert!(successes <= 1, "round {round}: {first:?}, {second:?}");
    }
    // The customer of the web server noticed nothing.
    assert_eq!(browser.open("/todos").await.status, StatusCode::OK);
}

/// 87: the disk is full.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_is_503_and_costs_nothing_that_was_acknowledged() {
    let programs = Programs::new();
    programs.write_configuration();
    let _others = ["tenant", "web"].map(|program| programs.start(program));
    let api = programs.start("api");
    let mut browser = programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    browser.call("todos/add", &[("description", "buy milk")]).await;
    api.terminate();
    api.wait();

    // No file of the API may grow beyond 160 KB from now on: its log of changes soon cannot, as on a full disk.
    let mut command = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_errand");
    let limited = ["-c", "trap '' XFSZ; ulimit -f 320; exec \"$0\" api", program];
    without_settings(&mut command).args(limited).current_dir(programs.folder.path());
    let api = started("api", &mut command);
    let long = "x".repeat(400);
    let mut acknowledged = 1;
    let refused = loop {
        let answer = browser.call("todos/add", &[("description", &long)]).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 900, "the disk is never full");
    };
    assert_eq!((refused.status, refused.json()), (StatusCode::SERVICE_UNAVAILABLE, "Unavailable".into()));
    // Reading still works, or says that it does not; it never shows half a list.
    let page = browser.open("/todos").await;
    assert!([StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&page.status), "{}", page.body);
    api.kill();
    let _api = programs.start("api");
    assert_eq!(browser.open("/todos").await.todos().len(), acknowledged);
    assert_eq!(browser.call("todos/add", &[("description", "room again")]).await.status, StatusCode::OK);
}

/// 87: the web server has nowhere to note what went wrong, nor the text: the answer itself has both.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_text_that_cannot_be_kept_on_a_full_disk_comes_back_with_the_answer() {
    let programs = Programs::new();
    programs.write_configuration();
    let _tenant = programs.start("tenant");
    let api = programs.start("api");
    let web = programs.start("web");
    let mut browser = programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    web.terminate();
    web.wait();

    let mut command = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_errand");
    let limited = ["-c", "trap '' XFSZ; ulimit -f 320; exec \"$0\" web", program];
    without_settings(&mut command).args(limited).current_dir(programs.folder.path());
    if let Some(site) = site_beside_the_program() {
        command.env("ERRAND_WEB__SITE_ROOT", site);
    }
    let web = started("web", &mut command);
    browser.open("/todos").await;
    api.kill();
    let precious = format!("precious {}", "x".repeat(400));
    let mut told = 0;
    let refused = loop {
        let answer = browser.send_form("form.add", &[("description", &precious)]).await;
        if answer.status != StatusCode::SEE_OTHER {
            break answer;
        }
        told += 1;
        assert!(told < 900, "the disk is never full");
    };
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.body);
    assert_eq!(refused.attribute("input[name=description]", "value").as_ref(), Some(&precious), "{}", refused.body);
    assert!(refused.header("content-type").starts_with("text/html"), "{}", refused.everything());
    // A page says that it cannot be had, or comes: never a blank one.
    let page = browser.look("/todos").await;
    assert!([StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&page.status), "{}", page.everything());
    assert!(!page.body.is_empty(), "{}", page.everything());
    web.kill();
    let _others = ["api", "web"].map(|program| programs.start(program));
    assert_eq!(browser.look("/todos").await.status, StatusCode::OK, "and nobody was signed out");
}

/// 87: somebody else has the database locked for longer than anybody waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_locked_database_is_503_and_recovers() {
    let programs = Programs::new();
    programs.write_configuration();
    let _others = ["tenant", "web", "api"].map(|program| programs.start(program));
    let mut browser = programs.browser();
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    let db = open(&format!("sqlite:{}", programs.folder.path().join("api.db").display())).await;
    let mut lock = db.acquire().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *lock).await.unwrap();
    let answer = browser.call("todos/add", &[("description", "buy milk")]).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::SERVICE_UNAVAILABLE, "Unavailable".into()));
    assert_eq!(browser.open("/todos").await.todos(), [], "reading needs no lock");
    sqlx::query("ROLLBACK").execute(&mut *lock).await.unwrap();
    let answer = browser.call("todos/add", &[("description", "buy milk")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(browser.open("/todos").await.todos().len(), 1);
}

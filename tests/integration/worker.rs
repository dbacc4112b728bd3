//! The daily digest: the worker beside a running Errand, with a clock that the test moves.

use std::io::{BufRead as _, BufReader};
use std::process::Command;

use errand::daemon::worker::{Report, Worker};
use errand::digest::{Address, Digest, Outcome, Preferences, Store, TimeZone};
use errand::identity;
use errand::language::Language;
use errand::platform::clock::Clock;
use errand::platform::config::Settings;
use errand::platform::{database, outbound};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use crate::command_line::{FREE_PORTS, errand, run, start_dev, text};
use crate::test_browser::{Browser, http};
use crate::test_errand::{TestErrand, closed_port};

/// The worker of `errand dev` itself keeps out of it.
const QUIET: &str = "[worker]\nlook_every_seconds = 86400\n";

/// Midnight in London, in summer: 23:00 UTC.
fn clock() -> Clock {
    Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::days(20_600) - Duration::hours(1))
}

/// Errand with one customer, who has one open to-do and wants a digest at seven.
struct Test {
    errand: TestErrand,
    clock: Clock,
    browser: Browser,
    customer: String,
    digests: Store,
}

impl Test {
    async fn start() -> Self {
        let clock = clock();
        let errand = TestErrand::start_with(QUIET, clock.clone()).await;
        let mut browser = errand.sign_up("ada@example.com").await;
        browser.submit("form.add", &[("description", "buy <milk>")]).await;
        let url = format!("sqlite:{}", errand.folder.path().join("data/web.db").display());
        let db = database::open("web.database_url", &url, &identity::MIGRATIONS).await.unwrap();
        let customer: (String,) = sqlx::query_as("SELECT customer FROM sessions").fetch_one(&db).await.unwrap();
        let digests = Store::open("web.database_url", db, clock.clone()).await.unwrap();
        let test = Self { errand, clock, browser, customer: customer.0, digests };
        test.choose(true, "Europe/London").await;
        test
    }

    async fn choose(&self, enabled: bool, time_zone: &str) {
        let preferences = Preferences {
            enabled,
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            language: Language::English,
            time_zone: TimeZone::parse(time_zone).unwrap(),
            hour: 7,
        };
        self.digests.save(&self.customer, &preferences).await.unwrap();
    }

    /// A worker of its own, as on another machine; `replaced` is replaced in its configuration.
    async fn worker(&self, replaced: &[(&str, &str)]) -> Worker {
        let left = self.errand.folder.path().join("data/dev.toml");
        let mut toml = std::fs::read_to_string(left).unwrap();
        for (from, to) in replaced {
            assert!(toml.contains(from), "{from}: {toml}");
            toml = toml.replace(from, to);
        }
        let settings = Settings::from_toml(&toml).unwrap();
        let (worker, web) = (settings.section("worker").unwrap(), settings.section("web").unwrap());
        Worker::start(&worker, &web, settings.mode, &outbound::client(), self.clock.clone()).await.unwrap()
    }

    async fn work(&self) -> Report {
        once(&self.worker(&[]).await).await
    }

    async fn digest(&self) -> Digest {
        self.digests.load(&self.customer).await.unwrap().unwrap()
    }

    async fn outcome(&self) -> Option<Outcome> {
        self.digest().await.last.map(|last| last.outcome)
    }

    /// The mails about to-dos in the customer's mailbox, newest first.
    async fn mails(&self) -> Vec<Value> {
        let url = format!("{}/mailbox.json?to=ada@example.com", self.errand.addresses.tenant);
        let mailbox: Value = http().get(url).send().await.unwrap().json().await.unwrap();
        let messages = mailbox["messages"].as_array().unwrap();
        let is_about_todos = |mail: &&Value| {
            let subject = mail["subject"].as_str().unwrap();
            subject.contains("to-do") || subject.contains("tarea")
        };
        messages.iter().filter(is_about_todos).cloned().collect()
    }

    /// To half past seven, the next time.
    fn to_the_morning(&self) {
        self.clock.advance(Duration::hours(7) + Duration::minutes(30));
    }
}

async fn once(worker: &Worker) -> Report {
    worker.once(&CancellationToken::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_digest_goes_out_once_each_morning_however_many_workers_there_are() {
    let mut test = Test::start().await;
    assert_eq!(test.work().await, Report::default(), "it is midnight");
    test.to_the_morning();
    let workers = [test.worker(&[]).await, test.worker(&[]).await, test.worker(&[]).await];
    let reports = tokio::join!(once(&workers[0]), once(&workers[1]), once(&workers[2]));
    assert_eq!(reports.0.sent + reports.1.sent + reports.2.sent, 1, "{reports:?}");
    assert_eq!(test.work().await, Report::default());

    let mails = test.mails().await;
    assert_eq!(mails.len(), 1);
    let (subject, body) = (mails[0]["subject"].as_str().unwrap(), mails[0]["body"].as_str().unwrap());
    assert_eq!(subject, "1 to-do is open on your list");
    assert!(body.starts_with("Good morning Ada,\n\n1 to-do is open:\n\n  - buy <milk>\n"), "{body}");
    for line in body.lines().filter_map(|line| line.split_once("http").map(|(_, address)| address)) {
        assert!(line.ends_with("/todos") || line.ends_with("/account"), "nothing but the way there: {line}");
    }
    assert_eq!(test.outcome().await, Some(Outcome::Sent));

    // The next day, by now with the refresh token: the customer's browser was not there.
    test.clock.advance(Duration::days(1));
    assert_eq!(test.work().await.sent, 1);
    assert_eq!(test.mails().await.len(), 2);

    // Nothing is open: no mail, and done for that day.
    let done = test.browser.call("todos/done-all", &[("done", "true"), ("seen", "1000")]).await;
    assert!(done.status.is_success(), "{}", done.body);
    test.clock.advance(Duration::days(1));
    // The path is the API's own unless it is configured, as for the web server.
    let worker = test.worker(&[("relative_path = \"api/todolist\"\n", "")]).await;
    assert_eq!(once(&worker).await, Report { nothing_open: 1, ..Report::default() });
    assert_eq!(test.work().await, Report::default());
    assert_eq!((test.mails().await.len(), test.outcome().await), (2, Some(Outcome::NothingOpen)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_customer_has_their_own_morning_and_nobody_gets_what_they_turned_off() {
    let test = Test::start().await;
    // Seven o'clock in Auckland is eight in the evening in London; there it is midnight now.
    test.choose(true, "Pacific/Auckland").await;
    test.to_the_morning();
    assert_eq!(test.work().await, Report::default());
    test.clock.advance(Duration::hours(12) + Duration::minutes(29));
    assert_eq!(test.work().await, Report::default(), "one minute to seven");
    test.clock.advance(Duration::minutes(2));
    assert_eq!(test.work().await.sent, 1);
    test.choose(false, "Pacific/Auckland").await;
    test.clock.advance(Duration::days(1));
    assert_eq!(test.work().await, Report::default());
    assert_eq!(test.mails().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_without_tokens_is_skipped_once_and_gets_digests_again_after_signing_in() {
    let mut test = Test::start().await;
    // Signing out drops the tokens, whatever was chosen.
    test.browser.open("/todos").await;
    test.browser.submit(".nav-customer form", &[]).await;
    test.to_the_morning();
    assert_eq!(test.work().await, Report { skipped: 1, ..Report::default() });
    assert!(test.digest().await.skipped.is_some());
    for _ in 0..3 {
        assert_eq!(test.work().await, Report::default(), "not in a loop");
        test.clock.advance(Duration::days(1));
    }
    assert_eq!(test.mails().await, Vec::<Value>::new());

    test.browser.open("/todos").await;
    test.browser.sign_in_here("ada@example.com").await;
    test.digests.resume(&test.customer, test.clock.timestamp()).await.unwrap();
    assert_eq!(test.digest().await.skipped, None, "the web server or the line above");
    assert_eq!(test.work().await, Report::default(), "not at any time of the day");
    test.clock.advance(Duration::days(1));
    assert_eq!(test.work().await.sent, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_api_that_is_down_is_asked_again_until_noon() {
    let test = Test::start().await;
    let nobody = format!("http://localhost:{}", closed_port());
    let without_api = test.worker(&[(&test.errand.addresses.api, &nobody)]).await;
    test.to_the_morning();
    assert_eq!(once(&without_api).await, Report { postponed: 1, ..Report::default() });
    assert_eq!(once(&without_api).await, Report::default(), "not at once");
    test.clock.advance(Duration::minutes(1));
    assert_eq!(once(&without_api).await.postponed, 1);
    test.clock.advance(Duration::minutes(1));
    assert_eq!(test.work().await, Report::default(), "the pause has doubled");
    test.clock.advance(Duration::minutes(1));
    assert_eq!(test.work().await.sent, 1, "the API is back, and it is still morning");

    test.clock.advance(Duration::days(1));
    let mut rounds = 0;
    while test.outcome().await != Some(Outcome::GivenUp) {
        once(&without_api).await;
        test.clock.advance(Duration::minutes(31));
        rounds += 1;
        assert!(rounds < 20, "for ever");
    }
    assert!((6..=12).contains(&rounds), "{rounds}");
    // The API is back in the afternoon: tomorrow.
    assert_eq!(test.work().await, Report::default());
    assert_eq!(test.mails().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_comes_in_the_afternoon_sends_nothing() {
    let test = Test::start().await;
    test.clock.advance(Duration::hours(12) + Duration::minutes(1));
    assert_eq!(test.work().await, Report { given_up: 1, ..Report::default() });
    assert_eq!(test.mails().await, Vec::<Value>::new());
    let now = test.worker(&[]).await.now(&CancellationToken::new()).await.unwrap();
    assert_eq!(now.sent, 1, "unless a developer wants it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_nobody_takes_mail_digests_wait() {
    let test = Test::start().await;
    let mailbox = format!("{}/mailbox", test.errand.addresses.tenant);
    let nobody = format!("http://localhost:{}/mailbox", closed_port());
    let without_mail = test.worker(&[(&mailbox, &nobody)]).await;
    test.to_the_morning();
    assert_eq!(once(&without_mail).await, Report { broken_off: true, ..Report::default() });
    assert_eq!(test.outcome().await, None);
    assert_eq!(test.work().await.sent, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_digest_is_in_the_language_that_its_reader_chose_last() {
    let mut test = Test::start().await;
    test.browser.submit(".languages button[value=es]", &[]).await;
    test.to_the_morning();
    assert_eq!(test.work().await.sent, 1);
    let [mail] = &test.mails().await[..] else { panic!("one mail") };
    assert_eq!(mail["subject"], "1 tarea pendiente en tu lista");
    test.browser.submit(".languages button[value=en]", &[]).await;
    test.clock.advance(Duration::days(1));
    assert_eq!(test.work().await.sent, 1);
    assert_eq!(test.mails().await[0]["subject"], "1 to-do is open on your list");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reminder_goes_to_the_address_of_the_session_that_it_was_set_in() {
    let mut test = Test::start().await;
    let (email, name) = ("before@example.com".to_owned(), "Ada".to_owned());
    let before = Address { email, name, language: Language::English };
    test.digests.set_reminder_address(&test.customer, &before).await.unwrap();
    let details = test.browser.open("/todos").await.attribute("li.todo .todo__more", "href").unwrap();
    test.browser.open(&format!("/todos{details}")).await;
    let moment = [("details[reminder][day]", "2099-12-23"), ("details[reminder][time]", "20:00")];
    test.browser.submit(".details__form", &moment).await;
    let address = test.digests.reminder_address(&test.customer).await.unwrap();
    assert_eq!(address.map(|address| address.email).as_deref(), Some("ada@example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reminder_is_mailed_once_at_its_moment_however_many_workers_there_are() {
    let test = Test::start().await;
    // The first page after the sign-in notes where its mail goes.
    let address = test.digests.reminder_address(&test.customer).await.unwrap();
    assert_eq!(address.map(|address| address.email).as_deref(), Some("ada@example.com"));
    let reminders = async || {
        let url = format!("{}/mailbox.json?to=ada@example.com", test.errand.addresses.tenant);
        let mailbox: Value = http().get(url).send().await.unwrap().json().await.unwrap();
        let messages = mailbox["messages"].as_array().unwrap();
        messages.iter().filter(|mail| mail["subject"].as_str().unwrap().starts_with("call")).count()
    };
    // It is midnight in London.
    let day = test.clock.now() + Duration::hours(1);
    let day = format!("{}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day());
    let moment = |time: &str| json!({"date": day, "time": time, "timeZone": "Europe/London"});
    let api = test.api().await;
    let id = api.add(&json!({"owner": test.customer, "description": "call Bob", "reminder": moment("00:10")})).await;
    let done = json!({"owner": test.customer, "description": "call nobody", "done": true, "reminder": moment("00:10")});
    api.add(&done).await;
    let elsewhere = json!({"owner": "somebody", "description": "call", "reminder": moment("00:10")});
    api.add(&elsewhere).await;
    test.clock.advance(Duration::minutes(9));
    assert_eq!(test.work().await.reminders, 0, "one minute too early");
    test.clock.advance(Duration::minutes(1));
    // While nobody takes mail, it stays due.
    let mailbox = format!("{}/mailbox", test.errand.addresses.tenant);
    let nobody = format!("http://localhost:{}/mailbox", closed_port());
    assert_eq!(once(&test.worker(&[(&mailbox, &nobody)]).await).await.reminders, 0);
    let workers = [test.worker(&[]).await, test.worker(&[]).await, test.worker(&[]).await];
    let reports = tokio::join!(once(&workers[0]), once(&workers[1]), once(&workers[2]));
    assert_eq!(reports.0.reminders + reports.1.reminders + reports.2.reminders, 1, "{reports:?}");
    assert_eq!((test.work().await.reminders, reminders().await), (0, 1));

    // Moved, it is mailed at the new moment only.
    api.change(&id, &json!({"reminder": moment("00:30")})).await;
    test.clock.advance(Duration::minutes(19));
    assert_eq!(test.work().await.reminders, 0);
    test.clock.advance(Duration::minutes(1));
    assert_eq!((test.work().await.reminders, test.work().await.reminders, reminders().await), (1, 0, 2));

    // A worker that died after it had taken one costs that mail, and repeats none.
    api.change(&id, &json!({"reminder": moment("00:40")})).await;
    test.clock.advance(Duration::minutes(10));
    let at = test.clock.timestamp();
    assert!(test.digests.take_reminder(id.parse().unwrap(), at).await.unwrap());
    assert_eq!((test.work().await.reminders, reminders().await), (0, 2));

    // Late by less than a day it is mailed, and by more never.
    api.change(&id, &json!({"reminder": moment("00:50")})).await;
    test.clock.advance(Duration::hours(23));
    assert_eq!((test.work().await.reminders, reminders().await), (1, 3));
    test.api().await.change(&id, &json!({"reminder": moment("00:55")})).await;
    test.clock.advance(Duration::hours(2));
    assert_eq!((test.work().await.reminders, reminders().await), (0, 3));
}

/// The API, called as an app.
struct ApiAsApp {
    list: String,
    token: String,
}

impl Test {
    async fn api(&self) -> ApiAsApp {
        let secrets = std::fs::read_to_string(self.errand.folder.path().join("data/secrets.toml")).unwrap();
        let secrets: toml::Table = toml::from_str(&secrets).unwrap();
        let of = |name: &str| secrets[name].as_str().unwrap().to_owned();
        let scope = format!("api://{}/.default", of("api_client_id"));
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", of("admin_client_id")),
            ("client_secret", of("admin_client_secret")),
            ("scope", scope),
        ];
        let url = format!("{}/{}/oauth2/v2.0/token", self.errand.addresses.tenant, of("tenant_id"));
        let answer: Value = http().post(url).form(&form).send().await.unwrap().json().await.unwrap();
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        ApiAsApp { list: format!("{}/api/todolist", self.errand.addresses.api), token }
    }
}

impl ApiAsApp {
    async fn add(&self, body: &Value) -> String {
        let answer = http().post(&self.list).bearer_auth(&self.token).json(body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn change(&self, id: &str, body: &Value) {
        let url = format!("{}/{id}", self.list);
        let answer = http().patch(url).bearer_auth(&self.token).json(body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[test]
fn the_program_joins_errand_dev_and_says_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    let (_dev, ..) = start_dev(errand(folder.path(), &["dev"]));
    for arguments in [["worker", "--once"], ["worker", "--now"]] {
        let output = run(errand(folder.path(), &arguments));
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with("errand worker: 0 sent"), "{}", text(&output.stdout));
    }

    // On its own it runs until it is stopped.
    let mut worker = errand(folder.path(), &["worker"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(worker.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("Development"), "{line}");
    let killed = Command::new("kill").args(["-TERM", &worker.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(worker.wait().unwrap().code(), Some(0));
}

#[test]
fn in_production_it_needs_a_configuration_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".errand")).unwrap();
    std::fs::write(folder.path().join(".errand/dev.toml"), "mode = \"development\"\n[worker]\n[web]\n").unwrap();
    std::fs::write(folder.path().join("errand.toml"), "mode = \"production\"\n").unwrap();
    for (arguments, expected) in [(&["worker"][..], "`worker` is missing"), (&["worker", "--now"], "for development")] {
        let output = run(errand(folder.path(), arguments));
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

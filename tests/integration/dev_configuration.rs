//! `errand dev` with something of a developer's own: what is registered follows from what is in force, what they add is
//! added, and `errand doctor` beside it sees the same.

use std::path::Path;
use std::process::Command;

use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::command_line::{FREE_PORTS, Running, errand, refused, run, start_dev, text};
use crate::test_browser::{Browser, Page, http};
use crate::test_errand::{Secrets, closed_port};

const MINE: &str = "44444444-4444-4444-8444-444444444444";

/// A folder whose `errand.toml` has free ports, and more.
fn folder(more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errand.toml"), format!("{FREE_PORTS}{more}")).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = errand(folder, arguments);
    command.envs(environment.iter().copied());
    command
}

fn start(folder: &Path, environment: &[(&str, &str)]) -> (Running, [String; 3]) {
    let (program, addresses, _) = start_dev(command(folder, &["dev"], environment));
    (program, addresses)
}

/// What `errand doctor --json` says in that folder: its exit code and its report.
fn doctor(folder: &Path, environment: &[(&str, &str)]) -> (Option<i32>, Value) {
    let output = run(command(folder, &["doctor", "--json"], environment));
    let said = text(&output.stdout);
    let report = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{}", text(&output.stderr)));
    (output.status.code(), report)
}

fn checks(report: &Value) -> impl Iterator<Item = &Value> {
    report["sections"].as_array().unwrap().iter().flat_map(|section| section["checks"].as_array().unwrap())
}

fn verdict<'r>(report: &'r Value, name: &str) -> &'r str {
    let found = checks(report).find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check is named {name}: {report:#}"))["verdict"].as_str().unwrap()
}

/// What the tenant makes of a sign-in by that app.
async fn authorize(tenant: &str, tenant_id: &str, client_id: &str, redirect_uri: &str) -> Page {
    let mut url = Url::parse(&format!("{tenant}/{tenant_id}/oauth2/v2.0/authorize")).unwrap();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", "openid")
        .append_pair("state", "s")
        .append_pair("nonce", "n")
        .append_pair("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        .append_pair("code_challenge_method", "S256");
    Page::read(http().get(url).send().await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_dev_registers_follows_from_what_is_in_force() {
    let port = closed_port().to_string();
    let (at, named) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
    let other = "55555555-5555-4555-8555-555555555555";
    let credentials = "[{secret=\"a secret of my own\"}]";
    let cases: &[&[(&str, &str)]] = &[
        &[("ERRAND_WEB__PUBLIC_URL", "https://todo.example.test")],
        &[("ERRAND_WEB__PUBLIC_URL", "https://Todo.example.test:8443/")],
        &[("ERRAND_TENANT__LISTEN", &at), ("ERRAND_TENANT__PUBLIC_URL", &named)],
        &[("ERRAND_WEB__LISTEN", "127.0.0.2:0"), ("ERRAND_API__LISTEN", "127.0.0.3:0")],
        &[("ERRAND_TENANT__LISTEN", "127.0.0.2:0")],
        &[("ERRAND_TENANT__TENANT_ID", other)],
        &[("ERRAND_WEB__IDENTITY__CLIENT_ID", other), ("ERRAND_WEB__IDENTITY__CLIENT_CREDENTIALS", credentials)],
        &[("ERRAND_ADMIN__IDENTITY__CLIENT_ID", other), ("ERRAND_ADMIN__IDENTITY__CLIENT_CREDENTIALS", credentials)],
        &[("ERRAND_API__IDENTITY__CLIENT_ID", other)],
        &[("ERRAND_API__AUDIENCES", &format!("[\"{other}\"]"))],
        &[
            ("ERRAND_API__SCOPES", "[\"Tasks.Read\", \"ToDoList.ReadWrite\", \"Profile.Read\", \"Profile.ReadWrite\"]"),
            ("ERRAND_API__PERMISSIONS__READ__SCOPES", "[\"Tasks.Read\"]"),
        ],
    ];
    for environment in cases {
        let folder = folder("");
        let (_program, _) = start(folder.path(), environment);
        // The scopes that the web server asks for name the API's id; those of the last case stay Errand's.
        let (code, report) = doctor(folder.path(), &[]);
        let last = environment.len() == 2 && environment[0].0 == "ERRAND_API__SCOPES";
        if last {
            assert_eq!(verdict(&report, "permission read"), "wrong", "it is still asked for ToDoList.Read");
        } else {
            assert_eq!(code, Some(0), "{environment:?}: {report:#}");
        }
        for name in ["redirect URI", "post-logout redirect URI", "issuer", "app token", "health"] {
            assert_eq!(verdict(&report, name), "right", "{name} with {environment:?}: {report:#}");
        }
        if !last {
            assert_eq!(verdict(&report, "API with the app token"), "right", "{environment:?}: {report:#}");
        }
    }
}

/// The tenant at another name than `localhost`, and apps that have other ids and secrets.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn customers_sign_up_at_dev_whose_addresses_and_ids_are_overridden() {
    let port = closed_port();
    let own = format!("public_url = \"http://127.0.0.1:{port}\"\n");
    let folder = folder(&format!(
        "[web.identity]\nclient_id = \"{MINE}\"\nclient_credentials = [{{ secret = \"mine\" }}]\n\
         [api.identity]\nclient_id = \"55555555-5555-4555-8555-555555555555\"\n"
    ));
    let file = folder.path().join("errand.toml");
    let configuration = std::fs::read_to_string(&file).unwrap();
    let tenant = "[tenant]\nlisten = \"127.0.0.1:0\"\n";
    assert!(configuration.contains(tenant));
    let listens = format!("[tenant]\nlisten = \"127.0.0.1:{port}\"\n{own}");
    std::fs::write(&file, configuration.replace(tenant, &listens)).unwrap();
    let (_program, [web, _, tenant]) = start(folder.path(), &[]);
    assert_eq!(tenant, format!("http://127.0.0.1:{port}"));
    let mut browser = Browser::new(&web, &tenant);
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    let page = browser.submit("form.add", &[("description", "buy milk")]).await;
    assert_eq!(page.todos(), [("buy milk".to_owned(), false)]);
    assert_eq!(browser.open("/account").await.status, StatusCode::OK);
    // The worker's mailbox is where the tenant answers.
    let dev: toml::Table =
        toml::from_str(&std::fs::read_to_string(folder.path().join("data/dev.toml")).unwrap()).unwrap();
    assert_eq!(dev["worker"]["mail"]["mailbox_url"].as_str(), Some(format!("{tenant}/mailbox").as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_app_of_ones_own_is_added_to_those_of_dev() {
    let mine = format!(
        "[[tenant.user_flows]]\nname = \"mine\"\n\
         [[tenant.apps]]\nname = \"Mine\"\nclient_id = \"{MINE}\"\nuser_flow = \"mine\"\n\
         redirect_uris = [\"http://localhost:9/back\"]\n\
         [[tenant.authentication_contexts]]\nid = \"c1\"\n"
    );
    let folder = folder(&mine);
    let (program, [web, _, tenant]) = start(folder.path(), &[]);
    let Secrets { tenant_id, web_client_id, .. } = Secrets::read(&folder.path().join("data"));
    let asked = authorize(&tenant, &tenant_id, MINE, "http://localhost:9/back").await;
    assert!(asked.location_path().contains("/flow/"), "{:?} {}", asked.location(), asked.body);
    let mut browser = Browser::new(&web, &tenant);
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    assert_eq!(browser.open("/todos").await.status, StatusCode::OK);
    let (code, report) = doctor(folder.path(), &[]);
    assert_eq!(code, Some(0), "{report:#}");
    drop(program);

    // Of one that dev has, key by key, what the developer says counts.
    let file = folder.path().join("errand.toml");
    let more = format!(
        "{FREE_PORTS}{mine}[[tenant.apps]]\nclient_id = \"{}\"\nname = \"Renamed\"\n\
         redirect_uris = [\"http://localhost:9/elsewhere\"]\n\
         [[tenant.user_flows]]\nname = \"sign_up_and_sign_in\"\nsign_up = false\n",
        web_client_id.to_uppercase()
    );
    std::fs::write(&file, more).unwrap();
    let (program, [_, _, tenant]) = start(folder.path(), &[]);
    let asked = authorize(&tenant, &tenant_id, &web_client_id, "http://localhost:9/elsewhere").await;
    assert!(asked.location_path().contains("/flow/"), "{:?} {}", asked.location(), asked.body);
    let (_, report) = doctor(folder.path(), &[]);
    assert_eq!(verdict(&report, "web.identity.client_credentials[0]"), "right", "its secret stays: {report:#}");
    drop(program);

    // Two of one id are a mistake.
    let twice = format!("{FREE_PORTS}{}", mine.repeat(2));
    let message = refused(folder.path(), &["dev"], &twice);
    assert!(message.contains("twice"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_doctor_beside_dev_joins_it_whatever_single_thing_is_set() {
    let folder = folder("");
    let (_program, _) = start(folder.path(), &[]);
    for environment in [
        &[][..],
        &[("ERRAND_WEB__IDENTITY__SESSION__IDLE_HOURS", "1")],
        &[("ERRAND_WEB__IDENTITY__DOMAIN_HINT", "google")],
        &[("ERRAND_ADMIN__DOWNSTREAM_APIS__TODOLIST__TIMEOUT_SECONDS", "5")],
        &[("ERRAND_API__IDENTITY__CLIENT_CAPABILITIES", "[\"cp1\"]")],
    ] {
        let (code, report) = doctor(folder.path(), environment);
        assert_eq!(code, Some(0), "{environment:?}: {report:#}");
        assert_eq!(verdict(&report, "configuration"), "right");
        for table in ["[web]", "[api]", "[worker]", "[admin]", "[tenant]"] {
            assert_eq!(verdict(&report, table), "right", "{table}: {report:#}");
        }
    }
    // What is set is looked at.
    for (name, value, check) in [
        ("ERRAND_WEB__IDENTITY__CLIENT_ID", MINE, "redirect URI"),
        ("ERRAND_WEB__IDENTITY__AUTHORITY", "http://localhost:1/x/v2.0", "discovery"),
        ("ERRAND_WEB__IDENTITY__CLIENT_CREDENTIALS", "[{secret=\"wrong\"}]", "web.identity.client_credentials[0]"),
    ] {
        let (code, report) = doctor(folder.path(), &[(name, value)]);
        assert_eq!((code, verdict(&report, check)), (Some(1), "wrong"), "{name}: {report:#}");
    }
    // A part of a configuration, in a file of another name.
    let part = "data = \"data\"\n[web.identity.session]\nidle_hours = 2\n";
    std::fs::write(folder.path().join("part.toml"), part).unwrap();
    let output = run(command(folder.path(), &["doctor", "--config", "part.toml"], &[]));
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    // And the same of the other two that join.
    let environment = [("ERRAND_ADMIN__IDENTITY__CLIENT_ID", MINE)];
    let output = run(command(folder.path(), &["admin", "list"], &environment));
    assert!(text(&output.stderr).contains("AADSTS700016"), "{}", text(&output.stderr));
    let environment = [("ERRAND_WEB__IDENTITY__DOMAIN_HINT", "google")];
    let output = run(command(folder.path(), &["worker", "--once"], &environment));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// A deployment of one's own beside `errand dev` takes nothing from it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_names_a_provider_elsewhere_does_not_join_dev() {
    let folder = folder("");
    let (_program, _) = start(folder.path(), &[]);
    for (table, missing) in [
        ("[web.identity]\nauthority = \"https://id.example.com\"\n", "web.listen"),
        ("[admin.identity]\nauthority = \"https://id.example.com\"\n", "admin.downstream_apis.todolist"),
    ] {
        std::fs::write(folder.path().join("own.toml"), format!("data = \"data\"\n{table}")).unwrap();
        let program = if table.starts_with("[web") { "doctor" } else { "admin" };
        let arguments = if program == "admin" { &["admin", "list"][..] } else { &["doctor"] };
        let arguments = [arguments, &["--config", "own.toml"]].concat();
        let output = run(command(folder.path(), &arguments, &[]));
        let message = text(&output.stderr);
        assert_ne!(output.status.code(), Some(0), "{message}");
        assert!(message.contains(missing) || message.contains("client_id"), "{message}");
    }
}

/// `[web.downstream_apis.calendar]`, from the file and from the environment.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_downstream_api_needs_nothing_but_its_table() {
    let calendar = "base_url = \"https://calendar.example.com\"\nscopes = [\"api://calendar/Read\"]\n";
    let folder =
        folder(&format!("[web.downstream_apis.calendar]\n{calendar}[api.downstream_apis.calendar]\n{calendar}"));
    let (program, _) = start(folder.path(), &[]);
    let (_, report) = doctor(folder.path(), &[]);
    for table in ["[web]", "[api]", "[worker]"] {
        assert_eq!(verdict(&report, table), "right", "{report:#}");
    }
    drop(program);
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    let of = |program: &str| {
        [("BASE_URL", "https://calendar.example.com"), ("SCOPES__READ", "[\"api://calendar/Read\"]")]
            .map(|(key, value)| (format!("ERRAND_{program}__DOWNSTREAM_APIS__CALENDAR__{key}"), value))
    };
    let variables = [of("WEB"), of("API"), of("ADMIN")].concat();
    let environment: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    drop(start(folder.path(), &environment));
    // A part of it says what is missing.
    let output = run(command(folder.path(), &["dev"], &environment[..1]));
    let message = text(&output.stderr);
    assert!(message.contains("`web.downstream_apis.calendar.scopes` is missing"), "{message}");
    assert!(message.contains("ERRAND_WEB__DOWNSTREAM_APIS__CALENDAR__SCOPES"), "{message}");
    let output = run(command(folder.path(), &["dev"], &[("ERRAND_WEB__DOWNSTREAM_APIS__CALENDAR__BASE", "x")]));
    assert!(text(&output.stderr).contains("did you mean `base_url`?"), "{}", text(&output.stderr));
}

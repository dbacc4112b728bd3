//! `errand doctor` against `errand dev`: nothing wrong where nothing is, and where something is, its name and the remedy.

use errand::daemon::doctor::{self, Check, Report, Verdict};
use errand::platform::clock::Clock;
use errand::platform::config::Settings;
use errand::platform::outbound;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::command_line::{errand, run, text, without_settings};
use crate::test_errand::{Secrets, TestErrand, closed_port};

/// What an operator would write to run web server and API beside this tenant.
fn configuration(errand: &TestErrand) -> String {
    let Secrets { tenant_id, web_client_id, api_client_id, web_client_secret, encryption_key, .. } = errand.secrets();
    let (web, api, tenant) = (&errand.addresses.web, &errand.addresses.api, &errand.addresses.tenant);
    let data = errand.folder.path().join("data").display().to_string();
    format!(
        r#"mode = "development"
[web]
listen = "127.0.0.1:0"
public_url = "{web}"
database_url = "sqlite:{data}/web.db"
encryption_keys = ["{encryption_key}"]
[web.identity]
authority = "{tenant}/{tenant_id}/v2.0"
tenant_id = "{tenant_id}"
client_id = "{web_client_id}"
client_credentials = [{{ secret = "{web_client_secret}" }}]
initial_scopes = ["api://{api_client_id}/ToDoList.Read"]
[web.downstream_apis.todolist]
base_url = "{api}"
scopes = {{ read = ["api://{api_client_id}/ToDoList.Read"], write = ["api://{api_client_id}/ToDoList.ReadWrite"] }}
[api]
listen = "127.0.0.1:0"
database_url = "sqlite:{data}/api.db"
audiences = ["{api_client_id}"]
[api.identity]
authority = "{tenant}/{tenant_id}/v2.0"
tenant_id = "{tenant_id}"
[api.permissions.read]
scopes = ["ToDoList.Read", "ToDoList.ReadWrite"]
app_permissions = ["ToDoList.Read.All"]
[api.permissions.write]
scopes = ["ToDoList.ReadWrite"]
app_permissions = ["ToDoList.ReadWrite.All"]
"#
    )
}

async fn examine(toml: &str, clock: &Clock) -> Report {
    let settings = Settings::from_toml(toml).unwrap();
    doctor::examine(&settings, clock).await.unwrap_or_else(|error| panic!("{error}"))
}

fn check<'r>(report: &'r Report, name: &str) -> &'r Check {
    let found = report.checks().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no check is named {name}:\n{}", doctor::text(report, false, None)))
}

fn replaced(toml: &str, from: &str, to: &str) -> String {
    assert!(toml.contains(from), "{from} is not in the configuration");
    toml.replace(from, to)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn where_nothing_is_wrong_the_doctor_finds_nothing_wrong() {
    let errand = TestErrand::start().await;
    let report = examine(&configuration(&errand), &Clock::system()).await;
    assert_eq!(report.count(Verdict::Wrong), 0, "{}", doctor::text(&report, false, None));
    for name in [
        "public URL",
        "encryption keys",
        "web.database_url",
        "api.database_url",
        "discovery",
        "issuer",
        "tenant id",
        "signing keys",
        "clocks",
        "redirect URI",
        "sign-up",
        "post-logout redirect URI",
        "web.identity.client_credentials[0]",
        "health",
        "without a token",
        "with a token that is none",
        "issuer that the API trusts",
        "audience",
        "permission read",
        "permission write",
    ] {
        assert_eq!(check(&report, name).verdict, Verdict::Right, "{name}: {:?}", check(&report, name));
    }
    // Whether somebody consented shows at a sign-in alone, and the doctor signs nobody in.
    let scopes = format!("scopes of api://{}", errand.secrets().api_client_id);
    assert_eq!(check(&report, &scopes).verdict, Verdict::Unknown);
}

/// Of what `errand dev` leaves: the admin's app is in it, and needs nobody to be tried.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_admins_app_is_tried_as_it_would_be_used() {
    let errand = TestErrand::start().await;
    let good = std::fs::read_to_string(errand.folder.path().join("data/dev.toml")).unwrap();
    let report = examine(&good, &Clock::system()).await;
    assert_eq!(report.count(Verdict::Wrong), 0, "{}", doctor::text(&report, false, None));
    let by_api = "app token by the checks of [api]";
    for name in ["app token", "application permissions", by_api, "API with the app token"] {
        assert_eq!(check(&report, name).verdict, Verdict::Right, "{name}: {:?}", check(&report, name));
    }

    let left: toml::Table = toml::from_str(&good).unwrap();
    let admin = left["admin"].clone();
    let Secrets { web_client_id, api_client_id, .. } = errand.secrets();
    let secret = admin["identity"]["client_credentials"][0]["secret"].as_str().unwrap();
    let client_id = admin["identity"]["client_id"].as_str().unwrap();
    let (api, web) = (&errand.addresses.api, &errand.addresses.web);
    for (from, to, name, found, remedy) in [
        (secret, "not-the-secret", "app token", "AADSTS7000215", "copy the secret's value"),
        (client_id, web_client_id.as_str(), "app token", "AADSTS7000215", "copy the secret's value"),
        ("/.default", "/ToDoList.Read.All", "app token", "AADSTS1002012", ""),
        (&api_client_id, "11111111-1111-4111-8111-111111111111", "app token", "AADSTS500011", ""),
        (api, web, "API with the app token", "404", ""),
    ] {
        let mut others = left.clone();
        others.remove("admin");
        let admin = format!("admin = {}", replaced(&admin.to_string(), from, to));
        let report = examine(&format!("{admin}\n{others}"), &Clock::system()).await;
        let wrong = check(&report, name);
        let text = doctor::text(&report, false, None);
        assert_ne!(wrong.verdict, Verdict::Right, "{name} with {to}\n{text}");
        assert!(wrong.found.contains(found), "{name} with {to}: {}", wrong.found);
        let proposed = wrong.remedy.as_deref().unwrap_or_default();
        assert!(proposed.contains(remedy), "{name} with {to}: {proposed}");
        assert!(!text.contains(secret), "a secret: {text}");
    }

    // What the API tells its caller of is too little to mend it by; its configuration is here.
    for (key, value, found) in [
        ("token_version", toml::Value::from("9.0"), "`ver` is \"2.0\"; expected: 9.0"),
        ("allowed_clients", vec![web_client_id.as_str()].into(), &format!("`azp` is \"{client_id}\"")),
        ("audiences", vec!["api://other"].into(), &format!("`aud` is \"{api_client_id}\"; expected: api://other")),
    ] {
        let mut changed = left.clone();
        changed["api"].as_table_mut().unwrap().insert(key.to_owned(), value);
        let report = examine(&changed.to_string(), &Clock::system()).await;
        let wrong = check(&report, by_api);
        assert!(wrong.verdict == Verdict::Wrong && wrong.found.contains(found), "{key}: {}", wrong.found);
        assert!(!wrong.found.contains("eyJ"), "{}", wrong.found);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_wrong_is_named_with_its_remedy() {
    let errand = TestErrand::start().await;
    let good = configuration(&errand);
    let Secrets { tenant_id, web_client_id, api_client_id, web_client_secret, encryption_key, .. } = errand.secrets();
    let other = "11111111-1111-4111-8111-111111111111";
    let nobody = format!("http://localhost:{}", closed_port());
    let data = errand.folder.path().join("data").display().to_string();
    let no_database = errand.folder.path().join("data/secrets.toml").display().to_string();
    let scopes = format!("scopes of api://{api_client_id}");
    let web_url = format!("public_url = \"{}\"", errand.addresses.web);
    let base_url = format!("base_url = \"{}\"", errand.addresses.api);
    let authority = format!("authority = \"{}/{tenant_id}/v2.0\"", errand.addresses.tenant);
    // Another host: the port of a localhost redirect URI is not compared.
    let elsewhere = nobody.replace("localhost", "127.0.0.1");
    let redirect_uri = format!("{elsewhere}/auth/redirect");
    for (from, to, name, found, remedy) in [
        (web_client_secret.as_str(), "not-the-secret", "web.identity.client_credentials[0]", "AADSTS7000215", "value"),
        (&web_url, &format!("public_url = \"{elsewhere}\""), "redirect URI", "AADSTS50011", &redirect_uri),
        (&web_client_id, other, "redirect URI", "AADSTS700016", "client_id"),
        (
            &format!("\ntenant_id = \"{tenant_id}\""),
            &format!("\ntenant_id = \"{other}\""),
            "tenant id",
            other,
            "overview",
        ),
        (&authority, &authority.replace(&tenant_id, other), "discovery", "AADSTS90002", "tenant_id"),
        (
            &authority,
            &authority.replace("/v2.0\"", "/v2.0/.well-known/openid-configuration\""),
            "discovery",
            "404",
            "leave /.well-known/openid-configuration out",
        ),
        (&authority, &format!("authority = \"{nobody}/x/v2.0\""), "discovery", "Connection refused", "authority"),
        (
            &format!("audiences = [\"{api_client_id}\"]"),
            &format!("audiences = [\"{other}\"]"),
            "audience",
            other,
            "api.audiences",
        ),
        (&base_url, &format!("base_url = \"{nobody}\""), "health", "Connection refused", "start the API"),
        (
            &base_url,
            &format!("base_url = \"{}\"", errand.addresses.tenant),
            "without a token",
            "instead of 401",
            "what answers there",
        ),
        (
            &base_url,
            &format!("base_url = \"{}\"", errand.addresses.web),
            "web.downstream_apis.todolist.base_url",
            "the web server's own address",
            "address of the API",
        ),
        (&base_url, "base_url = \"http://api.example.com\"", "web.downstream_apis.todolist", "in the clear", "https"),
        ("/ToDoList.ReadWrite\"] }", "/ToDoList.Nonsense\"] }", &scopes, "AADSTS70011", "API permissions"),
        (
            "/ToDoList.ReadWrite\"] }",
            "/ToDoList.Read\"] }",
            "permission write",
            "ToDoList.ReadWrite",
            "api.permissions.write",
        ),
        (", write = [", ", change = [", "permission write", "no set named write", "add a set"),
        // A plain list is the set `default`, which the web server does not use.
        (", write = [", ", default = [", "permission write", "no set named write", "add a set"),
        (
            "initial_scopes =",
            "sign_up = { prompt = \"nonsense\" }\ninitial_scopes =",
            "sign-up",
            "prompt=nonsense",
            "web.identity.sign_up",
        ),
        (&encryption_key, "too-short", "encryption keys", "web.encryption_keys", "openssl"),
        (&format!("{data}/api.db"), &no_database, "api.database_url", "not a database", "who owns the file"),
        ("mode = \"development\"", "mode = \"production\"", "public URL", "https", "TLS proxy"),
        (
            "mode = \"development\"",
            &format!("mode = \"development\"\noutbound = {{ proxy = \"{}\" }}", nobody.replace("//", "//ada:hunter2@")),
            "outbound.proxy",
            &format!("the proxy {nobody} does not answer"),
            "correct the address",
        ),
    ] {
        let report = examine(&replaced(&good, from, to), &Clock::system()).await;
        let wrong = check(&report, name);
        let text = doctor::text(&report, false, None);
        assert_eq!(wrong.verdict, Verdict::Wrong, "{name} with {to}\n{text}");
        assert!(wrong.found.contains(found), "{name} with {to}: {}", wrong.found);
        let proposed = wrong.remedy.as_deref().unwrap_or_default();
        assert!(proposed.contains(remedy), "{name} with {to}: {proposed}");
        for secret in [web_client_secret.as_str(), &encryption_key, "hunter2"] {
            assert!(!text.contains(secret) && !doctor::json(&report).to_string().contains(secret), "a secret: {text}");
        }
    }
}

/// Each program's own check is run, so that the doctor passes nothing that a program refuses.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_program_refuses_the_doctor_calls_wrong() {
    let errand = TestErrand::start().await;
    let good = configuration(&errand);
    let dead = format!("smtp://127.0.0.1:{}", closed_port());
    let api_end = "app_permissions = [\"ToDoList.ReadWrite.All\"]\n";
    let worker = |table: &str| format!("{api_end}[worker]\n{table}\n");
    let mail = format!("[worker.mail]\nfrom = \"Errand <no-reply@example.com>\"\nsmtp_url = \"{dead}\"\n");
    let other_api =
        "[web.downstream_apis.calendar]\nbase_url = \"http://calendar.example.com\"\nscopes = [\"x\"]\n[api]\n";
    for (from, to, name, found, remedy) in [
        ("app_permissions = [\"ToDoList.Read.All\"]", "app_permissions = []", "[api]", "is empty", "leave the key out"),
        (
            "app_permissions = [\"ToDoList.Read.All\"]",
            "app_permissions = [\"x\"]",
            "[api]",
            "does not offer",
            "api.app_roles",
        ),
        (
            "scopes = [\"ToDoList.Read\", \"ToDoList.ReadWrite\"]",
            "scopes = [\"Tasks.Read\"]",
            "[api]",
            "Tasks.Read",
            "list all that it offers as `api.scopes`",
        ),
        (
            "[web.identity]\n",
            "site_root = \"/no/such/folder\"\n[web.identity]\n",
            "browser's files",
            "/no/such/folder",
            "",
        ),
        ("[api]\n", other_api, "[web]", "in the clear", "https"),
        (
            "initial_scopes =",
            "session = { idle_hours = 0 }\ninitial_scopes =",
            "[web]",
            "web.identity.session.idle_hours",
            "number of hours",
        ),
        ("[web.downstream_apis.todolist]", "[web.downstream_apis.todolst]", "[web]", "todolist", ""),
        (api_end, &worker(""), "worker.mail", "is missing", "smtp_url"),
        (api_end, &worker("look_every_seconds = 0"), "[worker]", "is 0", ""),
        (api_end, &worker(&mail), "worker.mail", "does not take mail", "worker.mail.smtp_url"),
    ] {
        let report = examine(&replaced(&good, from, to), &Clock::system()).await;
        let wrong = check(&report, name);
        assert_eq!(wrong.verdict, Verdict::Wrong, "{to}\n{}", doctor::text(&report, false, None));
        assert!(wrong.found.contains(found), "{to}: {}", wrong.found);
        assert!(wrong.remedy.as_deref().unwrap_or_default().contains(remedy), "{to}: {:?}", wrong.remedy);
    }
    // No app is let in, and that is said.
    let no_apps = replaced(&good, "app_permissions = [\"ToDoList.Read.All\"]\n", "");
    let no_apps = replaced(&no_apps, "app_permissions = [\"ToDoList.ReadWrite.All\"]\n", "");
    let report = examine(&no_apps, &Clock::system()).await;
    assert_eq!(check(&report, "[api]").verdict, Verdict::Right);
    assert_eq!(report.count(Verdict::Wrong), 0, "{}", doctor::text(&report, false, None));
    // What no program can even read stops the doctor as it stops the program, all of it at once.
    let unread = replaced(&good, "[web.identity]\n", "site_rot = \"x\"\n[web.identity]\n");
    let unread = replaced(&unread, "audiences = ", "audience = ");
    let settings = Settings::from_toml(&unread).unwrap();
    let message = doctor::examine(&settings, &Clock::system()).await.unwrap_err().to_string();
    for said in ["`web.site_rot` is not a key; did you mean `site_root`?", "`api.audience` is not a key"] {
        assert!(message.contains(said), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_mode_the_doctor_says_that_this_is_production() {
    let errand = TestErrand::start().await;
    let report = examine(&replaced(&configuration(&errand), "mode = \"development\"\n", ""), &Clock::system()).await;
    let mode = check(&report, "mode");
    assert!(mode.found.contains("mode is not set: production"), "{}", mode.found);
    assert_eq!(report.sections[0].checks[0].name, "mode", "before what follows from it");
    assert!(report.count(Verdict::Wrong) > 0 && mode.remedy.as_deref().unwrap_or_default().contains("development"));
}

/// Where the program was built with the browser's files: a link to it, in a folder with a list of their hashes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_web_server_with_another_builds_files_does_not_start_and_the_doctor_says_why() {
    let test = TestErrand::start().await;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let program = folder.path().join("errand");
    std::fs::hard_link(env!("CARGO_BIN_EXE_errand"), &program).unwrap();
    std::fs::write(folder.path().join("hash.txt"), "js: aa\nwasm: bb\ncss: cc\n").unwrap();
    let package = folder.path().join("site/pkg");
    let good = replaced(&configuration(&test), "[web.identity]\n", "site_root = \"site\"\n[web.identity]\n");
    // Of its own: one program at a time works on those of `errand dev`.
    let database = test.folder.path().join("data/web.db").display().to_string();
    let good = replaced(&good, &database, "web.db");
    std::fs::write(folder.path().join("errand.toml"), good).unwrap();
    let start = |arguments: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.args(arguments).current_dir(folder.path());
        without_settings(&mut command);
        command
    };
    let refused = |found: &str| {
        let output = run(start(&["web"]));
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("web.site_root") && message.contains(found), "{message}");
        let output = run(start(&["doctor"]));
        let report = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{report}");
        assert!(report.contains("WRONG    browser's files") && report.contains(found), "{report}");
    };
    refused("no folder pkg");
    std::fs::create_dir_all(&package).unwrap();
    for name in ["errand.aa.js", "errand.other.wasm", "errand.cc.css"] {
        std::fs::write(package.join(name), "").unwrap();
    }
    refused("errand.bb.wasm");
    std::fs::write(package.join("errand.bb.wasm"), "").unwrap();
    let output = run(start(&["doctor"]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    drop(crate::programs::started("web", &mut start(&["web"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_missing_provider_leaves_open_is_unknown_and_not_right() {
    let errand = TestErrand::start().await;
    let nobody = format!("http://localhost:{}", closed_port());
    let broken = replaced(&configuration(&errand), &format!("\"{}/", errand.addresses.tenant), &format!("\"{nobody}/"));
    let report = examine(&broken, &Clock::system()).await;
    for name in [
        "redirect URI",
        "sign-up",
        "scopes",
        "post-logout redirect URI",
        "web.identity.client_credentials[0]",
        "issuer that the API trusts",
    ] {
        assert_eq!(check(&report, name).verdict, Verdict::Unknown, "{name}");
    }
    // What does not hang on it is known all the same.
    assert_eq!(check(&report, "health").verdict, Verdict::Right);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_clock_that_is_off_is_found_in_either_direction() {
    let errand = TestErrand::start().await;
    let good = configuration(&errand);
    for (minutes, found) in [(5, "ahead of"), (-5, "behind")] {
        let clock = Clock::manual(Clock::system().now() + Duration::minutes(minutes));
        let report = examine(&good, &clock).await;
        let clocks = check(&report, "clocks");
        assert_eq!(clocks.verdict, Verdict::Wrong);
        assert!(clocks.found.contains(found) && clocks.found.contains("60 s"), "{}", clocks.found);
        assert!(clocks.remedy.as_deref().unwrap_or_default().contains("NTP"));
    }
    let clock = Clock::manual(Clock::system().now() + Duration::seconds(30));
    assert_eq!(check(&examine(&good, &clock).await, "clocks").verdict, Verdict::Right);
    assert!(clock.now() > OffsetDateTime::UNIX_EPOCH);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn scripts_go_by_the_exit_code_and_read_json() {
    let test = TestErrand::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("errand.toml");
    let run = |toml: &str, arguments: &[&str]| {
        std::fs::write(&file, toml).unwrap();
        let output = errand(folder.path(), arguments).output().unwrap();
        let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), read(&output.stdout), read(&output.stderr))
    };
    let good = configuration(&test);
    let secret = test.secrets().web_client_secret;
    let (code, out, _) = run(&good, &["doctor"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("0 wrong") && !out.contains('\u{1b}'), "no colours without a terminal: {out}");

    let bad = replaced(&good, &secret, "not-the-secret");
    let (code, out, _) = run(&bad, &["doctor", "--json"]);
    assert_eq!(code, Some(1));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["wrong"], 1, "{report:#}");
    let wrong = |section: &Value| {
        section["checks"].as_array().unwrap().iter().find(|check| check["verdict"] == "wrong").cloned()
    };
    let wrong = report["sections"].as_array().unwrap().iter().find_map(wrong).unwrap();
    assert_eq!((&wrong["name"], &wrong["aadsts"]), (&"web.identity.client_credentials[0]".into(), &7_000_215.into()));
    assert!(wrong["remedy"].is_string() && !out.contains("not-the-secret"));

    for (toml, arguments) in [
        ("nonsense = [", &["doctor"][..]),
        ("mode = \"development\"\n[tenant]\n", &["doctor"]),
        (&replaced(&good, "audiences = ", "audience = "), &["doctor"]),
        (&good, &["doctor", "--config", "missing.toml"]),
        (&good, &["doctor", "--nonsense"]),
    ] {
        let (code, out, message) = run(toml, arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {out}{message}");
        assert!(out.is_empty() && !message.contains("panicked"), "{message}");
    }
}

/// The file at the end of `src/docs/entra-setup.md`, and the one for other providers, with files that exist here.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_programs_start_with_the_configuration_that_the_setup_guide_shows() {
    const GUIDE: &str = include_str!("../../src/docs/entra-setup.md");
    let blocks: Vec<&str> = GUIDE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [entra, other] = blocks[..] else { panic!("two files, not {}", blocks.len()) };
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, errand::platform::seal::KeyRing::generate()).unwrap();
    let adapted = |toml: &str| {
        let mut toml = toml.replace("/var/lib/errand/", &format!("{}/", folder.path().display()));
        for name in ["encryption_key", "client_secret", "api_secret", "admin_secret"] {
            toml = toml.replace(&format!("/run/secrets/errand_{name}"), &key.display().to_string());
        }
        Settings::from_toml(&toml).unwrap()
    };
    let settings = adapted(entra);
    let web = settings.section("web").unwrap();
    errand::web::Web::start(&web, settings.mode, &outbound::client(), Clock::system())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let api = settings.section("api").unwrap();
    errand::api::Api::start(api, settings.mode, &outbound::client(), Clock::system())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    // What is left out in the second file is as in the first.
    let above = "listen = \"127.0.0.1:0\"\ndatabase_url = \"sqlite:/var/lib/errand/other.db\"\n";
    let web_above = format!(
        "[web]\n{above}public_url = \"https://todo.example.com\"\n\
                             encryption_keys = [{{ file = \"/run/secrets/errand_encryption_key\" }}]\n"
    );
    let permissions = "[api.permissions]\nread = { scopes = [\"ToDoList.Read\"], app_permissions = [\"ToDoList.Read.All\"] }\n\
                       write = { scopes = [\"ToDoList.ReadWrite\"], app_permissions = [\"ToDoList.ReadWrite.All\"] }\n";
    let api_above = format!("[api]\n{}", above.replace("other.db", "other-api.db"));
    let settings = adapted(&format!("{web_above}{}{permissions}", other.replace("[api]\n", &api_above)));
    let web = settings.section("web").unwrap();
    errand::web::Web::start(&web, settings.mode, &outbound::client(), Clock::system())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let api = settings.section("api").unwrap();
    errand::api::Api::start(api, settings.mode, &outbound::client(), Clock::system())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
}

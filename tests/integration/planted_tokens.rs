//! A search for tokens and secrets in every place where they must not be.

use std::path::{Path, PathBuf};
use std::process::Output;

use errand::platform::seal::KeyRing;
use reqwest::{Method, StatusCode, header};
use secrecy::SecretString;

use crate::command_line::{FREE_PORTS, errand, run, start_dev};
use crate::cross_site::server_functions;
use crate::test_browser::Browser;
use crate::test_errand::{PASSWORD, Secrets};

/// What must be found nowhere: what it is, and what it looks like.
type Planted = Vec<(String, String)>;

fn search(place: &str, text: &[u8], planted: &Planted) -> Vec<String> {
    let found = |needle: &str| text.windows(needle.len()).any(|window| window == needle.as_bytes());
    let named = planted.iter().filter(|(_, needle)| found(needle)).map(|(what, _)| what.as_str());
    named.chain(has_jwt(text).then_some("a JWT")).map(|what| format!("{what} in {place}")).collect()
}

/// Whether a JWT stands anywhere in `text` (RFC 7519 §3: `{"…` in base64url, a dot, the claims, a dot). The first three
/// letters alone would be found in every few hundred kilobytes of keys and digests, by chance.
fn has_jwt(text: &[u8]) -> bool {
    let base64url = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let starts = text.windows(3).enumerate().filter(|(_, window)| *window == b"eyJ");
    starts.map(|(start, _)| &text[start..]).any(|rest| {
        let mut parts = rest.split(|byte| !base64url(byte));
        let header = parts.next().map_or(0, <[u8]>::len);
        let dot = rest.get(header) == Some(&b'.');
        let claims = parts.next().map_or(0, <[u8]>::len);
        dot && header >= 16 && claims >= 16 && rest.get(header + 1 + claims) == Some(&b'.')
    })
}

#[test]
fn a_jwt_is_found_and_three_letters_of_chance_are_not() {
    assert!(has_jwt(b"token=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl&x"));
    assert!(!has_jwt(b"MIIEeyJwIBAAKCAQEA0eyJ/9sZkq.w"));
    assert!(!has_jwt(b"a digest eyJhbGciOiJSUzI1NiJ9aaaaaaaaaaaaaaaaaaaaaaaa"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The secrets that `errand dev` made on its first run.
fn generated_secrets(data: &Path) -> Planted {
    let all: toml::Table = toml::from_str(&std::fs::read_to_string(data.join("secrets.toml")).unwrap()).unwrap();
    let secret = |name: &str| name.contains("secret") || name.contains("key");
    let secrets = all.iter().filter(|(name, _)| secret(name));
    let secrets: Planted = secrets.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    assert!(secrets.len() >= 2, "{}", secrets.len());
    secrets
}

/// The tokens that the web server holds for its customers, opened with its key.
async fn held_tokens(data: &Path, secrets: &Secrets) -> Planted {
    sqlx::any::install_default_drivers();
    let db = sqlx::AnyPool::connect(&format!("sqlite:{}", data.join("web.db").display())).await.unwrap();
    let keys = KeyRing::parse(&[SecretString::from(secrets.encryption_key.clone())]).unwrap();
    let client = &secrets.web_client_id;
    let refresh: Vec<(String, String)> =
        sqlx::query_as("SELECT customer, sealed FROM refresh_tokens").fetch_all(&db).await.unwrap();
    let access: Vec<(String, String, String, String)> =
        sqlx::query_as("SELECT customer, resource, scopes, sealed FROM access_tokens").fetch_all(&db).await.unwrap();
    assert!(!refresh.is_empty() && !access.is_empty());
    let refresh = refresh.iter().map(|(customer, sealed)| {
        let context = format!("refresh token\n{customer}\n{client}");
        ("a refresh token".to_owned(), keys.open(&context, sealed).unwrap())
    });
    let access = access.iter().map(|(customer, resource, scopes, sealed)| {
        let context = format!("access token\n{customer}\n{client}\n{resource}\n{scopes}");
        ("an access token".to_owned(), keys.open(&context, sealed).unwrap())
    });
    refresh.chain(access).collect()
}

/// The values of all cookies that were ever set.
fn cookies(browser: &Browser) -> Planted {
    let set = browser.seen.iter().flat_map(|page| page.headers.get_all(header::SET_COOKIE));
    let cookies = set.map(|cookie| cookie::Cookie::parse(cookie.to_str().unwrap()).unwrap());
    let with_value = cookies.filter(|cookie| cookie.value().len() > 8);
    with_value.map(|cookie| (format!("the cookie {}", cookie.name()), cookie.value().to_owned())).collect()
}

/// The values of these parameters in all redirects.
fn parameters(browser: &Browser, names: &[&str]) -> Planted {
    let redirects = browser.seen.iter().filter(|page| page.status.is_redirection());
    let pairs = redirects.flat_map(|page| page.location().query_pairs().into_owned().collect::<Vec<_>>());
    let wanted = pairs.filter(|(name, value)| names.contains(&name.as_str()) && value.len() > 8);
    wanted.map(|(name, value)| (format!("the parameter {name}"), value)).collect()
}

/// Signs up, and looks at every kind of page and answer there is; the passcode that was mailed.
async fn look_around(browser: &mut Browser) -> String {
    browser.open("/").await;
    browser.open("/auth/sign-up?return_to=%2Ftodos").await;
    browser.submit("form:not(.quiet)", &[("email", "ada@example.com")]).await;
    let passcode = browser.passcode("ada@example.com").await;
    let details =
        [("password", PASSWORD), ("confirm_password", PASSWORD), ("display_name", "Ada Lovelace"), ("country", "GB")];
    browser.submit("form:not(.quiet)", &[("passcode", &passcode)]).await;
    // Refused once, so that its error page is searched as well.
    browser
        .submit("form:not(.quiet)", &[details[0], ("confirm_password", "another one"), details[2], details[3]])
        .await;
    browser.submit("form:not(.quiet)", &details).await;
    assert_eq!(browser.page.url.path(), "/todos");
    browser.submit("form.add", &[("description", "buy milk")]).await;
    browser.submit("form.add", &[("description", "")]).await;
    for path in [
        "/",
        "/todos",
        "/todos/active",
        "/account",
        "/no-such-page",
        "/auth/redirect?code=x&state=y",
        "/auth/session",
        "/auth/session?slide=false",
        "/auth/front-channel-logout?iss=x&sid=y",
        "/auth/sign-in?return_to=%2Faccount",
    ] {
        browser.open(path).await;
    }
    // With the arguments that most of them take, and (by the empty text) refused as well.
    for function in server_functions() {
        for text in ["", "buy milk"] {
            let arguments = [("id", "01890a5d-ac96-774b-bcce-b302099a8057"), ("description", text), ("done", "true")];
            browser.call(function, &arguments).await;
        }
    }
    browser.call("/auth/back-channel-logout", &[("logout_token", "eyJhbGciOiJub25lIn0.e30.")]).await;
    for path in ["/", "/no-such-page", "/mailbox?to=nobody@example.com"] {
        let url = browser.tenant.join(path).unwrap();
        browser.send(browser.request(Method::GET, url)).await;
    }
    passcode
}

/// What a command that works prints, and logs at `trace` level.
fn traced(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = errand(folder, arguments);
    command.env("RUST_LOG", "trace");
    let output = run(command);
    let logged = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && logged.contains("TRACE"), "{logged}");
    output
}

/// 39.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_token_and_no_secret_is_where_it_does_not_belong() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // The worker in there does not come before the one that is scanned.
    std::fs::write(folder.path().join("errand.toml"), format!("{FREE_PORTS}[worker]\nlook_every_seconds = 86400\n"))
        .unwrap();
    let mut command = errand(folder.path(), &[]);
    // Into a file: a pipe that nobody empties would stop the program.
    let log = folder.path().join("log");
    command.env("RUST_LOG", "trace").stderr(std::fs::File::create(&log).unwrap());
    let (program, [web, _, tenant], announced) = start_dev(command);

    let mut browser = Browser::new(&web, &tenant);
    let passcode = look_around(&mut browser).await;
    let secrets = Secrets::read(&data);
    let mut planted = held_tokens(&data, &secrets).await;

    // Out, and in again by a wrong password, a right one, and with a bad code at the callback.
    browser.open("/todos").await;
    browser.submit(".nav-customer form", &[]).await;
    browser.open("/todos").await;
    let wrong = "wrong but somebody's password elsewhere";
    browser.submit("form:not(.quiet)", &[("email", "ada@example.com"), ("password", wrong)]).await;
    let answer = browser.send_form("form:not(.quiet)", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    browser.follow(answer.clone()).await;
    assert_eq!(browser.page.url.path(), "/todos");
    assert_ne!(browser.page.todos(), [] as [(std::string::String, bool); 0]);
    let replayed = browser.send(browser.request(Method::GET, answer.location())).await;
    assert_eq!(replayed.status, StatusCode::SEE_OTHER);
    planted.extend(held_tokens(&data, &secrets).await);
    // The admin app, whose token is its own: what it prints, and what it logs of that.
    let admin = ["list", "export"].map(|command| traced(folder.path(), &["admin", "--json", command]));
    // The worker, with the customer's tokens, into the mailbox.
    browser.call("todos/add", &[("description", "buy milk")]).await;
    browser.call("digest", &[("enabled", "true"), ("time_zone", "Europe/London"), ("hour", "7")]).await;
    let worker = traced(folder.path(), &["worker", "--now"]);
    planted.extend(held_tokens(&data, &secrets).await);
    program.terminate();
    let output = program.wait();
    assert_eq!(output.status.code(), Some(0));

    for (what, secret) in [
        ("the passcode", passcode.as_str()),
        ("the password", PASSWORD),
        // As forms send them.
        ("the password", &PASSWORD.replace(' ', "+")),
        ("the password", &PASSWORD.replace(' ', "%20")),
        ("a wrong password", wrong),
        ("a wrong password", "wrong+but+somebody"),
    ] {
        planted.push((what.to_owned(), secret.to_owned()));
    }
    let generated = generated_secrets(&data);
    planted.extend(generated.clone());

    let mut found = Vec::new();
    for page in &browser.seen {
        found.extend(search(page.url.path(), page.everything().as_bytes(), &planted));
    }
    for output in &admin {
        assert!(output.stdout.starts_with(b"[") || output.stdout.starts_with(b"{"), "{output:?}");
        found.extend(search("what errand admin prints", &output.stdout, &planted));
        found.extend(search("what errand admin logs", &output.stderr, &planted));
    }
    assert!(worker.stdout.starts_with(b"errand worker: 1 sent"), "{worker:?}");
    let personal = [("the email address", "ada@example.com"), ("a to-do", "buy milk")];
    let personal = personal.map(|(what, needle)| (what.to_owned(), needle.to_owned()));
    let logged_never: Planted = planted.iter().cloned().chain(personal.clone()).collect();
    found.extend(search("what the worker prints", &worker.stdout, &logged_never));
    found.extend(search("what the worker logs", &worker.stderr, &logged_never));
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/site/pkg");
    for file in files(&site) {
        found.extend(search(&file.display().to_string(), &std::fs::read(&file).unwrap(), &planted));
    }
    // Whoever reads the databases is nobody by it: neither codes nor the values of cookies are in there as they are.
    let mut at_rest: Planted = planted.iter().filter(|(what, _)| what != "the passcode").cloned().collect();
    at_rest.extend(cookies(&browser));
    at_rest.extend(parameters(&browser, &["code"]));
    for file in files(&data) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut planted = at_rest.clone();
        if !name.starts_with("tenant.db") {
            planted.push(("the passcode".to_owned(), passcode.clone()));
        }
        // The two places for what was generated, both for this user only.
        planted.retain(|secret| !["secrets.toml", "dev.toml"].contains(&name) || !generated.contains(secret));
        found.extend(search(name, &std::fs::read(&file).unwrap(), &planted));
    }

    // The log: beyond these, nothing that would let its reader finish or take over a sign-in.
    let logged = std::fs::read(&log).unwrap();
    assert!(logged.len() > 10_000, "the log is at trace level");
    planted.extend(cookies(&browser));
    planted.extend(parameters(&browser, &["code", "state", "nonce", "code_challenge", "logout_hint", "challenge"]));
    planted.extend(personal);
    found.extend(search("the log", &logged, &planted));
    found.extend(search("what is announced", announced.as_bytes(), &planted));
    found.sort();
    found.dedup();
    if !found.is_empty() {
        let lines = String::from_utf8_lossy(&logged);
        let guilty = lines.lines().filter(|line| planted.iter().any(|(_, needle)| line.contains(needle.as_str())));
        let guilty: Vec<String> = guilty.take(20).map(|line| line.chars().take(400).collect()).collect();
        panic!("{}\n{}", found.join("\n"), guilty.join("\n"));
    }
}

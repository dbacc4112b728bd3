//! The pages in the language of whoever reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use reqwest::{Method, StatusCode, header};

use crate::test_browser::{Browser, Page, css, http};
use crate::test_errand::TestErrand;

const SPANISH: &str = "es-MX,es;q=0.9,en;q=0.8";

async fn look(errand: &TestErrand, path: &str, accept_language: &str, cookie: &str) -> Page {
    let mut request = http().get(format!("{}{path}", errand.addresses.web)).header(header::ACCEPT, "text/html");
    if !accept_language.is_empty() {
        request = request.header(header::ACCEPT_LANGUAGE, accept_language);
    }
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    Page::read(request.send().await.unwrap()).await
}

fn language(page: &Page) -> String {
    page.attribute("html", "lang").unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_is_in_the_language_that_the_browser_asks_for() {
    let errand = TestErrand::start().await;
    for (accept_language, cookie, expected) in [
        ("", "", "en"),
        ("de-DE,de;q=0.9", "", "en"),
        ("en-GB,en;q=0.9,es;q=0.8", "", "en"),
        (SPANISH, "", "es"),
        ("de,es;q=0.1", "", "es"),
        ("en;q=0, *", "", "es"),
        ("es;q=2", "", "en"),
        (SPANISH, "errand-language=en", "en"),
        ("en", "errand-language=es", "es"),
        ("en", "errand-language=xx", "en"),
        ("es", "errand-language=<script>", "es"),
    ] {
        let page = look(&errand, "/", accept_language, cookie).await;
        assert_eq!((page.status, language(&page).as_str()), (StatusCode::OK, expected), "{accept_language} {cookie}");
        let title = if expected == "es" { "Todo lo que querías hacer" } else { "Everything you meant to do" };
        assert!(page.texts("h1").concat().contains(title), "{accept_language} {cookie}: {:?}", page.texts("h1"));
        let links = page.texts("nav a").concat();
        assert!(links.contains(if expected == "es" { "Crear cuenta" } else { "Sign up" }), "{links}");
    }
    for (path, heading) in [
        ("/no-such-page", "Esta página no existe"),
        ("/sign-in-problem?reason=expired", "Este inicio de sesión ha caducado"),
        ("/sign-in-problem?reason=whatever", "No se pudo iniciar tu sesión"),
        // Not the app's own pages.
        ("/texts/x", "Esta página no existe"),
    ] {
        let page = look(&errand, path, SPANISH, "").await;
        assert_eq!((language(&page).as_str(), page.texts("h1")), ("es", vec![heading.to_owned()]), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_browser_is_sent_the_texts_of_one_language_and_keeps_them() {
    let errand = TestErrand::start().await;
    for (accept_language, own, other) in [(SPANISH, "Deshacer", "Undo"), ("", "Undo", "Deshacer")] {
        // Where a session is named, there may be a customer, whose pages need them.
        let page = look(&errand, "/", accept_language, &format!("errand={}", "A".repeat(22))).await;
        let script = page.attribute("script[src^='/texts/']", "src").expect("a script with the texts");
        assert!(page.attribute("script[src^='/texts/']", "defer").is_some(), "before the program, in its order");
        assert!(!page.body.contains(other), "{accept_language}");
        let texts = look(&errand, &script, "", "").await;
        assert_eq!(texts.status, StatusCode::OK, "{script}");
        assert!(texts.body.contains(own) && !texts.body.contains(other), "{script}");
        assert_eq!(texts.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(texts.header(header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        assert_eq!(texts.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
    for path in ["/texts/es.js", "/texts/de.0000000000000000.js", "/texts/..%2fes", "/texts/x"] {
        assert_eq!(look(&errand, path, "", "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_language_that_is_chosen_is_remembered_and_the_page_stays() {
    let errand = TestErrand::start().await;
    let mut visitor = errand.browser();
    for path in ["/", "/no-such-page?a=b&c=%2F", "/sign-in-problem?reason=expired&return_to=%2Ftodos"] {
        for tag in ["es", "en"] {
            visitor.open(path).await;
            let answer = visitor.send_form(&format!(".languages button[value={tag}]"), &[]).await;
            assert_eq!((answer.status, answer.location_path().as_str()), (StatusCode::SEE_OTHER, path));
            let cookie = answer.header(header::SET_COOKIE).to_owned();
            assert!(cookie.starts_with(&format!("errand-language={tag}; ")), "{cookie}");
            for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
            let page = visitor.follow(answer).await;
            assert_eq!(language(page), tag, "{path}");
            assert_eq!(page.texts(".languages [aria-current]").len(), 1);
            assert_eq!(page.attribute(".languages [aria-current]", "value").unwrap(), tag);
        }
    }
}

fn choice(browser: &Browser, tag: &str) -> reqwest::RequestBuilder {
    browser.request(Method::POST, browser.web.join("/language").unwrap()).header(header::ACCEPT, "text/html").form(&[
        ("language", tag),
        ("return_to", "https://evil.example/"),
        ("page", "//evil.example"),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn choosing_a_language_leads_to_no_other_site_and_no_other_site_chooses_one() {
    let errand = TestErrand::start().await;
    let mut visitor = errand.browser();
    let own = visitor.web.origin().ascii_serialization();
    for referer in [
        "",
        "https://evil.example/todos",
        "https://evil.example",
        "//evil.example",
        "javascript:alert(1)",
        &format!("{own}//evil.example/"),
        &format!("{own}/\\evil.example"),
        &format!("{own}/auth/sign-out"),
        &format!("{own}@evil.example/"),
    ] {
        let mut request =
            choice(&visitor, "es").header("sec-fetch-site", "same-origin").header(header::ORIGIN, own.as_str());
        if !referer.is_empty() {
            request = request.header(header::REFERER, referer);
        }
        let answer = visitor.send(request).await;
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"), "{referer}");
    }
    visitor.cookies.clear();
    for headers in [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let mut request = choice(&visitor, "es");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = visitor.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(answer.header(header::SET_COOKIE).is_empty(), "{headers:?}");
    }
    for tag in ["", "de", "ES", "es-MX", "es; Domain=evil.example", "\r\nx: y", &"x".repeat(10_000)] {
        let answer = visitor.send(choice(&visitor, tag).header("sec-fetch-site", "same-origin")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{tag}");
        assert!(answer.header(header::SET_COOKIE).is_empty() && !answer.texts("h1").is_empty(), "{tag}");
    }
    let answer = visitor.look("/language").await;
    assert_eq!((answer.status, answer.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
}

/// OpenID Connect Core §3.1.2.1.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_provider_is_told_the_language_where_it_is_known() {
    let errand = TestErrand::start().await;
    for (accept_language, cookie, expected) in [
        ("", "", None),
        ("de", "", None),
        (SPANISH, "", Some("es")),
        ("en-GB", "", Some("en")),
        (SPANISH, "errand-language=en", Some("en")),
        ("", "errand-language=es", Some("es")),
        ("", "errand-language=x%26y", None),
    ] {
        for path in ["/auth/sign-in?return_to=%2Ftodos", "/auth/sign-up?return_to=%2Ftodos"] {
            let answer = look(&errand, path, accept_language, cookie).await;
            let location = answer.location();
            let told: Vec<String> =
                location.query_pairs().filter(|(name, _)| name == "ui_locales").map(|(_, tags)| tags.into()).collect();
            assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{accept_language} {cookie}: {location}");
        }
    }
    // At sign-out, too: the provider's pages on the way back are in the language of ours.
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit(".languages button[value=es]", &[]).await;
    let location = browser.send_form("form[action='/auth/sign-out']", &[]).await.location();
    assert!(location.query_pairs().any(|(name, tags)| name == "ui_locales" && tags == "es"), "{location}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_is_spoken_to_in_their_language() {
    const DELETE: &str = "#data form[action='/actions/data/delete']";
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    assert_eq!(browser.page.texts("h1"), ["To-dos"]);
    browser.submit(".languages button[value=es]", &[]).await;
    assert_eq!((browser.page.url.path(), browser.page.texts("h1")), ("/todos", vec!["Tareas".to_owned()]));
    assert!(browser.page.texts(".empty").concat().contains("Nada que hacer"));
    browser.submit("form.add", &[("description", "comprar leche")]).await;
    assert_eq!(browser.page.texts(".count"), ["1 tarea pendiente"]);
    browser.submit("form.add", &[("description", "llamar a mamá")]).await;
    assert_eq!(browser.page.texts(".count"), ["2 tareas pendientes"]);
    // What is refused is said in Spanish, and also when the language is another one by then.
    browser.submit("form.add", &[("description", &"x".repeat(501))]).await;
    assert!(browser.page.alert().contains("Tiene más de 500 caracteres"), "{}", browser.page.alert());
    browser.submit("form.add", &[("description", "  ")]).await;
    assert!(browser.page.alert().contains("Escribe lo que hay que hacer."), "{}", browser.page.alert());
    browser.submit(".check--all", &[]).await;
    assert!(browser.page.texts(".toast p").concat().contains("2 tareas marcadas como hechas"), "{}", browser.page.body);
    browser.submit("li.todo:first-child .todo__delete", &[]).await;
    assert!(browser.page.texts(".toast p").concat().contains("1 tarea eliminada"), "{}", browser.page.body);
    // A view of days.
    browser.open("/todos/today").await;
    browser.submit("form.add", &[("description", "regar las plantas")]).await;
    assert_eq!(browser.page.texts("li.todo time"), ["Hoy"]);
    assert!(browser.page.attribute("li.todo time", "title").unwrap().contains(" de "), "a date in words");
    // The account.
    browser.open("/account").await;
    assert_eq!(browser.page.texts("h1"), ["Cuenta"]);
    assert!(browser.page.texts(".sessions").concat().contains("Sesión iniciada ahora mismo · último uso"));
    let countries = browser.page.texts("#country option");
    assert!(countries.contains(&"Alemania".to_owned()) && !countries.contains(&"Germany".to_owned()), "{countries:?}");
    browser.submit("#profile form", &[("display_name", " ")]).await;
    assert!(
        browser.page.texts("#profile [role=alert]").concat().contains("Escribe el nombre"),
        "{}",
        browser.page.body
    );
    browser.submit("#digest form", &[]).await;
    assert_eq!(browser.page.texts("#digest [role=status]"), ["Guardado. No habrá resumen diario."]);
    browser.submit(DELETE, &[("confirmation", "borrar")]).await;
    assert!(browser.page.texts("#data [role=alert]").concat().contains("Escribe la palabra eliminar"));
    browser.submit(DELETE, &[("confirmation", "Eliminar")]).await;
    assert_eq!(browser.page.texts("#data [role=status]"), ["Todas tus tareas se han eliminado."]);
    // What was said is said in the language of the page that says it.
    browser.open("/todos").await;
    let refused = browser.send_form("form.add", &[("description", " ")]).await;
    for cookie in &mut browser.cookies {
        if cookie.name() == "errand-language" {
            cookie.set_value("en");
        }
    }
    assert!(browser.follow(refused).await.alert().contains("Write what is to be done."), "{}", browser.page.alert());
}

/// A browser tells where it is by a cookie that its scripts write.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_day_is_that_of_the_place_where_the_page_is_read() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    // 25 hours lie between these two.
    for (zone, text) in [("Pacific/Kiritimati", "east"), ("Pacific/Pago_Pago", "west")] {
        browser.cookies.retain(|cookie| cookie.name() != "time-zone");
        browser.cookies.push(cookie::Cookie::build(("time-zone", zone)).path("/").build());
        browser.open("/todos/today").await;
        browser.submit("form.add", &[("description", text)]).await;
        assert!(browser.page.texts("li.todo time").contains(&"Today".to_owned()), "{zone}");
    }
    let html = browser.open("/todos/planned").await.html();
    let days: BTreeSet<&str> = html.select(&css("li.todo time")).filter_map(|time| time.attr("datetime")).collect();
    assert_eq!(days.len(), 2, "{days:?}");
}

/// What is shown in place of a page, and what a script is answered, is in the language of whoever asked, or a code.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refusal_crosses_the_wire_as_a_code() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let answer = browser.call("todos/add", &[("description", " ")]).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::BAD_REQUEST, r#"{"Invalid":"description-empty"}"#));
    let answer = browser.call("data/delete", &[("confirmation", "no")]).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::BAD_REQUEST, r#"{"Invalid":"confirmation"}"#));
}

/// The messages of a file: their names, and what is put into each.
fn messages(file: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut last = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" = ").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            name.clone_into(&mut last);
            assert!(messages.insert(last.clone(), BTreeSet::new()).is_none(), "{}: {name} twice", file.display());
        }
        let put_in = line.split('$').skip(1).filter_map(|rest| rest.split([' ', '}']).next());
        if let Some(known) = messages.get_mut(&last) {
            known.extend(put_in.map(str::to_owned));
        }
    }
    messages
}

#[test]
fn every_language_says_the_same_with_the_same_placeables() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ["api", "app", "daemon", "platform", "tenant", "web"] {
        let folder = src.join(room).join("texts");
        let tags: BTreeSet<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        let spoken: BTreeSet<String> =
            errand::language::Language::ALL.into_iter().map(|language| language.tag().to_owned()).collect();
        assert_eq!(tags, spoken, "{room} speaks each language");
        let english = messages(&folder.join("en.ftl"));
        assert!(english.len() > 20, "the reader is blind");
        for tag in tags {
            assert_eq!(messages(&folder.join(format!("{tag}.ftl"))), english, "{room}/{tag}");
        }
    }
}

/// String literals of Rust code, each with the line that it is on; without comments, attributes and tests.
fn literals(text: &str) -> Vec<(String, String)> {
    let code = text.split("\nmod tests {").next().unwrap();
    let mut found = Vec::new();
    for line in code.lines().map(str::trim) {
        if line.starts_with("//") || line.starts_with("#[") || line.starts_with("reason =") {
            continue;
        }
        let mut rest = line;
        while let Some((before, behind)) = rest.split_once('"') {
            // A character, or the rest of a line that is a comment.
            if before.ends_with('\'') || before.contains("// ") {
                break;
            }
            let Some((literal, behind)) = behind.split_once('"') else { break };
            found.push((literal.to_owned(), before.to_owned()));
            rest = behind;
        }
    }
    found
}

/// Whether people would read it: a word that begins a sentence, or several words. Not what is in a `class`.
fn is_read(literal: &str, before: &str) -> bool {
    let attributes =
        ["class=", "rel=", "name=", "content=", "media=", "type=", "autocomplete=", "sizes=", "datetime=", "d="];
    if attributes.iter().any(|attribute| before.ends_with(attribute)) {
        return false;
    }
    let words: Vec<&str> =
        literal.split(' ').filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1).collect();
    let is_word = |word: &&&str| word.trim_matches(|c: char| ",.:!?“”’…".contains(c)).chars().all(char::is_alphabetic);
    let is_sentence = words.len() > 1 && words.iter().filter(is_word).count() > 1;
    let begins = literal.starts_with(char::is_uppercase) && literal.chars().skip(1).any(char::is_lowercase);
    is_sentence || (begins && words.len() == 1 && words.iter().all(|word| is_word(&word)))
}

#[test]
fn no_view_has_a_sentence_of_its_own() {
    /// What looks like one: the product's name, names of keys and formats, and what is for machines.
    const NONE: [&str; 9] = [
        "Errand",
        "Escape",
        "Enter",
        "Space",
        "Esc",
        "ArrowDown",
        "ArrowUp",
        // As sessions have them.
        "A browser",
        "An unknown browser",
    ];
    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app");
    let mut all = Vec::new();
    files(&app, &mut all);
    assert!(all.len() > 50, "{all:?}");
    let mut found = Vec::new();
    for file in all {
        let below = file.strip_prefix(&app).unwrap();
        // What is understood while it is typed is of both languages; headers are for browsers.
        let is_excepted =
            ["quick_add", "response.rs", "optimistic_model.rs"].iter().any(|name| below.starts_with(name))
                || below == Path::new("quick_add.rs");
        if is_excepted {
            continue;
        }
        for (literal, before) in literals(&std::fs::read_to_string(&file).unwrap()) {
            if is_read(&literal, &before) && !NONE.contains(&literal.as_str()) {
                found.push(format!("{}: {literal}", below.display()));
            }
        }
    }
    assert!(found.is_empty(), "these belong into src/app/texts:\n{}", found.join("\n"));
    for (literal, before, expected) in [
        ("What needs to be done?", "placeholder=", true),
        ("Add", "<span>", true),
        ("Not saved. ", "", true),
        (" steps done", "", true),
        ("button button--small", "class=", false),
        ("new-todo", "id=", false),
        ("noopener noreferrer nofollow", "rel=", false),
        ("todos/add", "", false),
    ] {
        assert_eq!(is_read(literal, before), expected, "{literal}");
    }
}

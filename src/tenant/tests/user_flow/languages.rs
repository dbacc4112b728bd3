//! The languages that the pages and the mails are in.

use super::journeys::{ALICE, C1, Customer, WRITE, answered, leads_to, tenant};
use super::sign_in::disable;
use super::*;
use crate::tenant::cookies;
use crate::tenant::testing::{is_spanish, language, said, says_nothing_in_english};

const BOB: &str = "bob@example.com";

/// Where the choice at the foot of a page comes back to.
fn comes_back_to(page: &Answer) -> String {
    let html = scraper::Html::parse_document(&page.body);
    let field = scraper::Selector::parse("form.languages input[name=return_to]").unwrap();
    html.select(&field).next().and_then(|input| input.attr("value")).expect("a choice of languages").to_owned()
}

/// A browser that asks for Spanish.
fn spaniard(at: &TestTenant) -> Customer<'_> {
    Customer { accept_language: "es-MX,es;q=0.9,en;q=0.8", ..Customer::new(at) }
}

impl Customer<'_> {
    /// A page, as one looks at pages.
    async fn open(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).header(header::ACCEPT, "text/html"), path, String::new()).await
    }

    /// Sends a form to an address; the customer stays where they are.
    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let (base, body) = (self.base.clone(), serde_urlencoded::to_string(fields).unwrap());
        let answer = self.send(Request::post(path).header(header::ACCEPT, "text/html"), path, body).await;
        self.base = base;
        answer
    }

    /// Sends a form of the flow; the customer stays in it.
    async fn step(&mut self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let path = format!("{}/{page}", self.base);
        self.submit(&path, fields).await
    }

    /// Chooses a language at the foot of `page`.
    async fn choose(&mut self, page: &Answer, tag: &str) -> Answer {
        let back = comes_back_to(page);
        self.submit("/language", &[("return_to", &back), ("language", tag)]).await
    }
}

#[tokio::test]
async fn a_customer_signs_up_in_the_language_that_their_browser_asks_for() {
    let at = tenant().await;
    let mut bob = spaniard(&at);
    bob.authorize("openid", &[]).await;
    let page = bob.get("sign-in").await;
    is_spanish(&page);
    assert!(page.body.contains("<h1>Iniciar sesión</h1>") && page.body.contains("para continuar en <strong>Planner"));
    is_spanish(&bob.get("sign-up").await);
    let page = bob.step("sign-up", &[("email", "")]).await;
    is_spanish(&page);
    assert!(page.body.contains("Error: Crea una cuenta") && page.body.contains("Escribe tu correo electrónico."));
    for wrong in ["alice", "ñ@example.com", "a b@example.com", &format!("{}@example.com", "a".repeat(250))] {
        is_spanish(&bob.step("sign-up", &[("email", wrong)]).await);
    }

    assert_eq!(bob.step("sign-up", &[("email", BOB)]).await.status, StatusCode::SEE_OTHER);
    is_spanish(&bob.get("sign-up/passcode").await);
    is_spanish(&bob.step("sign-up/passcode", &[("passcode", "")]).await);
    is_spanish(&bob.step("sign-up/passcode", &[("passcode", "abc")]).await);
    bob.step("sign-up/passcode/resend", &[]).await;
    let page = bob.get("sign-up/passcode?sent=again").await;
    is_spanish(&page);
    assert!(page.body.contains("Te enviamos otro mensaje."), "{}", page.body);

    let mail = &at.mails(BOB).await[0];
    let (subject, body) = (mail["subject"].as_str().unwrap(), mail["body"].as_str().unwrap());
    assert_eq!(subject, "Tu código de verificación de Contoso");
    assert!(body.starts_with("Tu código para Contoso:\n\n    "), "{body}");
    says_nothing_in_english(subject);
    says_nothing_in_english(body);

    let code = at.newest_passcode(BOB).await;
    bob.step("sign-up/passcode", &[("passcode", &code)]).await;
    let page = bob.get("sign-up/details").await;
    is_spanish(&page);
    for text in ["Elige…</option>", ">Países Bajos</option>", ">Alemania</option>", "Al menos 8 caracteres."] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("Netherlands") && !page.body.contains("Germany"), "{}", page.body);
    let long = "x".repeat(300);
    for (password, name, country) in [
        ("", "", ""),
        ("short", &long[..65], "XX"),
        (&long[..], "a\u{202e}b", "NL"),
        ("password1", "Bob", "NL"),
        ("Contoso2026", "Bob", "NL"),
        ("bobexample1", "Bob", "NL"),
        (GOOD_PASSWORD, "Bob", ""),
    ] {
        let details = [("password", password), ("display_name", name), ("country", country)];
        let page = bob.step("sign-up/details", &details).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{details:?}");
        is_spanish(&page);
    }
    assert!(answered(&bob.step("sign-up/details", &DETAILS).await).contains_key("code"));
}

#[tokio::test]
async fn what_was_chosen_counts_more_than_what_the_app_asks_for_and_that_more_than_the_browser() {
    let at = tenant().await;
    for (accept_language, ui_locales, chosen, expected) in [
        ("", "", "", "en"),
        ("es", "", "", "es"),
        ("es", "en", "", "en"),
        ("en", "fr-CA es-AR en", "", "es"),
        ("es", "es", "en", "en"),
        ("en", "en", "es", "es"),
        // What is none of ours, or none at all, is ignored.
        ("es", "se", "", "es"),
        ("en", "se zh-Hant", "", "en"),
        ("es", "../etc/passwd <script> \u{0} ,;q=1 e s", "", "es"),
        ("en", "x-".repeat(2000).as_str(), "", "en"),
        ("es", " ", "xx", "es"),
    ] {
        let mut alice = Customer { accept_language, ..Customer::new(&at) };
        if !chosen.is_empty() {
            let cookie = (cookies::LANGUAGE.to_owned(), "/".to_owned());
            alice.cookies.insert(cookie, chosen.to_owned());
        }
        let begun = alice.authorize("openid", &[("ui_locales", ui_locales)]).await;
        assert!(leads_to(&begun, "sign-in"), "{ui_locales:?}: {} {}", begun.location_header(), begun.body);
        let page = alice.get("sign-in").await;
        assert_eq!(language(&page), expected, "{accept_language} {ui_locales:?} {chosen}");
    }
}

/// The language that the app asks for goes along with the request, to its end.
#[tokio::test]
async fn what_the_app_asks_for_holds_for_all_that_comes_of_its_request() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    let more = [("ui_locales", "es"), ("claims", C1), ("response_mode", "form_post")];
    alice.authorize(WRITE, &more).await;
    assert!(leads_to(&alice.with_password().await, "step-up"));
    is_spanish(&alice.get("step-up").await);
    alice.step("step-up", &[]).await;
    is_spanish(&alice.get("step-up/passcode").await);
    assert_eq!(at.mails(ALICE).await[0]["subject"], "Tu código de verificación de Contoso");
    let code = at.newest_passcode(ALICE).await;
    alice.post("step-up/passcode", &[("passcode", &code)]).await;
    let page = alice.get("consent").await;
    is_spanish(&page);
    let who = "<strong>Planner</strong> quiere hacer esto como <strong>alice@example.com</strong>:";
    assert!(page.body.contains(who), "{}", page.body);
    let declined = alice.decide(&[("decision", "cancel")]).await;
    assert_eq!(language(&declined), "es");
    says_nothing_in_english(&said(&declined));
    // What programs read is as Entra says it.
    assert!(declined.body.contains("AADSTS65004: User declined to consent"), "{}", declined.body);

    // An error page of the endpoint itself, by GET and by POST.
    let path = "/contoso.localhost/oauth2/v2.0/authorize";
    let fields = [("client_id", "55555555-5555-4555-8555-555555555555"), ("ui_locales", "es")];
    let by_post = alice.submit(path, &fields).await;
    is_spanish(&by_post);
    assert!(by_post.body.contains("<p lang=\"en\">The request body must contain"), "{}", by_post.body);
    let address = format!("{path}?client_id=55555555-5555-4555-8555-555555555555");
    assert_eq!(comes_back_to(&by_post), address);
    is_spanish(&alice.open(&format!("{address}&ui_locales=es")).await);
}

#[tokio::test]
async fn another_language_is_chosen_at_the_foot_of_a_page_and_remembered() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize("openid", &[("ui_locales", "en")]).await;
    let base = alice.base.clone();
    let page = alice.get("sign-in").await;
    assert!(
        page.body.contains("<button class=\"link\" type=\"submit\" name=\"language\" value=\"es\" lang=\"es\">Español")
    );
    let chosen = alice.choose(&page, "es").await;
    assert_eq!((chosen.status, chosen.location_header()), (StatusCode::SEE_OTHER, format!("{base}/sign-in").as_str()));
    let cookie = chosen.header(header::SET_COOKIE);
    assert_eq!(cookie, "errand_tenant_language=es; HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000");
    is_spanish(&alice.get("sign-in").await);

    // From the answer to a form, to the page that the form stands on.
    alice.step("sign-in", &[("email", ALICE), ("method", "passcode")]).await;
    let tenant_id = at.tenant.config().tenant_id;
    for (page, fields, back) in [
        ("sign-in", &[("email", "x")][..], "sign-in"),
        ("sign-in/passcode", &[("passcode", "x")], "sign-in/passcode"),
        ("cancel?x", &[], ""),
    ] {
        let answer = alice.step(page, fields).await;
        if back.is_empty() {
            assert!(answered(&answer).contains_key("error"));
            continue;
        }
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(comes_back_to(&answer), format!("{base}/{back}"));
    }
    assert_eq!(
        comes_back_to(&alice.get("sign-in/passcode?sent=again").await),
        format!("{base}/sign-in/passcode?sent=again")
    );
    // Of an interaction that is over, too.
    alice.cookies.clear();
    for (page, back) in [("cancel", "sign-in"), ("sign-in/passcode/resend", "sign-in/passcode")] {
        let gone = alice.step(page, &[]).await;
        assert_eq!((gone.status, comes_back_to(&gone)), (StatusCode::BAD_REQUEST, format!("{base}/{back}")));
    }
    // At the root, and below any name of the tenant.
    assert_eq!(comes_back_to(&alice.open("/mailbox?to=a%40b").await), "/mailbox?to=a%40b");
    assert_eq!(comes_back_to(&alice.open("/").await), "/");
    let logout = format!("/{tenant_id}/oauth2/v2.0/logout");
    assert_eq!(comes_back_to(&alice.submit("/contoso.localhost/oauth2/v2.0/logout", &[]).await), logout);
}

#[tokio::test]
async fn a_choice_of_language_never_leaves_the_tenant_and_no_other_site_makes_one() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    for address in
        ["", "https://evil.example/", "//evil.example", "/\\evil.example", "/.//evil.example", "mailbox", "/\0"]
    {
        let chosen = alice.submit("/language", &[("return_to", address), ("language", "es")]).await;
        assert_eq!((chosen.status, chosen.location_header()), (StatusCode::SEE_OTHER, "/"), "{address}");
    }
    for fields in [&[("return_to", "/")][..], &[("language", "de")], &[("language", "es"), ("language", "en")], &[]] {
        let refused = alice.submit("/language", fields).await;
        assert_eq!((refused.status, refused.cookie(cookies::LANGUAGE)), (StatusCode::BAD_REQUEST, None), "{fields:?}");
        assert_eq!(comes_back_to(&refused), "/");
    }
    assert_eq!(alice.open("/language").await.status, StatusCode::METHOD_NOT_ALLOWED);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "null")] {
        let request = Request::post("/language")
            .header(name, value)
            .header(header::HOST, "localhost:3002")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("language=es"));
        let refused = at.send(request.unwrap()).await;
        assert_eq!(
            (refused.status, refused.cookie(cookies::LANGUAGE)),
            (StatusCode::FORBIDDEN, None),
            "{name}: {value}"
        );
    }
}

/// A token that came in an address stands in no page.
#[tokio::test]
async fn the_way_back_from_a_choice_holds_nothing_of_the_protocol() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    for path in ["/nothing", "/wrong/oauth2/v2.0/logout", "/contoso.localhost/oauth2/v2.0/authorize", "/mailbox"] {
        let page = alice.open(&format!("{path}?id_token_hint=secret&code=secret&state=secret&to=secre%26t")).await;
        assert!(!page.body.contains("secret"), "{path}: {}", page.body);
    }
    assert_eq!(
        comes_back_to(&alice.open("/mailbox?x=y&to=a%26b@example.com").await),
        "/mailbox?to=a%26b%40example.com"
    );
}

#[tokio::test]
async fn the_pages_of_a_password_reset_and_its_mails_are_in_spanish() {
    let at = tenant().await;
    let mut alice = spaniard(&at);
    alice.authorize("openid", &[]).await;
    is_spanish(&alice.get("reset-password").await);
    is_spanish(&alice.step("reset-password", &[("email", "x")]).await);
    alice.step("reset-password", &[("email", ALICE)]).await;
    is_spanish(&alice.get("reset-password/passcode").await);
    let code = at.newest_passcode(ALICE).await;
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..10 {
        is_spanish(&alice.step("reset-password/passcode", &[("passcode", wrong)]).await);
    }
    alice.step("reset-password/passcode/resend", &[]).await;
    at.clock.advance(Duration::minutes(10));
    let code = at.newest_passcode(ALICE).await;
    is_spanish(&alice.step("reset-password/passcode", &[("passcode", &code)]).await);
    alice.step("reset-password/passcode/resend", &[]).await;
    let code = at.newest_passcode(ALICE).await;
    alice.step("reset-password/passcode", &[("passcode", &code)]).await;
    is_spanish(&alice.get("reset-password/password").await);
    let unequal = [("password", OTHER_PASSWORD), ("confirm_password", "x")];
    is_spanish(&alice.step("reset-password/password", &unequal).await);
    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    assert!(answered(&alice.step("reset-password/password", &new).await).contains_key("code"));

    // To those who have no account, have one already, or may not use it.
    let carol = at.add_user("carol@example.com", GOOD_PASSWORD).await;
    disable(&at, &carol.id).await;
    for (page, email) in [("sign-up", ALICE), ("sign-in", BOB), ("reset-password", "carol@example.com")] {
        let mut customer = spaniard(&at);
        customer.authorize("openid", &[]).await;
        let answer = customer.step(page, &[("email", email), ("method", "passcode")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page} {email}");
    }
    let mails = at.mails("").await;
    assert_eq!(mails.len(), 7);
    for mail in &mails {
        says_nothing_in_english(mail["subject"].as_str().unwrap());
        says_nothing_in_english(mail["body"].as_str().unwrap());
    }
    is_spanish(&alice.open("/mailbox").await);
}

#[tokio::test]
async fn a_second_factor_consent_and_sign_out_are_asked_for_in_spanish() {
    let at = tenant().await;
    let mut alice = spaniard(&at);
    alice.authorize(&format!("{WRITE} https://graph.microsoft.com/User.Read"), &[("claims", C1)]).await;
    is_spanish(&alice.step("sign-in", &[("email", ALICE)]).await);
    is_spanish(&alice.step("sign-in", &[("email", ALICE), ("password", OTHER_PASSWORD)]).await);
    alice.with_passcode().await;
    is_spanish(&alice.get("step-up").await);
    is_spanish(&alice.step("step-up", &[]).await);
    is_spanish(&alice.step("step-up", &[("password", OTHER_PASSWORD)]).await);
    alice.post("step-up", &[("password", GOOD_PASSWORD)]).await;
    let page = alice.get("consent").await;
    is_spanish(&page);
    is_spanish(&alice.step("consent", &[]).await);
    assert!(answered(&alice.decide(&[]).await).contains_key("code"));

    // The directory's permissions have names in every language.
    alice.authorize("openid User.Read", &[("prompt", "consent")]).await;
    let page = alice.get("consent").await;
    is_spanish(&page);
    assert!(page.body.contains("<h2>Directorio</h2>") && page.body.contains("Leer tu perfil"), "{}", page.body);

    let logout = "/contoso.localhost/oauth2/v2.0/logout";
    let asked = alice.open(logout).await;
    is_spanish(&asked);
    assert!(asked.body.contains("Has iniciado sesión como <strong>alice@example.com</strong>."), "{}", asked.body);
    let confirm = format!("{logout}/confirm");
    is_spanish(&alice.submit(&confirm, &[("token", "guess")]).await);
    // Who is asked in a language is answered in it.
    alice.accept_language = "en";
    let asked = alice
        .open(&format!("{logout}?ui_locales=fr%20es&state=a&client_id=55555555-5555-4555-8555-555555555555"))
        .await;
    is_spanish(&asked);
    let html = scraper::Html::parse_document(&asked.body);
    let hidden = scraper::Selector::parse("main form input[type=hidden]").unwrap();
    let fields: Vec<_> =
        html.select(&hidden).map(|input| (input.attr("name").unwrap(), input.attr("value").unwrap())).collect();
    let done = alice.submit(&confirm, &fields).await;
    is_spanish(&done);
    assert!(done.body.contains("Has cerrado la sesión de tu cuenta"), "{}", done.body);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_spanish() {
    let at = tenant().await;
    let mut alice = spaniard(&at);
    let disabled = at.add_user("carol@example.com", GOOD_PASSWORD).await;
    disable(&at, &disabled.id).await;
    alice.authorize("openid", &[]).await;
    let flow = alice.base.clone();
    is_spanish(&alice.step("sign-in", &[("email", "carol@example.com"), ("password", GOOD_PASSWORD)]).await);
    is_spanish(&alice.step("sign-in", &[("email", "a@example.com"), ("email", "b@example.com")]).await);
    for path in [
        "/",
        "/mailbox",
        "/mailbox?to=%00",
        "/nothing/here",
        "/contoso.localhost/nothing",
        "/contoso.localhost/oauth2/v2.0/authorize",
        "/contoso.localhost/oauth2/v2.0/token",
        "/contoso.localhost/flow/nope/sign-in",
        "/contoso.localhost/oauth2/v2.0/logout",
    ] {
        is_spanish(&alice.open(path).await);
    }
    let request = Request::get("/mailbox").header(header::HOST, "evil.example").header(header::ACCEPT_LANGUAGE, "es");
    is_spanish(&at.send(request.body(Body::empty()).unwrap()).await);
    let request = Request::post(format!("{flow}/sign-in")).header("origin", "https://evil.example");
    let request = request.header(header::ACCEPT_LANGUAGE, "es").header(header::HOST, "localhost:3002");
    is_spanish(&at.send(request.body(Body::empty()).unwrap()).await);

    // Programs are told in English.
    let request = Request::get("/contoso.localhost/nothing").header(header::ACCEPT_LANGUAGE, "es");
    let answer = at.send(request.body(Body::empty()).unwrap()).await;
    assert!(answer.body.contains("There is nothing at this address."), "{}", answer.body);
    is_spanish(&alice.step("sign-in", &[("email", ALICE), ("password", "wrong")]).await);
    for _ in 0..10 {
        alice.step("sign-in", &[("email", ALICE), ("password", "wrong")]).await;
    }
    let too_many = alice.step("sign-in", &[("email", ALICE), ("password", "wrong")]).await;
    assert_eq!(too_many.status, StatusCode::TOO_MANY_REQUESTS);
    is_spanish(&too_many);
    assert!(too_many.body.contains("Inténtalo de nuevo en <strong>"), "{}", too_many.body);
    let flood = at.tenant.limits().hasher.flood();
    is_spanish(&alice.step("sign-in", &[("email", BOB), ("password", "wrong")]).await);
    drop(flood);
    at.tenant.db().close().await;
    is_spanish(&alice.get("sign-in").await);
    is_spanish(&alice.open("/mailbox").await);
    is_spanish(&alice.open("/contoso.localhost/oauth2/v2.0/logout").await);
}

#[tokio::test]
async fn who_cannot_sign_up_is_told_so_in_spanish() {
    let at = TestTenant::contoso().await;
    let members = at.new_interaction(None, false).await;
    let mut alice = spaniard(&at);
    let (name, value) = members.1.split_once('=').unwrap();
    let base = format!("/contoso.localhost/flow/{}", members.0);
    alice.cookies.insert((name.to_owned(), base.clone()), value.to_owned());
    alice.base = base;
    is_spanish(&alice.get("sign-in").await);
    let closed = alice.get("sign-up").await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN);
    is_spanish(&closed);

    let (one, other) = (at.browser().await, at.browser().await);
    one.sign_up_as_far_as_details(BOB).await;
    other.sign_up_as_far_as_details(BOB).await;
    assert!(one.post("sign-up/details", &DETAILS).await.is_signed_in());
    let mut late = spaniard(&at);
    let (name, value) = other.cookie.split_once('=').unwrap();
    late.base = other.path("").trim_end_matches('/').to_owned();
    late.cookies.insert((name.to_owned(), late.base.clone()), value.to_owned());
    let taken = late.step("sign-up/details", &DETAILS).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    is_spanish(&taken);
}

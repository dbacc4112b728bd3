//! Cookies: their attributes, their names, their size, and those that others sent.

use super::*;

/// RFC 6265 §6.1: browsers drop longer ones, and nobody could sign in.
#[tokio::test]
async fn a_sign_in_for_many_scopes_and_a_long_address_fits_into_a_cookie() {
    let app = TestApp::start().await;
    let name = |number| format!("api://22222222-2222-2222-2222-222222222222/Thing{number:02}.ReadWrite");
    let many: Vec<String> = (0..30).map(name).collect();
    let changes = json!({"initial_scopes": many});
    let identity = app.web_server("https://todo.example.com", &[&app.encryption_key], changes).await;
    let router = identity.mount(Router::new());
    let address = format!("/todos?q={}", "x".repeat(1000));
    for return_to in ["/todos", &address] {
        let path = format!("/auth/sign-in?return_to={return_to}");
        let request = Request::builder().uri(path).header(header::HOST, "todo.example.com");
        let page = send(&router, &mut Browser::default(), request, String::new()).await;
        assert!(many.iter().all(|scope| page.parameters()["scope"].contains(scope)), "{}", page.location());
        let cookies = page.set_cookies();
        assert!(cookies.iter().any(|cookie| cookie.starts_with("__Host-errand-sign-in-")), "{cookies:?}");
        assert!(cookies.iter().all(|cookie| cookie.len() <= 4096), "{return_to}");
    }
    // As many again, in an address.
    let others: Scopes = (30..60).map(name).collect();
    let url = identity.interaction_url(
        &alice(),
        &others,
        Some(&"x".repeat(2000)),
        &crate::identity::return_to::ReturnTo::parse(&address),
    );
    assert!(url.len() < 8 * 1024 - 1024, "{}", url.len());
}

/// Abuse case 28.
#[tokio::test]
async fn cookies_are_host_only_secure_http_only_and_lax_on_https() {
    let app = TestApp::start_at("https://todo.example").await;
    let mut browser = Browser::default();
    let begun = app.get(&mut browser, "/auth/sign-in").await;
    app.will_issue(&begun.parameters()["nonce"], json!({}));
    let signed_in = app.answer(&mut browser, &begun.parameters()["state"]).await;
    let cookies = [begun.set_cookies(), signed_in.set_cookies()].concat();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("__Host-errand=")), "{cookies:?}");
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-errand"), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

/// Abuse case 91: what a sibling host may set, as it can set no `__Host-` cookie, or add to one.
#[tokio::test]
async fn a_session_cookie_spelt_otherwise_or_sent_twice_is_nobodys() {
    for (public_url, name) in [("https://todo.example", "__Host-errand"), ("http://localhost:3000", "errand")] {
        let app = TestApp::start_at(public_url).await;
        let (mut victim, mut attacker) = (Browser::default(), Browser::default());
        app.sign_in_as(&mut victim, json!({})).await;
        app.sign_in_as(&mut attacker, json!({"oid": BOB, "sub": "bob", "name": "Mallory"})).await;
        let (own, planted) = (&victim.0[name], &attacker.0[name]);
        let who = async |cookies: &[&str]| {
            let request = cookies.iter().fold(Request::get("/whoami"), |request, c| request.header(header::COOKIE, *c));
            send(&app.router, &mut Browser::default(), request, String::new()).await.body
        };
        assert_eq!(who(&[&format!("{name}={own}")]).await, "Alice");
        for spelling in [
            name.replace("errand", "%65rrand"),
            name.replace("__", "%5F%5F").replace("errand", "erran%64"),
            name.to_ascii_uppercase(),
            format!("{name}%20"),
            format!("\u{a0}{name}"),
            format!("{name}\u{2003}"),
            format!("\"{name}\""),
        ] {
            let other = format!("{spelling}={planted}");
            assert_eq!(who(&[&other]).await, "nobody", "{other}");
            for sent in [format!("{name}={own}; {other}"), format!("{other};{name}={own}")] {
                assert_eq!(who(&[&sent]).await, "Alice", "{sent}");
            }
            assert_eq!(who(&[&format!("{name}={own}"), &other]).await, "Alice", "in a header of its own: {other}");
        }
        // Of two, nobody can tell which one is right.
        assert_eq!(who(&[&format!("{name}={own}; {name}={planted}")]).await, "nobody");
        assert_eq!(who(&[&format!("{name}={planted}"), &format!("{name}={own}")]).await, "nobody");
        // Nor is the value decoded.
        let encoded = own.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        assert_eq!(who(&[&format!("{name}={encoded}")]).await, "nobody");
    }
}

/// Abuse case 91, for the other cookies: what is about to be signed in, and out.
#[tokio::test]
async fn a_sign_in_or_sign_out_on_its_way_is_found_under_its_own_name_only() {
    let app = TestApp::start_at("https://todo.example").await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    let (name, value) = browser.0.iter().next().map(|(name, value)| (name.clone(), value.clone())).unwrap();
    let spelt = |name: &str| Browser(HashMap::from([(name.to_owned(), value.clone())]));
    for other in [name.replace("__", "%5F%5F"), name.replace("__Host-", ""), name.to_ascii_lowercase()] {
        let page = app.answer(&mut spelt(&other), &asked["state"]).await;
        assert_eq!(page.location(), "/problem?reason=expired", "{other}");
    }
    let twice = format!("{name}={value}; {name}={value}");
    let path = format!("/auth/redirect?code=code&state={}", asked["state"]);
    let request = Request::get(&path).header(header::COOKIE, twice);
    let page = send(&app.router, &mut Browser::default(), request, String::new()).await;
    assert_eq!(page.location(), "/problem?reason=expired");
    app.will_issue(&asked["nonce"], json!({}));
    assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/todos");

    let state = app.send(&mut browser, "POST", "/auth/sign-out").await.parameters()["state"].clone();
    let (_, value) = browser.0.iter().find(|(name, _)| name.ends_with("sign-out")).expect("a sign-out on its way");
    let mut other = Browser(HashMap::from([("%5F%5FHost-errand-sign-out".to_owned(), value.clone())]));
    let page = app.get(&mut other, &format!("/auth/signed-out?state={state}")).await;
    assert!(page.set_cookies().is_empty(), "as for somebody who typed the address: {:?}", page.set_cookies());
}

/// Abuse case 94: another app of this host has a cookie with a letter outside of ASCII.
#[tokio::test]
async fn a_foreign_cookie_that_is_malformed_breaks_no_sign_in_and_uncaps_nothing() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    for (name, value) in [("theme", "gr\u{fc}n"), ("gr\u{fc}n", "1"), ("quoted", "\"a b\"")] {
        browser.0.insert(name.to_owned(), value.to_owned());
    }
    let foreign = browser.0.len();
    for _ in 0..15 {
        app.clock.advance(Duration::seconds(1));
        app.begin(&mut browser).await;
    }
    assert_eq!(browser.0.len(), foreign + 10);
    assert_eq!(app.sign_in_as(&mut browser, json!({})).await.location(), "/todos");
    assert_eq!(app.whoami(&mut browser).await, "Alice");
    let page = app.send(&mut browser, "POST", "/auth/sign-out").await;
    let back = format!("/auth/signed-out?state={}", page.parameters()["state"]);
    assert_eq!(app.get(&mut browser, &back).await.location(), "/");
}

/// Browsers ignore the removal of a `__Host-` cookie that lacks `Secure` (RFC 6265bis §5.7), and keep it.
#[tokio::test]
async fn every_cookie_is_removed_with_the_attributes_that_it_was_set_with() {
    for public_url in ["https://todo.example", "http://localhost:3000"] {
        let app = TestApp::start_at(public_url).await;
        let mut seen: Vec<String> = Vec::new();
        let mut browser = Browser::default();
        let page = app.get(&mut browser, "/auth/sign-in").await;
        seen.extend(page.set_cookies());
        let asked = page.parameters();
        app.will_issue(&asked["nonce"], json!({}));
        seen.extend(app.answer(&mut browser, &asked["state"]).await.set_cookies());
        let mut ended = browser.clone();
        let page = app.send(&mut browser, "POST", "/auth/sign-out").await;
        seen.extend(page.set_cookies());
        let back = format!("/auth/signed-out?state={}", page.parameters()["state"]);
        seen.extend(app.get(&mut browser, &back).await.set_cookies());
        assert_eq!(browser.0.len(), 0, "{public_url}: nothing is left: {:?}", browser.0);
        // A session that is over, and one that never was.
        let page = app.get(&mut ended, "/whoami").await;
        assert_eq!((page.body.as_str(), ended.0.len()), ("nobody", 0), "{public_url}");
        seen.extend(page.set_cookies());
        let name = if public_url.starts_with("https") { "__Host-errand" } else { "errand" };
        for value in ["x", "gr\u{fc}n"] {
            let mut made_up = Browser(HashMap::from([(name.to_owned(), value.to_owned())]));
            let page = app.get(&mut made_up, "/whoami").await;
            assert_eq!(made_up.0.len(), 0, "{public_url}: {value}");
            seen.extend(page.set_cookies());
        }

        let attributes = |cookie: &str| {
            let lasting = |attribute: &&str| !attribute.starts_with("Max-Age") && !attribute.starts_with("Expires");
            cookie.split("; ").skip(1).filter(lasting).map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        let (removed, set): (Vec<_>, Vec<_>) = seen.iter().partition(|cookie| cookie.contains("Max-Age=0"));
        assert_eq!((removed.len(), set.len()), (6, 3), "{seen:?}");
        for removal in removed {
            let name = removal.split('=').next().unwrap();
            let as_set = set.iter().find(|cookie| cookie.starts_with(&format!("{name}="))).expect(name);
            assert_eq!(attributes(removal), attributes(as_set), "{removal} | {as_set}");
        }
    }
}

/// Abuse case 29.
#[tokio::test]
async fn a_pre_sign_in_cookie_used_as_a_session_is_anonymous() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.begin(&mut browser).await;
    let value = browser.0.values().next().unwrap().clone();
    let mut forged = Browser(HashMap::from([("errand".to_owned(), value)]));
    assert_eq!(app.whoami(&mut forged).await, "nobody");
}

/// Abuse case 30.
#[tokio::test]
async fn a_tampered_session_id_is_anonymous_and_ids_have_128_bits() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    let id = browser.session().unwrap().clone();
    // 22 characters of base64url are 128 bits.
    assert_eq!(id.len(), 22);
    let flipped: String = id.chars().rev().collect();
    for forged in [flipped.as_str(), &id[1..], "", "x", "'; DROP TABLE sessions; --", &"A".repeat(5000)] {
        let mut forged = Browser(HashMap::from([("errand".to_owned(), forged.to_owned())]));
        let page = app.get(&mut forged, "/whoami").await;
        assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "nobody"));
    }
    assert_eq!(app.whoami(&mut browser).await, "Alice");
}

//! A browser without scripts: cookies, redirects, forms, and the headers by which servers know where a request is from.

use std::fmt::Write as _;

use cookie::Cookie;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use url::{Position, Url};

use crate::test_errand::PASSWORD;

/// A browser. Cookies ignore ports, as they do in real ones.
pub(crate) struct Browser {
    http: reqwest::Client,
    pub(crate) web: Url,
    pub(crate) tenant: Url,
    pub(crate) cookies: Vec<Cookie<'static>>,
    /// Where it is.
    pub(crate) page: Page,
    /// Every answer that it ever got, redirects included.
    pub(crate) seen: Vec<Page>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The web, the API and the tenant as they are, without a browser.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

impl Page {
    /// Reads an answer.
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        Self::try_read(response).await.unwrap()
    }

    /// Reads an answer whose sender may die meanwhile.
    pub(crate) async fn try_read(response: reqwest::Response) -> reqwest::Result<Self> {
        let (url, status, headers) = (response.url().clone(), response.status(), response.headers().clone());
        Ok(Self { url, status, headers, body: response.text().await? })
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Where it redirects to.
    pub(crate) fn location(&self) -> Url {
        self.url.join(self.header(header::LOCATION)).unwrap()
    }

    /// The same without the origin.
    pub(crate) fn location_path(&self) -> String {
        self.location()[Position::BeforePath..].to_owned()
    }

    pub(crate) fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    /// The texts of the elements that `selector` chooses.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        self.html().select(&css(selector)).map(text).collect()
    }

    /// The to-dos on the page, and whether they are done.
    pub(crate) fn todos(&self) -> Vec<(String, bool)> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        let html = self.html();
        let row = |row: ElementRef| {
            let description = row.select(&css(".todo__text")).next().map(text).unwrap_or_default();
            (description, row.value().classes().any(|class| class == "todo--done"))
        };
        html.select(&css("li.todo")).map(row).collect()
    }

    /// What is being said to the customer at once.
    pub(crate) fn alert(&self) -> String {
        self.texts("[role=alert]").concat()
    }

    /// An attribute of the first element that `selector` chooses.
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.html().select(&css(selector)).next()?.attr(name).map(ToOwned::to_owned)
    }

    /// Everything that arrived, headers and body.
    pub(crate) fn everything(&self) -> String {
        let mut all = format!("{} {}\n", self.status, self.url);
        for (name, value) in &self.headers {
            writeln!(all, "{name}: {}", String::from_utf8_lossy(value.as_bytes())).unwrap();
        }
        all + &self.body
    }
}

pub(crate) fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}

/// What a field would send.
fn value(field: ElementRef) -> String {
    let chosen = field.select(&css("option[selected]")).chain(field.select(&css("option"))).next();
    chosen.unwrap_or(field).attr("value").unwrap_or_default().to_owned()
}

fn text(element: ElementRef) -> String {
    element.text().collect()
}

impl Browser {
    pub(crate) fn new(web: &str, tenant: &str) -> Self {
        let web = Url::parse(web).unwrap();
        let page = Page { url: web.clone(), status: StatusCode::OK, headers: HeaderMap::new(), body: String::new() };
        Self { http: http(), tenant: Url::parse(tenant).unwrap(), cookies: Vec::new(), seen: vec![], page, web }
    }

    /// One request, with this browser's cookies; what is set is kept. Follows nothing.
    pub(crate) async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        self.try_send(request).await.unwrap()
    }

    /// As [`Browser::send`], to a server that may die meanwhile.
    pub(crate) async fn try_send(&mut self, request: reqwest::RequestBuilder) -> reqwest::Result<Page> {
        let mut request = request.build().unwrap();
        if let Some(cookies) = self.cookies_for(request.url().path()) {
            request.headers_mut().insert(header::COOKIE, cookies);
        }
        let page = Page::try_read(self.http.execute(request).await?).await?;
        for value in page.headers.get_all(header::SET_COOKIE) {
            let cookie = Cookie::parse(value.to_str().unwrap().to_owned()).unwrap();
            self.cookies.retain(|old| old.name() != cookie.name() || old.path() != cookie.path());
            // Removed by its age, or by a date long ago (RFC 6265 §3.1).
            let long_ago = cookie.expires_datetime().is_some_and(|date| date.year() < 2000);
            if cookie.max_age() != Some(cookie::time::Duration::ZERO) && !long_ago {
                self.cookies.push(cookie);
            }
        }
        self.seen.push(page.clone());
        Ok(page)
    }

    /// The `Cookie` header for a path.
    pub(crate) fn cookies_for(&self, path: &str) -> Option<HeaderValue> {
        let for_path = self.cookies.iter().filter(|cookie| path.starts_with(cookie.path().unwrap_or("/")));
        let sent: Vec<String> = for_path.map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        (!sent.is_empty()).then(|| HeaderValue::from_str(&sent.join("; ")).unwrap())
    }

    pub(crate) fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        self.http.request(method, url)
    }

    /// What a navigation looks like.
    fn navigation(&self, method: Method, url: Url, site: &'static str) -> reqwest::RequestBuilder {
        self.request(method, url)
            .header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
            .header(HeaderName::from_static("sec-fetch-site"), site)
            .header(HeaderName::from_static("sec-fetch-mode"), "navigate")
    }

    /// Types a path of the web into the address bar and follows where it leads.
    pub(crate) async fn open(&mut self, path: &str) -> &Page {
        let url = self.web.join(path).unwrap();
        let page = self.send(self.navigation(Method::GET, url, "none")).await;
        self.follow(page).await
    }

    /// As [`Browser::open`], but stays at the first answer.
    pub(crate) async fn look(&mut self, path: &str) -> Page {
        let url = self.web.join(path).unwrap();
        self.send(self.navigation(Method::GET, url, "none")).await
    }

    /// Follows redirects. The page at their end is where the browser is then.
    pub(crate) async fn follow(&mut self, mut page: Page) -> &Page {
        for _ in 0..10 {
            if !page.status.is_redirection() {
                self.page = page;
                return &self.page;
            }
            page = self.send(self.navigation(Method::GET, page.location(), "same-site")).await;
        }
        panic!("redirects without end, at last to {}", page.url);
    }

    /// Fills in the form that `selector` chooses on the page and sends it; the answer is not followed.
    pub(crate) async fn send_form(&mut self, selector: &str, typed: &[(&str, &str)]) -> Page {
        let (action, mut fields) = {
            let html = self.page.html();
            let Some(chosen) = html.select(&css(selector)).next() else {
                panic!("no {selector} on {}: {}", self.page.url, self.page.body)
            };
            let is_button = chosen.value().name() == "button";
            let form = if let Some(id) = chosen.attr("form") {
                let form = html.select(&css(&format!("form#{id}"))).next();
                form.unwrap_or_else(|| panic!("{selector} is of a form {id}, which is not on {}", self.page.url))
            } else if is_button {
                let mut around = chosen.ancestors().filter_map(ElementRef::wrap);
                around.find(|element| element.value().name() == "form").expect("a button of a form")
            } else {
                chosen
            };
            assert_eq!(form.attr("method"), Some("post"), "{selector}");
            let mut fields: Vec<(String, String)> = form
                .select(&css("input[name]:not([type=checkbox]), input[name][checked], select[name], textarea[name]"))
                .map(|field| (field.attr("name").unwrap().into(), value(field)))
                .collect();
            // What Enter presses is the first one (HTML, "implicit submission").
            let first = form.select(&css("button[type=submit]")).next();
            let pressed = if is_button { Some(chosen) } else { first };
            if let Some((name, value)) = pressed.and_then(|button| button.attr("name").zip(button.attr("value"))) {
                fields.push((name.to_owned(), value.to_owned()));
            }
            let action = pressed.and_then(|button| button.attr("formaction")).or(form.attr("action"));
            (self.page.url.join(action.unwrap_or_default()).unwrap(), fields)
        };
        for (name, value) in typed {
            let Some(field) = fields.iter_mut().find(|(known, _)| known == name) else {
                panic!("{selector} on {} has no field {name}", self.page.url)
            };
            (*value).clone_into(&mut field.1);
        }
        let request = self
            .navigation(Method::POST, action, "same-origin")
            .header(header::ORIGIN, self.page.url.origin().ascii_serialization())
            .header(header::REFERER, self.page.url.as_str())
            .form(&fields);
        self.send(request).await
    }

    /// Fills in a form, sends it, and follows: 303, so that what was typed is not sent on (case 80).
    pub(crate) async fn submit(&mut self, selector: &str, typed: &[(&str, &str)]) -> &Page {
        let answer = self.send_form(selector, typed).await;
        if answer.status.is_redirection() {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{selector}");
        }
        self.follow(answer).await
    }

    /// Calls a server function as the page's scripts do.
    pub(crate) async fn call(&mut self, function: &str, arguments: &[(&str, &str)]) -> Page {
        self.try_call(function, arguments).await.unwrap()
    }

    /// As [`Browser::call`], of a server that may die meanwhile.
    pub(crate) async fn try_call(&mut self, function: &str, arguments: &[(&str, &str)]) -> reqwest::Result<Page> {
        let url = self.web.join("/actions/").unwrap().join(function).unwrap();
        let request = self
            .request(Method::POST, url)
            .header(header::ACCEPT, "application/json")
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, self.web.origin().ascii_serialization())
            .header(header::REFERER, self.web.join("/todos").unwrap().as_str())
            .form(arguments);
        self.try_send(request).await
    }

    /// The passcode that was mailed last.
    pub(crate) async fn passcode(&self, to: &str) -> String {
        let mut url = self.tenant.join("/mailbox.json").unwrap();
        url.query_pairs_mut().append_pair("to", to);
        // Not kept in `seen`: a mailbox is where passcodes belong.
        let page = Page::read(self.http.get(url).send().await.unwrap()).await;
        page.json()["messages"][0]["passcode"].as_str().expect("the newest mail has a passcode").to_owned()
    }

    /// Creates an account; ends on the list.
    pub(crate) async fn sign_up(&mut self, email: &str, name: &str) {
        self.open("/auth/sign-up?return_to=%2Ftodos").await;
        self.submit("form:not(.quiet)", &[("email", email)]).await;
        let passcode = self.passcode(email).await;
        self.submit("form:not(.quiet)", &[("passcode", &passcode)]).await;
        let details =
            [("password", PASSWORD), ("confirm_password", PASSWORD), ("display_name", name), ("country", "GB")];
        self.submit("form:not(.quiet)", &details).await;
        assert_eq!(self.page.url, self.web.join("/todos").unwrap(), "{}", self.page.body);
    }

    /// Fills in the tenant's sign-in page, where the browser must be.
    pub(crate) async fn sign_in_here(&mut self, email: &str) -> &Page {
        assert!(self.page.url.path().ends_with("/sign-in"), "{}", self.page.url);
        self.submit("form:not(.quiet)", &[("email", email), ("password", PASSWORD)]).await
    }
}

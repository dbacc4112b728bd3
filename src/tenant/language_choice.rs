//! Where a language is chosen: `POST /language`, from the foot of each page.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use url::{Position, Url};

use super::cookies;
use super::pages::frame::{Frame, LANGUAGE_CHOICE};
use super::pages::way_back::WayBack;
use super::pages::{headers, messages};
use super::parameters::Parameters;
use super::state::Tenant;
use crate::language::Language;
use crate::platform::redirect::see_other;

/// At the root: the choice holds for all pages of the tenant.
pub(super) fn router(tenant: &Tenant) -> Router<Tenant> {
    let router = Router::new().route(LANGUAGE_CHOICE, post(choose));
    headers::with_headers(headers::own_forms_only(router, tenant))
}

/// Remembers the language that was chosen, and goes back to the page.
async fn choose(State(tenant): State<Tenant>, frame: Frame, headers: HeaderMap, body: Bytes) -> Response {
    let parameters = Parameters::parse_body(&headers, &body).unwrap_or_default();
    let known = Language::ALL.into_iter().find(|language| parameters.get("language") == Some(language.tag()));
    let Some(language) = known else {
        return messages::unreadable(&frame, &WayBack::to(&tenant, None), StatusCode::BAD_REQUEST);
    };
    let page = parameters.get("return_to").and_then(|address| own_page(tenant.origin(), address));
    let mut response = see_other(page.as_deref().unwrap_or("/"));
    response.headers_mut().append(header::SET_COOKIE, cookies::language(&tenant, language));
    response
}

/// The path and query of a page of ours. Read as browsers read it, to whom `//host`, `/\host` and what tabs and line breaks
/// hide lead to other sites.
fn own_page(origin: &str, address: &str) -> Option<String> {
    let origin = Url::parse(origin).ok()?;
    let url = origin.join(address).ok().filter(|_| address.starts_with('/'))?;
    let page = &url[Position::BeforePath..Position::AfterQuery];
    (url.origin() == origin.origin() && !page.starts_with("//")).then(|| page.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_from_a_choice_never_leaves_the_tenant() {
        let page = |address| own_page("http://localhost:3002", address);
        for (address, expected) in [
            ("/", "/"),
            (
                "/contoso.localhost/flow/a~b/sign-up/passcode?sent=again",
                "/contoso.localhost/flow/a~b/sign-up/passcode?sent=again",
            ),
            ("/mailbox?to=a%40b#c", "/mailbox?to=a%40b"),
            ("/a/../é", "/%C3%A9"),
            ("/@evil.example", "/@evil.example"),
            ("/%2F%2Fevil.example", "/%2F%2Fevil.example"),
        ] {
            assert_eq!(page(address).as_deref(), Some(expected), "{address}");
        }
        for address in [
            "",
            "mailbox",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\r\n/evil.example",
            "/.//evil.example",
            "/x/..//evil.example",
            "/%2e%2e//evil.example",
            " //evil.example",
            "http://evil.example/",
            "http://localhost:3002/mailbox",
            "http://localhost:3002@evil.example/",
            "//localhost:3000/",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            assert_eq!(page(address), None, "{address:?}");
        }
    }
}

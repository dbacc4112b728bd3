//! The description of the API says all that it does, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::header;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use super::problem_type::ProblemType;
use super::tests::TestApi;

/// Methods that an address may take.
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// The operation that a request is for, if it is described.
fn operation<'d>(document: &'d Value, method: &str, path: &str) -> Option<&'d Value> {
    let parts: Vec<&str> = path.split('?').next()?.split('/').collect();
    let fits = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        template.len() == parts.len()
            && template
                .iter()
                .zip(&parts)
                .all(|(one, other)| one == other || (one.starts_with('{') && !other.is_empty()))
    };
    let paths = document["paths"].as_object()?;
    // A fixed part goes before one that may be anything.
    let mut fitting: Vec<&String> = paths.keys().filter(|template| fits(template)).collect();
    fitting.sort_by_key(|template| template.matches('{').count());
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    paths[*fitting.first()?].get(method)
}

/// Checks an answer against the description: its status, its kind of problem, and its headers.
pub(super) fn check(document: &Value, method: &str, path: &str, answer: (u16, &axum::http::HeaderMap, &Value)) {
    let (status, headers, body) = answer;
    let at = format!("{method} {path}: {status}");
    let Some(operation) = operation(document, method, path) else {
        assert!(status == 404 || status == 405, "{at}, and no such operation is described");
        return;
    };
    let described = &operation["responses"][status.to_string()];
    assert!(described.is_object(), "{at} is not described");
    if status >= 400 && status != 500 {
        let kinds =
            &described["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["type"]["enum"];
        let is_described = kinds.as_array().is_some_and(|kinds| kinds.contains(&body["type"]));
        assert!(is_described, "{at} {} is not among {kinds}", body["type"]);
    }
    let described = described["headers"].as_object();
    for (name, header) in described.into_iter().flatten() {
        assert!(header["required"] != true || headers.contains_key(name.as_str()), "{at} lacks {name}");
    }
    for name in ["etag", "todolist-change", "location", "link", "retry-after"] {
        let is_described = described.is_some_and(|headers| headers.keys().any(|key| key.eq_ignore_ascii_case(name)));
        assert!(is_described || !headers.contains_key(name), "{at} has {name}, which is not described");
    }
}

#[tokio::test]
async fn the_description_is_for_everyone_and_may_be_kept() {
    let api = TestApi::start().await;
    let first = api.get_anonymously("/api/openapi.json", &[]).await;
    assert_eq!(
        (first.status().as_u16(), &first.headers()[header::CONTENT_TYPE]),
        (200, &"application/json".parse().unwrap())
    );
    assert_eq!(first.headers()[header::CACHE_CONTROL], "public, max-age=300");
    let etag = first.headers()[header::ETAG].to_str().expect("text").to_owned();
    for tags in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let again = api.get_anonymously("/api/openapi.json", &[("if-none-match", &tags)]).await;
        assert_eq!((again.status().as_u16(), &again.headers()[header::ETAG]), (304, &etag.parse().unwrap()), "{tags}");
    }
    assert_eq!(api.get_anonymously("/api/openapi.json", &[("if-none-match", "\"other\"")]).await.status(), 200);
    let document = api.description().await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")), "{}", document["openapi"]);
}

#[tokio::test]
async fn every_route_is_described_and_every_description_has_a_route() {
    let api = TestApi::start().await;
    let document = api.description().await;
    let mut ids = BTreeSet::new();
    for (template, item) in document["paths"].as_object().expect("paths") {
        let path = template.replace("{id}", "0198c5a0-0000-7000-8000-000000000001").replace("{number}", "7");
        for method in METHODS {
            if template.ends_with("/events") && method == "get" {
                continue;
            }
            let answer = api.send_raw(method, &path).await;
            let is_served = answer.0 != 405 && answer.1["detail"] != "There is nothing at this address.";
            assert_eq!(is_served, item.get(method).is_some(), "{method} {template}: {} {}", answer.0, answer.1);
        }
        for (method, operation) in item.as_object().expect("operations") {
            let at = format!("{method} {template}");
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            assert!(!id.is_empty() && ids.insert(id), "{at} has an id of its own");
            assert!(
                operation["summary"].as_str().is_some_and(|summary| summary.ends_with('.') || summary.ends_with(')')),
                "{at}"
            );
            let names = operation["parameters"].as_array().into_iter().flatten().map(|parameter| {
                assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{at}: {parameter}");
                parameter["name"].as_str().unwrap_or_default()
            });
            let in_path = names.filter(|name| template.contains(&format!("{{{name}}}"))).count();
            assert_eq!(in_path, template.matches('{').count(), "{at}");
        }
    }
    // A route can be made in one way only, which describes it.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/routes");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let router = read("mod.rs");
    for other in [".route(", ".route_service(", ".nest", ".merge(", ".fallback"] {
        assert!(!router.contains(other), "{other}");
    }
    let handlers: usize = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name.contains(".rs"))
        .map(|name| read(&name).matches("#[utoipa::path(").count())
        .sum();
    assert_eq!(handlers, ids.len());
}

#[tokio::test]
async fn what_an_operation_needs_is_what_is_configured() {
    let api = TestApi::start().await;
    let document = api.description().await;
    let needs = |method: &str, path: &str| document["paths"][path][method]["security"].clone();
    let any = |names: &[&str]| names.iter().map(|name| json!({"accessToken": [name]})).collect::<Value>();
    let read = any(&["ToDoList.Read", "ToDoList.ReadWrite", "ToDoList.Read.All", "ToDoList.ReadWrite.All"]);
    assert_eq!(needs("get", "/api/todolist"), read);
    assert_eq!(needs("get", "/api/todolist/events"), read);
    assert_eq!(needs("post", "/api/todolist/batch"), any(&["ToDoList.ReadWrite", "ToDoList.ReadWrite.All"]));
    assert_eq!(needs("get", "/api/openapi.json"), Value::Null);
    let scheme = &document["components"]["securitySchemes"]["accessToken"];
    assert_eq!(scheme["type"], "openIdConnect");
    assert!(scheme["openIdConnectUrl"].as_str().is_some_and(|url| url.ends_with("/.well-known/openid-configuration")));
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_bodies_are_closed() {
    let api = TestApi::start().await;
    let document = api.description().await;
    let schemas = &document["components"]["schemas"];
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let name =
            reference.split('"').next().and_then(|it| it.strip_prefix("#/components/schemas/")).expect("a schema");
        assert!(schemas[name].is_object(), "{name}");
    }
    assert!(!text.contains(":null"), "a member that is not there is left out");
    for name in ["Draft", "Change", "Mark", "ListDraft", "ListChange", "Batch", "Item", "FileTodo"] {
        assert_eq!(schemas[name]["unevaluatedProperties"], false, "{name}");
    }
    for name in ["DueSent", "StepSent", "ProfileChange", "TodoListFile", "FileList"] {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
}

#[tokio::test]
async fn each_kind_of_problem_has_its_section_and_an_operation_that_answers_it() {
    let api = TestApi::start().await;
    let document = api.description().await;
    let page = api.page().await;
    let mut answered = BTreeMap::new();
    let operations =
        document["paths"].as_object().expect("paths").values().flat_map(|item| item.as_object().expect("an item"));
    for (_, operation) in operations {
        for name in operation["x-problems"].as_array().expect("problems") {
            let name = name.as_str().expect("a name").to_owned();
            assert!(ProblemType::named(&name).is_some(), "{name}");
            *answered.entry(name).or_insert(0) += 1;
        }
    }
    for kind in ProblemType::all() {
        assert!(answered.contains_key(kind.name()), "nothing answers {}", kind.name());
        let (path, fragment) =
            kind.uri().split_once('#').map(|(path, id)| (path.to_owned(), id.to_owned())).expect("a fragment");
        assert_eq!(path, "/api/docs");
        let section = Selector::parse(&format!("[id=\"{fragment}\"]")).expect("a selector");
        assert_eq!(page.select(&section).count(), 1, "{fragment}");
    }
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere_and_its_links_lead_somewhere() {
    let api = TestApi::start().await;
    let response = api.get_anonymously("/api/docs", &[]).await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let page = api.page().await;
    for forbidden in ["script", "link", "img", "iframe", "[style]", "form"] {
        assert_eq!(page.select(&Selector::parse(forbidden).expect("a selector")).count(), 0, "{forbidden}");
    }
    let mut ids = BTreeSet::new();
    for element in page.select(&Selector::parse("[id]").expect("a selector")) {
        let id = element.attr("id").expect("an id").to_owned();
        assert!(ids.insert(id.clone()), "{id} twice");
    }
    let mut links = 0;
    for link in page.select(&Selector::parse("a").expect("a selector")) {
        let href = link.attr("href").expect("an address");
        assert!(href == "/api/openapi.json" || href.strip_prefix('#').is_some_and(|id| ids.contains(id)), "{href}");
        links += 1;
    }
    assert!(links > 50, "{links}");
    let text: String = page.root_element().text().collect();
    for part in ["GET /api/todolist", "ToDoList.ReadWrite.All", "If-Match", "Todolist-Change", "stale"] {
        assert!(text.contains(part), "{part}");
    }
}

impl TestApi {
    pub(super) async fn page(&self) -> Html {
        let response = self.get_anonymously("/api/docs", &[]).await;
        assert_eq!(response.status(), 200);
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        Html::parse_document(std::str::from_utf8(&bytes).expect("UTF-8"))
    }
}

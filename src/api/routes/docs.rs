//! `GET /api/openapi.json`: the description of the API, for programs. `GET /api/docs`: the same for people, one page without
//! a script and with nothing from elsewhere; the `type` of each problem leads to its section there. Both are for everyone.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use axum::Extension;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use crate::api::openapi::Description;
use crate::api::problem_type::ProblemType;
use crate::api::texts::Texts;
use crate::language::Language;

/// For how long both may be kept; they change with the program and its configuration.
const CACHE: &str = "public, max-age=300";

const CSS: &str = include_str!("docs.css");

/// The style sheet is part of the page, and nothing else is let in.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, CSS.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
});

/// Describes the API for programs: this document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "describe",
    tag = "this API",
    params(("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "OpenAPI 3.1.", body = Object, headers(("ETag" = String), ("Cache-Control" = String))),
        (status = 304, description = "It is as the client has it.", headers(("ETag" = String), ("Cache-Control" = String))),
    ),
)]
pub(super) async fn document(Extension(description): Extension<Arc<Description>>, headers: HeaderMap) -> Response {
    let caching = [(header::ETAG, description.etag.clone()), (header::CACHE_CONTROL, CACHE.to_owned())];
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let mut known = known.flat_map(|tags| tags.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    if known.any(|tag| tag == description.etag || tag == "*") {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, "application/json")], description.json.clone()).into_response()
}

/// Describes the API for people: one page, which explains every kind of problem, too.
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "documentation",
    tag = "this API",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html")),
)]
pub(super) async fn page(Extension(description): Extension<Arc<Description>>) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY.as_str()),
        (header::CACHE_CONTROL, CACHE),
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    ];
    let page = description.page.get_or_init(|| render(&description.document).into_string().into());
    (headers, page.clone()).into_response()
}

fn render(document: &Value) -> Markup {
    let operations = operations(document);
    let mut tags: Vec<&str> = Vec::new();
    for tag in operations.iter().map(|operation| operation.tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (text(&document["info"]["title"])) }
                style { (PreEscaped(CSS)) }
            }
            body {
                header {
                    h1 { (text(&document["info"]["title"])) " " small { (text(&document["info"]["version"])) } }
                    (prose(&document["info"]["description"]))
                    p { "For programs: " a href="/api/openapi.json" { "openapi.json" } " (OpenAPI 3.1)." }
                }
                nav aria-label="Operations" {
                    @for tag in &tags {
                        h2 { (tag) }
                        ul {
                            @for operation in operations.iter().filter(|operation| operation.tag == *tag) {
                                li { a href={ "#" (operation.id()) } { (operation.signature()) } " " (text(&operation.says["summary"])) }
                            }
                        }
                    }
                    p { a href="#schemas" { "Schemas" } ", " a href="#problems" { "problems" } }
                }
                main {
                    @for operation in &operations { (operation.render()) }
                    section {
                        h2 #schemas { "Schemas" }
                        @for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
                            h3 id={ "schema-" (name) } { code { (name) } }
                            (prose(&schema["description"]))
                            (members(schema))
                        }
                    }
                    section {
                        h2 #problems { "Problems" }
                        p {
                            "Every error is a problem document (RFC 9457). What kind it is stands in " code { "type" }
                            ": one of these, which do not change; or " code { "about:blank" } ", where the HTTP status says all that there is to say."
                        }
                        @for kind in ProblemType::all() {
                            h3 id={ "problem-" (kind.name()) } { code { (kind.uri()) } }
                            p { strong { (kind.status().as_u16()) " " (kind.title(Texts::of(Language::English))) "." } " " (inline(kind.explanation())) }
                        }
                    }
                }
            }
        }
    }
}

/// An operation of the document.
struct Operation<'d> {
    method: String,
    path: &'d str,
    tag: &'d str,
    says: &'d Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let each = paths.flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |it| (path, it)));
    each.map(|(path, (method, says))| Operation {
        method: method.to_uppercase(),
        path,
        tag: says["tags"][0].as_str().unwrap_or_default(),
        says,
    })
    .collect()
}

impl Operation<'_> {
    fn id(&self) -> &str {
        text(&self.says["operationId"])
    }

    fn signature(&self) -> Markup {
        html! { code { b { (self.method) } " " (self.path) } }
    }

    fn render(&self) -> Markup {
        let says = self.says;
        let content = says["requestBody"]["content"].as_object().into_iter().flatten();
        let parameters = says["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        html! {
            section {
                h2 id=(self.id()) { (self.signature()) }
                p { (inline(text(&says["summary"]))) }
                (prose(&says["description"]))
                p { (needs(&says["security"])) }
                @if !parameters.is_empty() {
                    h3 { "Parameters" }
                    div.wide { table {
                        thead { tr { th scope="col" { "name" } th scope="col" { "where" } th scope="col" { "type" } th scope="col" { "what it is" } } }
                        tbody { @for parameter in parameters {
                            tr {
                                th scope="row" { code { (text(&parameter["name"])) } @if parameter["required"] == true { " (needed)" } }
                                td { (text(&parameter["in"])) }
                                td { (kind(&parameter["schema"])) }
                                td { (inline(text(&parameter["description"]))) }
                            }
                        } }
                    } }
                }
                @for (media_type, body) in content {
                    h3 { "Body" }
                    p { code { (media_type) } ": " (kind(&body["schema"])) }
                }
                h3 { "Answers" }
                div.wide { table {
                    thead { tr { th scope="col" { "status" } th scope="col" { "what it says" } th scope="col" { "body" } th scope="col" { "headers" } } }
                    tbody { @for (status, answer) in says["responses"].as_object().into_iter().flatten() {
                        tr {
                            th scope="row" { (status) }
                            td { (answer_text(text(&answer["description"]))) }
                            td { @for (media_type, body) in answer["content"].as_object().into_iter().flatten() {
                                code { (media_type) }
                                @if media_type != "application/problem+json" { ": " (kind(&body["schema"])) }
                            } }
                            td { @for (name, _) in answer["headers"].as_object().into_iter().flatten() { code { (name) } " " } }
                        }
                    } }
                } }
            }
        }
    }
}

/// What a description of an answer says; of problems, with links to their sections.
fn answer_text(description: &str) -> Markup {
    html! {
        @for line in description.lines() {
            @let named = line.strip_prefix("- `").and_then(|line| line.split_once('`'));
            @if let Some((name, rest)) = named {
                div { a href={ "#problem-" (name) } { code { (name) } } (rest) }
            } @else {
                div { (inline(line)) }
            }
        }
    }
}

fn needs(security: &Value) -> Markup {
    let alternatives = security.as_array().into_iter().flatten().filter_map(Value::as_object);
    let names: Vec<&str> = alternatives.flat_map(|it| it.values()).filter_map(|names| names[0].as_str()).collect();
    html! {
        @if security.is_null() {
            "For everyone."
        } @else if names.is_empty() {
            "Needs an access token."
        } @else {
            "Needs an access token with "
            @for (number, name) in names.iter().enumerate() { @if number > 0 { " or " } code { (name) } }
            "."
        }
    }
}

/// The members of a schema, wherever in it they are.
fn members(schema: &Value) -> Markup {
    let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|of| Some((of, schema[of].as_array()?)));
    let properties = schema["properties"].as_object();
    let is_needed = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|it| it == name));
    html! {
        @if let Some(properties) = properties {
            div.wide { table {
                thead { tr { th scope="col" { "member" } th scope="col" { "type" } th scope="col" { "what it is" } } }
                tbody { @for (name, member) in properties {
                    tr {
                        th scope="row" { code { (name) } @if is_needed(name) { " (needed)" } }
                        td { (kind(member)) }
                        td { (inline(text(&member["description"]))) }
                    }
                } }
            } }
        } @else if schema["type"].is_string() || schema["$ref"].is_string() {
            p { (kind(schema)) }
        }
        @for (of, parts) in parts {
            @for (number, part) in parts.iter().enumerate() {
                @if of != "allOf" && number > 0 { p { "or" } }
                (members(part))
            }
        }
    }
}

/// What a value may be, in short.
fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return html! { a href={ "#schema-" (name) } { code { (name) } } };
    }
    for of in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[of].as_array() {
            let word = if of == "allOf" { " and " } else { " or " };
            return html! { @for (number, part) in parts.iter().enumerate() { @if number > 0 { (word) } (kind(part)) } };
        }
    }
    let name = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    };
    let limits = [
        ("format", ""),
        ("minimum", "from "),
        ("maximum", "to "),
        ("minLength", "characters from "),
        ("maxLength", "characters to "),
        ("minItems", "items from "),
        ("maxItems", "items to "),
        ("pattern", ""),
    ];
    let limits = limits.into_iter().filter(|(limit, _)| !schema[*limit].is_null());
    let values = schema["enum"].as_array().into_iter().flatten();
    html! {
        (name)
        @if !schema["items"].is_null() { " of " (kind(&schema["items"])) }
        @for value in values { " " code { (value) } }
        @for (limit, words) in limits {
            ", " (words) @match &schema[limit] { Value::String(limit) => code { (limit) }, limit => (limit) }
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Paragraphs.
fn prose(value: &Value) -> Markup {
    html! { @for paragraph in text(value).split("\n\n").filter(|text| !text.trim().is_empty()) { p { (inline(paragraph)) } } }
}

/// What is between backticks is code.
fn inline(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 0 { (part) } @else { code { (part) } }
        }
    }
}

//! The description of the API (`OpenAPI` 3.1): what handlers and types say of themselves, completed by what holds for all of
//! them, and by what the configuration decides.

use std::sync::OnceLock;

use axum::body::Bytes;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema as _, ToSchema as _};

use super::body::{Change, Draft, ListChange, ListDraft, Mark, Members};
use super::problem::Document;
use super::problem_type::ProblemType;
use super::state::Api;
use super::texts::Texts;
use super::transfer::FileTodo;
use crate::identity::bearer::Permission;
use crate::language::Language;
use crate::platform::hash;

/// What an operation says of the problems that are its own, by name.
const PROBLEMS: &str = "x-problems";

/// The scheme by which callers are known.
const SCHEME: &str = "accessToken";

const ABOUT: &str = "Keeps the to-dos of customers, each of whom an access token names. Users see their own to-dos, apps \
                     (daemons) everyone's.\n\nEach change of a list has a number: the version of the to-dos that it changed, \
                     and what undoing it is asked by. Every error is a problem document (RFC 9457), \
                     in English or Spanish as `Accept-Language` asks. Bodies with members that are not known are refused.";

/// What is said of headers and parameters wherever they are.
const KNOWN: [(&str, &str); 10] = [
    ("id", "The id of the to-do."),
    (
        "Accept-Language",
        "The language of problems: English (`en`), which is that of whoever asks for none of ours, or Spanish (`es`).",
    ),
    ("If-Match", "Only if it is of this version: an `ETag`, or `*`."),
    ("ETag", "The version of what is answered, for `If-Match` and `If-None-Match`: `\"17\"`."),
    ("Todolist-Change", "The number of the change, which undoing it is asked by; absent where nothing was changed."),
    ("Location", "Where it is."),
    ("Content-Disposition", "What to call the file."),
    ("Link", "Where the next page is (RFC 8288, `rel=next`); absent on the last one."),
    ("If-None-Match", "Only if it is another one than this `ETag` names."),
    ("Cache-Control", "For how long it may be kept."),
];

/// What answers to callers say of their limits, unless a caller is not known.
const RATE_LIMITS: [(&str, &str); 2] = [
    ("RateLimit-Policy", "How many requests there are (`q`) in how many seconds (`w`)."),
    ("RateLimit", "How many are left (`r`), and in how many seconds all are (`t`)."),
];

/// The description, ready to be sent.
pub(super) struct Description {
    /// As JSON.
    pub(super) document: Value,
    /// The same as text.
    pub(super) json: String,
    /// Its entity tag.
    pub(super) etag: String,
    /// The page for people, once somebody asked for it.
    pub(super) page: OnceLock<Bytes>,
}

impl Description {
    /// Completes what the handlers say.
    pub(super) fn of(described: OpenApi, api: &Api) -> Self {
        let mut document = serde_json::to_value(described).unwrap_or_default();
        document["info"] = json!({
            "title": "ToDoList API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        });
        let server = api.0.public_url.as_ref().map(|url| url.origin().ascii_serialization());
        document["servers"] = json!([{"url": server.as_deref().unwrap_or("/")}]);
        document["components"]["securitySchemes"][SCHEME] = json!({
            "type": "openIdConnect",
            "openIdConnectUrl": api.0.verifier.provider().discovery_url().as_str(),
            "description": "An access token of this provider, for this API, in the Authorization header: `Bearer …` (RFC 6750).",
        });
        let schemas = &mut document["components"]["schemas"];
        let mut more = vec![(Document::name().into_owned(), Document::schema())];
        Document::schemas(&mut more);
        for (name, schema) in more {
            schemas[name] = json!(schema);
        }
        close(schemas, "Draft", Draft::MEMBERS);
        close(schemas, "Change", Change::MEMBERS);
        close(schemas, "Mark", Mark::MEMBERS);
        close(schemas, "ListDraft", ListDraft::MEMBERS);
        close(schemas, "ListChange", ListChange::MEMBERS);
        close(schemas, "Batch", &[]);
        close(schemas, "Item", &[]);
        close(schemas, "FileTodo", FileTodo::MEMBERS);
        schemas["Draft"]["required"] = json!(["description"]);
        let paths = document["paths"].as_object_mut();
        for operation in paths.into_iter().flat_map(|paths| paths.values_mut()).filter_map(Value::as_object_mut) {
            for operation in operation.values_mut().filter_map(Value::as_object_mut) {
                complete(operation, api);
            }
        }
        leave_out_nothing(&mut document);
        let json = document.to_string();
        let etag = format!("\"{}\"", &hash::sha256_base64url(&json)[..22]);
        Self { document, json, etag, page: OnceLock::new() }
    }
}

/// Says of a body that it takes no other members, and names those that are taken and not looked at.
fn close(schemas: &mut Value, name: &str, members: &[&str]) {
    let Some(schema) = schemas.get_mut(name) else { return };
    // With `allOf`, the last part is the struct's own.
    let own = if schema.get("allOf").is_some() {
        schema["allOf"].as_array_mut().and_then(|parts| parts.last_mut())
    } else {
        Some(&mut *schema)
    };
    if let Some(properties) = own.and_then(|own| own.get_mut("properties")).and_then(Value::as_object_mut) {
        for member in members {
            let ignored = json!({"description": "Taken, and not looked at: this the API says."});
            properties.entry(*member).or_insert(ignored);
        }
    }
    schema["unevaluatedProperties"] = json!(false);
}

/// Leaves out members that are `null`: what a struct's default does not have.
fn leave_out_nothing(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(leave_out_nothing);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_nothing),
        _ => {}
    }
}

fn complete(operation: &mut Map<String, Value>, api: &Api) {
    let parameters = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut();
    for parameter in parameters.into_iter().flat_map(|parameters| {
        parameters
            .push(json!({"name": "Accept-Language", "in": "header", "required": false, "schema": {"type": "string"}}));
        parameters
    }) {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        describe(&name, parameter);
    }
    let needed = operation.get("security").and_then(|all| all[0].as_object()?.keys().next().cloned());
    let has_body = operation.contains_key("requestBody");
    let own = operation.get(PROBLEMS).and_then(Value::as_array).into_iter().flatten();
    let mut problems: Vec<ProblemType> = own.filter_map(|name| ProblemType::named(name.as_str()?)).collect();
    problems.extend([ProblemType::InvalidRequest, ProblemType::TooLarge, ProblemType::Unavailable]);
    if has_body {
        problems.push(ProblemType::MediaType);
    }
    let operation_is_protected = needed.is_some();
    if let Some(needed) = needed {
        problems.extend([
            ProblemType::NoToken,
            ProblemType::InvalidToken,
            ProblemType::MoreProofNeeded,
            ProblemType::InsufficientPermission,
            ProblemType::ClientNotServed,
            ProblemType::RateLimited,
            ProblemType::Misconfigured,
        ]);
        let (scopes, permissions) =
            permission(&needed, api).map(|it| (it.scopes(), it.app_permissions())).unwrap_or_default();
        let each = scopes.iter().chain(permissions).map(|name| json!({SCHEME: [name]}));
        let each: Vec<Value> = each.collect();
        let none = vec![json!({SCHEME: []})];
        operation.insert("security".to_owned(), json!(if each.is_empty() { none } else { each }));
    }
    problems.sort_unstable();
    problems.dedup();
    let names: Vec<&str> = problems.iter().map(|kind| kind.name()).collect();
    operation.insert(PROBLEMS.to_owned(), json!(names));
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for response in responses.values_mut() {
        let headers = response.get_mut("headers").and_then(Value::as_object_mut);
        for (name, header) in headers.into_iter().flatten() {
            describe(name, header);
        }
    }
    for kinds in problems.chunk_by(|one, other| one.status() == other.status()) {
        let status = kinds[0].status().as_u16();
        responses.insert(status.to_string(), refusal(status, kinds));
    }
    if operation_is_protected {
        for response in responses.values_mut() {
            for (name, description) in RATE_LIMITS {
                response["headers"][name] = json!({"description": description, "schema": {"type": "string"}});
            }
        }
    }
    let broken = "Something went wrong here, and was noted (`about:blank`).";
    let broken = json!({
        "description": broken,
        "headers": problem_headers(),
        "content": {"application/problem+json": {"schema": reference()}},
    });
    responses.insert("500".to_owned(), broken);
}

/// What an operation needs, by the word that its handler has for it.
fn permission<'a>(word: &str, api: &'a Api) -> Option<&'a Permission> {
    let permissions = &api.0.permissions;
    match word {
        "read" => Some(&permissions.read),
        "write" => Some(&permissions.write),
        "read_profile" => permissions.profile.as_ref().map(|profile| profile.permission(true)),
        "write_profile" => permissions.profile.as_ref().map(|profile| profile.permission(false)),
        _ => None,
    }
}

/// Describes a header or parameter, and says what may be absent: on this level there is no `null`.
fn describe(name: &str, it: &mut Value) {
    if name == "If-Match" {
        it["schema"]["pattern"] = json!("^(\\*|(W/)?\"[0-9]+\")$");
    }
    if let Some((_, known)) = KNOWN.iter().find(|(known, _)| *known == name)
        && it["description"].as_str().is_none_or(str::is_empty)
    {
        it["description"] = json!(known);
    }
    let kind = it.get_mut("schema").and_then(|schema| schema.get_mut("type"));
    let or_null = kind.filter(|kind| kind.as_array().is_some_and(|kinds| kinds.contains(&json!("null"))));
    let is_optional = or_null.is_some();
    if let Some(kind) = or_null {
        *kind = kind[0].clone();
    }
    if it.get("in").is_none() {
        it["required"] = json!(!is_optional);
    }
}

fn reference() -> Value {
    json!({"$ref": "#/components/schemas/Problem"})
}

/// A header that is always there.
fn header(description: &str, kind: &str) -> Value {
    json!({"description": description, "required": true, "schema": {"type": kind}})
}

/// What every problem has.
fn problem_headers() -> Value {
    json!({
        "Content-Language": header("The language of `title` and `detail`: `en` or `es`.", "string"),
    })
}

/// The answer of a status that problems of these kinds have.
fn refusal(status: u16, kinds: &[ProblemType]) -> Value {
    let title = |kind: &ProblemType| kind.title(Texts::of(Language::English));
    let lines: Vec<String> = kinds.iter().map(|kind| format!("- `{}`: {}.", kind.name(), title(kind))).collect();
    let uris: Vec<String> = kinds.iter().map(|kind| kind.uri()).collect();
    let narrowed = json!({"properties": {"type": {"enum": uris}, "status": {"const": status}}});
    let schema = json!({"allOf": [reference(), narrowed]});
    let mut headers = problem_headers();
    let further = match status {
        401 => Some(("WWW-Authenticate", "What a token needs (RFC 6750 §3, RFC 9728 §5.1).", "string")),
        412 => Some(("ETag", "The version of what is there now.", "string")),
        429 | 503 => Some(("Retry-After", "After how many seconds to try again.", "integer")),
        _ => None,
    };
    if let Some((name, description, kind)) = further {
        headers[name] = header(description, kind);
    }
    json!({
        "description": lines.join("\n"),
        "headers": headers,
        "content": {"application/problem+json": {"schema": schema}},
    })
}

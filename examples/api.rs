//! An API that serves users by their scopes, and apps by their roles. Configuration: `api.toml`, overridden by variables
//! such as `THINGS_API_AUDIENCE`:
//!
//! ```toml
//! audience = "22222222-2222-2222-2222-222222222222"       # the API's client id
//! identity = { authority = "https://contoso.ciamlogin.com" }
//! read = { scopes = ["Things.Read"], app_permissions = ["Things.Read.All"] }
//! ```

use std::error::Error;
use std::path::Path;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router, middleware};
use errand::identity::bearer::{AuthRejection, Caller, Offered, Permission, PermissionConfig, Verifier, authenticate};
use errand::identity::provider::{Provider, ProviderConfig};
use errand::platform::clock::Clock;
use errand::platform::config::{self, Mode};
use errand::platform::outbound;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    mode: Mode,
    audience: String,
    identity: ProviderConfig,
    read: PermissionConfig,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config: Config = config::read(Path::new("api.toml"), "THINGS_API_")?;
    let provider = Provider::new(&config.identity, config.mode, outbound::client_of("api"), Clock::system())
        .map_err(|error| error.at("identity"))?;
    let verifier =
        Verifier::new(provider, vec![config.audience], None, Clock::system()).map_err(|error| error.at("audience"))?;
    // What the API's registration has; a permission that names anything else is a typing error.
    let (scopes, roles) = (["Things.Read".to_owned()], ["Things.Read.All".to_owned()]);
    let read = Permission::new(
        "read",
        &config.read,
        Offered { key: "scopes", names: &scopes },
        Offered { key: "roles", names: &roles },
    )?;
    let things = Router::new().route("/things", get(list_things)).with_state(read);
    // Nobody comes further without a token for this API.
    let api = things.layer(middleware::from_fn_with_state(verifier, authenticate));

    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3001".to_owned());
    axum::serve(tokio::net::TcpListener::bind(address).await?, api).await?;
    Ok(())
}

async fn list_things(caller: Caller, State(read): State<Permission>) -> Result<Json<Value>, AuthRejection> {
    caller.require(&read)?;
    Ok(Json(json!({ "things": ["a pen", "a lamp"], "of": caller.key })))
}

//! A program without users that calls an API as itself (client credentials). Configuration: `daemon.toml`, overridden by
//! variables such as `THINGS_DAEMON_IDENTITY__CLIENT_ID`:
//!
//! ```toml
//! identity = { authority = "https://contoso.ciamlogin.com", client_id = "…", client_credentials = [{ secret = { file = "secret" } }] }
//! things = { base_url = "https://things.example.com", relative_path = "things", scopes = ["api://things/.default"] }
//! ```

use std::error::Error;
use std::path::Path;

use errand::identity::client::ConfidentialClient;
use errand::identity::config::{ClientConfig, DownstreamApiConfig};
use errand::identity::downstream::{Call, DownstreamApi};
use errand::platform::clock::Clock;
use errand::platform::config::{self, Mode};
use errand::platform::outbound;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    mode: Mode,
    identity: ClientConfig,
    things: DownstreamApiConfig,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config: Config = config::read(Path::new("daemon.toml"), "THINGS_DAEMON_")?;
    let http = outbound::client_of("daemon");
    let client = ConfidentialClient::new("identity", &config.identity, config.mode, http.clone(), Clock::system())?;
    let naming = client.provider().scope_naming();
    let things = DownstreamApi::new(&config.things, config.mode, naming, http).map_err(|error| error.at("things"))?;

    let answer = things.call_for_app(&client, &Call::default()).await?;
    let answer: Value = answer.json()?;
    println!("{}", answer["things"]);
    Ok(())
}

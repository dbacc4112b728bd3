//! What can be seen on this machine alone: the public address, the encryption keys, the databases.

use secrecy::SecretString;

use super::Check;
use super::config::{Tables, Web};
use crate::platform::config::{ConfigError, Mode, public_url};
use crate::platform::database::{self, Reached};
use crate::platform::seal::KeyRing;

pub(super) async fn check(tables: &Tables) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(web) = &tables.web {
        checks.push(address(web, tables.mode));
        checks.push(keys(web));
        checks.push(database("web.database_url", &web.database_url).await);
    }
    if let Some(api) = &tables.api {
        checks.push(database("api.database_url", &api.database_url).await);
    }
    checks
}

fn address(web: &Web, mode: Mode) -> Check {
    match public_url("web.public_url", &web.public_url, mode) {
        Ok(url) if url.scheme() == "https" => Check::right("public URL", format!("{} is https", web.public_url)),
        Ok(_) => Check::right("public URL", format!("{} is localhost, in development", web.public_url)),
        Err(error) => Check::refused("public URL", &error),
    }
}

fn keys(web: &Web) -> Check {
    const NAME: &str = "encryption keys";
    let read = || -> Result<Vec<SecretString>, ConfigError> {
        web.encryption_keys.iter().map(|key| key.read("web.encryption_keys")).collect()
    };
    match read() {
        Err(error) => Check::refused(NAME, &error),
        Ok(keys) => match KeyRing::parse(&keys) {
            Ok(_) => Check::right(NAME, format!("{} readable; the first one seals", keys.len())),
            Err(error) => Check::wrong(
                NAME,
                format!("`web.encryption_keys`: {error}"),
                "make one with: openssl rand -base64 32 | tr '+/' '-_' | tr -d '='",
            ),
        },
    }
}

async fn database(key: &str, url: &str) -> Check {
    match database::reach(key, url).await {
        Ok(Reached::Answers) => Check::right(key, "the database answers"),
        Ok(Reached::NotCreated) => {
            Check::unknown(key, "there is no such file yet: the program makes it when it starts")
        }
        Err(error) => Check::wrong(
            key,
            error.to_string(),
            "check the address, whether the server runs and lets this machine in, or who owns the file and its folder",
        ),
    }
}

//! What can be seen on this machine alone: the public address, the encryption keys, the databases, the browser's files.

use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;
use url::Url;

use super::Check;
use super::config::Tables;
use crate::platform::config::{Mode, public_url};
use crate::platform::database::{self, Reached};
use crate::platform::seal::KeyRing;
use crate::web::browser_files::{self, BrowserFiles};
use crate::web::config::Config as Web;

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
    if let Some(address) = &tables.proxy {
        checks.push(proxy(address).await);
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
    match KeyRing::read("web.encryption_keys", &web.encryption_keys) {
        Ok(_) => Check::right(NAME, format!("{} readable; the first one seals", web.encryption_keys.len())),
        Err(error) => Check::refused(NAME, &error),
    }
}

/// Whether somebody listens where the proxy should be; who may use it shows in what is asked through it.
async fn proxy(address: &Url) -> Check {
    const NAME: &str = "outbound.proxy";
    const PATIENCE: Duration = Duration::from_secs(5);
    let (host, port) = (address.host_str().unwrap_or_default(), address.port_or_known_default().unwrap_or_default());
    let place = address.origin().ascii_serialization();
    let wrong = |why: String| {
        let found =
            format!("the proxy {place} does not answer ({why}), so no provider or API on another machine can be asked");
        Check::wrong(NAME, found, "start it, correct the address, or remove [outbound]")
    };
    let host = host.trim_matches(['[', ']']);
    match tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Check::right(NAME, format!("other machines are reached through {place}, which answers")),
        Ok(Err(error)) => wrong(error.to_string()),
        Err(_) => wrong(format!("nothing within {} s", PATIENCE.as_secs())),
    }
}

/// The browser's files, which must be of the same build as the program that names them: this one.
pub(super) fn files(web: &Web, mode: Mode) -> Vec<Check> {
    const NAME: &str = "browser's files";
    let root = Path::new(&web.site_root);
    vec![match browser_files::check(&web.site_root) {
        Err(error) => Check::refused(NAME, &error),
        Ok(BrowserFiles::Complete(count)) => {
            Check::right(NAME, format!("{count} in {}, of this program's build", root.display()))
        }
        Ok(BrowserFiles::None) if !root.is_dir() && web.site_root != crate::web::config::site_root() => Check::wrong(
            NAME,
            format!("`web.site_root` is {}, and there is no such folder", root.display()),
            "copy target/site of the build there, or correct the key",
        ),
        Ok(BrowserFiles::None) => {
            let found = "hash.txt is not beside this program: its pages come without scripts and styles";
            let remedy = "copy target/release/hash.txt beside the program, and target/site of the same build to \
                          `web.site_root`";
            if mode == Mode::Production {
                Check::wrong(NAME, found, remedy)
            } else {
                Check::unknown(NAME, found).remedy(remedy)
            }
        }
    }]
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

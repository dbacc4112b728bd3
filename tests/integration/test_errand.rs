//! All programs in this process, on free ports and a data folder of their own.

use std::path::Path;
use std::sync::Arc;

use errand::dev::{Addresses, Dev};
use errand::platform::clock::Clock;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::test_browser::Browser;

/// What every customer of the tests has.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// `errand dev`, stopped when dropped.
pub(crate) struct TestErrand {
    pub(crate) addresses: Addresses,
    pub(crate) folder: Arc<TempDir>,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
}

/// `secrets.toml` of the data folder.
#[derive(Deserialize)]
pub(crate) struct Secrets {
    pub(crate) tenant_id: String,
    pub(crate) web_client_id: String,
    pub(crate) api_client_id: String,
    pub(crate) web_client_secret: String,
    pub(crate) encryption_key: String,
}

impl Secrets {
    pub(crate) fn read(data: &Path) -> Self {
        toml::from_str(&std::fs::read_to_string(data.join("secrets.toml")).unwrap()).unwrap()
    }
}

impl TestErrand {
    pub(crate) async fn start() -> Self {
        Self::start_with("", Clock::system()).await
    }

    /// `more` is TOML that is added to the configuration.
    pub(crate) async fn start_with(more: &str, clock: Clock) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), &configuration([0, 0, 0], more), clock).await
    }

    async fn start_in(folder: Arc<TempDir>, configuration: &str, clock: Clock) -> Self {
        let file = folder.path().join("errand.toml");
        let data = toml::Value::from(folder.path().join("data").to_str().unwrap());
        std::fs::write(&file, format!("data = {data}\n{configuration}")).unwrap();
        let dev = Dev::start(Some(&file), clock).await.unwrap();
        let addresses = dev.addresses.clone();
        let shutdown = CancellationToken::new();
        // Requests wait in the listeners' queues until this task has come round to them.
        let served = tokio::spawn(dev.serve(shutdown.clone()));
        Self { addresses, folder, shutdown, served }
    }

    /// Stops all programs, and starts them on the same folder and the same ports.
    pub(crate) async fn restart(mut self, more: &str, clock: Clock) -> Self {
        self.shutdown.cancel();
        (&mut self.served).await.unwrap();
        let port = |address: &str| Url::parse(address).unwrap().port().unwrap();
        let Addresses { web, api, tenant, .. } = &self.addresses;
        let configuration = configuration([port(web), port(api), port(tenant)], more);
        Self::start_in(self.folder.clone(), &configuration, clock).await
    }

    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::read(&self.folder.path().join("data"))
    }

    /// A browser that has been nowhere yet.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.addresses.web, &self.addresses.tenant)
    }

    /// A browser whose customer just signed up, and is looking at their empty list.
    pub(crate) async fn sign_up(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_up(email, "Ada Lovelace").await;
        browser
    }
}

impl Drop for TestErrand {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn configuration([web, api, tenant]: [u16; 3], more: &str) -> String {
    // The icons and the manifest, which every page names; what cargo-leptos builds is not needed without a real browser.
    let site = toml::Value::from(concat!(env!("CARGO_MANIFEST_DIR"), "/public"));
    format!(
        "mode = \"development\"\n[web]\nlisten = \"127.0.0.1:{web}\"\nsite_root = {site}\n[api]\nlisten = \"127.0.0.1:{api}\"\n\
         [tenant]\nlisten = \"127.0.0.1:{tenant}\"\n{more}"
    )
}

/// A port of this machine where nobody listens (any more).
pub(crate) fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

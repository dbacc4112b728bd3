//! The tenant in one call, for the tests of an app: on a port of its own, with a registration and customers, gone when
//! its handle is dropped.
//!
//! ```
//! use errand::tenant::embed::EmbeddedTenant;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tenant = EmbeddedTenant::builder()
//!     .redirect_uri("http://localhost:3000/callback")
//!     .api("api://todo", &["ToDo.Read", "ToDo.ReadWrite"])
//!     .user("alice@example.com", "correct horse battery staple")
//!     .start()
//!     .await?;
//!
//! // What the app is configured with.
//! let (issuer, client_id, secret) = (tenant.issuer(), tenant.client_id(), tenant.client_secret());
//! # let _ = (issuer, secret);
//!
//! // What the app would redirect its customer to; the code comes back to its redirect URI.
//! let authorize = format!(
//!     "{}?client_id={client_id}&response_type=code&scope=openid&redirect_uri=http://localhost:3000/callback",
//!     tenant.authorization_endpoint(),
//! );
//! let callback = tenant.sign_in(&authorize, "alice@example.com", "correct horse battery staple").await?;
//! assert!(callback.as_str().starts_with("http://localhost:3000/callback?code="));
//! # Ok(())
//! # }
//! ```

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use axum::http::header;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;
use uuid::Uuid;

use super::config::{
    App, Attribute, ClientAssertionReuse, Config, Consent, Grant, Permission, RefreshTokenReuse, UserFlow,
};
use super::display_name::DisplayName;
use super::email::{Email, EmailError};
use super::keys::KeyError;
use super::router::router;
use super::state::{StartError, Tenant};
use super::user::{self, NewUser};
use crate::platform::clock::Clock;
use crate::platform::config::{Mode, SecretSource};
use crate::platform::outbound::{self, OutboundError};
use crate::platform::{random, serve};

/// The user flow of the ready-made registration.
const USER_FLOW: &str = "sign-up-and-sign-in";
/// How much of a page is read, in bytes.
const MAX_PAGE: usize = 256 * 1024;

/// A tenant that runs in this process. Dropping it stops the tenant and removes what it kept.
pub struct EmbeddedTenant {
    tenant: Tenant,
    client_id: Uuid,
    client_secret: String,
    api_client_id: Option<Uuid>,
    http: reqwest::Client,
    // Stopped first, removed then.
    _shutdown: DropGuard,
    _folder: Folder,
}

/// A change of the configuration.
type Change = Box<dyn FnOnce(&mut Config) + Send>;

/// What an [`EmbeddedTenant`] starts with; see [`EmbeddedTenant::builder`].
pub struct Builder {
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    api: Option<(String, Vec<String>)>,
    users: Vec<(String, String)>,
    clock: Clock,
    change: Option<Change>,
}

/// Why there is no embedded tenant.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// There is no port, or no room for the database.
    #[error("the embedded tenant has no port or no folder of its own")]
    Io(#[from] std::io::Error),
    /// The configuration is wrong, or the database does not work.
    #[error("the embedded tenant does not start")]
    Start(#[from] StartError),
    /// A user's address is none.
    #[error("{address:?} cannot be a user's address")]
    Email {
        /// As it was given.
        address: String,
        /// What is wrong with it.
        source: AddressError,
    },
    /// A user cannot be stored.
    #[error("a user of the embedded tenant cannot be stored")]
    User(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why text is no e-mail address.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct AddressError(#[from] EmailError);

/// Why [`EmbeddedTenant::sign_in`] did not come to the app.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The tenant did not answer.
    #[error("the tenant does not answer")]
    Http(#[from] OutboundError),
    /// The tenant did not lead to its sign-in page, or from there to another address: the password is wrong, the request
    /// is refused, or more is asked of the user. The page says what.
    #[error("the tenant answered with HTTP {status} and no way on: {page}")]
    Stopped {
        /// Of the answer.
        status: u16,
        /// The page, or the address that it led to.
        page: String,
    },
}

/// A mail to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMail {
    /// To whom, in lower case.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The passcode in the text.
    pub passcode: Option<String>,
}

impl EmbeddedTenant {
    /// A tenant without users, whose one app may use the redirect URI `http://localhost:3000/auth/callback` (any port of
    /// localhost, as in Entra).
    pub fn builder() -> Builder {
        Builder {
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            api: None,
            users: Vec::new(),
            clock: Clock::system(),
            change: None,
        }
    }

    /// The issuer, which is what apps call the authority as well: `http://127.0.0.1:{port}/{tenant id}/v2.0`.
    pub fn issuer(&self) -> String {
        self.tenant.issuer()
    }

    /// The tenant's id.
    pub fn tenant_id(&self) -> Uuid {
        self.tenant.config().tenant_id
    }

    /// The app's client id.
    pub fn client_id(&self) -> Uuid {
        self.client_id
    }

    /// The app's client secret.
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// The client id of the API, if there is one: the audience of its access tokens.
    pub fn api_client_id(&self) -> Option<Uuid> {
        self.api_client_id
    }

    /// Where authorization requests go.
    pub fn authorization_endpoint(&self) -> String {
        self.tenant.url("/oauth2/v2.0/authorize")
    }

    /// Where tokens come from.
    pub fn token_endpoint(&self) -> String {
        self.tenant.url("/oauth2/v2.0/token")
    }

    /// Does what a browser would with an authorization request: goes to the sign-in page and signs in. Returns the
    /// address at the app that it is sent back to, with the code and the state.
    ///
    /// # Errors
    /// [`SignInError`]: the page says why.
    pub async fn sign_in(&self, authorization_url: &str, email: &str, password: &str) -> Result<Url, SignInError> {
        let (status, headers, body) = outbound::send(self.http.get(authorization_url), MAX_PAGE).await?;
        let cookies = headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let cookies: Vec<_> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
        let page = self.location(&headers).filter(|page| self.is_ours(page)).ok_or_else(|| stopped(status, &body))?;
        let form = self.http.post(page.clone()).form(&[("email", email), ("password", password)]);
        let form = form.header(header::COOKIE, cookies.join("; ")).header(header::ORIGIN, self.tenant.origin());
        let (status, headers, body) = outbound::send(form, MAX_PAGE).await?;
        match self.location(&headers) {
            Some(next) if !self.is_ours(&next) => Ok(next),
            // A second factor, or consent.
            Some(next) => Err(stopped(status, next.as_str().as_bytes())),
            None => Err(stopped(status, &body)),
        }
    }

    /// The newest passcode that was mailed to this address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn passcode(&self, email: &str) -> Result<Option<String>, sqlx::Error> {
        Ok(self.mails(email).await?.into_iter().find_map(|mail| mail.passcode))
    }

    /// The mails to this address, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mails(&self, email: &str) -> Result<Vec<ReceivedMail>, sqlx::Error> {
        let Some(mailbox) = self.tenant.mailer().mailbox() else { return Ok(Vec::new()) };
        let mails = mailbox.newest_first(Some(&email.to_lowercase())).await?;
        let mails = mails.into_iter().map(|mail| ReceivedMail {
            to: mail.to,
            subject: mail.subject,
            body: mail.body,
            passcode: mail.passcode,
        });
        Ok(mails.collect())
    }

    /// Rotates the signing keys, as providers do from time to time.
    ///
    /// # Errors
    /// [`KeyError`]; the keys stay as they were.
    pub async fn rotate_keys(&self) -> Result<(), KeyError> {
        self.tenant.rotate_keys().await
    }

    fn location(&self, headers: &reqwest::header::HeaderMap) -> Option<Url> {
        let location = headers.get(header::LOCATION)?.to_str().ok()?;
        Url::parse(self.tenant.origin()).ok()?.join(location).ok()
    }

    fn is_ours(&self, url: &Url) -> bool {
        url.origin().ascii_serialization() == self.tenant.origin()
    }

    async fn add_user(&self, address: &str, password: &str) -> Result<(), EmbedError> {
        let email = Email::parse(address)
            .map_err(|error| EmbedError::Email { address: address.to_owned(), source: error.into() })?;
        let hash = self.tenant.limits().hasher.hash(password.to_owned()).await;
        let password_hash = hash.map_err(|error| EmbedError::User(error.into()))?;
        let name = DisplayName::parse(email.local_part());
        let display_name = name.map_err(|error| EmbedError::User(error.into()))?;
        let new = NewUser { email, password_hash, display_name, country: None };
        user::create(&self.tenant, new).await.map(drop).map_err(|error| EmbedError::User(error.into()))
    }
}

fn stopped(status: reqwest::StatusCode, page: &[u8]) -> SignInError {
    SignInError::Stopped { status: status.as_u16(), page: String::from_utf8_lossy(page).into_owned() }
}

impl Builder {
    /// An address that authorization responses may go to, beside those named before.
    #[must_use]
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.to_owned());
        self
    }

    /// An address that the browser may go to after sign-out, beside those named before.
    #[must_use]
    pub fn post_logout_redirect_uri(mut self, uri: &str) -> Self {
        self.post_logout_redirect_uris.push(uri.to_owned());
        self
    }

    /// An API with these scopes, all of them granted to the app: `{uri}/{scope}` is what it asks for.
    #[must_use]
    pub fn api(mut self, application_id_uri: &str, scopes: &[&str]) -> Self {
        self.api = Some((application_id_uri.to_owned(), scopes.iter().map(|scope| (*scope).to_owned()).collect()));
        self
    }

    /// A customer who signs in with this address and password. The rules for passwords do not hold here.
    #[must_use]
    pub fn user(mut self, email: &str, password: &str) -> Self {
        self.users.push((email.to_owned(), password.to_owned()));
        self
    }

    /// The time that the tenant goes by: that of a test which moves it. By default the system's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Changes the configuration before the tenant starts: more apps, app roles, authentication contexts, rotation of
    /// refresh tokens. The app is the first of [`Config::apps`].
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config) + Send + 'static) -> Self {
        self.change = Some(Box::new(change));
        self
    }

    /// Starts the tenant. Its port is open when this returns.
    ///
    /// # Errors
    /// [`EmbedError`].
    pub async fn start(self) -> Result<EmbeddedTenant, EmbedError> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?;
        let folder = Folder::new()?;
        let (client_id, client_secret) = (Uuid::new_v4(), random::token());
        let mut app = App {
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            secrets: vec![SecretSource::Value(SecretString::from(client_secret.clone()))],
            user_flow: Some(USER_FLOW.to_owned()),
            ..App::named("App", client_id)
        };
        if app.redirect_uris.is_empty() {
            app.redirect_uris.push("http://localhost:3000/auth/callback".to_owned());
        }
        let api = self.api.map(|(uri, scopes)| App {
            application_id_uri: Some(uri),
            scopes: scopes.into_iter().map(|value| Permission::named(&value)).collect(),
            ..App::named("API", Uuid::new_v4())
        });
        app.permissions.extend(api.as_ref().map(|api| Grant {
            resource: api.client_id,
            scopes: api.scopes.iter().map(|scope| scope.value.clone()).collect(),
            roles: Vec::new(),
            consent: Consent::Admin,
        }));
        let api_client_id = api.as_ref().map(|api| api.client_id);
        let flow = UserFlow { name: USER_FLOW.to_owned(), sign_up: true, attributes: vec![Attribute::DisplayName] };
        let mut config = Config {
            listen: address,
            connections: serve::ConnectionsConfig::default(),
            public_url: format!("http://{address}"),
            database_url: format!("sqlite:{}", folder.0.join("tenant.db").display()),
            tenant_id: Uuid::new_v4(),
            domain: "tenant.localhost".to_owned(),
            display_name: "Test tenant".to_owned(),
            mail: None,
            apps: std::iter::once(app).chain(api).collect(),
            user_flows: vec![flow],
            authentication_contexts: Vec::new(),
            refresh_token_reuse: RefreshTokenReuse::default(),
            refresh_token_reuse_window: 0,
            client_assertion_reuse: ClientAssertionReuse::default(),
            require_pkce: false,
            compare_localhost_ports: false,
        };
        if let Some(change) = self.change {
            change(&mut config);
        }
        let tenant = Tenant::start(config, Mode::Development, &outbound::client(), self.clock).await?;
        let shutdown = CancellationToken::new();
        tokio::spawn(serve::serve(listener, router(tenant.clone()), shutdown.clone()));
        let started = EmbeddedTenant {
            tenant,
            client_id,
            client_secret,
            api_client_id,
            http: outbound::client(),
            _shutdown: shutdown.drop_guard(),
            _folder: folder,
        };
        for (email, password) in &self.users {
            started.add_user(email, password).await?;
        }
        Ok(started)
    }
}

/// A folder for the database, for this user only.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("embedded-tenant-{}", Uuid::new_v4()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Connections that are still open keep their files until they close.
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the folder of an embedded tenant could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use time::Duration;

    use super::*;
    use crate::language::Language;
    use crate::platform::database;
    use crate::tenant::texts::Texts;

    const PASSWORD: &str = "correct horse battery staple";
    const CALLBACK: &str = "http://localhost:3000/auth/callback";

    fn authorize(tenant: &EmbeddedTenant, scope: &str) -> String {
        let client_id = tenant.client_id().to_string();
        let query = [
            ("client_id", client_id.as_str()),
            ("response_type", "code"),
            ("scope", scope),
            ("redirect_uri", CALLBACK),
            ("state", "s"),
        ];
        Url::parse_with_params(&tenant.authorization_endpoint(), query).unwrap().into()
    }

    #[tokio::test]
    async fn an_app_gets_tokens_for_a_customer_who_signs_in() {
        let tenant = EmbeddedTenant::builder()
            .api("api://todo", &["ToDo.Read"])
            .user("Alice@example.com", PASSWORD)
            .start()
            .await
            .unwrap();
        let discovery = format!("{}/.well-known/openid-configuration", tenant.issuer());
        let (status, _, body) = outbound::send(tenant.http.get(discovery), MAX_PAGE).await.unwrap();
        assert_eq!(status, 200);
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["issuer"], tenant.issuer());

        let request = authorize(&tenant, "openid api://todo/ToDo.Read");
        assert!(matches!(
            tenant.sign_in(&request, "alice@example.com", "wrong").await,
            Err(SignInError::Stopped { .. })
        ));
        let callback = tenant.sign_in(&request, "alice@example.com", PASSWORD).await.unwrap();
        let code = callback.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let client_id = tenant.client_id().to_string();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", &client_id),
            ("client_secret", tenant.client_secret()),
            ("code", &code),
            ("redirect_uri", CALLBACK),
        ];
        let redeemed = tenant.http.post(tenant.token_endpoint()).form(&fields);
        let (status, _, body) = outbound::send(redeemed, MAX_PAGE).await.unwrap();
        let tokens: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status.as_u16(), &tokens["scope"]), (200, &"api://todo/ToDo.Read".into()), "{tokens}");
        assert!(tenant.api_client_id().is_some());
    }

    #[tokio::test]
    async fn passcodes_can_be_read_and_the_configuration_changed() {
        let clock = Clock::manual(time::OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
        let tenant = EmbeddedTenant::builder()
            .clock(clock)
            .configure(|config| config.user_flows[0].sign_up = false)
            .start()
            .await
            .unwrap();
        assert_eq!(tenant.passcode("bob@example.com").await.unwrap(), None);
        let to = Email::parse("bob@example.com").unwrap();
        let mail = super::super::mail::passcode(Texts::of(Language::English), "Test tenant", &to, "12345678", 10);
        tenant.tenant.mailer().send(mail).await.unwrap();
        assert_eq!(tenant.passcode("Bob@example.com").await.unwrap().as_deref(), Some("12345678"));
        assert!(!tenant.tenant.config().user_flows[0].sign_up);
    }

    #[tokio::test]
    async fn what_a_dropped_tenant_kept_is_removed_and_its_port_closed() {
        let tenant = EmbeddedTenant::builder().start().await.unwrap();
        let config = tenant.tenant.config();
        let (file, address) = (database::file_of(&config.database_url).unwrap(), config.listen);
        assert!(file.exists());
        drop(tenant);
        assert!(!file.parent().unwrap().exists());
        for _ in 0..100 {
            if tokio::net::TcpStream::connect(address).await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the port is open still");
    }
}

//! `errand dev`: web, API, tenant and worker in one process, on SQLite, with everything registered and every secret
//! made on first run. The parts speak HTTP to each other over their real ports: the token hop is what the project is
//! about, so nothing short-cuts it.
//!
//! What the programs are told of each other, and what is registered at the tenant, follows from the configuration that is
//! in force (`InForce`): whoever gives the web server another public address registers nothing by hand. Apps and user
//! flows of a developer's own are added to those that are made here.
//!
//! It leaves the configuration that it runs with in the data folder (`dev.toml`, for this user only): `errand admin`
//! and other programs in the same folder join it with that.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::api::{self, Api};
use crate::daemon::worker::{self, Worker};
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, DEV_FILE, Mode, Settings, is_loopback, public_url, read_text};
use crate::platform::database::{self, DatabaseError};
use crate::platform::mail::MailConfig;
use crate::platform::ownership::{Ownership, OwnershipError, Sharing};
use crate::platform::serve::{self, ListenError};
use crate::platform::{outbound, random, seal};
use crate::tenant::{self, Tenant};
use crate::web::{self, Web};

/// Why `errand dev` does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It is for development.
    #[error(
        "`errand dev` does not run with mode = \"production\": start `errand web` and `errand api`, each with its configuration"
    )]
    Production,
    /// The data folder cannot be used.
    #[error(
        "the data folder {folder} cannot be used: {reason}; make it writable, or name another one with `data` or ERRAND_DATA"
    )]
    Data {
        /// The folder.
        folder: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// The generated secrets cannot be read back.
    #[error("{0} is damaged: restore it, or delete the data folder to begin anew (accounts and to-dos are lost)")]
    Secrets(PathBuf),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An address is taken.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Another program runs on the same data folder.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
    /// Another program runs on the same database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The tenant does not start.
    #[error("tenant: {0}")]
    Tenant(#[from] tenant::StartError),
    /// The API does not start.
    #[error("api: {0}")]
    Api(#[from] api::StartError),
    /// The web server does not start.
    #[error("web: {0}")]
    Web(#[from] web::StartError),
    /// The worker does not start.
    #[error("worker: {0}")]
    Worker(#[from] worker::StartError),
}

/// Everything, bound and ready to serve.
pub struct Dev {
    web: (TcpListener, Web),
    api: (TcpListener, Api),
    tenant: (TcpListener, Tenant),
    worker: Worker,
    /// How many connections each takes: web, API, tenant.
    limits: [serve::Limits; 3],
    /// Where things are, for whoever started it.
    pub addresses: Addresses,
    /// The data folder and the databases, while it runs.
    _owned: Vec<Ownership>,
}

/// Where the programs are reached.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The web app: open this.
    pub web: String,
    /// The `ToDoList` API.
    pub api: String,
    /// The tenant; its mail is read at `/mailbox`.
    pub tenant: String,
    /// Whether mail goes into the mailbox page rather than to an SMTP server.
    pub mailbox: bool,
}

/// What is made on first run and kept.
#[derive(Serialize, Deserialize)]
struct Generated {
    tenant_id: Uuid,
    web_client_id: Uuid,
    api_client_id: Uuid,
    admin_client_id: Uuid,
    web_client_secret: String,
    api_client_secret: String,
    admin_client_secret: String,
    encryption_key: String,
}

/// Where each program listens unless told otherwise, in the order web, API, tenant.
const LISTEN: &str = "mode = \"development\"\n[web]\nlisten = \"127.0.0.1:3000\"\n[api]\nlisten = \"127.0.0.1:3001\"\n[tenant]\nlisten = \"127.0.0.1:3002\"\n";

#[derive(Deserialize)]
struct Listen {
    listen: SocketAddr,
}

impl Dev {
    /// Binds the three addresses, makes or reads the secrets, opens the databases.
    ///
    /// # Errors
    /// [`StartError`]: a busy port, an unwritable folder, a configuration that contradicts itself.
    pub async fn start(config_file: Option<&Path>, clock: Clock) -> Result<Self, StartError> {
        let settings = Settings::load(config_file, LISTEN)?;
        if settings.mode == Mode::Production {
            return Err(StartError::Production);
        }
        make_folder(&settings.data).map_err(|e| unusable(&settings.data, &e))?;
        database::warn_of_open_folder(&settings.data);
        let mut owned = vec![Ownership::of_folder(&settings.data)?];
        // Bound first: with port 0 the addresses are known only now, and the programs must know each other's.
        let web_listener = bind(&settings, "web").await?;
        let api_listener = bind(&settings, "api").await?;
        let tenant_listener = bind(&settings, "tenant").await?;

        let generated = Generated::load(&settings.data)?;
        // Where it listens, which need not be how the web server reaches it.
        let api_at = local_url(&api_listener, "api")?;
        let listeners = [(&web_listener, "web"), (&api_listener, "api"), (&tenant_listener, "tenant")];
        let in_force = InForce::of(&settings, &generated, listeners)?;
        // Other programs find it from wherever they are started.
        let data = std::fs::canonicalize(&settings.data).map_err(|e| unusable(&settings.data, &e))?;
        let mail = worker_mail(&settings, &in_force.mailbox);
        let defaults = generated.defaults(&data, &in_force);
        let settings = Settings::load(config_file, &format!("{defaults}{mail}"))?;

        let web_config: web::config::Config = settings.section("web")?;
        let api_config: api::config::Config = settings.section("api")?;
        let tenant_config: tenant::config::Config = settings.section("tenant")?;
        let addresses = Addresses {
            web: in_force.web,
            api: api_at,
            tenant: in_force.tenant,
            mailbox: tenant_config.mail.is_none(),
        };
        for (key, url) in [
            ("web.database_url", &web_config.database_url),
            ("api.database_url", &api_config.database_url),
            ("tenant.database_url", &tenant_config.database_url),
        ] {
            owned.extend(database::own(key, url, Sharing::Exclusive)?);
        }
        let limits = [
            web_config.connections.check("web.connections")?,
            api_config.connections.check("api.connections")?,
            tenant_config.connections.check("tenant.connections")?,
        ];
        let http = outbound::client_from(&settings)?;
        let tenant = Tenant::start(tenant_config, settings.mode, &http, clock.clone()).await?;
        let api = Api::start(api_config, settings.mode, &http, clock.clone()).await?;
        let web = Web::start(&web_config, settings.mode, &http, clock.clone()).await?;
        let (worker, of_web) = (settings.section("worker")?, settings.section("web")?);
        let worker = Worker::start(&worker, &of_web, settings.mode, &http, clock).await?;
        write_private(&data.join(DEV_FILE), &settings.to_toml()?).map_err(|e| unusable(&data, &e))?;
        Ok(Self {
            web: (web_listener, web),
            api: (api_listener, api),
            tenant: (tenant_listener, tenant),
            worker,
            limits,
            addresses,
            _owned: owned,
        })
    }

    /// Serves all of them until `shutdown`; returns when requests in flight have finished.
    pub async fn serve(self, shutdown: CancellationToken) {
        let [web_limits, api_limits, tenant_limits] = self.limits;
        let maintain = self.web.1.identity().clone().maintain(shutdown.clone());
        let tokens = self.web.1.identity().tokens().clone();
        let watch = self.api.1.clone().watch(shutdown.clone());
        // The last requests of the web server and the worker still need the other two.
        let clients_have_stopped = CancellationToken::new();
        let clients = async {
            let web = serve::serve_within(self.web.0, self.web.1.router(), web_limits, shutdown.clone());
            tokio::join!(web, self.worker.run(shutdown));
            tokens.finish().await;
            clients_have_stopped.cancel();
        };
        tokio::join!(
            serve::serve_within(
                self.tenant.0,
                tenant::router(self.tenant.1),
                tenant_limits,
                clients_have_stopped.clone()
            ),
            serve::serve_within(self.api.0, api::router(self.api.1), api_limits, clients_have_stopped.clone()),
            clients,
            maintain,
            watch,
        );
    }
}

/// `[worker.mail]`: the tenant's mail server where there is one, else the tenant's mailbox.
fn worker_mail(settings: &Settings, mailbox: &str) -> String {
    match settings.section("tenant.mail") {
        Ok(MailConfig { smtp_url: Some(url), from: Some(from), .. }) => {
            let (url, from) = (quoted(url.expose_secret()), quoted(&from));
            format!("[worker.mail]\nsmtp_url = {url}\nfrom = {from}\n")
        }
        _ => format!("[worker.mail]\nmailbox_url = {}\n", quoted(mailbox)),
    }
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn unusable(folder: &Path, error: &std::io::Error) -> StartError {
    StartError::Data { folder: folder.to_owned(), reason: error.to_string() }
}

async fn bind(settings: &Settings, program: &str) -> Result<TcpListener, StartError> {
    let Listen { listen } = settings.section(program)?;
    Ok(serve::listen(&format!("{program}.listen"), listen).await?)
}

/// How programs and browsers on this machine reach a listener.
fn local_url(listener: &TcpListener, program: &str) -> Result<String, StartError> {
    let address = listener.local_addr().map_err(|error| {
        ConfigError::refused(&format!("{program}.listen"), format!("has no address ({error})"), "choose another one")
    })?;
    let (ip, port) = (address.ip(), address.port());
    // By no other name where nothing answers at the usual one.
    let localhost = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])];
    Ok(if ip.is_unspecified() || localhost.contains(&ip) {
        format!("http://localhost:{port}")
    } else {
        format!("http://{address}")
    })
}

/// What the programs must know of each other: what the configuration says, else what follows from where they listen and
/// what was generated.
struct InForce {
    /// How the web server is reached, without a slash at the end.
    web: String,
    /// How the API is reached, without a slash at the end.
    api: String,
    /// How the tenant is reached, without a slash at the end.
    tenant: String,
    /// The tenant's mailbox, for programs on this machine.
    mailbox: String,
    tenant_id: Uuid,
    web_client_id: Uuid,
    api_client_id: Uuid,
    admin_client_id: Uuid,
    web_credentials: Registered,
    api_credentials: Registered,
    admin_credentials: Registered,
    /// What the API offers beside its usual scopes and app roles.
    scopes: Vec<String>,
    app_roles: Vec<String>,
}

/// An app's credentials as its registration has them: lists, as TOML.
struct Registered {
    secrets: String,
    certificates: String,
}

/// Where a program listens, and which one it is.
type Listener<'a> = (&'a TcpListener, &'a str);

impl InForce {
    fn of(
        settings: &Settings,
        generated: &Generated,
        [web, api, tenant]: [Listener<'_>; 3],
    ) -> Result<Self, StartError> {
        let public = |(listener, program): Listener<'_>| -> Result<String, StartError> {
            let key = format!("{program}.public_url");
            Ok(match settings.value::<String>(&key)? {
                Some(text) => without_slash(public_url(&key, &text, settings.mode)?.as_str()),
                None => local_url(listener, program)?,
            })
        };
        // An id that is none is another provider's, which knows its apps itself.
        let id = |key: &str, generated: Uuid| -> Result<Uuid, ConfigError> {
            let text = settings.value::<String>(key)?;
            Ok(text.and_then(|text| text.parse().ok()).unwrap_or(generated))
        };
        let audiences: Vec<String> = settings.value("api.audiences")?.unwrap_or_default();
        // From Entra, and so from the tenant, `aud` is the API's client id.
        let audience = audiences.iter().find_map(|audience| audience.parse().ok());
        let beside = |key: &str, usual: &[&str]| -> Result<Vec<String>, ConfigError> {
            let offered: Vec<String> = settings.value(key)?.unwrap_or_default();
            Ok(offered.into_iter().filter(|name| !usual.contains(&name.as_str())).collect())
        };
        let local = local_url(tenant.0, tenant.1)?;
        let tenant = public(tenant)?;
        // A tenant on a loopback address answers under no other name there.
        let here = url::Url::parse(&tenant).is_ok_and(|url| is_loopback(&url));
        Ok(Self {
            web: public(web)?,
            // What is no address, the web server refuses.
            api: match settings
                .value::<String>("web.downstream_apis.todolist.base_url")?
                .as_deref()
                .map(url::Url::parse)
            {
                Some(Ok(url)) => without_slash(url.as_str()),
                _ => public(api)?,
            },
            mailbox: format!("{}/mailbox", if here { &tenant } else { &local }),
            tenant,
            tenant_id: settings.value("tenant.tenant_id")?.unwrap_or(generated.tenant_id),
            web_client_id: id("web.identity.client_id", generated.web_client_id)?,
            api_client_id: id("api.identity.client_id", audience.unwrap_or(generated.api_client_id))?,
            admin_client_id: id("admin.identity.client_id", generated.admin_client_id)?,
            web_credentials: Registered::of(settings, "web", &generated.web_client_secret)?,
            api_credentials: Registered::of(settings, "api", &generated.api_client_secret)?,
            admin_credentials: Registered::of(settings, "admin", &generated.admin_client_secret)?,
            scopes: beside("api.scopes", &SCOPES)?,
            app_roles: beside("api.app_roles", &APP_ROLES)?,
        })
    }
}

/// The scopes that the API is registered with in any case; [`Generated::defaults`] has their texts.
const SCOPES: [&str; 4] = ["ToDoList.Read", "ToDoList.ReadWrite", "Profile.Read", "Profile.ReadWrite"];
/// The same of its app roles.
const APP_ROLES: [&str; 2] = ["ToDoList.Read.All", "ToDoList.ReadWrite.All"];

impl Registered {
    /// What `program` presents, else the secret that was generated for it.
    fn of(settings: &Settings, program: &str, generated: &str) -> Result<Self, ConfigError> {
        let presented = settings.value::<Vec<toml::Table>>(&format!("{program}.identity.client_credentials"))?;
        let list = |entries: Vec<toml::Value>| toml::Value::Array(entries).to_string();
        let Some(presented) = presented else {
            return Ok(Self { secrets: list(vec![generated.into()]), certificates: list(Vec::new()) });
        };
        let secrets = presented.iter().filter_map(|credential| credential.get("secret").cloned()).collect();
        let files = presented.iter().filter_map(|credential| credential.get("certificate")?.get("certificate_file"));
        let certificates =
            files.map(|file| toml::Table::from_iter([("file".to_owned(), file.clone())]).into()).collect();
        Ok(Self { secrets: list(secrets), certificates: list(certificates) })
    }
}

fn without_slash(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

/// Scopes or app roles without texts of their own, for a registration.
fn untitled(names: &[String]) -> String {
    let entry = |name: &String| format!("    {{ value = {name}, display_name = {name} }},\n", name = quoted(name));
    names.iter().map(entry).collect::<Vec<_>>().concat()
}

/// Names for a list that has some already.
fn further(names: &[String]) -> String {
    names.iter().map(|name| format!(", {}", quoted(name))).collect::<Vec<_>>().concat()
}

impl Generated {
    /// Reads `secrets.toml` of the data folder, or makes it, readable by this user only.
    fn load(data: &Path) -> Result<Self, StartError> {
        let unusable = |e: std::io::Error| unusable(data, &e);
        make_folder(data).map_err(unusable)?;
        let file = data.join("secrets.toml");
        database::keep_private(&file).map_err(unusable)?;
        match read_text(&file) {
            Ok(text) => toml::from_str(&text).map_err(|_| StartError::Secrets(file)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let generated = Self {
                    tenant_id: Uuid::new_v4(),
                    web_client_id: Uuid::new_v4(),
                    api_client_id: Uuid::new_v4(),
                    admin_client_id: Uuid::new_v4(),
                    web_client_secret: random::token(),
                    api_client_secret: random::token(),
                    admin_client_secret: random::token(),
                    encryption_key: seal::KeyRing::generate(),
                };
                let text = toml::to_string(&generated).map_err(|_| StartError::Secrets(file.clone()))?;
                write_private(&file, &text).map_err(unusable)?;
                Ok(generated)
            }
            Err(e) => Err(unusable(e)),
        }
    }

    /// The whole configuration: what an administrator would register, and what each program would be told. What overrides
    /// it counts here already where something else follows from it.
    #[expect(clippy::too_many_lines, reason = "a configuration file, as a text")]
    fn defaults(&self, data: &Path, in_force: &InForce) -> String {
        let InForce { web, api, tenant, tenant_id, web_client_id, api_client_id, admin_client_id, .. } = in_force;
        let Registered { secrets: web_secrets, certificates: web_certificates } = &in_force.web_credentials;
        let Registered { secrets: api_secrets, certificates: api_certificates } = &in_force.api_credentials;
        let Registered { secrets: admin_secrets, certificates: admin_certificates } = &in_force.admin_credentials;
        let (more_scopes, more_roles) = (untitled(&in_force.scopes), untitled(&in_force.app_roles));
        let (granted_scopes, granted_roles) = (further(&in_force.scopes), further(&in_force.app_roles));
        let Self { web_client_secret, api_client_secret, admin_client_secret, encryption_key, .. } = self;
        // TOML needs backslashes and quotes of paths escaped.
        let database = |name: &str| toml::Value::from(format!("sqlite:{}", data.join(name).display())).to_string();
        let (web_db, api_db, tenant_db) = (database("web.db"), database("api.db"), database("tenant.db"));
        format!(
            r#"
mode = "development"

[tenant]
listen = "127.0.0.1:3002"
public_url = "{tenant}"
database_url = {tenant_db}
tenant_id = "{tenant_id}"
domain = "errand.onmicrosoft.com"
display_name = "Errand"

[[tenant.user_flows]]
name = "sign_up_and_sign_in"
attributes = ["display_name", "country"]

[[tenant.apps]]
name = "Errand ToDoList API"
client_id = "{api_client_id}"
scopes = [
    {{ value = "ToDoList.Read", display_name = "Read to-dos", description = "See the signed-in customer's to-do list" }},
    {{ value = "ToDoList.ReadWrite", display_name = "Change to-dos", description = "See and change the signed-in customer's to-do list" }},
    {{ value = "Profile.Read", display_name = "Read the profile", description = "See the signed-in customer's profile" }},
    {{ value = "Profile.ReadWrite", display_name = "Change the profile", description = "See and change the signed-in customer's profile" }},
{more_scopes}]
app_roles = [
    {{ value = "ToDoList.Read.All", display_name = "Read everyone's to-dos" }},
    {{ value = "ToDoList.ReadWrite.All", display_name = "Change everyone's to-dos" }},
{more_roles}]
optional_access_token_claims = ["idtyp"]
secrets = {api_secrets}
certificates = {api_certificates}
permissions = [{{ resource = "00000003-0000-0000-c000-000000000000", scopes = ["User.Read", "User.ReadWrite"] }}]

[[tenant.apps]]
name = "Errand"
client_id = "{web_client_id}"
redirect_uris = ["{web}/auth/redirect"]
post_logout_redirect_uris = ["{web}/auth/signed-out"]
back_channel_logout_uri = "{web}/auth/back-channel-logout"
secrets = {web_secrets}
certificates = {web_certificates}
permissions = [
    {{ resource = "{api_client_id}", scopes = ["ToDoList.Read", "ToDoList.ReadWrite", "Profile.Read"{granted_scopes}] }},
    # Asked of each user when they first change their profile: to see incremental consent at work.
    {{ resource = "{api_client_id}", scopes = ["Profile.ReadWrite"], consent = "user" }},
]
user_flow = "sign_up_and_sign_in"

[[tenant.apps]]
name = "Errand admin"
client_id = "{admin_client_id}"
secrets = {admin_secrets}
certificates = {admin_certificates}
permissions = [{{ resource = "{api_client_id}", roles = ["ToDoList.Read.All", "ToDoList.ReadWrite.All"{granted_roles}] }}]

[api]
listen = "127.0.0.1:3001"
database_url = {api_db}
audiences = ["{api_client_id}"]

[api.identity]
authority = "{tenant}/{tenant_id}/v2.0"
tenant_id = "{tenant_id}"
client_id = "{api_client_id}"
client_credentials = [{{ secret = "{api_client_secret}" }}]

[api.downstream_apis.directory]
base_url = "{tenant}"
relative_path = "v1.0/me"
scopes = {{ read = ["https://graph.microsoft.com/User.Read"], write = ["https://graph.microsoft.com/User.ReadWrite"] }}

[api.permissions.read_profile]
scopes = ["Profile.Read", "Profile.ReadWrite"]

[api.permissions.write_profile]
scopes = ["Profile.ReadWrite"]

[api.permissions.read]
scopes = ["ToDoList.Read", "ToDoList.ReadWrite"]
app_permissions = ["ToDoList.Read.All", "ToDoList.ReadWrite.All"]

[api.permissions.write]
scopes = ["ToDoList.ReadWrite"]
app_permissions = ["ToDoList.ReadWrite.All"]

[web]
listen = "127.0.0.1:3000"
public_url = "{web}"
database_url = {web_db}
encryption_keys = ["{encryption_key}"]

[web.identity]
authority = "{tenant}/{tenant_id}/v2.0"
tenant_id = "{tenant_id}"
client_id = "{web_client_id}"
client_credentials = [{{ secret = "{web_client_secret}" }}]
initial_scopes = ["api://{api_client_id}/ToDoList.Read"]

[web.downstream_apis.todolist]
base_url = "{api}"
relative_path = "api/todolist"
scopes = {{ read = ["api://{api_client_id}/ToDoList.Read"], write = ["api://{api_client_id}/ToDoList.ReadWrite"] }}

[web.downstream_apis.profile]
base_url = "{api}"
relative_path = "api/profile"
scopes = {{ read = ["api://{api_client_id}/Profile.Read"], write = ["api://{api_client_id}/Profile.ReadWrite"] }}

[admin.identity]
authority = "{tenant}/{tenant_id}/v2.0"
tenant_id = "{tenant_id}"
client_id = "{admin_client_id}"
client_credentials = [{{ secret = "{admin_client_secret}" }}]

[admin.downstream_apis.todolist]
base_url = "{api}"
relative_path = "api/todolist"
scopes = ["api://{api_client_id}/.default"]
request_app_token = true

[worker.reminders.identity]
authority = "{tenant}/{tenant_id}/v2.0"
tenant_id = "{tenant_id}"
client_id = "{admin_client_id}"
client_credentials = [{{ secret = "{admin_client_secret}" }}]

[worker.reminders.downstream_apis.todolist]
base_url = "{api}"
relative_path = "api/todolist"
scopes = ["api://{api_client_id}/.default"]
request_app_token = true

"#
        )
    }
}

/// Makes the data folder, for this user only.
fn make_folder(data: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data)
}

/// Writes a file that only this user may read, whole or not at all.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let temporary = file.with_extension("new");
    let _ = std::fs::remove_file(&temporary);
    let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    std::fs::rename(temporary, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::admin;

    #[test]
    fn secrets_that_an_editor_gave_a_byte_order_mark_are_read() {
        let data = tempfile::tempdir().expect("a folder");
        let made = Generated::load(data.path()).expect("made");
        let file = data.path().join("secrets.toml");
        let text = std::fs::read_to_string(&file).expect("readable");
        std::fs::write(&file, format!("\u{feff}{text}")).expect("written");
        let read = Generated::load(data.path()).map_err(|error| error.to_string()).expect("readable");
        assert_eq!(toml::to_string(&read).ok(), toml::to_string(&made).ok());
    }

    const README: &str = include_str!("../README.md");

    /// The production example of the README, with files and databases that exist here.
    fn example(folder: &Path) -> String {
        let toml = README.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let secret = folder.join("key");
        std::fs::write(&secret, format!("{}\n", seal::KeyRing::generate())).expect("written");
        let mut toml = toml.to_owned();
        for (theirs, ours) in [
            ("/run/secrets/errand_encryption_key", secret.display().to_string()),
            ("/run/secrets/errand_client_secret", secret.display().to_string()),
            ("/run/secrets/errand_admin_secret", secret.display().to_string()),
            ("/run/secrets/errand_worker_secret", secret.display().to_string()),
            ("postgres://errand_web@db.example.com/errand_web", format!("sqlite:{}", folder.join("web.db").display())),
            ("postgres://errand_api@db.example.com/errand_api", format!("sqlite:{}", folder.join("api.db").display())),
        ] {
            assert!(toml.contains(theirs), "{theirs}");
            toml = toml.replace(theirs, &ours);
        }
        toml
    }

    #[tokio::test]
    async fn the_programs_start_with_the_configuration_that_the_readme_shows() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings::from_toml(&example(folder.path())).expect("TOML");
        assert_eq!(settings.mode, Mode::Production);
        let http = outbound::client_from(&settings).expect("known");
        let config = settings.section("web").expect("every key is known");
        if let Err(error) = Web::start(&config, settings.mode, &http, Clock::system()).await {
            panic!("{error}");
        }
        let config = settings.section("api").expect("every key is known");
        if let Err(error) = Api::start(config, settings.mode, &http, Clock::system()).await {
            panic!("{error}");
        }
        let (config, web) = (settings.section("worker").expect("known"), settings.section("web").expect("known"));
        if let Err(error) = Worker::start(&config, &web, settings.mode, &http, Clock::system()).await {
            panic!("{error}");
        }
        if let Err(error) = admin::check(&settings, Clock::system()) {
            panic!("{error}");
        }
    }
}

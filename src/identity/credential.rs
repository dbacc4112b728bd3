//! How an app proves to its provider which app it is: the list of its client credentials, tried in order.
//!
//! Files are looked at before a token request, at most once a second, and read again when they changed. They are also read
//! again when the provider refuses the credential, whether or not they seem changed; only if their content is new is the
//! same credential tried once more. A credential that stays refused gives way to the next one in the list for a
//! minute. What cannot be read again leaves the previous content in use: half of a renewed certificate and key must not
//! take the app down.

mod certificate;

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};
use time::Duration;

pub(super) use self::certificate::Audiences;
use self::certificate::Certificate;
use super::config::{AssertionFile, CertificateFiles, ClientCredential};
use super::jwt::MAX_TOKEN;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::config::{ConfigError, SecretSource, read_text};
use crate::platform::hash;

/// How much time passes between two looks at the files.
const LOOK_AGAIN: Duration = Duration::SECOND;
/// For how long a credential that was refused gives way to the others.
const GIVES_WAY: Duration = Duration::MINUTE;

/// An app's credentials, in the order in which they are tried. Not empty.
pub(super) struct Credentials(Vec<Arc<Credential>>);

/// One of them.
pub(super) struct Credential {
    /// Its configuration path: `web.identity.client_credentials[0]`.
    key: String,
    source: ClientCredential,
    clock: Clock,
    state: RwLock<State>,
}

struct State {
    loaded: Arc<Loaded>,
    stamps: Vec<Option<Stamp>>,
    looked_at: Timestamp,
    /// When the provider last refused it; others go first for a while.
    refused_at: Option<Timestamp>,
}

/// What tells that a file is another than before, without reading it.
#[derive(PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

/// A credential as it was read.
pub(super) struct Loaded {
    material: Material,
    /// SHA-256 of everything that was read: whether the content is new.
    digest: String,
}

enum Material {
    Secret(SecretString),
    Certificate(Certificate),
    Assertion(SecretString),
}

/// What goes into a token request.
pub(super) enum Proof {
    /// `client_secret` (RFC 6749 §2.3.1).
    Secret(SecretString),
    /// `client_assertion` (RFC 7523 §2.2).
    Assertion(SecretString),
}

impl Credentials {
    /// Reads all of them. `key` is the list's configuration path. Certificates whose time is over are noted in the log, as
    /// long as another credential remains.
    ///
    /// # Errors
    /// [`ConfigError`] when the list is empty, one of them cannot be read, or none can be used.
    pub(super) fn read(key: &str, list: &[ClientCredential], clock: &Clock) -> Result<Self, ConfigError> {
        if list.is_empty() {
            return Err(ConfigError::refused(key, "is empty", "add one, such as { secret = { file = \"…\" } }"));
        }
        let credentials = list.iter().enumerate().map(|(position, source)| {
            let credential = Credential::read(format!("{key}[{position}]"), source.clone(), clock.clone())?;
            Ok(Arc::new(credential))
        });
        let credentials = Self(credentials.collect::<Result<_, ConfigError>>()?);
        let mut problem = None;
        for credential in &credentials.0 {
            match credential.usable() {
                Ok(_) => return Ok(credentials),
                Err(error) => {
                    tracing::error!(credential = credential.key, error, "a client credential cannot be used");
                    problem.get_or_insert((credential.key.clone(), error));
                }
            }
        }
        let (key, error) = problem.unwrap_or_default();
        Err(ConfigError::refused(&key, error, "replace it by one that is valid now, or correct this machine's clock"))
    }

    /// When the first one ends, in seconds since the epoch, where it says so itself: a certificate.
    pub(super) fn first_ends(&self) -> Option<i64> {
        match &self.0.first()?.with(|state| Arc::clone(&state.loaded)).material {
            Material::Certificate(certificate) => Some(certificate.not_after),
            Material::Secret(_) | Material::Assertion(_) => None,
        }
    }

    /// In the order in which they are to be tried: as configured, those that were refused a moment ago last.
    pub(super) fn in_order(&self) -> Vec<&Arc<Credential>> {
        let mut order: Vec<_> = self.0.iter().collect();
        order.sort_by_key(|credential| credential.gives_way());
        order
    }
}

impl Credential {
    fn read(key: String, source: ClientCredential, clock: Clock) -> Result<Self, ConfigError> {
        let stamps = stamps(&source);
        let loaded = Arc::new(load(&key, &source)?);
        let state = State { loaded, stamps, looked_at: clock.timestamp(), refused_at: None };
        let credential = Self { key, source, clock, state: RwLock::new(state) };
        credential.warn_of_expiry();
        Ok(credential)
    }

    /// Its configuration path, for logs.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// What to prove with now: read again, if its files changed.
    ///
    /// # Errors
    /// Why it cannot be used, for the log.
    pub(super) async fn current(self: &Arc<Self>) -> Result<Arc<Loaded>, String> {
        let now = self.clock.timestamp();
        let due = !files(&self.source).is_empty() && self.with(|state| (now - state.looked_at).abs()) >= LOOK_AGAIN;
        if due {
            self.with_mut(|state| state.looked_at = now);
            let this = Arc::clone(self);
            // A look that was interrupted is as good as one that found nothing new.
            let _ = tokio::task::spawn_blocking(move || this.look()).await;
        }
        self.usable()
    }

    /// Reads the files again: `Some` when the credential is now another one than `refused`, which the provider did not accept.
    pub(super) async fn reload(self: &Arc<Self>, refused: &Loaded) -> Option<Arc<Loaded>> {
        let this = Arc::clone(self);
        let _ = tokio::task::spawn_blocking(move || this.load_again()).await;
        let loaded = self.usable().ok()?;
        (loaded.digest != refused.digest).then_some(loaded)
    }

    /// The provider does not take it: the others go first for a while.
    pub(super) fn refused(&self) {
        let now = self.clock.timestamp();
        self.with_mut(|state| state.refused_at = Some(now));
    }

    /// The provider takes it.
    pub(super) fn accepted(&self) {
        self.with_mut(|state| state.refused_at = None);
    }

    fn gives_way(&self) -> bool {
        // A clock that was set back must not prolong it.
        let lately = |at| (Duration::ZERO..=GIVES_WAY).contains(&(self.clock.timestamp() - at));
        self.with(|state| state.refused_at).is_some_and(lately)
    }

    fn usable(&self) -> Result<Arc<Loaded>, String> {
        let loaded = self.with(|state| Arc::clone(&state.loaded));
        if let Material::Certificate(certificate) = &loaded.material {
            certificate.check_times(self.clock.unix_seconds())?;
        }
        Ok(loaded)
    }

    fn look(&self) {
        let stamps = stamps(&self.source);
        if self.with(|state| state.stamps != stamps) {
            self.load_again();
        }
    }

    fn load_again(&self) {
        // Taken before reading: a file that is replaced meanwhile is found changed at the next look.
        let stamps = stamps(&self.source);
        match load(&self.key, &self.source) {
            Ok(loaded) => {
                if self.with(|state| state.loaded.digest != loaded.digest) {
                    tracing::info!(credential = self.key, "a client credential changed and was read again");
                    self.accepted();
                }
                self.with_mut(|state| {
                    state.stamps = stamps;
                    state.loaded = Arc::new(loaded);
                });
                self.warn_of_expiry();
            }
            Err(error) => {
                tracing::error!(%error, "a client credential cannot be read again; what was read before serves on");
            }
        }
    }

    fn warn_of_expiry(&self) {
        const SOON: i64 = 30 * 24 * 3600;
        if let Material::Certificate(certificate) = &self.with(|state| Arc::clone(&state.loaded)).material {
            let days = (certificate.not_after - self.clock.unix_seconds()) / (24 * 3600);
            if certificate.not_after - self.clock.unix_seconds() < SOON {
                tracing::warn!(credential = self.key, days, "a certificate expires soon");
            }
        }
    }

    fn with<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_mut(&self, write: impl FnOnce(&mut State)) {
        write(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Loaded {
    /// The proof for one request.
    ///
    /// # Errors
    /// When the certificate's key cannot sign.
    pub(super) fn proof(&self, client_id: &str, audiences: Audiences<'_>, now: i64) -> Result<Proof, String> {
        Ok(match &self.material {
            Material::Secret(secret) => Proof::Secret(secret.clone()),
            Material::Assertion(assertion) => Proof::Assertion(assertion.clone()),
            Material::Certificate(certificate) => Proof::Assertion(certificate.assertion(client_id, audiences, now)?),
        })
    }
}

/// The files that a credential is read from.
fn files(source: &ClientCredential) -> Vec<&Path> {
    match source {
        ClientCredential::Secret(SecretSource::File { file })
        | ClientCredential::SignedAssertion(AssertionFile { file }) => vec![file],
        ClientCredential::Certificate(files) => vec![&files.certificate_file, &files.private_key_file],
        ClientCredential::Secret(SecretSource::Value(_) | SecretSource::Env { .. }) => vec![],
    }
}

fn stamps(source: &ClientCredential) -> Vec<Option<Stamp>> {
    let stamp = |metadata: Metadata| Stamp {
        modified: metadata.modified().ok(),
        length: metadata.len(),
        inode: metadata.ino(),
    };
    files(source).into_iter().map(|file| std::fs::metadata(file).ok().map(stamp)).collect()
}

fn load(key: &str, source: &ClientCredential) -> Result<Loaded, ConfigError> {
    match source {
        ClientCredential::Secret(secret) => {
            let secret = secret.read(&format!("{key}.secret"))?;
            Ok(Loaded { digest: hash::sha256_base64url(secret.expose_secret()), material: Material::Secret(secret) })
        }
        ClientCredential::SignedAssertion(AssertionFile { file }) => {
            let key = format!("{key}.signed_assertion.file");
            let assertion = read(&key, file)?.trim().to_owned();
            // Signed by whom and how is for the provider to judge.
            let is_part = |part: &str| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            };
            if assertion.len() > MAX_TOKEN || assertion.split('.').count() != 3 || !assertion.split('.').all(is_part) {
                let remedy = "let it hold one signed JSON Web Token and nothing else";
                return Err(ConfigError::refused(&key, "names a file that holds no signed assertion", remedy));
            }
            let assertion = SecretString::from(assertion);
            Ok(Loaded {
                digest: hash::sha256_base64url(assertion.expose_secret()),
                material: Material::Assertion(assertion),
            })
        }
        ClientCredential::Certificate(files) => {
            let CertificateFiles { certificate_file, private_key_file, .. } = files;
            let (certificate_key, private_key_key) =
                (format!("{key}.certificate.certificate_file"), format!("{key}.certificate.private_key_file"));
            let certificate = read(&certificate_key, certificate_file)?;
            let private_key = SecretString::from(read(&private_key_key, private_key_file)?);
            let digest = hash::sha256_base64url(&format!("{certificate}\n{}", private_key.expose_secret()));
            let certificate = Certificate::parse(&certificate, private_key.expose_secret(), files)
                .map_err(|error| error.into_config_error(&certificate_key, &private_key_key))?;
            Ok(Loaded { digest, material: Material::Certificate(certificate) })
        }
    }
}

fn read(key: &str, file: &Path) -> Result<String, ConfigError> {
    read_text(file).map_err(|error| {
        let problem = format!("names the file {}, which cannot be read ({error})", file.display());
        ConfigError::refused(key, problem, "make it readable for this user")
    })
}

//! Configuration: `errand.toml`, then the environment (`ERRAND_WEB__PUBLIC_URL` is `public_url` of `[web]`), then
//! flags. Nothing fails open: an unknown key, a missing one or a contradiction stops the program with a message
//! that names the key and the remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Whether this is a developer's machine or the real thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Plain http on localhost is allowed, and the embedded tenant may run.
    Development,
    /// Public URLs must be https, secrets must be given, and the embedded tenant refuses to start.
    #[default]
    Production,
}

/// The tables an `errand.toml` may contain.
const SECTIONS: [&str; 6] = ["web", "api", "tenant", "worker", "admin", "outbound"];
/// What `errand dev` leaves in the data folder: the configuration of its last run, for programs beside it.
pub const DEV_FILE: &str = "dev.toml";
/// Lists of registrations, each with the key that tells its entries apart. To those that a program brings along,
/// configuration adds: a list of values, such as scopes, is said anew.
const REGISTRATIONS: [(&str, &str); 3] =
    [("tenant.apps", "client_id"), ("tenant.user_flows", "name"), ("tenant.authentication_contexts", "id")];
/// Environment variables without a table.
const VARIABLES: [&str; 4] = ["CONFIG", "DATA", "MODE", "LOG_FORMAT"];
/// Variables of the scripts that build and test Errand: no settings of a program, and not in its way.
const OF_SCRIPTS: [&str; 5] = ["TOOLS", "DOWNLOADS", "BIN", "WEB_URL", "TENANT_URL"];
/// Keys that are often given by the environment, for whoever forgets the table.
const USUAL: [&str; 8] = [
    "WEB__LISTEN",
    "WEB__PUBLIC_URL",
    "WEB__DATABASE_URL",
    "WEB__ENCRYPTION_KEYS",
    "WEB__SITE_ROOT",
    "API__AUDIENCES",
    "WORKER__MAIL__SMTP_URL",
    "WORKER__MAIL__FROM",
];

/// All settings, before a program takes its own table out of them.
#[derive(Clone, Debug)]
pub struct Settings {
    figment: Figment,
    /// `mode`: `"production"` unless said otherwise.
    pub mode: Mode,
    /// Whether somebody said what `mode` is.
    pub mode_is_set: bool,
    /// `data` (or `ERRAND_DATA`): the folder that holds databases and generated secrets; `.errand` by default.
    pub data: PathBuf,
    /// The file that `errand dev` left, when these settings are those of its last run.
    pub dev: Option<PathBuf>,
}

/// Why the configuration cannot be used. The text names the key and the remedy, and never a value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named does not exist.
    #[error("the configuration file {0} does not exist: check --config (or ERRAND_CONFIG)")]
    NoSuchFile(PathBuf),
    /// The text does not parse, or a key is missing, unknown or of the wrong type.
    #[error("{0}")]
    Invalid(String),
    /// A key has a value that cannot be right.
    #[error("`{key}` {problem}; {remedy}")]
    Refused {
        /// The key, as a path: `web.public_url`.
        key: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
        /// What it was refused for, where the text does not say so already. Holds no value of a secret either.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl ConfigError {
    /// A refusal that names the key, the problem and the remedy.
    pub fn refused(key: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { key: key.to_owned(), problem: problem.into(), remedy: remedy.into(), source: None }
    }

    /// The same refusal, with the error that it came from.
    #[must_use]
    pub fn because(self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        match self {
            Self::Refused { key, problem, remedy, .. } => {
                Self::Refused { key, problem, remedy, source: Some(Box::new(cause)) }
            }
            other => other,
        }
    }
}

/// Why a part of a program cannot be made of the settings it was given: for constructors that do not know where in the
/// configuration these stand. Whoever knows adds that with [`SettingError::at`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    member: String,
    problem: String,
    remedy: String,
}

impl SettingError {
    /// A refusal of `member`, a path below what the constructor was given: `authority`, `scopes.read`; empty for the whole.
    pub fn new(member: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { member: member.into(), problem: problem.into(), remedy: remedy.into() }
    }

    /// The same for settings that stand below `key` in the configuration: `web.identity`.
    #[must_use]
    pub fn at(self, key: &str) -> ConfigError {
        let Self { member, problem, remedy } = self;
        let key = if member.is_empty() { key.to_owned() } else { format!("{key}.{member}") };
        ConfigError::refused(&key, problem, remedy)
    }

    /// The same for settings that are the member `name` of a table.
    #[must_use]
    pub fn below(self, name: &str) -> Self {
        let member = if self.member.is_empty() { name.to_owned() } else { format!("{name}.{}", self.member) };
        Self { member, ..self }
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, problem, remedy } = self;
        if member.is_empty() { write!(f, "{problem}; {remedy}") } else { write!(f, "`{member}` {problem}; {remedy}") }
    }
}

impl std::error::Error for SettingError {}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Top {
    mode: Option<Mode>,
    data: Option<PathBuf>,
}

impl Settings {
    /// Reads `file` (`errand.toml` in the working folder when `None`, if it exists) and the environment.
    /// `defaults` is TOML that both override: what `errand dev` fills in. Its lists of registrations they add to, and
    /// of the registration that is in both, key by key, theirs counts.
    ///
    /// # Errors
    /// [`ConfigError`] when a named file is missing, the TOML does not parse, a top-level key is unknown, or a variable
    /// of the environment that begins with `ERRAND_` is no setting.
    pub fn load(file: Option<&Path>, defaults: &str) -> Result<Self, ConfigError> {
        let file = match file {
            Some(path) if !path.is_file() => return Err(ConfigError::NoSuchFile(path.to_owned())),
            Some(path) => Some(path),
            None => Some(Path::new("errand.toml")).filter(|path| path.is_file()),
        };
        let defaults = Figment::from(Toml::string(defaults));
        let own = with_ours(Figment::new(), file);
        let all: Dict = own.extract().map_err(|e| describe(e, None))?;
        check_environment(&all)?;
        let known = || SECTIONS.iter().copied().chain(["mode", "data"]);
        if let Some(unknown) = all.keys().find(|key| !known().any(|known| known == *key)) {
            let meant = nearest(unknown, known()).map(|known| format!("did you mean {known}? ")).unwrap_or_default();
            let remedy = format!("{meant}the top level takes mode, data and the tables {}", SECTIONS.join(", "));
            return Err(ConfigError::refused(unknown, "is not a key of errand.toml", remedy));
        }
        let mut joined = with_ours(defaults.clone(), file);
        for (list, key) in REGISTRATIONS {
            if let (Ok(brought), Ok(ours)) = (defaults.find_value(list), own.find_value(list))
                && let (Some(brought), Some(ours)) = (brought.into_array(), ours.into_array())
            {
                joined = joined.merge(Serialized::default(list, added(brought, ours, key)));
            }
        }
        Self::of(joined)
    }

    /// The settings of a program that may join `errand dev`. Where the configuration describes none of `programs` by
    /// itself, names no provider elsewhere and does not say that this is production, they are those of the last
    /// `errand dev` that ran on the same data folder, overridden by the file and the environment as usual.
    ///
    /// # Errors
    /// As [`Settings::load`]; also when `errand dev` left something that cannot be read.
    pub fn load_or_join_dev(file: Option<&Path>, programs: &[&str]) -> Result<Self, ConfigError> {
        let own = Self::load(file, "")?;
        let production = own.mode_is_set && own.mode == Mode::Production;
        if production || programs.iter().any(|program| own.describes(program) || own.has_provider_elsewhere(program)) {
            return Ok(own);
        }
        let left = own.data.join(DEV_FILE);
        match read_text(&left) {
            Ok(defaults) => Ok(Self { dev: Some(left), ..Self::load(file, &defaults)? }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(own),
            Err(e) => Err(ConfigError::Invalid(format!("{} cannot be read: {e}", left.display()))),
        }
    }

    /// Whether a program's table says who the program is, who its provider is and where its data is: a part of it only
    /// changes something about `errand dev`.
    fn describes(&self, program: &str) -> bool {
        let keys: &[&str] = match program {
            "web" => &["identity.authority", "identity.client_id", "database_url"],
            "api" => &["identity.authority", "audiences", "database_url"],
            _ => &["identity.authority", "identity.client_id", "downstream_apis"],
        };
        keys.iter().all(|key| self.has(&format!("{program}.{key}")))
    }

    /// Whether a program's provider is on another machine. The credentials that `errand dev` made are not for it, and
    /// its tokens not for what `errand dev` runs.
    fn has_provider_elsewhere(&self, program: &str) -> bool {
        let authority = self.value::<String>(&format!("{program}.identity.authority")).ok().flatten();
        authority.and_then(|text| url::Url::parse(&text).ok()).is_some_and(|url| !is_loopback(&url))
    }

    /// Whether there is a value at `key`, a path such as `admin.identity.client_id`.
    fn has(&self, key: &str) -> bool {
        self.figment.find_value(key).is_ok()
    }

    /// All of it as TOML, secrets included.
    ///
    /// # Errors
    /// [`ConfigError`] when something in it has no form in TOML.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        let table: toml::Table = self.figment.extract().map_err(|e| describe(e, None))?;
        // The error could quote a value.
        toml::to_string(&table).map_err(|_| ConfigError::Invalid("the configuration has no form in TOML".to_owned()))
    }

    fn of(figment: Figment) -> Result<Self, ConfigError> {
        let top: Top = figment.extract().map_err(|e| describe(e, None))?;
        let data = top.data.unwrap_or_else(|| PathBuf::from(".errand"));
        Ok(Self { mode: top.mode.unwrap_or_default(), mode_is_set: top.mode.is_some(), figment, data, dev: None })
    }

    /// The settings as they would be read from `toml` alone: for tests and for composition in one process.
    ///
    /// # Errors
    /// [`ConfigError`] when the TOML does not parse.
    pub fn from_toml(toml: &str) -> Result<Self, ConfigError> {
        Self::of(Figment::from(Toml::string(toml)))
    }

    /// One program's table as its documented struct. Structs use `deny_unknown_fields`, so a misspelt key is named.
    ///
    /// # Errors
    /// [`ConfigError`] when the table or one of its keys is missing, unknown or of the wrong type.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, ConfigError> {
        if self.figment.find_value(name).is_err() {
            return Err(ConfigError::refused(
                name,
                "is missing",
                format!(
                    "add a [{name}] table to errand.toml, or run `errand dev` in this folder, which needs no configuration"
                ),
            ));
        }
        self.figment.extract_inner(name).map_err(|e| describe(e, Some(name)))
    }

    /// What stands at `key`, a path such as `web.public_url`, if anything does.
    ///
    /// # Errors
    /// [`ConfigError`] when it is of the wrong type.
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ConfigError> {
        if self.has(key) {
            self.figment.extract_inner(key).map(Some).map_err(|e| describe(e, Some(key)))
        } else {
            Ok(None)
        }
    }
}

/// Merges the file and the environment over `figment`.
fn with_ours(figment: Figment, file: Option<&Path>) -> Figment {
    let ours = |key: &str| SECTIONS.contains(&key.split("__").next().unwrap_or_default());
    let figment = match file {
        Some(path) => figment.merge(Toml::file_exact(path)),
        None => figment,
    };
    figment
        .merge(Env::prefixed("ERRAND_").filter(move |key| ours(&key.as_str().to_lowercase())).split("__"))
        .merge(Env::prefixed("ERRAND_").only(&["mode", "data"]))
}

/// A list of registrations with what a program brings along: `ours` first, so that messages count them as their author
/// does. Of one that both have, `ours` counts where it says something.
fn added(brought: Vec<Value>, ours: Vec<Value>, key: &str) -> Vec<Value> {
    let name = |entry: &Value| {
        let name = entry.as_dict()?.get(key)?.as_str()?;
        Some(name.to_lowercase())
    };
    let mut brought: Vec<Option<Value>> = brought.into_iter().map(Some).collect();
    let mut all = Vec::new();
    for entry in ours {
        let named = name(&entry);
        let same = brought.iter_mut().find(|other| named.is_some() && other.as_ref().and_then(name) == named);
        all.push(match (same.and_then(Option::take), entry) {
            (Some(Value::Dict(_, mut known)), Value::Dict(tag, entry)) => {
                known.extend(entry);
                Value::Dict(tag, known)
            }
            (_, entry) => entry,
        });
    }
    all.extend(brought.into_iter().flatten());
    all
}

/// Variables that begin with `ERRAND_` and are no settings are typing errors, but for those that others set.
fn check_environment(configuration: &Dict) -> Result<(), ConfigError> {
    // Other programs' variables need not be text, and ours all have plain names.
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        let upper = name.to_uppercase();
        let Some(rest) = upper.strip_prefix("ERRAND_") else { continue };
        let is_section = |text: &str| SECTIONS.contains(&text.to_lowercase().as_str());
        let known = is_section(rest.split("__").next().unwrap_or_default())
            || VARIABLES.contains(&rest)
            || OF_SCRIPTS.contains(&rest)
            || rest.starts_with("TEST_")
            || is_service_link(rest, &value.to_string_lossy())
            || configuration.values().any(|value| names_variable(value, &name));
        if !known {
            return Err(unknown_variable(&name, rest));
        }
    }
    Ok(())
}

/// Whether a variable is one of those by which Kubernetes and Docker tell a container of a service named `errand`.
fn is_service_link(rest: &str, value: &str) -> bool {
    let is_address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    rest.ends_with("SERVICE_HOST")
        || rest.contains("SERVICE_PORT")
        || (rest.ends_with("PORT") && is_address)
        || ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| rest.contains("PORT_") && rest.contains(protocol))
}

/// Whether a secret somewhere in the configuration is `{ env = "NAME" }`.
fn names_variable(value: &Value, name: &str) -> bool {
    match value {
        Value::Dict(_, table) => {
            table.get("env").and_then(Value::as_str) == Some(name) || table.values().any(|v| names_variable(v, name))
        }
        Value::Array(_, list) => list.iter().any(|value| names_variable(value, name)),
        _ => false,
    }
}

/// What somebody may have meant by a variable that is no setting.
fn unknown_variable(name: &str, rest: &str) -> ConfigError {
    let section = rest.split("__").next().unwrap_or_default();
    let (problem, meant) = match rest.split_once("__") {
        Some((_, key)) => (
            "is an environment variable for a program that does not exist",
            nearest(section, SECTIONS).map(|program| format!("{}__{key}", program.to_uppercase())),
        ),
        None => ("is an environment variable that is no setting", meant_variable(rest)),
    };
    let remedy = match meant {
        Some(meant) => format!("did you mean ERRAND_{meant}? Correct it, or unset it"),
        None => format!(
            "keys of a table are written ERRAND_{{{}}}__KEY, such as ERRAND_WEB__PUBLIC_URL; correct it, or unset it",
            SECTIONS.join("|").to_uppercase()
        ),
    };
    ConfigError::refused(name, problem, remedy)
}

fn meant_variable(rest: &str) -> Option<String> {
    // One underscore in place of two.
    let of_section = |section: &&str| rest.strip_prefix(&format!("{}_", section.to_uppercase()));
    if let Some((section, key)) = SECTIONS.iter().find_map(|section| Some((section, of_section(section)?))) {
        return Some(format!("{}__{key}", section.to_uppercase()));
    }
    // Where other programs listen goes by these names.
    if ["PORT", "HOST", "ADDR", "ADDRESS", "BIND", "URL"].contains(&rest) {
        return Some(if rest == "URL" { "WEB__PUBLIC_URL" } else { "WEB__LISTEN=127.0.0.1:3000" }.to_owned());
    }
    let without_table = USUAL.iter().find(|key| key.ends_with(&format!("__{rest}"))).copied();
    let meant = without_table.or_else(|| nearest(rest, VARIABLES.into_iter().chain(USUAL)));
    meant.map(str::to_owned)
}

/// What of `known` somebody may have meant who wrote `name`.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    let name = plain(name);
    let most = (name.chars().count() / 3).clamp(1, 3);
    let distances = known.into_iter().map(|known| {
        let plain = plain(known);
        // `base` for `base_url`.
        let is_beginning = name.len() >= 4 && plain.starts_with(&name);
        (if is_beginning { most } else { most + 1 }.min(strsim::osa_distance(&name, &plain)), known)
    });
    distances.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// Reads all of `file` (which need not be there) as the documented struct of an app that is not Errand, overridden by the
/// variables that begin with `prefix`: with `THINGS_`, `THINGS_IDENTITY__CLIENT_ID` is `client_id` of `[identity]`.
///
/// # Errors
/// [`ConfigError`] when a key is missing, unknown or of the wrong type.
pub fn read<T: DeserializeOwned>(file: &Path, prefix: &str) -> Result<T, ConfigError> {
    let figment = Figment::from(Toml::file_exact(file)).merge(Env::prefixed(prefix).split("__"));
    figment.extract().map_err(|e| describe_in(e, None, (&file.display().to_string(), prefix)))
}

/// Of Errand's own file and environment.
fn describe(errors: figment::Error, from: Option<&str>) -> ConfigError {
    describe_in(errors, from, ("errand.toml", "ERRAND_"))
}

/// figment's errors, one line each, with the full path of the key and no value. `from` is where reading began.
fn describe_in(errors: figment::Error, from: Option<&str>, (file, prefix): (&str, &str)) -> ConfigError {
    use figment::error::Kind;
    let lines = errors.into_iter().map(|error| {
        let mut path: Vec<String> = error.path.clone();
        // `extract_inner` appends the path that it was given.
        if let Some(from) = from {
            let from: Vec<String> = from.split('.').map(str::to_owned).collect();
            if path.ends_with(&from) {
                path.truncate(path.len() - from.len());
            }
            path.splice(0..0, from);
        }
        let at = |name: &str| {
            // figment's paths sometimes end in the field already, and a field may carry its whole path.
            let name = name.rsplit('.').next().unwrap_or(name);
            let mut path = path.clone();
            if path.last().is_none_or(|last| last != name) {
                path.push(name.to_owned());
            }
            path
        };
        let here = path.join(".");
        match &error.kind {
            Kind::MissingField(name) => {
                let path = at(name);
                // The environment cannot set one entry of a list.
                let of_list = path.iter().any(|part| part.parse::<usize>().is_ok());
                let variable = path.join("__").to_uppercase();
                let variable = if of_list { String::new() } else { format!(" or as {prefix}{variable}") };
                format!("`{}` is missing; set it in {file}{variable}", path.join("."))
            }
            Kind::UnknownField(name, known) => {
                let last = name.rsplit('.').next().unwrap_or(name);
                let meant = nearest(last, known.iter().copied());
                let meant = meant.map(|known| format!("did you mean `{known}`? ")).unwrap_or_default();
                format!("`{}` is not a key; {meant}known here: {}", at(name).join("."), known.join(", "))
            }
            Kind::UnknownVariant(_, known) => format!("`{here}` must be one of {}", known.join(", ")),
            Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
                format!("`{here}` must be {}", in_words(expected, &path))
            }
            // Of serde's implementations for these two types; the second would quote a part of the value.
            Kind::Message(text) if text.contains("socket address") => {
                format!("`{here}` must be {}", in_words("socket address", &path))
            }
            Kind::Message(text) if text.contains("UUID") => format!("`{here}` must be {}", in_words("UUID", &path)),
            kind if path.is_empty() => kind.to_string(),
            kind => format!("`{here}`: {kind}"),
        }
    });
    ConfigError::Invalid(lines.collect::<Vec<_>>().join("\n"))
}

/// What serde expects, for people.
fn in_words(expected: &str, path: &[String]) -> String {
    let port = match path.first().map(String::as_str) {
        Some("api") => 3001,
        Some("tenant") => 3002,
        _ => 3000,
    };
    match expected {
        "socket address" => format!(
            "an address and a port, such as 127.0.0.1:{port}, or 0.0.0.0:{port} for all addresses of this machine; a name \
             such as localhost will not do"
        ),
        "a sequence" => "a list, such as [\"…\", \"…\"]".to_owned(),
        "a map" => "a table".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u32" | "u64" | "usize" => "a whole number".to_owned(),
        other if other.contains("UUID") => "an id such as 11111111-1111-1111-1111-111111111111".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}

/// A secret: written in the configuration, or (better) in a file of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a secret is a text, { file = \"…\" } or { env = \"NAME\" }")]
pub enum SecretSource {
    /// `key = { file = "/run/secrets/…" }`: the file's content, without the newline at its end.
    File {
        /// Where it is.
        file: PathBuf,
    },
    /// `key = { env = "NAME" }`: the value of an environment variable.
    Env {
        /// Its name.
        env: String,
    },
    /// `key = "…"`, most often from the environment.
    Value(SecretString),
}

impl SecretSource {
    /// The secret itself. `key` names it in errors.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] when the file cannot be read or the secret is empty.
    pub fn read(&self, key: &str) -> Result<SecretString, ConfigError> {
        use secrecy::ExposeSecret;
        let secret = match self {
            Self::Value(value) => value.clone(),
            Self::File { file } => {
                let text = read_text(file).map_err(|e| {
                    ConfigError::refused(
                        key,
                        format!("names the file {}, which cannot be read ({e})", file.display()),
                        "make it readable for this user",
                    )
                })?;
                SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            Self::Env { env } => SecretString::from(std::env::var(env).map_err(|_| {
                let problem = format!("names the environment variable {env}, which is not set");
                ConfigError::refused(key, problem, "set it, or correct the name")
            })?),
        };
        if secret.expose_secret().is_empty() {
            return Err(ConfigError::refused(key, "is empty", "give the secret, or a file that holds it"));
        }
        Ok(secret)
    }
}

/// The content of a text file, without the byte order mark that some editors put before it (Unicode 17.0 §23.8).
///
/// # Errors
/// As of [`std::fs::read_to_string`].
pub fn read_text(file: &Path) -> std::io::Result<String> {
    let text = std::fs::read_to_string(file)?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Checks a public URL: absolute, an origin (no path, query or user), https unless it is localhost in development.
/// Returns it without a slash at the end.
///
/// # Errors
/// [`ConfigError::Refused`] naming `key`.
pub fn public_url(key: &str, text: &str, mode: Mode) -> Result<url::Url, ConfigError> {
    let refuse = |problem: &str, remedy: &str| Err(ConfigError::refused(key, problem, remedy));
    let Ok(url) = url::Url::parse(text) else {
        return refuse("is not an absolute URL", "write it like https://todo.example.com");
    };
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return refuse("has more than scheme, host and port", "write it like https://todo.example.com");
    }
    match (url.scheme(), mode) {
        ("https", _) => Ok(url),
        ("http", Mode::Development) if is_loopback(&url) => Ok(url),
        ("http", Mode::Development) => {
            refuse("is plain http on a host that is not localhost", "use https, or http://localhost")
        }
        _ => refuse("must be https in production", "put a TLS proxy in front and give its address"),
    }
}

/// Whether a URL's host is this machine.
pub fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Table {
        listen: String,
        #[serde(default)]
        limit: u32,
    }

    fn parse(toml: &str) -> String {
        Settings::from_toml(toml).and_then(|s| s.section::<Table>("web")).expect_err("refused").to_string()
    }

    #[test]
    fn errors_name_the_key_and_never_the_value() {
        assert!(parse("[web]\nlimit = 1").contains("`web.listen` is missing"));
        assert!(parse("[web]\nlimit = 1").contains("ERRAND_WEB__LISTEN"));
        let unknown = parse("[web]\nlisten = 'x'\nlisten_adress = 'y'");
        assert!(unknown.contains("`web.listen_adress` is not a key"), "{unknown}");
        let wrong = parse("[web]\nlisten = 'x'\nlimit = 'hunter2'");
        assert!(wrong.contains("`web.limit` must be") && !wrong.contains("hunter2"), "{wrong}");
        assert!(parse("[api]").contains("`web` is missing"));
    }

    #[test]
    fn what_dev_left_is_joined_unless_this_is_production_or_there_is_a_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = "mode = \"development\"\n[admin]\nidentity = { authority = \"http://left\" }\n[web]\nport = 1\n";
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        std::fs::write(data.join(DEV_FILE), left).expect("written");
        let file = folder.path().join("errand.toml");
        let joins = |own: &str| {
            let path = toml::Value::from(data.to_str().expect("text"));
            std::fs::write(&file, format!("data = {path}\n{own}")).expect("written");
            Settings::load_or_join_dev(Some(&file), &["admin"]).expect("readable")
        };
        let joined = joins("[web]\nport = 2\n");
        assert_eq!((joined.mode, joined.dev.as_deref()), (Mode::Development, Some(data.join(DEV_FILE).as_path())));
        let again = joined.to_toml().expect("TOML");
        assert!(again.contains("http://left") && again.contains("port = 2"), "{again}");
        assert_eq!(joins("mode = \"production\"\n").dev, None);
        // A part of it changes something about `errand dev`, unless it is about a provider elsewhere.
        let part = joins("[admin]\nidentity = { client_id = \"mine\" }\n");
        assert!(part.dev.is_some() && part.to_toml().expect("TOML").contains("http://left"));
        let elsewhere = "identity = { authority = \"https://own\" }\n";
        let whole = "identity = { authority = \"http://localhost:1\", client_id = \"x\" }\ndownstream_apis = {}\n";
        for table in [elsewhere, whole] {
            let own = joins(&format!("[admin]\n{table}"));
            assert_eq!((own.mode, own.dev.clone()), (Mode::Production, None));
            assert!(!own.to_toml().expect("TOML").contains("http://left"));
        }
    }

    #[test]
    fn a_list_of_registrations_is_added_to_and_one_that_is_known_is_changed_key_by_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("errand.toml");
        let brought = "[[tenant.user_flows]]\nname = 'a'\nsign_up = true\n[[tenant.user_flows]]\nname = 'b'\n\
                       [tenant]\nscopes = ['x', 'y']\n";
        let joined = |own: &str| {
            std::fs::write(&file, own).expect("written");
            Settings::load(Some(&file), brought).expect("readable").value::<toml::Table>("tenant").expect("a table")
        };
        let own = "[[tenant.user_flows]]\nname = 'c'\n[[tenant.user_flows]]\nname = 'B'\nlogo = 'z'\n";
        let table = joined(&format!("{own}[tenant]\nscopes = ['z']\n")).expect("there");
        let names: Vec<_> =
            table["user_flows"].as_array().expect("a list").iter().map(|f| f["name"].as_str()).collect();
        assert_eq!(names, [Some("c"), Some("B"), Some("a")]);
        assert_eq!(table["user_flows"][1]["logo"].as_str(), Some("z"));
        // A list of values is said anew.
        assert_eq!(table["scopes"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn near_misses_are_told_what_they_may_have_meant() {
        for (toml, said) in [
            ("[web]\nlisten = 'x'\nlimt = 1", "did you mean `limit`?"),
            ("[web]\nlisten = 'x'\nLimit = 1", "did you mean `limit`?"),
        ] {
            let message = parse(toml);
            assert!(message.contains(said), "{message}");
        }
        assert!(!parse("[web]\nlisten = 'x'\nsomething_else = 1").contains("did you mean"));
        assert_eq!(nearest("encrypton_keys", ["listen", "encryption_keys"]), Some("encryption_keys"));
        assert_eq!(nearest("wep", SECTIONS), Some("web"));
        assert_eq!(nearest("base", ["base_url", "headers"]), Some("base_url"));
        assert_eq!(nearest("port", SECTIONS), None);
        let message = Settings::from_toml("mode = 'prodution'").expect_err("refused").to_string();
        assert_eq!(message, "`mode` must be one of development, production");
    }

    #[test]
    fn a_variable_that_is_no_setting_is_told_what_it_may_have_meant() {
        for (rest, meant) in [
            ("PORT", "ERRAND_WEB__LISTEN=127.0.0.1:3000"),
            ("WEB_LISTEN", "ERRAND_WEB__LISTEN"),
            ("PUBLIC_URL", "ERRAND_WEB__PUBLIC_URL"),
            ("CONFG", "ERRAND_CONFIG"),
            ("WEP__LISTEN", "ERRAND_WEB__LISTEN"),
            ("SOMETHING_ELSE", "ERRAND_WEB__PUBLIC_URL"),
        ] {
            let refused = unknown_variable(&format!("ERRAND_{rest}"), rest).to_string();
            assert!(refused.contains(meant) && refused.contains(&format!("`ERRAND_{rest}`")), "{refused}");
        }
        for (rest, value) in
            [("SERVICE_HOST", "10.0.0.1"), ("PORT", "tcp://10.0.0.1:80"), ("PORT_80_TCP_ADDR", "10.0.0.1")]
        {
            assert!(is_service_link(rest, value), "{rest}");
        }
        assert!(!is_service_link("PORT", "1") && !is_service_link("WEB_LISTEN", "127.0.0.1:1"));
    }

    #[test]
    fn an_address_to_listen_on_is_explained_by_an_example() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only parsed")]
        struct Listen {
            listen: std::net::SocketAddr,
        }
        for value in ["3001", "'localhost:3001'", "'127.0.0.1'", "true"] {
            let settings = Settings::from_toml(&format!("[api]\nlisten = {value}")).expect("TOML");
            let message = settings.section::<Listen>("api").expect_err("refused").to_string();
            assert!(message.contains("`api.listen` must be") && message.contains("127.0.0.1:3001"), "{message}");
            assert!(!message.contains("true"), "{message}");
        }
    }

    #[test]
    fn without_a_mode_it_is_production() {
        assert_eq!(Settings::from_toml("").expect("empty is valid").mode, Mode::Production);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_secret_or_a_configuration() {
        use secrecy::ExposeSecret as _;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, "\u{feff}s3cret\r\n").expect("written");
        let secret = SecretSource::File { file: file.clone() }.read("k").expect("readable");
        assert_eq!(secret.expose_secret(), "s3cret");
        std::fs::write(&file, "\u{feff}\n").expect("written");
        assert!(SecretSource::File { file }.read("k").is_err(), "nothing else is empty");
        let file = folder.path().join("errand.toml");
        std::fs::write(&file, "\u{feff}mode = \"development\"\n").expect("written");
        assert_eq!(Settings::load(Some(&file), "").expect("readable").mode, Mode::Development);
    }

    #[test]
    fn a_public_url_is_https_except_localhost_in_development() {
        assert!(public_url("k", "https://todo.example.com", Mode::Production).is_ok());
        assert!(public_url("k", "http://localhost:3000", Mode::Development).is_ok());
        for (text, mode) in [
            ("http://localhost:3000", Mode::Production),
            ("http://todo.example.com", Mode::Development),
            ("https://todo.example.com/app", Mode::Production),
            ("todo.example.com", Mode::Production),
            ("javascript:alert(1)", Mode::Development),
        ] {
            assert!(public_url("k", text, mode).is_err(), "{text}");
        }
    }

    #[test]
    fn a_refused_setting_is_named_as_far_as_its_place_is_known() {
        let error = SettingError::new("scopes.read", "is empty", "name one");
        assert_eq!(error.to_string(), "`scopes.read` is empty; name one");
        let error = error.below("todolist");
        assert_eq!(error.to_string(), "`todolist.scopes.read` is empty; name one");
        assert_eq!(error.at("web.apis").to_string(), "`web.apis.todolist.scopes.read` is empty; name one");
        let whole = SettingError::new("", "names no audience", "give one");
        assert_eq!(whole.to_string(), "names no audience; give one");
        assert_eq!(whole.at("api.audiences").to_string(), "`api.audiences` names no audience; give one");
    }
}

//! Configuration: `errand.toml`, then the environment (`ERRAND_WEB__PUBLIC_URL` is `public_url` of `[web]`), then
//! flags. Nothing fails open: an unknown key, a missing one or a contradiction stops the program with a message
//! that names the key and the remedy.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Toml};
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
const SECTIONS: [&str; 5] = ["web", "api", "tenant", "worker", "admin"];
/// What `errand dev` leaves in the data folder: the configuration of its last run, for programs beside it.
pub const DEV_FILE: &str = "dev.toml";

/// All settings, before a program takes its own table out of them.
#[derive(Clone, Debug)]
pub struct Settings {
    figment: Figment,
    /// `mode`: `"production"` unless said otherwise.
    pub mode: Mode,
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
    },
}

impl ConfigError {
    /// A refusal that names the key, the problem and the remedy.
    pub fn refused(key: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { key: key.to_owned(), problem: problem.into(), remedy: remedy.into() }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Top {
    mode: Mode,
    data: Option<PathBuf>,
}

impl Settings {
    /// Reads `file` (`errand.toml` in the working folder when `None`, if it exists) and the environment.
    /// `defaults` is TOML that both override: what `errand dev` fills in.
    ///
    /// # Errors
    /// [`ConfigError`] when a named file is missing, the TOML does not parse, or a top-level key is unknown.
    pub fn load(file: Option<&Path>, defaults: &str) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(defaults));
        match file {
            Some(path) if !path.is_file() => return Err(ConfigError::NoSuchFile(path.to_owned())),
            Some(path) => figment = figment.merge(Toml::file_exact(path)),
            None if Path::new("errand.toml").is_file() => figment = figment.merge(Toml::file_exact("errand.toml")),
            None => {}
        }
        check_environment()?;
        let ours = |key: &str| SECTIONS.contains(&key.split("__").next().unwrap_or_default());
        figment = figment
            .merge(Env::prefixed("ERRAND_").filter(move |key| ours(&key.as_str().to_lowercase())).split("__"))
            .merge(Env::prefixed("ERRAND_").only(&["mode", "data"]));
        let all: figment::value::Dict = figment.extract().map_err(|e| describe(e, None))?;
        if let Some(unknown) = all.keys().find(|k| !SECTIONS.contains(&k.as_str()) && *k != "mode" && *k != "data") {
            return Err(ConfigError::refused(
                unknown,
                "is not a key of errand.toml",
                format!("the top level takes mode, data and the tables {}", SECTIONS.join(", ")),
            ));
        }
        Self::of(figment)
    }

    /// The settings of a program that may join `errand dev`. Where the configuration does not have `key` (such as
    /// `admin.identity.client_id`) and does not say that this is production, they are those of the last `errand dev` that ran on
    /// the same data folder, overridden by the file and the environment as usual.
    ///
    /// # Errors
    /// As [`Settings::load`]; also when `errand dev` left something that cannot be read.
    pub fn load_or_join_dev(file: Option<&Path>, key: &str) -> Result<Self, ConfigError> {
        let own = Self::load(file, "")?;
        let production = own.has("mode") && own.mode == Mode::Production;
        if own.has(key) || production {
            return Ok(own);
        }
        let left = own.data.join(DEV_FILE);
        match std::fs::read_to_string(&left) {
            Ok(defaults) => Ok(Self { dev: Some(left), ..Self::load(file, &defaults)? }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(own),
            Err(e) => Err(ConfigError::Invalid(format!("{} cannot be read: {e}", left.display()))),
        }
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
        Ok(Self { figment, mode: top.mode, data, dev: None })
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
}

/// Environment variables of the form `ERRAND_X__Y` whose `X` is no program are typing errors.
fn check_environment() -> Result<(), ConfigError> {
    // Other programs' variables need not be text, and ours all have plain names.
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
        let Some(rest) = name.strip_prefix("ERRAND_") else { continue };
        let Some((section, _)) = rest.split_once("__") else { continue };
        if !SECTIONS.contains(&section.to_lowercase().as_str()) {
            return Err(ConfigError::refused(
                &name,
                "is an environment variable for a program that does not exist",
                format!("use ERRAND_{{{}}}__…, or unset it", SECTIONS.join("|").to_uppercase()),
            ));
        }
    }
    Ok(())
}

/// figment's errors, one line each, with the full path of the key and no value.
fn describe(errors: figment::Error, section: Option<&str>) -> ConfigError {
    use figment::error::Kind;
    let lines = errors.into_iter().map(|error| {
        let mut path: Vec<String> = error.path.clone();
        // `extract_inner` appends the table's name to the end of the path.
        if let Some(section) = section {
            path.pop_if(|last| last == section);
            path.insert(0, section.to_owned());
        }
        let at = |name: &str| {
            // figment's paths sometimes end in the field already, and a field may carry its whole path.
            let name = name.rsplit('.').next().unwrap_or(name);
            let mut path = path.clone();
            if path.last().is_none_or(|last| last != name) {
                path.push(name.to_owned());
            }
            path.join(".")
        };
        match &error.kind {
            Kind::MissingField(name) => format!(
                "`{key}` is missing; set it in errand.toml or as {variable}",
                key = at(name),
                variable = format_args!("ERRAND_{}", at(name).replace('.', "__").to_uppercase())
            ),
            Kind::UnknownField(name, known) => {
                format!("`{}` is not a key; known here: {}", at(name), known.join(", "))
            }
            Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
                format!("`{}` must be {expected}", path.join("."))
            }
            kind if path.is_empty() => kind.to_string(),
            kind => format!("`{}`: {kind}", path.join(".")),
        }
    });
    ConfigError::Invalid(lines.collect::<Vec<_>>().join("\n"))
}

/// A secret: written in the configuration, or (better) in a file of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
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
                let text = std::fs::read_to_string(file).map_err(|e| {
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
            Settings::load_or_join_dev(Some(&file), "admin.identity").expect("readable")
        };
        let joined = joins("[web]\nport = 2\n");
        assert_eq!((joined.mode, joined.dev.as_deref()), (Mode::Development, Some(data.join(DEV_FILE).as_path())));
        let again = joined.to_toml().expect("TOML");
        assert!(again.contains("http://left") && again.contains("port = 2"), "{again}");
        assert_eq!(joins("mode = \"production\"\n").dev, None);
        let own = joins("[admin]\nidentity = { authority = \"https://own\" }\n");
        assert_eq!((own.mode, own.dev.clone()), (Mode::Production, None));
        assert!(!own.to_toml().expect("TOML").contains("http://left"));
    }

    #[test]
    fn without_a_mode_it_is_production() {
        assert_eq!(Settings::from_toml("").expect("empty is valid").mode, Mode::Production);
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
}

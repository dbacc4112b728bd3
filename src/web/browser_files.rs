//! The browser's files, as `cargo leptos build` leaves them: `site_root` with the files, and beside the program a list
//! of the hashes that their names carry (`hash.txt`). The two belong to one build. A program that serves pages whose
//! script another build has looks well and does nothing, so such a web server does not start.

use std::path::{Path, PathBuf};

use crate::platform::config::{ConfigError, read_text};

/// What the browser's files are called, before hash and ending.
pub(super) const OUTPUT_NAME: &str = "errand";
/// The list of hashes.
pub(super) const HASH_FILE: &str = "hash.txt";
/// The folder below `site_root` whose files the list names.
const PACKAGE: &str = "pkg";

/// What was found of the browser's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserFiles {
    /// All that the list names are there, this many.
    Complete(usize),
    /// There is no list: cargo built the program on its own. Its pages work without scripts and styles.
    None,
}

/// Where pages find the browser's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    /// The style sheet.
    pub(super) stylesheet: String,
    /// The script that loads the program.
    pub(super) script: String,
    /// The program, WebAssembly.
    pub(super) program: String,
}

impl Addresses {
    /// As the list beside this program says.
    pub(super) fn read() -> Self {
        let hashes = hash_file().and_then(|file| read_text(&file).ok());
        Self::of(hashes.as_deref().unwrap_or_default())
    }

    /// As a list says. Names that are not on it carry no hash.
    pub(super) fn of(hashes: &str) -> Self {
        let address = |ending: &str| {
            let file = named(hashes).into_iter().find(|name| name.rsplit('.').next() == Some(ending));
            format!("/{PACKAGE}/{}", file.unwrap_or_else(|| format!("{OUTPUT_NAME}.{ending}")))
        };
        Self { stylesheet: address("css"), script: address("js"), program: address("wasm") }
    }
}

/// Looks whether the files that this program's pages will name are in `site_root`.
///
/// # Errors
/// [`ConfigError`] naming `web.site_root`, when one is missing.
pub fn check(site_root: &str) -> Result<BrowserFiles, ConfigError> {
    look(Path::new(site_root), hash_file().as_deref())
}

/// Where the list is to be: beside this program.
fn hash_file() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.join(HASH_FILE))
}

fn look(site_root: &Path, hash_file: Option<&Path>) -> Result<BrowserFiles, ConfigError> {
    const KEY: &str = "web.site_root";
    let Some(hash_file) = hash_file.filter(|file| file.is_file()) else { return Ok(BrowserFiles::None) };
    let hashes = read_text(hash_file).map_err(|error| {
        let problem = format!("cannot be compared with {}, which cannot be read ({error})", hash_file.display());
        ConfigError::refused(KEY, problem, "make it readable for this user")
    })?;
    let files = named(&hashes);
    let package = site_root.join(PACKAGE);
    if !package.is_dir() {
        let problem = format!("is {}, where there is no folder {PACKAGE}", site_root.display());
        let remedy =
            "give the folder that `cargo leptos build` (or `make release`) makes, target/site, or a copy of it";
        return Err(ConfigError::refused(KEY, problem, remedy));
    }
    let missing = files.iter().map(|name| package.join(name)).find(|file| !file.is_file());
    match missing {
        None => Ok(BrowserFiles::Complete(files.len())),
        Some(missing) => Err(another_build(KEY, &missing, hash_file)),
    }
}

fn another_build(key: &str, missing: &Path, hash_file: &Path) -> ConfigError {
    let problem = format!(
        "lacks {}, which {} names: they are of two builds",
        missing.display(),
        PathBuf::from(hash_file).display()
    );
    ConfigError::refused(key, problem, "take the program, hash.txt and the site of one build")
}

/// The files that a list of hashes names: lines such as `js: abc`.
fn named(hashes: &str) -> Vec<String> {
    let lines = hashes.lines().filter_map(|line| line.trim().split_once(':'));
    let known = lines.filter(|(ending, hash)| ["js", "wasm", "css"].contains(ending) && !hash.trim().is_empty());
    known.map(|(ending, hash)| format!("{OUTPUT_NAME}.{}.{ending}", hash.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_another_build_are_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (site, hashes) = (folder.path().join("site"), folder.path().join("hash.txt"));
        let look = || look(&site, Some(&hashes)).map_err(|error| error.to_string());
        assert_eq!(look(), Ok(BrowserFiles::None), "without a list there is nothing to compare");
        std::fs::write(&hashes, "js: a1\nwasm: b2\ncss: c3\n").expect("written");
        assert!(look().expect_err("no folder").contains("`web.site_root`"));
        std::fs::create_dir_all(site.join("pkg")).expect("made");
        for name in ["errand.a1.js", "errand.b2.wasm", "errand.c3.css"] {
            let refused = look().expect_err("one is missing");
            assert!(refused.contains(name) && refused.contains("two builds"), "{refused}");
            std::fs::write(site.join("pkg").join(name), "").expect("written");
        }
        assert_eq!(look(), Ok(BrowserFiles::Complete(3)));
        std::fs::write(&hashes, "\u{feff}js: a1\nwasm: b2\ncss: c3\n").expect("written");
        assert_eq!(look(), Ok(BrowserFiles::Complete(3)), "a byte order mark");
        std::fs::write(&hashes, "js: other\nwasm: b2\ncss: c3\n").expect("written");
        assert!(look().expect_err("another build").contains("errand.other.js"));
    }

    #[test]
    fn pages_name_the_files_as_the_list_does() {
        for (hashes, script, program, stylesheet) in [
            ("js: a1\nwasm: b2\ncss: c3\n", "errand.a1.js", "errand.b2.wasm", "errand.c3.css"),
            ("css:c3\nother: d4\njs:\n", "errand.js", "errand.wasm", "errand.c3.css"),
            ("", "errand.js", "errand.wasm", "errand.css"),
        ] {
            let addresses = Addresses::of(hashes);
            assert_eq!(addresses.script, format!("/pkg/{script}"));
            assert_eq!(addresses.program, format!("/pkg/{program}"));
            assert_eq!(addresses.stylesheet, format!("/pkg/{stylesheet}"));
        }
    }
}

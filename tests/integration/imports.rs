//! Which file of the source names which, read off its text.
//!
//! **File A names file B** when A's code names an item that is defined in B: in a `use`, or by a path that begins with
//! `crate::`, `super::`, `self::`, a child module, or a module that A has imported. A path that ends at a re-export (any
//! `use` of the module that is named) is followed to the definition. So a `mod.rs` that declares its children and
//! re-exports their items names none of them; one that uses them does, and then its children must not use items that
//! are defined in it. Importing a module is not naming it: `module::item` is, and names the file of the item.
//!
//! Comments, strings and attributes are not code here, nor is what is compiled for tests only.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The arrows: each file with those that it names, and by which paths.
pub(crate) type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// A module's path below the crate, `api`, `routes`, or one of its items'.
type Segments = Vec<String>;

struct File {
    path: PathBuf,
    module: Segments,
    children: HashSet<String>,
    uses: Vec<Use>,
    /// Paths of two segments or more, outside of `use`.
    paths: Vec<Segments>,
    /// All words outside of `use`.
    words: HashSet<String>,
    definitions: HashSet<String>,
}

struct Use {
    path: Segments,
    /// `*` for all of a module.
    name: String,
    is_public: bool,
}

/// Reads `files`: their paths below `src`, and their texts.
pub(crate) fn arrows(files: &[(PathBuf, String)]) -> Arrows {
    let files: HashMap<Segments, File> = files.iter().map(|(path, text)| (module_of(path), read(path, text))).collect();
    let mut arrows = Arrows::new();
    for file in files.values() {
        let named = arrows.entry(file.path.clone()).or_default();
        let mut name = |target: &File, path: &[String]| {
            if target.path != file.path {
                named.entry(target.path.clone()).or_default().insert(path.join("::"));
            }
        };
        for import in &file.uses {
            let Some(path) = file.absolute(&import.path) else { continue };
            let Some((target, is_module)) = resolve(&path, &files, &mut HashSet::new()) else { continue };
            let is_own_child = target.module.starts_with(&file.module);
            if import.name == "*" {
                if !(import.is_public && is_own_child) {
                    name(target, &import.path);
                }
            } else if !is_module && (!import.is_public || file.words.contains(&import.name)) {
                name(target, &import.path);
            }
        }
        for path in &file.paths {
            let absolute = file.absolute(path).or_else(|| {
                let import = file.uses.iter().find(|import| import.name == path[0])?;
                let (module, true) = resolve(&file.absolute(&import.path)?, &files, &mut HashSet::new())? else {
                    return None;
                };
                Some([module.module.as_slice(), &path[1..]].concat())
            });
            if let Some((target, false)) = absolute.and_then(|path| resolve(&path, &files, &mut HashSet::new())) {
                name(target, path);
            }
        }
    }
    arrows
}

/// The circles: files that name one another, directly or through others. Each file is in one of them at most.
pub(crate) fn circles(arrows: &Arrows) -> Vec<BTreeSet<PathBuf>> {
    let reach: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
        arrows.keys().map(|file| (file, reachable(file, arrows))).collect();
    let mut circles = BTreeSet::new();
    for (file, reached) in &reach {
        if reached.contains(file) {
            circles.insert(
                reached.iter().filter(|other| reach[**other].contains(file)).map(|other| (*other).clone()).collect(),
            );
        }
    }
    circles.into_iter().collect()
}

fn reachable<'a>(from: &PathBuf, arrows: &'a Arrows) -> BTreeSet<&'a PathBuf> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&PathBuf> = arrows[from].keys().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(arrows[file].keys());
        }
    }
    found
}

/// The arrows within a circle, for people to read.
pub(crate) fn describe(circle: &BTreeSet<PathBuf>, arrows: &Arrows) -> String {
    let mut text = String::from("a circle:\n");
    for file in circle {
        for (named, by) in arrows[file].iter().filter(|(named, _)| circle.contains(*named)) {
            let by: Vec<&str> = by.iter().map(String::as_str).collect();
            let _ = writeln!(text, "  {} names {} ({})", file.display(), named.display(), by.join(", "));
        }
    }
    text
}

/// `api/routes/mod.rs` → `api`, `routes`.
pub(crate) fn module_of(file: &Path) -> Segments {
    let mut module: Segments = file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    module.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
    module
}

/// Whether a file is compiled for tests only, as its name or its folder says.
pub(crate) fn is_test(file: &Path) -> bool {
    file.with_extension("").iter().map(|part| part.to_str().unwrap()).any(|name| {
        ["tests", "testing", "conformance"].contains(&name) || name.ends_with("_tests") || name.ends_with("_double")
    })
}

/// Follows `path` to the file of the definition; `true` when it is a module.
fn resolve<'a>(
    path: &[String],
    files: &'a HashMap<Segments, File>,
    seen: &mut HashSet<Segments>,
) -> Option<(&'a File, bool)> {
    let depth = (0..path.len()).take_while(|depth| files.contains_key(&path[..=*depth])).count();
    let module = files.get(&path[..depth])?;
    let Some(name) = path.get(depth) else { return Some((module, true)) };
    if !seen.insert(path.to_vec()) {
        return Some((module, false));
    }
    if let Some(import) = module.uses.iter().find(|import| import.name == *name) {
        // Of another crate: nobody's file.
        let target = module.absolute(&import.path)?;
        return resolve(&[target.as_slice(), &path[depth + 1..]].concat(), files, seen);
    }
    let globs =
        module.uses.iter().filter(|import| import.name == "*").filter_map(|import| module.absolute(&import.path));
    let by_glob = globs.filter_map(|path| files.get(&path)).find(|file| file.definitions.contains(name));
    Some((by_glob.filter(|_| !module.definitions.contains(name)).unwrap_or(module), false))
}

impl File {
    /// The path below the crate; `None` for one of another crate, or of something in this file.
    fn absolute(&self, path: &[String]) -> Option<Segments> {
        let (first, rest) = path.split_first()?;
        let below = |module: &[String], rest: &[String]| Some([module, rest].concat());
        match first.as_str() {
            "crate" | "errand" => Some(rest.to_vec()),
            "self" => below(&self.module, rest),
            "super" => {
                let up = path.iter().take_while(|segment| *segment == "super").count();
                below(&self.module[..self.module.len().checked_sub(up)?], &path[up..])
            }
            child if self.children.contains(child) => below(&self.module, path),
            _ => None,
        }
    }
}

fn read(path: &Path, text: &str) -> File {
    let tokens = without_tests(&tokens(text));
    let mut file = File {
        path: path.to_owned(),
        module: module_of(path),
        children: HashSet::new(),
        uses: Vec::new(),
        paths: Vec::new(),
        words: HashSet::new(),
        definitions: HashSet::new(),
    };
    let mut code: Vec<&str> = Vec::new();
    let mut at = 0;
    let mut is_public = false;
    while let Some(token) = tokens.get(at).map(String::as_str) {
        let next = |ahead: usize| tokens.get(at + ahead).map_or("", String::as_str);
        match token {
            "pub" => {
                is_public = true;
                // What it is visible to is no use of it.
                at = if next(1) == "(" { closing(&tokens, at + 1) + 1 } else { at + 1 };
                continue;
            }
            "mod" if next(2) == ";" => {
                file.children.insert(next(1).to_owned());
                at += 3;
            }
            // Not the captures of a type, `impl Trait + use<>`.
            "use" if next(1) != "<" => at = read_use(&tokens, at + 1, &[], is_public, &mut file.uses),
            _ => {
                if ["struct", "enum", "trait", "type", "const", "static", "fn"].contains(&token) {
                    file.definitions.insert(next(1).to_owned());
                }
                code.push(token);
                at += 1;
            }
        }
        is_public = false;
    }
    file.words = code.iter().map(|word| (*word).to_owned()).collect();
    file.paths = paths(&code);
    file
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn paths(code: &[&str]) -> Vec<Segments> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let begins = is_word(code[at]) && (at == 0 || code[at - 1] != "::");
        let mut path = vec![code[at].to_owned()];
        at += 1;
        while begins && at + 1 < code.len() && code[at] == "::" && is_word(code[at + 1]) {
            path.push(code[at + 1].to_owned());
            at += 2;
        }
        if path.len() > 1 {
            paths.push(path);
        }
    }
    paths
}

/// Reads one tree of a `use`, and answers where it ends.
fn read_use(tokens: &[String], mut at: usize, prefix: &[String], is_public: bool, uses: &mut Vec<Use>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens[at].as_str() {
            "{" => {
                let end = closing(tokens, at);
                at += 1;
                while at < end {
                    at = read_use(tokens, at, &path, is_public, uses);
                    at += usize::from(tokens[at] == ",");
                }
                return end + 1;
            }
            "*" => {
                uses.push(Use { path, name: "*".to_owned(), is_public });
                return at + 1;
            }
            "::" => at += 1,
            segment => {
                at += 1;
                if segment != "self" || path.is_empty() {
                    path.push(segment.to_owned());
                }
                if tokens[at] == "::" {
                    continue;
                }
                let mut name = path.last().cloned().unwrap_or_default();
                if tokens[at] == "as" {
                    name.clone_from(&tokens[at + 1]);
                    at += 2;
                }
                uses.push(Use { path, name, is_public });
                return at;
            }
        }
    }
}

/// Without attributes, and without the items that they make tests' own.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut code = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let bracket = at + 1 + usize::from(tokens.get(at + 1).is_some_and(|token| token == "!"));
        if tokens[at] != "#" || tokens.get(bracket).is_none_or(|token| token != "[") {
            code.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let end = closing(tokens, bracket);
        at = end + 1;
        if tokens[bracket + 1..end] == ["cfg", "(", "test", ")"] {
            while tokens[at] == "#" {
                at = closing(tokens, at + 1) + 1;
            }
            while ![";", "{", ","].contains(&tokens[at].as_str()) {
                at = if ["(", "["].contains(&tokens[at].as_str()) { closing(tokens, at) + 1 } else { at + 1 };
            }
            at = if tokens[at] == "{" { closing(tokens, at) + 1 } else { at + 1 };
        }
    }
    code
}

/// Where the bracket at `open` is closed.
fn closing(tokens: &[String], open: usize) -> usize {
    let (left, right) = match tokens[open].as_str() {
        "{" => ("{", "}"),
        "(" => ("(", ")"),
        _ => ("[", "]"),
    };
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token == left {
            depth += 1;
        } else if token == right {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    tokens.len() - 1
}

/// Words, `::`, and other characters. Comments, lifetimes and white space are left out, literals become `""`.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            tokens.push("\"\"".to_owned());
            length
        } else if c == '\'' {
            // A lifetime.
            1 + rest[1..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len() - 1)
        } else if rest.starts_with("r#") && rest[2..].starts_with(char::is_alphabetic) {
            2
        } else if word > 0 {
            tokens.push(rest[..word].to_owned());
            word
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the literal that `text` begins with, of those with quotes.
fn literal(text: &str) -> Option<usize> {
    let after = text.trim_start_matches(['b', 'r', 'c']);
    let prefix = text.len() - after.len();
    if prefix > 2 {
        return None;
    }
    let hashes = after.len() - after.trim_start_matches('#').len();
    let is_raw = text[..prefix].contains('r');
    if is_raw && after[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let body = &after[hashes + 1..];
        return Some(prefix + hashes + 1 + body.find(&end)? + end.len());
    }
    let quote = after.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let mut escaped = false;
    for (at, c) in after.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(prefix + at + 1),
            // Not a character: a lifetime has no second quote right behind it.
            _ if quote == '\'' && at > 1 && !after[1..at].starts_with('\\') => return None,
            _ => {}
        }
    }
    None
}

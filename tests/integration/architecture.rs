//! The arrows between rooms point one way (see `src/docs/architecture.md`): read off the paths in the source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which rooms each room may name, beside itself. `main` and `lib` stand above all.
const ARROWS: [(&str, &[&str]); 10] = [
    ("dev", &["web", "api", "tenant", "daemon", "identity", "platform", "todo"]),
    ("web", &["app", "digest", "identity", "platform", "todo"]),
    ("api", &["identity", "platform", "todo"]),
    ("tenant", &["platform"]),
    ("daemon", &["digest", "identity", "platform", "todo"]),
    ("digest", &["platform"]),
    ("identity", &["platform"]),
    ("platform", &["todo"]),
    ("app", &["todo"]),
    ("todo", &[]),
];

#[test]
fn no_room_names_another_one_against_the_arrows() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(files.len() > 50, "{files:?}");
    let mut rooms = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in &files {
        let below = file.strip_prefix(&src).unwrap();
        let module = module_of(below);
        let Some(room) = module.first() else { continue };
        rooms.insert(room.clone());
        let text = std::fs::read_to_string(file).unwrap();
        if is_test(below) {
            continue;
        }
        for named in named_rooms(&text, module.len()) {
            if !may(below, room, &named) {
                wrong.push(format!("{} names {named}", below.display()));
            }
        }
    }
    let described: BTreeSet<String> = ARROWS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(rooms, described, "every room of src/ has its arrows above");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_paths_misses_none() {
    let read = |text: &str, depth| named_rooms(text, depth).into_iter().collect::<Vec<_>>();
    assert_eq!(read("use crate::web::Web;", 1), ["web"]);
    assert_eq!(read("use crate::{web::Web,\n    api::{self, Api}, todo};", 1), ["api", "todo", "web"]);
    assert_eq!(read("use super::super::tenant::{Tenant};", 2), ["tenant"]);
    assert_eq!(read("use super::super::tenant::Tenant;", 3), Vec::<String>::new());
    assert_eq!(read("use super::{api, web::Web};", 1), ["api", "web"]);
    assert_eq!(read("let x = crate::api::router(y);", 2), ["api"]);
    assert_eq!(read("// crate::web is not used\n/// [`crate::web`]", 2), Vec::<String>::new());
    assert_eq!(read("fn f() {}\n#[cfg(test)]\nmod tests { use crate::web; }", 1), Vec::<String>::new());
    assert_eq!(read("#[cfg(test)]\nmod tests;\nuse crate::web;", 1), ["web"]);
    assert!(!may(Path::new("tenant/keys.rs"), "tenant", "identity"));
    assert!(!may(Path::new("app/pages/home.rs"), "app", "web"));
    assert!(!may(Path::new("daemon/admin/mod.rs"), "daemon", "web"));
    assert!(may(Path::new("daemon/doctor/config.rs"), "daemon", "web"));
    assert!(may(Path::new("app/actions/todos.rs"), "app", "web"));
    assert!(!may(Path::new("app/actions/todos.rs"), "app", "identity"));
}

fn may(file: &Path, room: &str, named: &str) -> bool {
    // The bodies of server functions: the only door from the pages to the server.
    let door = room == "app" && named == "web" && file.starts_with("app/actions");
    // Each table of the configuration has one reader: its program's. The doctor runs the programs' own checks, and the
    // worker works with what the web server's table says.
    let reads = file.starts_with("daemon/doctor") || file == Path::new("daemon/worker/config.rs");
    let door = door || (room == "daemon" && reads && ["web", "api", "tenant"].contains(&named));
    let arrows = ARROWS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, to)| to);
    // Names that are no rooms (macros, functions at the root) are nobody's business here.
    let is_room = ARROWS.iter().any(|(name, _)| *name == named);
    !is_room || named == room || door || arrows.contains(&named)
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `api/routes/mod.rs` → `api`, `routes`.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    module.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
    module
}

/// Whether a file is compiled for tests only, as its name says.
fn is_test(file: &Path) -> bool {
    let name = file.file_stem().unwrap().to_str().unwrap();
    name == "tests" || name.ends_with("_tests") || name.ends_with("_double")
}

/// What follows on `crate::`, or on enough `super::` to leave a module `depth` below the root.
fn named_rooms(text: &str, depth: usize) -> BTreeSet<String> {
    let code: String = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap()
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n");
    let up = format!("{}super::", "super::".repeat(depth - 1));
    let mut rooms = BTreeSet::new();
    for prefix in ["crate::", &up] {
        for (start, _) in code.match_indices(prefix) {
            let whole = !code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == ':');
            if whole {
                first_segments(&code[start + prefix.len()..], &mut rooms);
            }
        }
    }
    rooms
}

/// The first segment of a path, or of each path in braces.
fn first_segments(path: &str, found: &mut BTreeSet<String>) {
    let segment = |text: &str| text.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned();
    let Some(group) = path.strip_prefix('{') else {
        found.insert(segment(path));
        return;
    };
    let (mut nesting, mut start) = (0, 0);
    for (position, c) in group.char_indices() {
        match c {
            '{' => nesting += 1,
            '}' if nesting > 0 => nesting -= 1,
            ',' | '}' if nesting == 0 => {
                let name = segment(&group[start..position]);
                if !name.is_empty() {
                    found.insert(name);
                }
                start = position + 1;
                if c == '}' {
                    return;
                }
            }
            _ => {}
        }
    }
}

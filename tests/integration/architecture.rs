//! The arrows between rooms point one way (see `src/docs/architecture.md`): read off the paths in the source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::imports::{arrows, circles, describe, is_test, module_of};

/// Which rooms each room may name, beside itself. `main` and `lib` stand above all.
const ARROWS: [(&str, &[&str]); 11] = [
    ("dev", &["web", "api", "tenant", "daemon", "identity", "platform", "todo"]),
    ("web", &["app", "digest", "identity", "language", "platform", "todo"]),
    ("api", &["identity", "language", "platform", "todo"]),
    ("tenant", &["language", "platform"]),
    ("daemon", &["digest", "identity", "language", "platform", "todo"]),
    ("digest", &["language", "platform"]),
    ("identity", &["platform"]),
    ("platform", &["language", "todo"]),
    ("app", &["language", "todo"]),
    ("language", &[]),
    ("todo", &[]),
];

/// What must not be written in `src/app`, but for the file that has it for all, and what to write instead.
const ONCE_FOR_ALL: [(&str, &str, &str); 3] = [
    // On the server a page is built more than once, and what is not shown goes away on another thread, while the page is made:
    // what it did then to the state that both share made pages fail now and then.
    ("on_cleanup(", "src/app/browser.rs", "`browser::when_gone` is for the browser only"),
    // On the server a memo may be asked again when the page, and the signals that it reads, are gone, and panics.
    ("Memo::new(", "src/app/derived.rs", "`derived` is no memo on the server"),
    // Each call of the closure makes all of the page anew, and on the server there are three.
    ("move || Suspend::new(", "", "nothing that a page waits for is fetched twice: no closure is needed"),
];

#[test]
fn what_the_server_must_not_do_is_done_by_the_browser_alone() {
    let mut files = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app"), &mut files);
    assert!(files.len() > 50, "{files:?}");
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for (word, but_in, instead) in ONCE_FOR_ALL {
            let is_wrong = text.contains(word) && (but_in.is_empty() || !file.ends_with(but_in));
            assert!(!is_wrong, "{}: `{word}`: {instead}", file.display());
        }
    }
}

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

/// Rooms whose files are read from the bottom up: none names a file that names it, directly or through others.
const WITHOUT_CIRCLES: [&str; 11] =
    ["api", "app", "daemon", "dev", "digest", "identity", "language", "platform", "tenant", "todo", "web"];

#[test]
fn no_file_names_one_that_names_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let read = |file: &PathBuf| (file.strip_prefix(&src).unwrap().to_owned(), std::fs::read_to_string(file).unwrap());
    // `main` is a crate of its own, and nobody can name it.
    let counts = |file: &Path| !is_test(file) && file != Path::new("main.rs");
    let texts: Vec<(PathBuf, String)> = files.iter().map(read).filter(|(file, _)| counts(file)).collect();
    let arrows = arrows(&texts);
    let known: usize = arrows.values().map(std::collections::BTreeMap::len).sum();
    assert!(known > 300, "{known} arrows were found: the reader is blind");
    let circles = circles(&arrows);
    let wrong = circles.iter().filter(|circle| {
        let rooms: BTreeSet<String> = circle.iter().filter_map(|file| module_of(file).first().cloned()).collect();
        WITHOUT_CIRCLES.iter().any(|room| rooms.contains(*room))
    });
    let wrong: Vec<String> = wrong.map(|circle| describe(circle, &arrows)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_knows_a_circle_when_it_sees_one() {
    let found = |files: &[(&str, &str)]| -> Vec<Vec<String>> {
        let files: Vec<(PathBuf, String)> =
            files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
        let circles = circles(&arrows(&files));
        circles.iter().map(|circle| circle.iter().map(|file| file.display().to_string()).collect()).collect()
    };
    let both = |a: &str, b: &str| -> Vec<Vec<String>> { vec![vec![a.to_owned(), b.to_owned()]] };
    let none: Vec<Vec<String>> = Vec::new();
    // By `use`, by a path, by an imported module, through a group, through a third file.
    assert_eq!(
        found(&[("a.rs", "use crate::b::{C, D as E};"), ("b.rs", "fn f() { super::a::g() }")]),
        both("a.rs", "b.rs")
    );
    assert_eq!(
        found(&[("a.rs", "use crate::b; fn g() { b::f() }"), ("b.rs", "fn f() { crate::a::g() }")]),
        both("a.rs", "b.rs")
    );
    let three = [("a.rs", "use crate::{x::Y, b::B};"), ("b.rs", "use crate::c::C;"), ("c.rs", "use super::a::A;")];
    assert_eq!(found(&three)[0].len(), 3);
    // A parent that uses its child's items, and has items that the child uses.
    let parent = "mod child; pub struct Own; fn f() { child::g() }";
    assert_eq!(found(&[("m/mod.rs", parent), ("m/child.rs", "use super::Own;")]), both("m/child.rs", "m/mod.rs"));
    // One that only declares and re-exports; a re-export is followed to the definition.
    let parent = "mod child; mod own; pub(super) use self::child::Child; pub use own::Own;";
    let files = [("m/mod.rs", parent), ("m/child.rs", "use super::Own;"), ("m/own.rs", "pub struct Own;")];
    assert_eq!(found(&files), none);
    let files = [("m/mod.rs", parent), ("m/child.rs", "use super::Own;"), ("m/own.rs", "use super::Child;")];
    assert_eq!(found(&files), both("m/child.rs", "m/own.rs"));
    // No code: comments, texts, attributes, visibility, tests.
    for text in [
        "// use crate::a::A;",
        "/// [`crate::a::A`]\nfn f() -> &'static str { \"crate::a::A\" }",
        "const C: char = '\"'; const D: &str = r#\"\"crate::a::A\"#;",
        "#[doc = crate::a::A]\npub(in crate::a) fn f<'a>() {}",
        "#[cfg(test)]\nmod tests { use crate::a::A; }",
        "#[cfg(test)]\nuse crate::a::A;\nfn f() {}",
    ] {
        assert_eq!(found(&[("a.rs", "use crate::b::f;"), ("b.rs", text)]), none, "{text}");
    }
    assert_eq!(
        found(&[("a.rs", "use crate::b::f;"), ("b.rs", "#[cfg(test)]\nuse x;\nuse crate::a::A;")]),
        both("a.rs", "b.rs")
    );
    assert_eq!(
        found(&[("a.rs", "use crate::b::f;"), ("b.rs", "fn f<'a>() { 'x'; crate::a::A }")]),
        both("a.rs", "b.rs")
    );
    assert!(is_test(Path::new("identity/testing/provider.rs")) && is_test(Path::new("tenant/conformance.rs")));
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

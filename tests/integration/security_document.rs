//! `src/docs/security.md` names a test for each of its claims: the tests exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The abuse cases that the document must speak of.
const CASES: std::ops::RangeInclusive<u32> = 1..=90;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What follows on `#[test]` or `#[tokio::test…]`, up to the parenthesis.
fn tests_in(text: &str) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(name) = name.filter(|_| is_test) {
            tests.insert(name.split('(').next().unwrap().to_owned());
            is_test = false;
        }
    }
    tests
}

/// Code spans that look like the name of a test: four words or more.
fn names_in(document: &str) -> BTreeSet<&str> {
    let is_name = |span: &&str| {
        let words = span.split('_').count();
        words >= 4 && span.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    document.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(is_name).collect()
}

#[test]
fn every_test_that_the_security_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        sources(&root.join(folder), &mut files);
    }
    let mut tests = BTreeSet::new();
    for file in files {
        tests.extend(tests_in(&std::fs::read_to_string(file).unwrap()));
    }
    let document = std::fs::read_to_string(root.join("src/docs/security.md")).unwrap();
    let named = names_in(&document);
    assert!(named.len() > 100, "{}", named.len());
    let gone: Vec<_> = named.into_iter().filter(|name| !tests.contains(*name)).collect();
    assert!(gone.is_empty(), "src/docs/security.md names tests that do not exist: {gone:#?}");
}

#[test]
fn the_security_document_speaks_of_every_abuse_case() {
    let document = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/docs/security.md")).unwrap();
    // The numbers that a row of a table begins with: "| 3, 10 Each claim …".
    let rows = document.lines().filter_map(|line| line.strip_prefix("| "));
    let numbers =
        rows.flat_map(|row| row.split([' ', ',']).filter(|word| !word.is_empty()).map_while(|word| word.parse().ok()));
    let numbers: BTreeSet<u32> = numbers.collect();
    let missing: Vec<u32> = CASES.filter(|case| !numbers.contains(case)).collect();
    assert!(missing.is_empty(), "no claim for {missing:?}");
}

#[test]
fn the_reader_of_names_finds_tests_and_nothing_else() {
    let source = "#[test]\nfn a() {}\nfn b() {}\n    #[tokio::test(flavor = \"x\")]\n    async fn c_d(x: u8) {}\n";
    assert_eq!(tests_in(source), ["a", "c_d"].map(str::to_owned).into());
    assert_eq!(names_in("`a_b_c_d` and `a_b_c`, `A_b_c_d`\n`e_f_g_1`"), ["a_b_c_d", "e_f_g_1"].into());
}

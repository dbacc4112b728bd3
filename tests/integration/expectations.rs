//! What people expect of the list has tests: those that `src/docs/expectations.md` names.

use std::path::Path;

#[test]
fn every_test_that_the_list_of_expectations_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let specs = std::fs::read_dir(root.join("end2end/tests")).expect("the tests in a browser");
    let specs: String = specs.map(|spec| std::fs::read_to_string(spec.unwrap().path()).expect("text")).collect();
    let expectations = std::fs::read_to_string(root.join("src/docs/expectations.md")).expect("text");
    let rows = expectations.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what |"));
    let mut missing = Vec::new();
    let mut named = 0;
    for row in rows {
        let tests = row.split('|').nth(2).expect("the second column");
        let is_title = |name: &&str| !name.contains(".spec.") && *name != "without-scripts";
        let titles: Vec<&str> = tests.split('`').skip(1).step_by(2).filter(is_title).collect();
        assert!(!titles.is_empty(), "without a test: {row}");
        named += titles.len();
        missing.extend(titles.into_iter().filter(|title| !specs.contains(&format!("test('{title}'"))));
    }
    assert!(named > 50, "{named}");
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

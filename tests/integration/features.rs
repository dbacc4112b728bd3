//! What another app takes of this package (`--features identity`, `--features tenant`) brings no more than it needs.

use std::collections::BTreeSet;
use std::process::Command;

/// The names of all packages that a build with `features` compiles, its own build scripts' aside.
fn packages(features: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none", "--no-default-features"])
        .args(["--features", features])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).expect("UTF-8");
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn sign_in_comes_without_pages_mail_passwords_and_the_tenant() {
    let identity = packages("identity");
    assert!(identity.contains("axum") && identity.contains("tower-sessions"), "{identity:?}");
    let of_others = ["argon2", "clap", "jiff", "lettre", "maud", "mimalloc", "zxcvbn"];
    for name in of_others {
        assert!(!identity.contains(name), "{name}");
        assert!(packages("ssr").contains(name), "{name} is of nobody any more: remove it here");
    }
    assert_eq!(pages(&identity), Vec::<&str>::new());
}

#[test]
fn the_tenant_comes_without_pages_of_the_app_and_without_sign_in() {
    let tenant = packages("tenant");
    assert!(tenant.contains("argon2") && tenant.contains("lettre"), "{tenant:?}");
    for name in ["clap", "jiff", "mimalloc", "tower-sessions"] {
        assert!(!tenant.contains(name), "{name}");
    }
    assert_eq!(pages(&tenant), Vec::<&str>::new());
}

fn pages(packages: &BTreeSet<String>) -> Vec<&str> {
    let of_pages = |name: &&str| name.starts_with("leptos") || *name == "server_fn" || *name == "web-sys";
    packages.iter().map(String::as_str).filter(of_pages).collect()
}

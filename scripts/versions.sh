# The versions of the tools that are not Rust dependencies. One place; `scripts/setup.sh` installs them.
# wasm-bindgen must equal the version pinned in Cargo.toml: the two halves of the glue are generated from each other.
CARGO_LEPTOS_VERSION=0.3.11
WASM_BINDGEN_VERSION=0.2.130
CARGO_DENY_VERSION=0.20.2
# The compiler itself is pinned in rust-toolchain.toml. This is the oldest that cargo-leptos 0.3.11 and our own code are
# compiled with where the pinned one cannot be had: `rust-version` in Cargo.toml.
RUST_MIN_MINOR=96

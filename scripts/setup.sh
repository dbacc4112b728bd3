#!/usr/bin/env bash
# Installs what Errand needs to be built, run and tested. `make` calls it; a second run finds nothing to do.
#
#   scripts/setup.sh build    a Rust toolchain with the browser target, cargo-leptos, wasm-bindgen, wasm-opt
#   scripts/setup.sh test     all of that, a browser for the end-to-end tests, PostgreSQL, schemathesis and cargo-deny
#
# ERRAND_DOWNLOADS=no: use only the package registries (Debian's, crates.io, npm), never rustup, PyPI or prebuilt programs.
#
# Each step has two ways: the ordinary download, and (where downloads are refused: build machines behind a
# closed proxy) the way through Debian's packages and a build from source. Every step builds in a temporary
# folder and moves the result into place last, so Ctrl-C leaves nothing half-installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
what="${1:-build}"
chosen="${RUSTUP_TOOLCHAIN:-}"
. scripts/env.sh

say() { printf '\033[1m[set-up]\033[0m %s\n' "$*"; }
die() { printf '[set-up] %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

scratch=""
trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT
new_scratch() {
  [ -z "$scratch" ] || rm -rf "$scratch"
  scratch="$(mktemp -d)"
}

# Downloads from outside the package registries are tried only where they are allowed and the host answers;
# a refusal costs four seconds, once. `ERRAND_DOWNLOADS=no` takes the way without them from the start.
downloads_work() {
  [ "${ERRAND_DOWNLOADS:-yes}" = yes ] || return 1
  [ -n "${_downloads:-}" ] || {
    if have curl && curl --silent --fail --head --max-time 4 https://static.rust-lang.org/ -o /dev/null; then _downloads=yes; else _downloads=no; fi
  }
  [ "$_downloads" = yes ]
}

# Runs a command as root: some set-up steps write below /usr.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo; then sudo "$@"; else die "run this as root once: $*"; fi
}

apt_install() {
  have apt-get || die "needs the Debian packages: $* (install their equivalents, then run this again)"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# 1. Rust, with a standard library for the browser ----------------------------------------------------------
rust_toolchain() {
  have cargo || die "Rust is missing: install it from https://rustup.rs, then run this again"
  # env.sh found one that can do it all, or you chose one yourself: then it must.
  if [ -n "${RUSTUP_TOOLCHAIN:-}" ]; then
    # Found, but not the pinned one: perhaps it can be had by now.
    if [ -z "$chosen" ] && ! compiler_is_pinned; then install_pinned && return 0; fi
    toolchain_is_new_enough "$RUSTUP_TOOLCHAIN" && toolchain_has_wasm "$RUSTUP_TOOLCHAIN" && return 0
    die "RUSTUP_TOOLCHAIN=$RUSTUP_TOOLCHAIN is older than 1.$RUST_MIN_MINOR or has no browser target: unset it, or run rustup target add wasm32-unknown-unknown"
  fi
  install_pinned && return 0
  debian_toolchain
  export RUSTUP_TOOLCHAIN=debian
}

# The compiler that rust-toolchain.toml names, with its linter, formatter and the browser target.
install_pinned() {
  have rustup && downloads_work || return 1
  say "Rust $RUST_PINNED with the browser target (1 to 2 minutes)"
  rustup toolchain install "$RUST_PINNED" --profile minimal -c rustfmt -c clippy -t wasm32-unknown-unknown || return 1
  toolchain_is_new_enough "$RUST_PINNED" && toolchain_has_wasm "$RUST_PINNED" || return 1
  export RUSTUP_TOOLCHAIN="$RUST_PINNED"
}

# rustup cannot download here: Debian ships a recent compiler *and* its library source, so we compile the
# browser's standard library ourselves, once, and give the pair to rustup as the toolchain "debian".
debian_toolchain() {
  if [ ! -x /usr/bin/clippy-driver ] || [ ! -d /usr/lib/rustlib/src ] || [ ! -x /usr/bin/rustfmt ]; then
    say "Rust: Debian's compiler and its library source, since rustup cannot download here (about 1 minute)"
    apt_install rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web
  fi
  local lib=/usr/lib/rustlib/wasm32-unknown-unknown/lib lld
  # Any toolchain of rustup has one, and which of them does not matter: it links what the compiler made.
  lld="$(find "${RUSTUP_HOME:-$HOME/.rustup}/toolchains" -name rust-lld -type f 2>/dev/null | head -n 1)"
  [ -n "$lld" ] || die "no rust-lld in any toolchain of rustup: install one with rustup toolchain install stable"
  # Made for exactly one compiler: an upgraded one needs it again.
  rustup toolchain list | grep -q '^debian' || rustup toolchain link debian /usr
  if ! toolchain_has_wasm debian; then
    say "Rust: compiling the browser's standard library (about 1 minute)"
    new_scratch
    mkdir "$scratch/src" "$scratch/lib"
    printf '[package]\nname = "std-for-the-browser"\nversion = "0.0.0"\nedition = "2024"\n[lib]\npath = "src/lib.rs"\n' >"$scratch/Cargo.toml"
    printf '#![no_std]\n' >"$scratch/src/lib.rs"
    (cd "$scratch" && env -u RUSTUP_TOOLCHAIN RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$scratch/target" \
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$lld" \
      /usr/bin/cargo build --quiet --release -Z build-std=std,panic_abort --target wasm32-unknown-unknown)
    rm -f "$scratch"/target/wasm32-unknown-unknown/release/deps/*std_for_the_browser*
    cp "$scratch"/target/wasm32-unknown-unknown/release/deps/*.rlib "$scratch"/target/wasm32-unknown-unknown/release/deps/*.rmeta "$scratch/lib/"
    /usr/bin/rustc --version >"$scratch/lib/.made-for"
    as_root rm -rf "$lib" "$lib.new"
    as_root mkdir -p "$(dirname "$lib")"
    as_root cp -r "$scratch/lib" "$lib.new"
    as_root mv "$lib.new" "$lib"
  fi
  as_root mkdir -p /usr/lib/rustlib/x86_64-unknown-linux-gnu/bin
  as_root ln -sfn "$lld" /usr/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld
  toolchain_has_wasm debian || die "the toolchain 'debian' still has no browser library in $lib"
}

# 2. Command-line tools, built once per machine into $ERRAND_TOOLS -------------------------------------------
# cargo_tool NAME VERSION BINARY TIME [cargo install flags]
cargo_tool() {
  local name="$1" version="$2" binary="$3" time="$4"
  shift 4
  local stamp="$ERRAND_TOOLS/.$name-$version"
  [ -e "$stamp" ] && [ -x "$ERRAND_TOOLS/bin/$binary" ] && return 0
  mkdir -p "$ERRAND_TOOLS/bin"
  new_scratch
  if have cargo-binstall && downloads_work; then
    say "$name $version: prebuilt (seconds)"
    cargo binstall --no-confirm --disable-strategies compile --root "$scratch" "$name@$version" || true
  fi
  if [ ! -x "$scratch/bin/$binary" ]; then
    say "$name $version: from source ($time on two cores)"
    # A build tool need not be fast: without optimisation it compiles in a quarter of the time.
    # `--locked` fails where the registry lacks a version that is days old; then the newest that fits our compiler.
    # What the first way said is shown only where the second fails too: until then nothing has gone wrong.
    (
      export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR="$scratch/target"
      if ! cargo install --quiet --locked "$name" --version "=$version" --root "$scratch" "$@" >"$scratch/locked.log" 2>&1; then
        say "$name $version: once more without its lock file, of which this registry lacks something"
        CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback \
          cargo install --quiet "$name" --version "=$version" --root "$scratch" "$@" >"$scratch/unlocked.log" 2>&1 || {
          cat "$scratch/locked.log" "$scratch/unlocked.log" >&2
          die "$name $version could not be built (above: with its lock file, then without)"
        }
      fi
    )
  fi
  mv "$scratch/bin/$binary" "$ERRAND_TOOLS/bin/$binary"
  rm -f "$ERRAND_TOOLS/.$name-"*
  : >"$stamp"
}

# 3. Node packages (binaryen's wasm-opt, Playwright, axe, a second provider), exactly as locked ----------------------------------
node_packages() {
  have npm || die "Node.js 20 with npm is missing: install it from https://nodejs.org, then run this again"
  local stamp=end2end/node_modules/.errand-installed
  if [ -e "$stamp" ] && cmp -s end2end/package-lock.json "$stamp"; then return 0; fi
  say "Node packages: wasm-opt, Playwright, axe (about 20 seconds)"
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix end2end --no-audit --no-fund --loglevel=error
  cp end2end/package-lock.json "$stamp"
}

# 4. A browser for the end-to-end tests ------------------------------------------------------------------------
browser() {
  [ -x /usr/bin/chromium ] && return 0
  if downloads_work; then
    say "Chromium for Playwright (about 1 minute; nothing to do if it is there)"
    (cd end2end && npx playwright install --with-deps chromium) && return 0
  fi
  say "Chromium from Debian (about 1 minute)"
  apt_install chromium
}

# 5. PostgreSQL, for the tests of everything that stores: without it they run on SQLite only ------------------------
postgresql() {
  [ -n "$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -name initdb 2>/dev/null)" ] || have initdb && return 0
  have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; } || return 0
  say "PostgreSQL, for the tests (about 1 minute; no server is left running)"
  # The package would make a cluster and start it; the tests make their own each time.
  local conf=/etc/postgresql-common/createcluster.conf
  if apt_install postgresql-common && as_root sed -i.errand 's/^#\?create_main_cluster.*/create_main_cluster = false/' "$conf" \
    && apt_install postgresql; then :; else
    say "PostgreSQL cannot be had: the tests will say what was left out"
  fi
  [ ! -e "$conf.errand" ] || as_root mv "$conf.errand" "$conf"
}

# 6. schemathesis, which makes requests of the API's description: without it that test is left out -----------------------
schemathesis() {
  local venv=target/schemathesis
  if [ -e "$venv/.installed" ] && cmp -s scripts/schemathesis.txt "$venv/.installed"; then return 0; fi
  if [ "${ERRAND_DOWNLOADS:-yes}" != yes ]; then
    say "schemathesis is not installed, because of ERRAND_DOWNLOADS=no: the API will not be tried with it"
  elif ! have python3 || ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "schemathesis is not installed, because Python 3.11 with pip and venv is not here: the API will not be tried with it"
  else
    say "schemathesis $(sed -n 's/^schemathesis==//p' scripts/schemathesis.txt), into $venv (about 30 seconds)"
    rm -rf "$venv"
    mkdir -p target
    if python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/schemathesis.txt; then
      cp scripts/schemathesis.txt "$venv/.installed"
    else
      rm -rf "$venv"
      say "schemathesis cannot be had here: the API will not be tried with it"
    fi
  fi
}

rust_toolchain
node_packages
cargo_tool wasm-bindgen-cli "$WASM_BINDGEN_VERSION" wasm-bindgen "2 minutes" --no-default-features --bin wasm-bindgen
cargo_tool cargo-leptos "$CARGO_LEPTOS_VERSION" cargo-leptos "11 minutes" --features no_downloads
if [ "$what" = test ]; then
  browser
  postgresql
  schemathesis
  cargo_tool cargo-deny "$CARGO_DENY_VERSION" cargo-deny "5 minutes"
fi

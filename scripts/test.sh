#!/usr/bin/env bash
# Every check of the project, the quick ones first. `make test` installs what is missing, then calls this;
# `make check` calls it with `quick`: format, lints of every build, unit tests. The jobs of the workflow call one part
# each: `lint`, `rust`, `postgres`, `e2e`, `advisories`, `oldest`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/env.sh

step() { printf '\n\033[1m[test]\033[0m %s\n' "$*"; }

postgres=""
as=()
stop_postgres() {
  [ -n "$postgres" ] || return 0
  "${as[@]}" "$(command -v pg_ctl)" -D "$postgres/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$postgres"
}
trap stop_postgres EXIT

# A PostgreSQL of our own on a free port, its data in a temporary folder. Debian keeps its programs off PATH, and it
# refuses to run as root.
start_postgres() {
  local newest port
  newest="$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)"
  PATH="$PATH${newest:+:$newest}"
  command -v initdb >/dev/null && command -v pg_ctl >/dev/null || { step "PostgreSQL is not here: only SQLite was tested"; return 0; }
  as=()
  [ "$(id -u)" != 0 ] || as=(runuser -u postgres --)
  postgres="$(mktemp -d)"
  [ "$(id -u)" != 0 ] || chown postgres "$postgres"
  port="$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')"
  if ! { "${as[@]}" "$(command -v initdb)" -D "$postgres/data" -U errand -A trust \
    && "${as[@]}" "$(command -v pg_ctl)" -D "$postgres/data" -w -l "$postgres/server.log" \
      -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=off -c max_connections=300 -c max_wal_size=128MB -c min_wal_size=32MB" start; } >"$postgres/log" 2>&1; then
    tail -n 5 "$postgres/log"
    step "PostgreSQL is here and does not start"
    return 1
  fi
  export ERRAND_TEST_POSTGRES="postgres://errand@127.0.0.1:$port"
}

# Lints and format are those of the pinned compiler. Another one has other opinions, and is heard as a warning.
if compiler_is_pinned; then
  strict=(-D warnings)
else
  strict=()
  step "$(rustc --version), not the pinned $RUST_PINNED: lints and format are warnings"
fi

lint() {
  step "format"
  cargo fmt --check || [ "${#strict[@]}" = 0 ]

  step "lints: server, with all tests"
  cargo clippy --quiet --features ssr --all-targets -- "${strict[@]}"

  step "lints: browser"
  cargo clippy --quiet --lib --features hydrate --target wasm32-unknown-unknown --target-dir target/front -- "${strict[@]}"

  # What another app takes of this package.
  local features
  for features in identity tenant; do
    step "lints: --features $features alone"
    cargo clippy --quiet --lib --features "$features" -- "${strict[@]}"
  done
}

unit() {
  step "unit tests"
  cargo test --quiet --features ssr --lib
}

deny() {
  step "licences, sources, duplicates"
  cargo deny --log-level error check licenses bans sources
}

# Advisories need a database from outside the package registries. Without it nothing can be said about them; with it, a
# finding is a failure. Whoever asks for them alone is told by a failure, too, that it cannot be had.
advisories() {
  if [ "${ERRAND_DOWNLOADS:-yes}" = yes ] && cargo deny --log-level error fetch db >/dev/null 2>&1; then
    step "advisories"
    cargo deny --log-level error check advisories
  else
    step "the advisory database cannot be had here: advisories were not checked"
    return "${1:-0}"
  fi
}

build() {
  step "build: server and browser"
  cargo leptos build
}

rust() {
  step "unit and integration tests"
  cargo test --quiet --features ssr
  if [ -e target/schemathesis/.installed ]; then
    step "the API, by requests that schemathesis makes of its description (1 minute)"
    cargo test --quiet --features ssr --test integration -- --ignored schemathesis::
  else
    step "schemathesis is not here: the API was not tried with it"
  fi
}

postgres() {
  start_postgres
  if [ -n "${ERRAND_TEST_POSTGRES:-}" ]; then
    step "the tests of everything that stores, once more on PostgreSQL"
    cargo test --quiet --features ssr --lib -- api:: digest:: identity:: platform::database:: tenant::
    step "two web servers on one PostgreSQL, and programs that are killed"
    cargo test --quiet --features ssr --test integration -- two_web_servers:: on_postgresql
  else
    return "${1:-0}"
  fi
}

documentation() {
  step "documentation"
  RUSTDOCFLAGS="${strict[*]}" cargo doc --quiet --no-deps --features ssr
}

e2e() {
  step "end to end, in a browser"
  (cd end2end && CI="${CI:-}" npx playwright test)
}

# With the oldest compiler that Cargo.toml names, whichever one is pinned; what it has to say beside errors is not asked.
oldest() {
  local oldest
  oldest="$(sed -nE 's/^rust-version = "([^"]+)"$/\1/p' Cargo.toml)"
  step "compiles with Rust $oldest"
  RUSTUP_TOOLCHAIN="$oldest" cargo check --quiet --features ssr --lib --bins
}

case "${1:-all}" in
  all) lint; deny; advisories; build; rust; postgres; documentation; e2e ;;
  quick) lint; unit ;;
  lint) lint; deny; documentation ;;
  rust) build; rust ;;
  # Alone, these fail where what they need is missing.
  postgres) postgres 1 ;;
  advisories) advisories 1 ;;
  e2e) build; e2e ;;
  oldest) oldest ;;
  *) echo "scripts/test.sh takes all, quick, lint, rust, postgres, e2e, advisories or oldest; not ${1}" >&2; exit 2 ;;
esac

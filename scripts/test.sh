#!/usr/bin/env bash
# Every check of the project, the quick ones first. `make test` installs what is missing, then calls this.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/env.sh

step() { printf '\n\033[1m[test]\033[0m %s\n' "$*"; }

postgres=""
stop_postgres() {
  [ -z "$postgres" ] || { pg_ctl -D "$postgres/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$postgres"; }
}
trap stop_postgres EXIT

# A PostgreSQL of our own for the store tests, on a socket in a temporary folder: no port, nothing shared.
start_postgres() {
  command -v initdb >/dev/null && command -v pg_ctl >/dev/null || { step "PostgreSQL is not here: its store tests run on SQLite only"; return 0; }
  postgres="$(mktemp -d)"
  chmod 711 "$postgres"
  local port
  port="$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')"
  if initdb -D "$postgres/data" -U errand -A trust >"$postgres/log" 2>&1 \
    && pg_ctl -D "$postgres/data" -w -l "$postgres/server.log" \
      -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=off" start >>"$postgres/log" 2>&1; then
    export ERRAND_TEST_POSTGRES="postgres://errand@127.0.0.1:$port"
    step "store tests run on SQLite and on PostgreSQL"
  else
    step "PostgreSQL does not start here (its store tests run on SQLite only):"
    tail -n 3 "$postgres/log"
  fi
}

step "format"
cargo fmt --check

step "lints: server, with all tests"
cargo clippy --quiet --features ssr --all-targets -- -D warnings

step "lints: browser"
cargo clippy --quiet --lib --features hydrate --target wasm32-unknown-unknown --target-dir target/front -- -D warnings

step "licences, sources, duplicates"
cargo deny --log-level error check licenses bans sources
# Advisories need a database from outside the package registries. Without it nothing can be said about them; with it, a
# finding is a failure.
if [ "${ERRAND_DOWNLOADS:-yes}" = yes ] && cargo deny --log-level error fetch db >/dev/null 2>&1; then
  cargo deny --log-level error check advisories
else
  step "the advisory database cannot be had here: advisories were not checked"
fi

step "build: server and browser"
cargo leptos build

step "unit and integration tests"
start_postgres
cargo test --quiet --features ssr

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --features ssr

step "end to end, in a browser"
cd end2end
CI="${CI:-}" npx playwright test

# Source me: puts the project's tools on PATH and picks the Rust toolchain that can compile for the browser.
# Kept apart from setup.sh because every `make` target needs it, and set-up only rarely has anything to do.

_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# Tools are built once per machine, not once per clone, and never touch the versions you use elsewhere.
ERRAND_TOOLS="${ERRAND_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/errand/tools}"
export ERRAND_TOOLS
export PATH="$ERRAND_TOOLS/bin:$_root/end2end/node_modules/.bin:$HOME/.cargo/bin:$PATH"

# True when the toolchain `$1` has a standard library for the browser.
toolchain_has_wasm() {
  local lib
  lib="$(RUSTUP_TOOLCHAIN="$1" rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null)" || return 1
  compgen -G "$lib/libstd-*.rlib" >/dev/null || return 1
  # A library that setup.sh compiled is good for the compiler it was made for.
  [ ! -e "$lib/.made-for" ] || [ "$(cat "$lib/.made-for")" = "$(RUSTUP_TOOLCHAIN="$1" rustc --version)" ]
}

# True when the toolchain `$1` can compile the project at all (see versions.sh).
toolchain_is_new_enough() {
  local minor
  minor="$(RUSTUP_TOOLCHAIN="$1" rustc --version 2>/dev/null | sed -nE 's/^rustc 1\.([0-9]+)\..*/\1/p')"
  [ -n "$minor" ] && [ "$minor" -ge "$RUST_MIN_MINOR" ]
}

# True when the compiler in use is exactly the pinned one, with its linter and formatter. What these two say changes with
# every release, so only then is what they say a failure.
compiler_is_pinned() {
  case "$(rustc --version 2>/dev/null)" in "rustc $RUST_PINNED ("*) ;; *) return 1 ;; esac
  cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1
}

. "$_root/scripts/versions.sh"
RUST_PINNED="$(sed -nE 's/^channel = "([^"]+)"$/\1/p' "$_root/rust-toolchain.toml")"
if [ -z "${RUSTUP_TOOLCHAIN:-}" ]; then
  # The pinned compiler, or else one that setup.sh found or made where that cannot be had.
  for _toolchain in "$RUST_PINNED" stable debian; do
    if toolchain_is_new_enough "$_toolchain" && toolchain_has_wasm "$_toolchain"; then
      export RUSTUP_TOOLCHAIN="$_toolchain"
      break
    fi
  done
fi

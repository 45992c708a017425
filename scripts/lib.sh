# Shared set-up of scripts/demo and scripts/test: what a fresh Debian lacks, and where things are built.
# Sourced, not run. Nothing that is there is installed again, and nothing outside of apt and rustup is touched.

SARING_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# Both scripts build with these, so that RocksDB is compiled once for both.
SARING_CARGO_FLAGS=(--locked --features failpoints)

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'saring: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else fail "this needs root: run '$*' as root, then this script again"
    fi
}

# Prints the Debian packages that are missing.
missing_packages() {
    command -v gcc >/dev/null && command -v g++ >/dev/null && command -v make >/dev/null || echo build-essential
    have_libclang || echo libclang-dev
    command -v curl >/dev/null || echo curl
    command -v git >/dev/null || echo git
    [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/pki/tls/certs/ca-bundle.crt ] || echo ca-certificates
}

# bindgen loads libclang when RocksDB is built.
have_libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] && return 0
    local found
    found="$(compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' || compgen -G '/usr/lib/*/libclang*.so*' \
        || compgen -G '/usr/lib64/libclang*.so*' || true)"
    # libclang-cpp is another library.
    grep -qv 'libclang-cpp' <<<"${found:-libclang-cpp}"
}

install_packages() {
    local missing
    missing="$(missing_packages)"
    [ -z "$missing" ] && return 0
    command -v apt-get >/dev/null || fail "install these first (by their Debian names): ${missing//$'\n'/ }"
    say "installing what is missing: ${missing//$'\n'/ }"
    as_root apt-get update -qq
    # One word a package.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

# The version in Cargo.toml's `rust-version`, for example 1.95.
wanted_rust() { sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$SARING_ROOT/Cargo.toml"; }

is_new_enough() { [ "$(printf '%s\n%s\n' "$(wanted_rust)" "$1" | sort -V | head -n 1)" = "$(wanted_rust)" ]; }

install_rust() {
    export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
    if ! command -v cargo >/dev/null; then
        local script
        script="$(curl --proto '=https' --tlsv1.2 -sSf --max-time 60 https://sh.rustup.rs)" || fail \
            "Rust is missing and rustup cannot be reached. Get Rust $(wanted_rust) or newer from https://rustup.rs;
       Debian's own cargo is too old."
        say "installing Rust with rustup, into ${CARGO_HOME:-$HOME/.cargo}"
        sh -s -- -y -q --no-modify-path --profile minimal -c rustfmt -c clippy <<<"$script" >&2
    fi
    local found
    found="$(cargo --version 2>/dev/null | cut -d ' ' -f 2)" || true
    [ -n "$found" ] || fail "cargo is there but does not run; try: rustup default stable"
    is_new_enough "$found" || fail "cargo $found is too old, $(wanted_rust) is needed; try: rustup update stable
       (Debian's own cargo is too old: apt-get remove cargo rustc, then run this script again)"
}

set_up() {
    install_packages
    install_rust
    cd "$SARING_ROOT"
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/saring-target}"
    mkdir -p "$CARGO_TARGET_DIR"
    CARGO_TARGET_DIR="$(cd "$CARGO_TARGET_DIR" && pwd)"
    # libclang comes without headers of its own, so bindgen does not find stdbool.h: gcc's will do.
    export BINDGEN_EXTRA_CLANG_ARGS="${BINDGEN_EXTRA_CLANG_ARGS:--I$(gcc -print-file-name=include)}"
    if compgen -G "$CARGO_TARGET_DIR/debug/.fingerprint/librocksdb-sys-*" >/dev/null; then
        say "building in $CARGO_TARGET_DIR (RocksDB is there already)"
    else
        say "building in $CARGO_TARGET_DIR: this first build compiles RocksDB, about a quarter of an hour on"
        say "two cores. Later builds of demo and tests do not."
    fi
}

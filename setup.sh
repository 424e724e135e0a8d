#!/bin/sh
# Makes sure that this machine can build and run the project. Installs what is missing where it may (Debian and Ubuntu as
# root or with password-less sudo, macOS with Homebrew), else says what to type. Quick when there is nothing to do.
set -eu

say() { printf 'setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

has_postgres() {
    has initdb || ls /usr/lib/postgresql/*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb /usr/local/opt/postgresql*/bin/initdb >/dev/null 2>&1
}

# libpq: header and library, as the linker and pq-sys look for them.
has_libpq() {
    (has pkg-config && pkg-config --exists libpq 2>/dev/null) || has pg_config
}

missing=""
has cc || missing="$missing cc"
has_postgres || missing="$missing postgresql"
has_libpq || missing="$missing libpq"
has curl || missing="$missing curl"
has jq || missing="$missing jq"

if ! has cargo; then
    say "Rust is missing: install it from https://rustup.rs, then come back"
    exit 1
fi
[ -z "$missing" ] && exit 0

say "missing:$missing"
if has apt-get; then
    packages="build-essential pkg-config libpq-dev postgresql curl jq"
    # Its own cluster would only take port 5432: we bring up ours when we need it.
    install="env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages"
    if [ "$(id -u)" = 0 ]; then
        sudo=""
    elif has sudo && sudo -n true 2>/dev/null; then
        sudo="sudo"
    else
        say "type: sudo apt-get update && sudo apt-get install -y $packages"
        exit 1
    fi
    $sudo mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.d/ocpizza.conf >/dev/null
    $sudo apt-get update -q && $sudo $install
elif has brew; then
    brew install libpq postgresql@16 pkg-config jq
    say "if the build does not find libpq: export PATH=\"\$(brew --prefix libpq)/bin:\$PATH\""
else
    say "install a C compiler, libpq with its headers, a PostgreSQL server (14 or later), curl and jq with your package manager"
    exit 1
fi

#!/bin/sh
# Writes api/schema/lib.rs anew from the migrations, in a database of its own that is thrown away.
set -eu
cd "$(dirname "$0")/../.."
command -v diesel >/dev/null || { echo "diesel_cli is missing: cargo install diesel_cli --no-default-features --features postgres" >&2; exit 1; }
cargo build --locked
folder=$(mktemp -d)
chmod 755 "$folder"
export OCPIZZA_DATA_DIR="$folder/data"
./target/debug/ocpizza migrate >&2
# The worker keeps the server up for the length of this script.
./target/debug/ocpizza worker >/dev/null 2>&1 &
worker=$!
trap 'kill $worker; wait $worker 2>/dev/null || true; rm -rf "$folder"' EXIT
until [ -S "$folder/data/.s.PGSQL.5432" ]; do sleep 0.1; done
diesel print-schema --database-url "postgresql:///ocpizza?host=$folder/data&user=ocpizza" --config-file migrations/diesel.toml > "$folder/lib.rs"
cp "$folder/lib.rs" api/schema/lib.rs

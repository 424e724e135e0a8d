#!/bin/sh
# Writes api/schema/lib.rs anew from the migrations, in a database of its own that is thrown away.
set -eu
cd "$(dirname "$0")/../.."
command -v diesel >/dev/null || { echo "diesel_cli is missing: cargo install diesel_cli --no-default-features --features postgres" >&2; exit 1; }
folder=$(mktemp -d)
chmod 755 "$folder"
export OCPIZZA_DATA_DIR="$folder/data"
cargo build --locked
# A server for the length of this script: it serves on a port that nobody asks.
PORT=0 ./target/debug/ocpizza serve >/dev/null 2>&1 &
server=$!
trap 'kill $server; wait $server 2>/dev/null || true; rm -rf "$folder"' EXIT
url="postgresql://ocpizza@$(printf %s "$folder/data" | sed 's,/,%2F,g')/ocpizza"
until ./target/debug/ocpizza migrate status 2>/dev/null | grep -q '\[x\]'; do sleep 0.2; done
diesel print-schema --database-url "$url" --config-file migrations/diesel.toml > "$folder/lib.rs"
cp "$folder/lib.rs" api/schema/lib.rs

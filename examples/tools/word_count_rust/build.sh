#!/bin/sh
# Debian 12: apt-get install --no-install-recommends rustc libstd-rust-dev-wasm32 lld
set -e
cd "$(dirname "$0")"
PATH=/usr/bin:/bin rustc --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib -C opt-level=s -C lto -C panic=abort -C strip=symbols -D warnings -o tool.wasm tool.rs

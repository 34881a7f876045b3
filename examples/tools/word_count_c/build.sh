#!/bin/sh
# Debian 12: apt-get install --no-install-recommends clang lld
set -e
cd "$(dirname "$0")"
# PATH: clang runs any wasm-opt it finds there, and the module would be another one.
PATH=/usr/bin:/bin clang --target=wasm32 -ffreestanding -nostdlib -O2 -Wall -Wextra -Wconversion -Werror -Wl,--no-entry -Wl,--strip-all -o tool.wasm tool.c

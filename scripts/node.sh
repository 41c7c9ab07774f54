#!/usr/bin/env bash
# node, with the variables of .env where there is one; those of the environment win.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -f .env ]; then set -- --env-file=.env "$@"; fi
exec node "$@"

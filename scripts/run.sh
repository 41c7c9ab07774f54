#!/usr/bin/env bash
# Starts the built service in the foreground, in this very process, so that signals reach it; beside it, unless DEMO=0,
# the demonstration, which leaves by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

# Started from a subshell that ends at once, it is not a child of the service, which would have to reap it.
if [ "${DEMO:-1}" != 0 ] && scripts/node.sh scripts/demo.js --alone; then (scripts/node.sh scripts/demo.js $$ &); fi

service=(scripts/node.sh --enable-source-maps --max-semi-space-size=64 --initial-old-space-size=192 --no-allocation-site-pretenuring dist/main.js)
# For a person the log is set in colours; whatever reads it by machine gets the JSON lines.
if [ -t 1 ]; then exec "${service[@]}" > >(exec node_modules/.bin/pino-pretty --ignore pid,hostname --singleLine); fi
exec "${service[@]}"

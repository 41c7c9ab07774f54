#!/usr/bin/env bash
# The service and the page from their sources, both anew on every change; where one ends, so does the other.
# The page's address is the one that Vite prints: it passes what is not the page on to the service.
set -euo pipefail
cd "$(dirname "$0")/.."

trap 'trap - EXIT; kill 0' EXIT INT TERM
scripts/node.sh --import tsx --watch src/main.ts &
SERVICE_URL="http://127.0.0.1:${PORT:-8000}" node_modules/.bin/vite web &
wait -n

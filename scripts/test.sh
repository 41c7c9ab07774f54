#!/usr/bin/env bash
# Every jest test, and at the very end one plain line with their number. Arguments go to jest.
set -euo pipefail
cd "$(dirname "$0")/.."

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
echo "Node $(node --version)"
npm test --silent -- "$@" --json --outputFile="$results/jest.json" \
  --reporters=default --reporters=./scripts/exit-reporter.js || status=$?
# Without a result there is nothing to count, and the status says so.
if [ -f "$results/jest.json" ]; then node scripts/closing-line.js "$results/jest.json"; fi
exit "$status"

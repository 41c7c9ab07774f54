#!/usr/bin/env bash
# Runs every jest test; prints the slowest files and, on the last line, how many tests passed and failed.
# Arguments go to jest, in a single run: scripts/test.sh test/pool
set -euo pipefail
cd "$(dirname "$0")/.."

# These measure time, sound, memory or garbage collections, need every core, or run `make` in this very directory:
# each has the machine to itself. All others run in JOBS processes side by side, in shards, so that the processes end
# at about the same time. Each process runs its files in band: what a test leaves open keeps its process alive, which
# exit-reporter.js turns into a failure (jest kills its own workers instead).
ALONE='/test/(bench|guards|nodes|scripts|soak)/|/test/readme\.|/test/relay/(half-open|slow-readers)\.'
ALONE+='|/test/browser/(interpreter|kills|long-job|long-reply|sound)\.'
JOBS=2
SHARDS=8

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0

# run NAME JEST-OPTIONS...
run() {
  local name=$1
  shift
  npm test --silent -- "$@" --runInBand --json --outputFile="$results/$name.json" \
    --reporters=default --reporters=./scripts/exit-reporter.js
}

echo "Node $(node --version)"
if [ $# -gt 0 ]; then
  run chosen "$@" || status=$?
else
  for ((shard = 1; shard <= SHARDS; shard += 1)); do
    if ((shard > JOBS)); then wait -n || status=$?; fi
    run "shard-$shard" --shard="$shard/$SHARDS" --testPathIgnorePatterns "$ALONE" &
  done
  for ((job = 0; job < JOBS; job += 1)); do wait -n || status=$?; done
  run alone --testPathPatterns "$ALONE" || status=$?
fi

# Where jest wrote no result there is nothing to count, and the status says so.
shopt -s nullglob
files=("$results"/*.json)
if [ ${#files[@]} -gt 0 ]; then node scripts/closing-line.js "${files[@]}"; fi
exit "$status"

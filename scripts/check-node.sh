#!/usr/bin/env bash
# Says in a sentence what is wrong with the Node of this machine, if anything is.
set -euo pipefail

wanted='Node 20.19 or newer is needed'
get='https://nodejs.org/en/download tells how to install it.'
command -v node >/dev/null || { echo "$wanted, and there is none on the PATH; $get" >&2; exit 1; }
command -v npm >/dev/null || { echo "npm is needed beside Node, and there is none on the PATH; $get" >&2; exit 1; }

version=$(node --version)
IFS=. read -r major minor _ <<<"${version#v}"
if ((major < 20 || (major == 20 && minor < 19))); then
  echo "$wanted, and this is $version ($(command -v node)); $get" >&2
  exit 1
fi

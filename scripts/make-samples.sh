#!/usr/bin/env bash
# Makes the recordings of samples/ again from their transcripts: flite speaks, ffmpeg puts it into the shape that the name says.
set -euo pipefail
cd "$(dirname "$0")/../samples"

speech=$(mktemp --suffix=.wav)
trap 'rm -f "$speech"' EXIT

# make TRANSCRIPT OUTPUT FFMPEG-OPTIONS...
make() {
  local transcript=$1 output=$2
  shift 2
  flite -voice slt -t "$(cat "$transcript")" -o "$speech"
  ffmpeg -v error -y -i "$speech" -map_metadata -1 -fflags +bitexact -flags:a +bitexact "$@" "$output"
}

make animals.txt animals.wav -ar 24000
make family.txt family.wav
make garden.txt garden.ogg -c:a libopus -b:a 24k -ar 24000

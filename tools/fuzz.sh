#!/usr/bin/env bash
# fuzz.sh TIME [TARGETS]: every fuzz target whose name matches the regular
# expression TARGETS for TIME, as many at once as there are cores.
set -uo pipefail
export FUZZTIME=${1:-10s} GO=${GO:-go}

one() { # one PACKAGE TARGET
  echo "fuzz $1 $2 $FUZZTIME"
  out=$($GO test -run '^$' -fuzz "^$2\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 10x -parallel 1 "$1" 2>&1) && return
  # Go before 1.27 may report the end of the time as a failure, without an input
  # (golang/go#75804).
  grep -q 'context deadline exceeded' <<<"$out" && ! grep -q 'Failing input\|panic' <<<"$out" && return
  echo "$out"
  return 255 # xargs stops
}
export -f one

# go test -list prints a package's targets and then its line: ok PACKAGE TIME
$GO test -list "^Fuzz(${2:-.})" ./... |
  awk '/^Fuzz/ { names[++n] = $1 } /^ok/ { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }' |
  xargs -P "$(nproc)" -L 1 bash -c 'one "$0" "$1"'

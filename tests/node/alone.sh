#!/usr/bin/env bash
# Runs a command where there is no network but loopback, so that a tool that calls home reaches nobody.
# Usage: tests/node/alone.sh COMMAND [ARGUMENTS]

set -Eeuo pipefail
[[ $# -gt 0 ]] || { echo "usage: $0 COMMAND [ARGUMENTS]" >&2; exit 2; }
unshare_it=(unshare --net)
[[ $EUID -eq 0 ]] || unshare_it=(unshare --map-root-user --net)
# shellcheck disable=SC2016 # The inner shell is the one to expand.
exec "${unshare_it[@]}" bash -c 'ip link set lo up && exec "$@"' bash "$@"

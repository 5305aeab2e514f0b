#!/usr/bin/env bash
# Looks for what the tests need beside the Go modules, and installs what is
# missing where it may: as root with apt-get. Else it says what to install.
# PostgreSQL is not its business: test/postgres.sh finds or installs one.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}

want=$(sed -n 's/^go //p' go.mod)
if ! command -v "$go" >/dev/null; then
  echo "prepare: no Go; expected version $want or newer (https://go.dev/dl)" >&2
  exit 1
fi
have=$("$go" env GOVERSION)
have=${have#go}
if [ "$(printf '%s\n%s\n' "$want" "${have%%-*}" | sort -V | head -1)" != "$want" ]; then
  echo "prepare: Go $have; expected $want or newer" >&2
  exit 1
fi

# command, Debian package, what it is for
needs="gcc|gcc libc6-dev|the race detector
node|nodejs|tests with the official Node client
npm|npm|tests with the official Node client and the ONNX runtime"

packages=""
missing=""
while IFS='|' read -r cmd package why; do
  command -v "$cmd" >/dev/null && continue
  packages="$packages $package"
  missing="$missing
  $cmd ($package on Debian): $why"
done <<<"$needs"
if [ -n "$packages" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "prepare: installing$packages"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
  else
    echo "prepare: missing, and only root may install them:$missing" >&2
    exit 1
  fi
fi
"$go" mod download

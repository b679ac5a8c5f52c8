#!/usr/bin/env bash
# The programs that `npm run bench` compares with, for Debian: skopeo and podman as packages, the others from their Go
# modules into the folder given. Then, for the folder ~/peers: PATH="$HOME/peers:$PATH" npm run bench
# Needs Go (https://go.dev/dl) and a network; some minutes and 2 GB of Go's caches when they are empty.
set -euo pipefail
mkdir -p "${1:?give the folder that the programs go into}"
folder=$(cd "$1" && pwd)
export GOBIN=$folder

go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3
go install github.com/google/go-containerregistry/cmd/crane@v0.21.7
go install github.com/regclient/regclient/cmd/regctl@v0.11.5

if command -v apt-get >/dev/null; then
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get install -y --no-install-recommends skopeo podman
else
  echo "skopeo and podman: from this system's own packages" >&2
fi

#!/usr/bin/env bash
# Builds a current Docker Engine, whose images live in containerd's store, from Go modules, once for each set of versions,
# and prints where its dockerd is. Needs Go, a C compiler and libseccomp's headers; a few minutes without Go's caches.
set -euo pipefail
engine=v2.0.0-beta.24 shim=v2.3.5 runc=v1.4.0
folder="${XDG_CACHE_HOME:-$HOME/.cache}/dangerzone-image/docker-$engine-$shim-$runc"
if [ ! -x "$folder/dockerd" ]; then
  half="$folder.$$"
  trap 'rm -rf "$half"' EXIT
  build() { GOBIN="$half" go install -trimpath "$@" >&2; }
  build -ldflags '-s -w' "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@$shim"
  build -tags seccomp -ldflags '-s -w' "github.com/opencontainers/runc@$runc"
  build -tags exclude_graphdriver_btrfs -ldflags '-s -w -X github.com/moby/moby/v2/dockerversion.Version=29.8.1-dev' \
    "github.com/moby/moby/v2/cmd/dockerd@$engine"
  mkdir -p "$(dirname "$folder")"
  rm -rf "$folder"
  mv "$half" "$folder"
fi
echo "$folder/dockerd"

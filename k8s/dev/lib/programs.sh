# The programs: from Debian what it has, from Go modules what it lacks.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

kubernetes=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' "$here/tools/go.mod")
helm=v4.3.1 coredns=v1.15.0 distribution=v3.1.2

install_packages() {
  "$here/../../.ci/debian" containerd runc etcd-server containernetworking-plugins iptables \
    iproute2 procps conntrack socat openssl ca-certificates buildah gcc libc6-dev
  hash -r
}

build() {
  local wanted="kubernetes $kubernetes helm $helm coredns $coredns registry $distribution"
  install_packages
  if [ "$(cat "$bin/versions" 2>/dev/null)" != "$wanted" ]; then
    command -v go >/dev/null || fail "build: no Go; install Go 1.26 and put it on the PATH"
    mkdir -p "$bin"
    export GOBIN=$bin CGO_ENABLED=0
    build_kubernetes
    # Each of these is its own module, built with the versions that it was released with.
    build_program helm.sh/helm/v4/cmd/helm "$helm" \
      -X "helm.sh/helm/v4/internal/version.version=$helm"
    build_program github.com/distribution/distribution/v3/cmd/registry "$distribution"
    build_program github.com/coredns/coredns "$coredns"
    echo "$wanted" >"$bin/versions"
  fi
  echo "$bin"
}

build_kubernetes() {
  local version=k8s.io/component-base/version numbers
  IFS=. read -ra numbers <<<"${kubernetes#v}"
  (cd "$here/tools" && go install -trimpath -ldflags "-s -w -X $version.gitVersion=$kubernetes \
    -X $version.gitMajor=${numbers[0]} -X $version.gitMinor=${numbers[1]}" tool)
}

build_program() { # build_program PACKAGE VERSION [LINKER FLAG...]
  local package=$1 version=$2
  shift 2
  (cd / && go install -trimpath -ldflags "-s -w $*" "$package@$version")
}

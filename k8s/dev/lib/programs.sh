# The programs: from Debian what it has, from Go modules what it lacks.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

declare -A versions=(
  [kubernetes]=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' "$here/tools/go.mod")
  [helm]=v4.3.1
  [registry]=v3.1.2
  [coredns]=v1.15.0
  [schemas]=v1.4.1 # of the Gateway API; Kubernetes' are of the version above
  [actionlint]=v1.7.12
  [cosign]=v3.1.3
)

install_packages() {
  "$here/../../.ci/debian" containerd runc etcd-server containernetworking-plugins iptables \
    iproute2 procps conntrack socat openssl ca-certificates buildah gcc libc6-dev
  hash -r
}

build() { # build [PROGRAM...]: those that are named; without names the cluster's, and what Debian has
  local program wanted
  [ $# -gt 0 ] || install_packages
  [ $# -gt 0 ] || set -- kubernetes helm registry coredns schemas
  mkdir -p "$bin"
  touch "$bin/versions"
  for program in "$@"; do
    [ -n "${versions[$program]:-}" ] || fail "build: $program: one of ${!versions[*]}"
    wanted="$program ${versions[$program]}"
    [ "$program" != schemas ] || wanted+=" ${versions[kubernetes]}"
    grep -qxF "$wanted" "$bin/versions" && continue
    command -v go >/dev/null || fail "build: no Go; put Go 1.26 or later on the PATH"
    GOBIN=$bin CGO_ENABLED=0 "build_$program" "${versions[$program]}"
    sed -i "/^$program /d" "$bin/versions"
    echo "$wanted" >>"$bin/versions"
  done
  echo "$bin"
}

build_kubernetes() {
  local package=k8s.io/component-base/version numbers
  IFS=. read -ra numbers <<<"${1#v}"
  (cd "$here/tools" && go install -trimpath -ldflags "-s -w -X $package.gitVersion=$1 \
    -X $package.gitMajor=${numbers[0]} -X $package.gitMinor=${numbers[1]}" tool)
}

# Each of these is its own module, built with the versions that it was released with.
build_helm() {
  install_module "helm.sh/helm/v4/cmd/helm@$1" -X "helm.sh/helm/v4/internal/version.version=$1"
}

build_registry() {
  install_module "github.com/distribution/distribution/v3/cmd/registry@$1"
}

build_coredns() {
  install_module "github.com/coredns/coredns@$1"
}

build_schemas() { # what the API servers publish: tests/chart holds the chart against it
  local group folder
  rm -rf "$bin/schemas"
  mkdir -p "$bin/schemas"
  folder=$(module_folder "k8s.io/kubernetes@${versions[kubernetes]}")/api/openapi-spec/v3
  for group in api__v1 apis__{apps__v1,autoscaling__v2,batch__v1,networking.k8s.io__v1,policy__v1} \
    apis__rbac.authorization.k8s.io__v1; do
    install -m 644 "$folder/${group}_openapi.json" "$bin/schemas"
  done
  folder=$(module_folder "sigs.k8s.io/gateway-api@$1")/config/crd/standard
  install -m 644 "$folder/gateway.networking.k8s.io_httproutes.yaml" "$bin/schemas"
}

module_folder() { # module_folder MODULE@VERSION: fetch it, print where it lies
  (cd / && go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

build_actionlint() {
  install_module "github.com/rhysd/actionlint/cmd/actionlint@$1"
}

build_cosign() {
  install_module "github.com/sigstore/cosign/v3/cmd/cosign@$1"
}

install_module() { # install_module PACKAGE@VERSION [LINKER FLAG...]
  local package=$1
  shift
  (cd / && go install -trimpath -ldflags "-s -w $*" "$package")
}

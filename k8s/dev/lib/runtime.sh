# containerd with its own root, so that an engine already on this machine is left alone, and an
# image registry for this machine alone that it pulls registry.local/NAME from.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

pause=localhost/pause:1

containers() { # containers ARGUMENT...: containerd's own command
  timeout 60 ctr --address "$runtime.sock" --namespace k8s.io "$@"
}

start_runtime() {
  write_registry_settings
  start registry registry serve "$state/registry.yaml"
  write_runtime_settings
  PATH=$PATH:/usr/lib/cni start containerd containerd --config "$state/containerd.toml" \
    --log-level warn
  wait_for 20 containerd ctr --address "$runtime.sock" version
  containers images ls -q | grep -qx "$pause" || make_pause_image
}

write_registry_settings() {
  local hosts=$state/registries/registry.local
  mkdir -p "$hosts"
  cat >"$hosts/hosts.toml" <<TOML
server = "http://$registry"
[host."http://$registry"]
  capabilities = ["pull", "resolve"]
TOML
  cat >"$state/registry.yaml" <<YAML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $state/images}, delete: {enabled: true}}
http: {addr: "$registry"}
YAML
}

write_runtime_settings() {
  cat >"$state/containerd.toml" <<TOML
version = 2
root = "$state/containerd"
state = "$runtime"
[grpc]
  address = "$runtime.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pause"
  # Without CAP_SYS_RESOURCE, as in many a CI machine, a process may not be made harder to kill.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$state/registries"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    discard_unpacked_layers = true # the registry has them
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
TOML
}

make_pause_image() { # holds a pod's namespaces and reaps its orphans
  local work
  work=$(mktemp -d)
  gcc -static -Os -s -o "$work/pause" "$here/lib/pause.c"
  printf 'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n' \
    >"$work/Dockerfile"
  buildah bud -q -t "$pause" "$work" >/dev/null
  buildah push -q "$pause" "docker-archive:$work/pause.tar:$pause"
  containers images import "$work/pause.tar" >/dev/null
  rm -r "$work"
}

stop_containers() {
  is_running containerd || return 0
  containers tasks ls -q | while read -r task; do
    containers tasks kill -s KILL "$task" 2>/dev/null || true # it ended by itself
  done
}

remove_runtime() {
  awk -v state="$state/" -v runtime="$runtime/" \
    'index($2, state) == 1 || index($2, runtime) == 1 { print $2 }' /proc/mounts |
    sort -r | xargs -r -n1 umount -l
  rm -rf "$runtime" "$runtime.sock" "$runtime.sock.ttrpc"
}

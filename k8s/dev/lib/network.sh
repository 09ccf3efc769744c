# The bridge that every pod hangs on. Pods reach pods, Services and this machine, nothing beyond it.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

bridge=gab0
refusal=(FORWARD -i "$bridge" ! -o "$bridge" -j REJECT)

make_network() {
  ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
  ip address replace "$gateway/24" dev "$bridge"
  ip link set "$bridge" up
  ip route replace "$services" dev "$bridge" src "$gateway"
  iptables -C "${refusal[@]}" 2>/dev/null || iptables -I "${refusal[@]}"
  sysctl -qw net.ipv4.ip_forward=1
  # Where the kernel has it as a module that is not loaded, a pod cannot reach itself by a Service.
  sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true
  mkdir -p "$state/cni"
  cat >"$state/cni/10-gabarito.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "gabarito", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$state/addresses",
            "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
}

remove_network() {
  ip netns list | awk '/^cni-/ { print $1 }' | xargs -r -n1 ip netns del
  while iptables -D "${refusal[@]}" 2>/dev/null; do :; done
  "$bin/kube-proxy" --cleanup >/dev/null 2>&1 || true # its way to say that rules were left
  ip link del "$bridge" 2>/dev/null || true
}

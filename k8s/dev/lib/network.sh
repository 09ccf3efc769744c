# The bridge that every pod hangs on. Pods reach pods, Services and this machine, nothing beyond it.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

bridge=gab0
refusal=(FORWARD -i "$bridge" ! -o "$bridge" -j REJECT)
host_settings=$state/ipv6.sysctl

make_network() {
  ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
  ip link set "$bridge" up
  ! has_family ipv4 || connect_ipv4
  ! has_family ipv6 || connect_ipv6
  mkdir -p "$state/cni"
  cat >"$state/cni/10-gabarito.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "gabarito", "plugins": [
  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$state/addresses",
            "ranges": [$(for_each_family '[{"subnet": "%s"}]' pods)],
            "routes": [$(for_each_family '{"dst": "%s/0"}' everywhere)]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
}

for_each_family() { # for_each_family FORMAT ARRAY: JSON of what the array holds, with commas between
  local each list=
  for each in $(of_each "$2" | tr , ' '); do
    # shellcheck disable=SC2059  # a format
    list+=", $(printf "$1" "$each")"
  done
  echo "${list#, }"
}

connect_ipv4() {
  ip address replace "${gateways[ipv4]}/24" dev "$bridge"
  ip route replace "${services[ipv4]}" dev "$bridge" src "${gateways[ipv4]}"
  iptables -C "${refusal[@]}" 2>/dev/null || iptables -I "${refusal[@]}"
  sysctl -qw net.ipv4.ip_forward=1
  # Where the kernel has it as a module that is not loaded, a pod cannot reach itself by a Service.
  sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true
}

# An address of which it had to be asked first whether another has it would wait for the first pod.
connect_ipv6() {
  forward_ipv6
  sysctl -qw "net.ipv6.conf.$bridge.disable_ipv6=0"
  ip -6 address replace "${gateways[ipv6]}/64" dev "$bridge" nodad
  ip -6 route replace "${services[ipv6]}" dev "$bridge" src "${gateways[ipv6]}"
  ip6tables -C "${refusal[@]}" 2>/dev/null || ip6tables -I "${refusal[@]}"
  sysctl -qw net.bridge.bridge-nf-call-ip6tables=1 2>/dev/null || true
}

# A machine that forwards gets no routes from its routers any more, unless it is told that it does.
forward_ipv6() {
  local kept=$host_settings
  if [ ! -f "$kept" ]; then
    {
      sysctl net.ipv6.conf.all.forwarding # which changes the others, so it comes first
      sysctl --all --pattern '^net\.ipv6\.conf\..*\.(forwarding|accept_ra)$' 2>/dev/null |
        grep -v "\.all\.forwarding\|\.$bridge\."
    } >"$kept.part"
    mv "$kept.part" "$kept"
  fi
  sed -n 's/\.accept_ra = 1$/.accept_ra = 2/p' "$kept" | sysctl -qe --load=- 2>/dev/null || true
  sysctl -qw net.ipv6.conf.all.forwarding=1
}

remove_network() {
  ip netns list | awk '/^cni-/ { print $1 }' | xargs -r -n1 ip netns del
  while iptables -D "${refusal[@]}" 2>/dev/null; do :; done
  while ip6tables -D "${refusal[@]}" 2>/dev/null; do :; done
  "$bin/kube-proxy" --cleanup >/dev/null 2>&1 || true # its way to say that rules were left
  ip link del "$bridge" 2>/dev/null || true
  # Interfaces may have gone since.
  [ ! -f "$host_settings" ] || sysctl -qe --load="$host_settings" 2>/dev/null || true
}

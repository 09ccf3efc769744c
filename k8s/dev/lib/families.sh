# Which families of addresses the cluster has, the first one first, and the addresses of each.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of ../cluster

declare -A gateways=([ipv4]=10.88.0.1 [ipv6]=fd10:88::1)
declare -A pods=([ipv4]=10.88.0.0/24 [ipv6]=fd10:88::/64)
declare -A services=([ipv4]=10.96.0.0/16 [ipv6]=fd10:96::/112)
declare -A api_servers=([ipv4]=10.96.0.1 [ipv6]=fd10:96::1)
declare -A name_servers=([ipv4]=10.96.0.10 [ipv6]=fd10:96::a)
declare -A loopbacks=([ipv4]=127.0.0.1 [ipv6]=::1)
declare -A everywhere=([ipv4]=0.0.0.0 [ipv6]=::)

choose_families() { # as the environment says; else as the cluster was started
  families=${CLUSTER_FAMILIES:-$(families_before)}
  case $families in
  ipv4) listening=${everywhere[ipv4]} ;;
  ipv6 | ipv4,ipv6 | ipv6,ipv4) listening=${everywhere[ipv6]} ;; # which is of both
  *) fail "CLUSTER_FAMILIES=$families: one of ipv4, ipv6, ipv4,ipv6 and ipv6,ipv4" ;;
  esac
  family=${families%,*}
  gateway=${gateways[$family]}
}

families_before() {
  cat "$state/families" 2>/dev/null || echo ipv4
}

keep_families() { # what a cluster has in etcd has addresses of them
  local before
  before=$(families_before)
  [ ! -d "$state/etcd" ] || [ "$families" = "$before" ] ||
    fail "up: the cluster has CLUSTER_FAMILIES=$before; for others run $0 down --purge first"
  ! has_family ipv6 || [ -d /proc/sys/net/ipv6 ] ||
    fail "up: CLUSTER_FAMILIES=$families: this machine's kernel has no IPv6"
  echo "$families" >"$state/families"
}

has_family() { # has_family FAMILY
  [[ ,$families, = *,$1,* ]]
}

of_each() { # of_each ARRAY: what it holds for the cluster's families, with commas between
  local -n held=$1
  local each list=
  for each in ${families//,/ }; do
    list+=,${held[$each]}
  done
  echo "${list#,}"
}

# The node: kubelet, Service rules, cluster DNS, and a pretended accelerator.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

start_node() {
  write_kubelet_settings
  start kubelet kubelet --config="$state/kubelet.yaml" --hostname-override="$node" \
    --kubeconfig="$state/kubelet.kubeconfig" --node-ip="$(of_each gateways)" \
    --root-dir="$state/kubelet"
  wait_for 60 "node $node" kubectl get node "$node"
  start proxy kube-proxy --kubeconfig="$state/proxy.kubeconfig" --proxy-mode=iptables \
    --cluster-cidr="$(of_each pods)" --hostname-override="$node" \
    --bind-address="${loopbacks[$family]}"
  start_dns
  pretend_gpus
  wait_for 60 "node $node" kubectl wait --for=condition=Ready "node/$node" --timeout=1s
}

write_kubelet_settings() {
  cat >"$state/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: "$listening"
containerRuntimeEndpoint: unix://$runtime.sock
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
clusterDomain: cluster.local
clusterDNS: ["${name_servers[$family]}"]
evictionHard:
  memory.available: 100Mi
  nodefs.available: 1%
  imagefs.available: 1%
  nodefs.inodesFree: 1%
# Whoever tries things out kills one container again and again.
crashLoopBackOff: {maxContainerRestartPeriod: 2s}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
YAML
}

start_dns() { # on the node's address, behind the Service address that pods are given
  cat >"$state/Corefile" <<COREFILE
cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
  bind $gateway
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig $state/coredns.kubeconfig dev
  }
}
COREFILE
  start coredns coredns -conf "$state/Corefile"
  kubectl apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  clusterIP: "${name_servers[$family]}"
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: kube-dns-node
  namespace: kube-system
  labels: {kubernetes.io/service-name: kube-dns}
addressType: ${family/ip/IP}
ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
endpoints: [{addresses: ["$gateway"]}]
YAML
}

pretend_gpus() { # a pod that asks for one is scheduled and counted, and runs on the CPU
  local amount="{\"nvidia.com/gpu\": \"$gpus\"}"
  kubectl patch node "$node" --subresource=status --type=merge \
    -p "{\"status\": {\"capacity\": $amount, \"allocatable\": $amount}}" >/dev/null
}

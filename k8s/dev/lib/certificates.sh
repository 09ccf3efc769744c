# One authority, and a certificate for each component that speaks to another.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

make_certificates() {
  local user service=DNS:kubernetes.default.svc own addresses
  own=127.0.0.1,$(of_each gateways)
  addresses=$own,$(of_each api_servers)
  make_authority
  certificate apiserver /CN=kube-apiserver "IP:${addresses//,/,IP:},\
DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,$service,$service.cluster.local"
  certificate kubelet "/O=system:nodes/CN=system:node:$node" "IP:${own//,/,IP:},DNS:$node"
  certificate kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
  certificate admin /O=system:masters/CN=admin
  certificate coredns /O=system:masters/CN=coredns
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate proxy /CN=system:kube-proxy
  for user in admin controller-manager scheduler proxy coredns kubelet; do
    write_kubeconfig "$user"
  done
}

make_authority() {
  [ -f "$pki/sa.pub" ] && return
  new_key "$pki/ca.key"
  openssl req -x509 -key "$pki/ca.key" -days 3650 -out "$pki/ca.crt" -subj /CN=cluster-ca
  openssl genrsa -out "$pki/sa.key" 2048 2>/dev/null
  openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
}

new_key() { # new_key FILE
  (umask 077 && openssl ecparam -name prime256v1 -genkey -noout -out "$1")
}

certificate() { # certificate NAME SUBJECT [ALTERNATIVE NAMES]
  [ -f "$pki/$1.crt" ] && return
  new_key "$pki/$1.key"
  openssl req -new -key "$pki/$1.key" -out "$pki/$1.csr" -subj "$2"
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial \
    -days 365 -out "$pki/$1.crt" ${3:+-extfile <(echo "subjectAltName=$3")} 2>/dev/null
}

write_kubeconfig() { # write_kubeconfig USER
  (umask 077 && cat >"$state/$1.kubeconfig") <<YAML
apiVersion: v1
kind: Config
current-context: dev
contexts: [{name: dev, context: {cluster: dev, user: $1}}]
clusters: [{name: dev, cluster: {server: "https://127.0.0.1:6443", certificate-authority: $pki/ca.crt}}]
users: [{name: $1, user: {client-certificate: $pki/$1.crt, client-key: $pki/$1.key}}]
YAML
}

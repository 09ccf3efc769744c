# The control plane: etcd, the API server, the controllers and the scheduler.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

start_control_plane() {
  start etcd etcd --data-dir "$state/etcd" --unsafe-no-fsync \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
  start_apiserver
  export KUBECONFIG=$kubeconfig
  wait_for 60 "the API server" kubectl get --raw /readyz
  start controller-manager kube-controller-manager \
    --kubeconfig="$state/controller-manager.kubeconfig" --use-service-account-credentials=true \
    --root-ca-file="$pki/ca.crt" --service-account-private-key-file="$pki/sa.key" \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
    --bind-address=127.0.0.1 --leader-elect=false --node-monitor-grace-period=20s
  start scheduler kube-scheduler --kubeconfig="$state/scheduler.kubeconfig" \
    --bind-address=127.0.0.1 --leader-elect=false
}

start_apiserver() {
  start apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 \
    --bind-address="$listening" --advertise-address="$gateway" \
    --service-cluster-ip-range="$(of_each services)" --allow-privileged=true \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --client-ca-file="$pki/ca.crt" \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --kubelet-client-certificate="$pki/kubelet-client.crt" \
    --kubelet-client-key="$pki/kubelet-client.key" \
    --kubelet-certificate-authority="$pki/ca.crt" \
    --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key"
}

# Without its webhooks, which would only fill in defaults and refuse what the controller cannot make:
# the chart says all of it. The server that would answer them wants a certificate all the same.
serve_job_sets() {
  local certificates=$pki/jobset
  need_root "what it starts is root's"
  build jobset jobset-crd >/dev/null
  export KUBECONFIG=$kubeconfig
  kubectl apply --server-side --filename "$bin/jobset-crd" >/dev/null
  wait_for 60 "the API of JobSet" kubectl get jobsets
  certificate jobset /CN=jobset DNS:localhost
  mkdir -p "$certificates"
  cp "$pki/jobset.crt" "$certificates/tls.crt"
  cp "$pki/jobset.key" "$certificates/tls.key"
  cat >"$state/jobset.yaml" <<YAML
apiVersion: config.jobset.x-k8s.io/v1alpha1
kind: Configuration
internalCertManagement: {enable: false}
leaderElection: {leaderElect: false}
metrics: {bindAddress: "0"}
health: {healthProbeBindAddress: 127.0.0.1:9081}
webhook: {host: 127.0.0.1, port: 9444, certDir: "$certificates"}
YAML
  start jobset jobset --config "$state/jobset.yaml"
  wait_for 60 "the controller of JobSet" bash -c "</dev/tcp/127.0.0.1/9081"
}

# Images for the cluster, built by buildah where no image registry can be reached.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

bucket_server=gabarito-s3:dev

build_image() { # build_image NAME FOLDER: this machine's authorities are trusted while it is built
  [ $# = 2 ] || fail "image: give a name and a folder"
  need_root "it makes its base of Debian's packages"
  local base
  base=$("$here/../../images/base")
  buildah bud -q --isolation chroot --layers -v /etc/ssl/certs:/etc/ssl/certs:ro \
    --build-arg "BASE_IMAGE=$base" -t "localhost/$1" "$2" >/dev/null
  echo "localhost/$1"
}

load_images() { # one caller after the other: the second finds what the first has compressed
  local name lock
  [ $# -gt 0 ] || fail "load: give the names of images"
  need_root "the images that were built are root's"
  is_running registry || fail "load: no registry at $registry; run $0 up"
  exec {lock}>"$run/load.lock"
  flock "$lock"
  for name in "$@"; do
    buildah push -q --tls-verify=false "localhost/${name#localhost/}" \
      "docker://$registry/${name#localhost/}"
    echo "registry.local/${name#localhost/}"
  done
  exec {lock}>&-
}

serve_s3() {
  need_root "it builds an image and loads it"
  build_image "$bucket_server" "$here/s3" >/dev/null
  load_images "$bucket_server" >/dev/null
  export KUBECONFIG=$kubeconfig
  kubectl apply -f "$here/s3.yaml" >/dev/null
  kubectl rollout status --namespace s3 deployment/s3 --timeout=120s >/dev/null
  echo http://s3.s3.svc:9000
}

#!/usr/bin/env bash
# A real Kubernetes for tests, from Go modules: no Docker, no images from elsewhere.
#
#   cluster.sh build               the programs, once: about ten minutes on two cores; cached by the versions in go.mod
#   cluster.sh can api|node        exit 0 when it can run here; else say why not, exit 3
#   cluster.sh api-up DIR          etcd and kube-apiserver on loopback; DIR/admin.kubeconfig, and DIR/agent.kubeconfig of the
#                                  service account logging/sluice
#   cluster.sh api-down DIR
#   cluster.sh node-up DIR TAR...  a whole node: the above with controllers, scheduler, containerd, runc and kubelet, in network and
#                                  mount namespaces of its own, with the images in TAR; needs root
#   cluster.sh node-exec DIR CMD   runs CMD inside the node, with kubectl and helm for its administrator
#   cluster.sh node-down DIR
#
# SLUICE_CACHE   where the programs are kept; else $XDG_CACHE_HOME/sluice or ~/.cache/sluice
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}/kube
bin=$cache/bin
verb=${1:-}; shift || true

without=() # admission of the API server

die() { echo "cluster.sh: $*" >&2; exit 1; }
cannot() { echo "cluster.sh: $*" >&2; exit 3; }

can() {
  local missing=()
  for p in curl openssl go; do command -v "$p" >/dev/null || missing+=("$p"); done
  if [[ $1 == node ]]; then
    [[ $(uname -s) == Linux && $(id -u) == 0 ]] || cannot "a node needs Linux and root"
    for p in containerd ctr runc unshare nsenter ip; do command -v "$p" >/dev/null || missing+=("$p"); done
    [[ -x /usr/lib/cni/bridge ]] || missing+=("/usr/lib/cni/bridge")
  fi
  ((${#missing[@]} == 0)) || cannot "missing: ${missing[*]} (Debian: apt-get install containerd runc containernetworking-plugins iproute2 curl openssl)"
}

build() {
  local key
  key=$(cat "$here"/go.mod "$here"/go.sum "$here"/*/*.go "$here/cluster.sh" | sha256sum | cut -c1-16)
  mkdir -p "$bin"
  exec 8>"$cache/lock"; flock 8
  if [[ $(cat "$bin/key" 2>/dev/null) == "$key" ]]; then return; fi
  echo "building the cluster's programs into $bin (the first time about ten minutes on two cores)" >&2
  rm -f "$bin/key"
  local v p=k8s.io/component-base/version
  export GOWORK=off CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOCACHE=$cache/gocache
  v=$(cd "$here" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
  local minor=${v#v1.}; minor=${minor%%.*}
  # Without inlining and debug data they take a third less time to compile.
  (cd "$here" && go build -trimpath -gcflags='all=-dwarf=false -l' \
    -ldflags "-s -w -X $p.gitVersion=$v -X $p.gitMajor=1 -X $p.gitMinor=$minor" -o "$bin/" ./kubebox ./logapp)
  for p in kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl etcd helm; do ln -sf kubebox "$bin/$p"; done
  echo "$key" >"$bin/key"
}

# start NAME CMD... runs CMD in the background, its id in NAME.pid, its output in NAME.log. 8 is the build's lock.
start() {
  local name=$1; shift
  nohup "$@" >"$name.log" 2>&1 </dev/null 8>&- &
  echo $! >"$name.pid"
}

# wait_for SECONDS WHAT CMD... until CMD succeeds.
wait_for() {
  local end=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || die "$what did not come up; see the logs in $PWD"
    sleep 0.2
  done
}

stop() {
  local pid; pid=$(cat "$1.pid" 2>/dev/null) || return 0
  rm -f "$1.pid"
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
}

kubeconfig() { # NAME TOKEN ADDRESS
  cat >"$1.kubeconfig" <<K
{"apiVersion": "v1", "kind": "Config", "current-context": "c",
 "clusters": [{"name": "c", "cluster": {"server": "https://$3", "certificate-authority": "$PWD/pki/apiserver.crt"}}],
 "users": [{"name": "u", "user": {"token": "$2"}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}
K
  chmod 600 "$1.kubeconfig"
}

# servers BIND ADDRESS:PORT WRAP... in the current directory; WRAP is put before each command.
servers() {
  local bind=$1 address=$2 e=12379; shift 2
  mkdir -p pki
  [[ -f pki/sa.key ]] || { openssl ecparam -name prime256v1 -genkey -noout -out pki/sa.key; openssl ec -in pki/sa.key -pubout -out pki/sa.pub 2>/dev/null; }
  local admin agent; admin=$(openssl rand -hex 16); agent=$(openssl rand -hex 16)
  printf '%s,admin,1,"system:masters"\n%s,system:serviceaccount:logging:sluice,2,"system:serviceaccounts"\n' "$admin" "$agent" >tokens.csv
  chmod 600 tokens.csv
  start etcd "$@" "$bin/etcd" --name e --data-dir etcd --unsafe-no-fsync --log-level warn \
    --listen-client-urls "http://127.0.0.1:$e" --advertise-client-urls "http://127.0.0.1:$e" \
    --listen-peer-urls "http://127.0.0.1:$((e + 1))" --initial-advertise-peer-urls "http://127.0.0.1:$((e + 1))" \
    --initial-cluster "e=http://127.0.0.1:$((e + 1))"
  wait_for 60 etcd "$@" curl -fsS "http://127.0.0.1:$e/health"
  start apiserver "$@" "$bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$e" --bind-address "$bind" \
    --advertise-address "${address%:*}" --secure-port "${address#*:}" --cert-dir pki \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file pki/sa.pub --service-account-signing-key-file pki/sa.key \
    --service-cluster-ip-range 10.96.0.0/24 --authorization-mode RBAC --token-auth-file tokens.csv --endpoint-reconciler-type none \
    --kubelet-preferred-address-types InternalIP "${without[@]}"
  kubeconfig admin "$admin" "$address"
  kubeconfig agent "$agent" "$address"
  wait_for 120 kube-apiserver "$@" "$bin/kubectl" --kubeconfig admin.kubeconfig get --raw /readyz
}

containerd_config() {
  cat >containerd.toml <<T
version = 2
root = "$PWD/containerd"
state = "$PWD/containerd-state"
[grpc]
  address = "$PWD/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$PWD/cni"
T
  cat >cni/10-pods.conflist <<J
{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false,
 "ipam": {"type": "host-local", "dataDir": "$PWD/ipam", "ranges": [[{"subnet": "10.88.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
J
}

node_up() {
  local dir; dir=$(realpath -m "$1"); shift
  local tars=(); for t in "$@"; do tars+=("$(realpath "$t")"); done
  mkdir -p "$dir"/{cni,manifests,kubelet,varlog,netns}; cd "$dir"
  [[ ! -e holder.pid ]] || die "$dir has a node already (cluster.sh node-down $dir)"
  rm -f ready
  # The service address belongs to this namespace and the API server listens on 443 there: pods reach it without a kube-proxy.
  start holder setsid unshare --mount --net --propagation private bash -c '
    set -e
    mkdir -p /run/netns
    mount --bind varlog /var/log; mount --bind netns /run/netns; mount --make-rshared /
    ip link set lo up
    ip link add n0 type bridge; ip addr add 10.77.0.1/24 dev n0; ip addr add 10.96.0.1/32 dev n0; ip link set n0 up
    sysctl -qw net.ipv4.ip_forward=1
    touch ready; exec sleep infinity'
  wait_for 10 "the namespace" test -e ready
  local in=(nsenter -t "$(cat holder.pid)" --mount --net --wd="$dir")
  containerd_config
  start containerd "${in[@]}" containerd --config containerd.toml
  wait_for 60 containerd ctr -a c.sock version
  for t in "${tars[@]}"; do "${in[@]}" ctr -a c.sock -n k8s.io images import "$t" >/dev/null; done
  servers 0.0.0.0 10.77.0.1:443 "${in[@]}"
  start controllers "${in[@]}" "$bin/kube-controller-manager" --kubeconfig admin.kubeconfig --leader-elect=false --secure-port 0 \
    --service-account-private-key-file pki/sa.key --root-ca-file pki/apiserver.crt
  start scheduler "${in[@]}" "$bin/kube-scheduler" --kubeconfig admin.kubeconfig --leader-elect=false --secure-port 0
  sed "s#@DIR@#$dir#" "$here/kubelet.yaml" >kubelet.yaml
  start kubelet "${in[@]}" "$bin/kubelet" --config kubelet.yaml --kubeconfig admin.kubeconfig --root-dir "$dir/kubelet" \
    --hostname-override node-a --cert-dir "$dir/kubelet-pki" --node-ip 10.77.0.1
  wait_for 120 kubelet "${in[@]}" "$bin/kubectl" --kubeconfig admin.kubeconfig wait --for=condition=Ready node/node-a --timeout=1s
}

node_exec() {
  local dir; dir=$(realpath "$1"); shift
  PATH="$bin:$PATH" KUBECONFIG="$dir/admin.kubeconfig" exec nsenter -t "$(cat "$dir/holder.pid")" --mount --net --wd="$PWD" "$@"
}

node_down() {
  cd "$1"
  rm -f manifests/*
  stop kubelet
  if [[ -S c.sock ]]; then # what the kubelet started is containerd's
    local c=(timeout 20 ctr -a c.sock -n k8s.io)
    for t in $("${c[@]}" tasks ls -q); do "${c[@]}" tasks rm -f "$t"; done >/dev/null 2>&1 || true
    for t in $("${c[@]}" containers ls -q); do "${c[@]}" containers rm "$t"; done >/dev/null 2>&1 || true
  fi
  for p in scheduler controllers apiserver etcd containerd holder; do stop "$p"; done
  rm -f c.sock
}

case $verb in
  build) build ;;
  can) can "$1" ;;
  api-up) # without controllers nobody makes service accounts, which pods would need
    can api; build; mkdir -p "$1"; cd "$1"; without=(--disable-admission-plugins ServiceAccount); servers 127.0.0.1 127.0.0.1:16443 ;;
  api-down) cd "$1"; stop apiserver; stop etcd ;;
  node-up) can node; build; node_up "$@" ;;
  node-exec) node_exec "$@" ;;
  node-down) node_down "$1" ;;
  *) sed -n '2,/^set/p' "$0" | grep '^#'; exit 2 ;;
esac

#!/usr/bin/env bash
# Starts a real Elasticsearch or OpenSearch for tests: one node on loopback, from the artifacts of the Maven repository.
#
#   elasticsearch.sh start [options]   install if needed, start if needed, wait until it answers, print the URL
#   elasticsearch.sh stop  [options]   end the node (SIGTERM, after 20 s SIGKILL); its data stays
#   elasticsearch.sh kill  [options]   end the node as a crash would (SIGKILL)
#   elasticsearch.sh wipe  [options]   stop, and delete the node's data; the unpacked server stays
#   elasticsearch.sh status [options]  print URL and pid, exit 1 when it is not running
#   elasticsearch.sh with [options] -- COMMAND ARGS...
#                                      run a command with ELASTICSEARCH_TEST_URL set to the server's URL; a server that was
#                                      started for it is stopped afterwards; where no server can be had: print SKIP and why, exit 0
#   elasticsearch.sh can   [options]   exit 0 when start can work here, else print why not and exit 1; starts nothing
#
#   --flavor elasticsearch|opensearch   (elasticsearch)
#   --version V                         (8.19.21 | 3.6.0)
#   --port P                            HTTP port (19200); the transport port is P+100; each port is a node of its own
#   --heap SIZE                         (512m)
#   --set key=value                     one more line of configuration; may be repeated
#   --security                          Elasticsearch only: authentication on; user elastic-test (superuser), password from
#                                       ELASTICSEARCH_TEST_PASSWORD
#
# SLUICE_CACHE           where servers and their data live; else $XDG_CACHE_HOME/sluice or ~/.cache/sluice, and where the
#                        server's user may not go there, /var/tmp/sluice-UID
# ELASTICSEARCH_USER     who runs the server when root runs this script (nobody): the servers refuse to run as root
# ELASTICSEARCH_JAVA     the JDK's directory; else the newest fitting one that is found
#
# Exit status: 0 done, 3 this machine cannot have the server (a tool is missing, or the Maven repository is out of reach),
# 1 anything else that went wrong.
set -euo pipefail

die() { echo "elasticsearch.sh: $*" >&2; exit 1; }
cannot() { echo "elasticsearch.sh: $*" >&2; exit 3; }

verb=${1:-}; shift || true
flavor=elasticsearch version= port=19200 heap=512m security=false extra=()
while (($#)); do
  case $1 in
    --) shift; break ;;
    --security) security=true; shift; continue ;;
    --flavor | --version | --port | --heap | --set) (($# > 1)) || die "$1 needs a value" ;;
    *) die "unknown option $1 (see the head of this file)" ;;
  esac
  case $1 in
    --flavor) flavor=$2 ;;
    --version) version=$2 ;;
    --port) port=$2 ;;
    --heap) heap=$2 ;;
    --set) extra+=("${2%%=*}: ${2#*=}") ;;
  esac
  shift 2
done
case $flavor in
  elasticsearch) : "${version:=8.19.21}"; env_prefix=ES path_conf=ES_PATH_CONF ;;
  opensearch) : "${version:=3.6.0}"; env_prefix=OPENSEARCH path_conf=OPENSEARCH_PATH_CONF ;;
  *) die "--flavor must be elasticsearch or opensearch, not $flavor" ;;
esac
[[ $security == false || $flavor == elasticsearch ]] || die "--security: this OpenSearch has no security plugin"

user=${ELASTICSEARCH_USER:-nobody}
url=http://127.0.0.1:$port
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

as_user() { # run a command as the server's user
  if ((EUID == 0)); then
    setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
  else
    "$@"
  fi
}

choose_cache() { # sets cache, a directory of ours that the server's user may enter
  local dir
  for dir in "${SLUICE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/sluice}" "/var/tmp/sluice-$EUID"; do
    if mkdir -p "$dir/elasticsearch" 2>/dev/null && [[ -O $dir && -O $dir/elasticsearch ]] &&
      as_user test -x "$dir/elasticsearch" -a -r "$dir/elasticsearch"; then
      cache=$(cd "$dir/elasticsearch" && pwd -P)
      dist=$cache/dist/$flavor-$version
      node=$cache/node/$flavor-$port
      return
    fi
    # who names a place gets that place or an error
    [[ -z ${SLUICE_CACHE:-} ]] || die "user $( ((EUID == 0)) && echo "$user" || id -un) cannot enter $dir, or it is not ours; set SLUICE_CACHE to another directory"
  done
  die "/var/tmp/sluice-$EUID is not ours or cannot be made; set SLUICE_CACHE to a directory that user $user may enter"
}

pid() { # the node's process, if it runs and is still the one that was started; else nothing
  local p
  if p=$(cat "$node/pid" 2>/dev/null) && grep -qsF "$node/" "/proc/$p/cmdline"; then echo "$p"; fi
}

java_major() { "$1/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p'; }

find_java() { # sets java: the newest JDK that this version runs with
  local need=17 most=99 best=0 d m
  case $flavor-${version%%.*} in
    opensearch-[3-9]*) need=21 ;;
    elasticsearch-7 | opensearch-[12]) most=21 ;; # these know no newer class files
  esac
  java=
  for d in ${ELASTICSEARCH_JAVA:-${JAVA_HOME:-} "$(dirname "$(dirname "$(readlink -f "$(command -v java || echo /x/x/x)")")")" /usr/lib/jvm/*/}; do
    [[ -x $d/bin/javac ]] || continue
    m=$(java_major "$d")
    if [[ $m =~ ^[0-9]+$ ]] && ((m >= need && m <= most && m > best)); then java=${d%/} best=$m; fi
  done
  [[ -n $java ]] || { why="no JDK $need or newer was found (Debian: apt-get install openjdk-17-jdk-headless)"; return 1; }
}

can() { # sets why when start cannot work here
  local tool
  for tool in mvn unzip curl flock; do
    command -v $tool >/dev/null || { why="$tool is not installed"; return 1; }
  done
  ((EUID != 0)) || command -v setpriv >/dev/null || { why="setpriv (util-linux) is not installed, and the server refuses to run as root"; return 1; }
  find_java
}

fetch() { # fetch GROUP ARTIFACT VERSION TYPE DIR: one file of the Maven repository into DIR
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dartifact="$1:$2:$3:$4" \
    -DoutputDirectory="$5" -Dmdep.overWriteSnapshots=false >"$cache/mvn.log" 2>&1 ||
    cannot "cannot fetch $1:$2:$3:$4 (is the Maven repository reachable, does this version exist?); see $cache/mvn.log: $(grep -m1 -oE '(Could not|Cannot|Failed to|Unknown host)[^(]*' "$cache/mvn.log" | cut -c1-200)"
}

install_dist() {
  [[ -e $dist/.complete ]] && return
  local tmp=$dist.partial
  rm -rf "$dist" "$tmp"; mkdir -p "$tmp"
  echo "fetching $flavor $version" >&2
  fetch "org.$flavor.distribution.integ-test-zip" "$flavor" "$version" zip "$tmp"
  (cd "$tmp" && unzip -q ./*.zip && rm ./*.zip && mv "$flavor-$version"* "$dist")
  rm -rf "$tmp"
  chmod -R a+rX "$dist"
  touch "$dist/.complete"
}

install_shim() { # for Elasticsearch 8: see shim/ShimPlugin.java
  [[ $flavor == elasticsearch && ${version%%.*} == 8 ]] || return 0
  local m=$dist/modules/sluice-shim b=$cache/shim.build sum
  sum=$(cat "$here/shim/ShimPlugin.java" "$here/elasticsearch.sh" | sha256sum | cut -d' ' -f1)
  [[ $(cat "$m/.sum" 2>/dev/null) == "$sum" ]] && return
  rm -rf "$m" "$b"; mkdir -p "$m" "$b/META-INF/services"
  "$java/bin/javac" --release 17 -cp "$dist/lib/*" -d "$b" "$here/shim/ShimPlugin.java" >"$cache/javac.log" 2>&1 ||
    die "the shim does not compile; see $cache/javac.log"
  echo 'sluice.shim.ShimPlugin$Features' >"$b/META-INF/services/org.elasticsearch.features.FeatureSpecification"
  "$java/bin/jar" --create --file "$m/sluice-shim.jar" -C "$b" .
  printf '%s\n' name=sluice-shim description=shim "version=$version" "elasticsearch.version=$version" java.version=17 \
    classname=sluice.shim.ShimPlugin >"$m/plugin-descriptor.properties"
  echo "$sum" >"$m/.sum"; rm -rf "$b"; chmod -R a+rX "$m"
}

configure() {
  rm -rf "$node/config"; mkdir -p "$node/config" "$node/data" "$node/logs" "$node/tmp"
  cp -r "$dist/config/." "$node/config/"
  # some paths in jvm.options are relative to the distribution, which the server's user may not write
  sed -i -e "s#=logs/#=$node/logs/#g" -e "s#:file=logs/#:file=$node/logs/#g" -e "s#HeapDumpPath=data#HeapDumpPath=$node/data#" "$node/config/jvm.options"
  {
    printf '%s\n' "cluster.name: sluice-test" "node.name: n1" "discovery.type: single-node" "network.host: 127.0.0.1" \
      "http.port: $port" "transport.port: $((port + 100))" "path.data: $node/data" "path.logs: $node/logs" \
      "cluster.routing.allocation.disk.threshold_enabled: false"
    if [[ $flavor == elasticsearch ]]; then
      echo "xpack.security.enabled: $security"
      [[ $security == false ]] || echo "xpack.security.http.ssl.enabled: false"
    fi
    ((${#extra[@]} == 0)) || printf '%s\n' "${extra[@]}"
  } >"$node/config/$flavor.yml"
  ((EUID != 0)) || chown -R "$user" "$node"
}

run() { # run PROGRAM ARGS...: one of the distribution's programs, as the server's user, with the node's configuration
  local program=$1; shift
  (cd "$node" && as_user env HOME="$node" "${env_prefix}_JAVA_HOME=$java" "$path_conf=$node/config" "${env_prefix}_TMPDIR=$node/tmp" \
    "${env_prefix}_JAVA_OPTS=-Xms$heap -Xmx$heap" "$dist/bin/$program" "$@") 9>&-
}

start() {
  local t0=$SECONDS auth=() i
  if [[ -n $(pid) ]]; then echo "$url"; return; fi
  can || cannot "$flavor $version cannot run here: $why"
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then die "port $port is taken by something that this script did not start"; fi
  install_dist
  install_shim
  configure
  as_user test -r "$dist/config/$flavor.yml" -a -w "$node/data" || die "user $user cannot use $cache; set SLUICE_CACHE to another directory"
  if [[ $security == true ]]; then
    auth=(-u "elastic-test:${ELASTICSEARCH_TEST_PASSWORD:?set ELASTICSEARCH_TEST_PASSWORD}")
    run elasticsearch-users useradd elastic-test -p "$ELASTICSEARCH_TEST_PASSWORD" -r superuser >/dev/null
  fi
  run "$flavor" -d -p "$node/pid" >"$node/logs/start.log" 2>&1 || {
    grep -m3 -E 'ERROR|xception' "$node/logs/start.log" | cut -c1-300 >&2 || true
    die "the server did not start; see $node/logs/start.log"
  }
  for ((i = 0; i < 360; i++)); do
    if curl -sf "${auth[@]}" "$url/_cluster/health?wait_for_status=yellow&wait_for_no_initializing_shards=true&timeout=1s" >/dev/null; then
      echo "up after $((SECONDS - t0)) s, pid $(pid)" >&2
      echo "$url"
      return
    fi
    [[ -n $(pid) || $i -lt 120 ]] || break
    sleep 0.5
  done
  tail -5 "$node/logs/sluice-test.log" >&2 || true
  die "the server is not ready after $((SECONDS - t0)) s; see $node/logs"
}

stop() { # stop SIGNAL
  local p i; p=$(pid); [[ -n $p ]] || return 0
  kill "-$1" "$p"
  for ((i = 0; i < 100; i++)); do kill -0 "$p" 2>/dev/null || { rm -f "$node/pid"; return 0; }; sleep 0.2; done
  kill -KILL "$p"; rm -f "$node/pid"
}

why=
case $verb in
  can) can || { echo "$why"; exit 1; }; exit 0 ;;
  start | stop | kill | wipe | status | with) choose_cache ;;
  *) die "usage: elasticsearch.sh start|stop|kill|wipe|status|with|can [options]" ;;
esac
if [[ $verb == status ]]; then
  p=$(pid); [[ -n $p ]] || die "$flavor is not running on port $port"
  echo "$url pid $p"
  exit 0
fi
if [[ $verb == with ]]; then
  (($# > 0)) || die "with needs -- and a command"
  ours=$(pid)
  same=(--flavor "$flavor" --version "$version" --port "$port" --heap "$heap")
  for line in "${extra[@]}"; do same+=(--set "${line%%: *}=${line#*: }"); done
  status=0; said=$("$here/elasticsearch.sh" start "${same[@]}" 2>&1 >"$cache/url.$$") || status=$?
  url=$(cat "$cache/url.$$"); rm -f "$cache/url.$$"
  if ((status == 3)); then echo "SKIP: ${said##*elasticsearch.sh: }"; exit 0; fi
  ((status == 0)) || { echo "$said" >&2; exit $status; }
  ELASTICSEARCH_TEST_URL=$url "$@" || status=$?
  [[ -n $ours ]] || "$here/elasticsearch.sh" stop "${same[@]}"
  exit $status
fi
exec 9>"$cache/lock"; flock 9 # two starts at once give one server
case $verb in
  start) start ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
  wipe) stop TERM; rm -rf "$node" ;;
esac

# Processes in the background, each with a log and a file of its id.
# shellcheck shell=bash disable=SC2154  # variables of ../cluster

start() { # start NAME COMMAND...: unless it runs; it does not hold the lock
  local name=$1
  shift
  is_running "$name" && return
  setsid "$@" >>"$logs/$name.log" 2>&1 </dev/null 9<&- &
  echo "$! $(started_at $!)" >"$run/$name.pid"
}

started_at() { # started_at PID: in ticks after boot; with the id it names one process for ever
  cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null || true
}

is_running() { # is_running NAME
  local pid since
  read -r pid since 2>/dev/null <"$run/$1.pid" || return 1
  [ "$(started_at "$pid")" = "$since" ] && ! grep -q '^State:.Z' "/proc/$pid/status"
}

stop() { # stop NAME...: ask, wait ten seconds, insist
  local name pid
  for name in "$@"; do
    is_running "$name" || continue
    read -r pid _ <"$run/$name.pid"
    kill "$pid"
    kill -CONT "$pid" # one that a test has paused could not hear it
    for _ in $(seq 50); do
      is_running "$name" || break
      sleep 0.2
    done
    if is_running "$name"; then kill -KILL "$pid"; fi
  done
  for name in "$@"; do rm -f "$run/$name.pid"; done
}

wait_for() { # wait_for SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until timeout 3 "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "$what is not ready; see $logs"
    sleep 0.2
  done
}

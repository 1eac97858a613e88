# shellcheck shell=bash disable=SC2154
# scripts/steps.sh: what ./run and ./test share: steps with their elapsed time, and how the parts are built.
# To be sourced with `top` set to the project's root. Logs of all steps lie in build/logs.

logs=$top/build/logs
ticker=

say() { printf '%s\n' "$*"; }

stop_ticker() {
  [[ -n $ticker ]] || return 0
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=
}

# Every 15 s: how long it has been, and the step's last line.
tick() {  # log
  local begin=$SECONDS last
  while sleep 15; do
    last=$(tail -c 2000 "$1" 2>/dev/null | tr '\r' '\n' | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-90)
    printf '    %4ss  %s\n' $((SECONDS - begin)) "$last"
  done
}

# step "what is done" log-name command…: runs the command, its output in build/logs/log-name.log. On failure prints the
# log's tail and returns the command's status.
step() {
  local title=$1 log=$logs/$2.log status=0 begin=$SECONDS
  shift 2
  mkdir -p "$logs"
  : >"$log"
  say "==> $title"
  tick "$log" &
  ticker=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  stop_ticker
  if [[ $status == 0 ]]; then
    say "    ok, $((SECONDS - begin)) s"
  else
    say "    FAILED after $((SECONDS - begin)) s (exit status $status), see ${log#"$top/"}"
    tail -n "${STEP_TAIL:-40}" "$log" | sed 's/^/    | /'
  fi
  return "$status"
}

explain_npm() {  # log
  if grep -qE 'npm ERR!|npm error' "$1" && grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT' "$1"; then
    say "    npm's registry cannot be reached. Check the network (and npm's proxy settings), then start again."
  fi
}

# The npm packages that a folder's lockfile pins, unless they are there already. No package's scripts are run.
npm_packages() {  # folder, as seen from the root
  local folder=$1 stamp=$top/$1/node_modules/.mamori-lock want
  want=$(sha256sum <"$top/$folder/package-lock.json")
  [[ -e $stamp && $(<"$stamp") == "$want" ]] && return 0
  step "npm packages of $folder" "npm-${folder//\//-}" env PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
    npm --prefix "$top/$folder" ci --ignore-scripts --no-audit --no-fund --no-progress || {
    explain_npm "$logs/npm-${folder//\//-}.log"
    return 1
  }
  say "$want" >"$stamp"
}

# configure preset [-DNAME=VALUE…]
configure() {
  local preset=$1 stamp=$top/build/$1/.configured-as
  shift
  if [[ -e $top/build/$preset/build.ninja && -e $stamp && $(<"$stamp") == "$*" ]]; then return 0; fi
  step "configuring ($preset)" "configure-$preset" cmake --preset "$preset" "$@" || return 1
  say "$*" >"$stamp"
}

# build preset [target…]
build() {
  local preset=$1 target=()
  shift
  [[ $# == 0 ]] || target=(--target "$@")
  step "building ($preset${*:+: $*})" "build-$preset" \
    cmake --build --preset "$preset" ${MAMORI_JOBS:+-j "$MAMORI_JOBS"} "${target[@]}" || {
    explain_npm "$logs/build-$preset.log"
    grep -qE 'Killed|out of memory|signal 9' "$logs/build-$preset.log" && say "    The compiler ran out of memory: try MAMORI_JOBS=1."
    return 1
  }
}

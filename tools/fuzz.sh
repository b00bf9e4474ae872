#!/bin/bash
# Runs every fuzz target for some seconds with its kept corpus, one on each core: tools/fuzz.sh [SECONDS] [NAME...]
# A crash stops the target, keeps the input in build/fuzz-crashes/ and fails the run.
set -uo pipefail
cd "$(dirname "$0")/.."
export SECONDS_EACH=${1:-60}
shift || true
cmake --preset fuzz >/dev/null && cmake --build --preset fuzz -j"$(nproc)" || exit 1
mkdir -p build/fuzz-crashes

one() {
    local target=$1 name seeds=() dict=() log
    name=$(basename "$target")
    log=build/fuzz-crashes/$name.log
    mkdir -p "build/fuzz-corpus/$name"
    [ -d "tests/fuzz/$name" ] && seeds+=("tests/fuzz/$name")
    [ -f "tests/fuzz/$name.dict" ] && dict+=("-dict=tests/fuzz/$name.dict")
    if "$target" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="build/fuzz-crashes/$name-" "${dict[@]}" "build/fuzz-corpus/$name" "${seeds[@]}" >"$log" 2>&1; then
        echo "ok     $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
    else
        echo "FAILED $name: $log"
        tail -20 "$log"
    fi
}
export -f one

said=$(find build/fuzz/src -type f -name '*_fuzz' -executable | sort | while read -r target; do
    if [ $# = 0 ] || [[ " $* " == *" $(basename "$target") "* ]]; then
        echo "$target"
    fi
done | xargs -r -P "$(nproc)" -I '{}' bash -c 'one {}')
echo "$said"
passed=$(grep -c '^ok ' <<<"$said")
failed=$(grep -c '^FAILED ' <<<"$said")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

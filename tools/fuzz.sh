#!/bin/bash
# Runs every fuzz target for some seconds with its kept corpus: tools/fuzz.sh [SECONDS] [NAME...]
# A crash stops the target, keeps the input in build/fuzz-crashes/ and fails the run.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
cmake --preset fuzz >/dev/null && cmake --build --preset fuzz -j"$(nproc)" || exit 1
mkdir -p build/fuzz-crashes
passed=0
failed=0
for target in $(find build/fuzz/src -type f -name '*_fuzz' -executable | sort); do
    name=$(basename "$target")
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
        continue
    fi
    corpus=tests/fuzz/$name
    mkdir -p "build/fuzz-corpus/$name"
    seeds=()
    [ -d "$corpus" ] && seeds+=("$corpus")
    dict=()
    [ -f "tests/fuzz/$name.dict" ] && dict+=("-dict=tests/fuzz/$name.dict")
    if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="build/fuzz-crashes/$name-" "${dict[@]}" "build/fuzz-corpus/$name" "${seeds[@]}" \
        >"build/fuzz-crashes/$name.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz-crashes/$name.log")
        echo "ok     $name: $runs runs"
        passed=$((passed + 1))
    else
        echo "FAILED $name: build/fuzz-crashes/$name.log"
        tail -20 "build/fuzz-crashes/$name.log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

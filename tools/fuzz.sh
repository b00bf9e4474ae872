#!/bin/bash
# Runs every fuzz target for some seconds with its kept corpus, one on each core, and prints a table:
#   tools/fuzz.sh [SECONDS] [NAME...]      JOBS=n at one time instead; SEED=n the same inputs as with n before
# A finding stops its target, keeps the input in build/fuzz-crashes/ and fails the run, and so does a target
# that was named, or stands in src/, and was not built.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export SECONDS_EACH=${1:-60}
shift || true
JOBS=${JOBS:-$(nproc)}
cmake --preset fuzz >/dev/null && cmake --build --preset fuzz --target fuzz_targets -j"$JOBS" >build/fuzz.log 2>&1 || {
    tail -40 build/fuzz.log
    exit 1
}
mkdir -p build/fuzz-crashes
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
export LINE='%-22s %8s %10s %8s %9s %8s %6s  %s\n'

# The first fault a log tells of, in few words.
fault() {
    local said
    said=$(grep -m1 -oE 'runtime error: .*|ERROR: [A-Za-z]+: [a-z-]+|SUMMARY: .*|ALARM: .*' "$1" | cut -c1-100)
    echo "${said:-ended without a word}"
}

one() {
    local name=$1 target seeds=() dict=() log result
    target=build/fuzz/src/${name%%_*}/$name
    log=build/fuzz-crashes/$name.log
    if [ ! -x "$target" ]; then
        # shellcheck disable=SC2059
        printf "$LINE" "$name" - - - - - - MISSING
        return
    fi
    rm -f "build/fuzz-crashes/$name-"* "$log"
    mkdir -p "build/fuzz-corpus/$name"
    [ -d "tests/fuzz/$name" ] && seeds+=("tests/fuzz/$name")
    [ -f "tests/fuzz/$name.dict" ] && dict+=("-dict=tests/fuzz/$name.dict")
    if "$target" -seed="${SEED:-0}" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="build/fuzz-crashes/$name-" "${dict[@]}" "build/fuzz-corpus/$name" "${seeds[@]}" >"$log" 2>&1; then
        result=ok
    else
        result="FINDING $(fault "$log")"
    fi
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    reached() { grep -oE "$1: [0-9]+" "$log" | tail -1 | cut -d' ' -f2; }
    # shellcheck disable=SC2059
    printf "$LINE" "$name" "$SECONDS_EACH" "$(stat number_of_executed_units)" "$(stat average_exec_per_sec)" \
        "$(reached cov)" "$(reached ft)" "$(stat peak_rss_mb)" "$result"
}
export -f one fault

# ROOM_FILE of each src/ROOM/FILE.c
all=$(find src -name '*_fuzz.c' | sed -E 's|^src/([^/]+)/(.*)\.c$|\1_\2|' | sort)
names=${*:-$all}
# shellcheck disable=SC2059
printf "$LINE" target seconds runs runs/s branches features MB result
# shellcheck disable=SC2086
printf '%s\n' $names | xargs -r -P "$JOBS" -I '{}' bash -c 'one {}' | tee build/fuzz-crashes/table.txt
n=$(wc -w <<<"$names")
passed=$(grep -c ' ok$' build/fuzz-crashes/table.txt)
missing=$(grep -c ' MISSING$' build/fuzz-crashes/table.txt)
found=$((n - passed - missing))
echo
echo "$n targets, $SECONDS_EACH s each: $passed without a finding, $found with one, $missing missing"
for name in $(sed -n 's/ .* FINDING .*//p' build/fuzz-crashes/table.txt); do
    echo "  $name: build/fuzz-crashes/$name.log, the input beside it"
    for input in build/fuzz-crashes/"$name"-*; do
        # small enough to be carried in a log
        [ -f "$input" ] && [ "$(stat -c %s "$input")" -le 4096 ] && echo "  FINDING $(basename "$input") $(base64 -w0 "$input")"
    done
done
echo "$passed passed, $((found + missing)) failed"
[ "$passed" = "$n" ] && [ "$n" -gt 0 ]

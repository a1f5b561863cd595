#!/bin/sh
# Keeps an index up to its sources: refresher.sh SOURCES SECONDS MARK
# Indexes what the sources file names, then refreshes every SECONDS. MARK is touched after each run that did its work;
# exit code 5 (some documents could not be indexed) counts, and `plumbline index documents --state rejected` tells them.
set -u
sources=$1 seconds=$2 mark=$3
child=

stop() {
    [ -z "$child" ] || kill "$child" 2>/dev/null
    wait
    exit 0
}
trap stop TERM INT

await() { # run it in the background, so that a signal need not wait for its end
    "$@" &
    child=$!
    wait "$child"
    code=$?
    child=
    return "$code"
}

run() {
    await plumbline index "$@"
    case $? in
    0 | 5) touch "$mark" ;;
    *) return 1 ;;
    esac
}

until run build --sources "$sources"; do
    await sleep "$seconds"
done
while true; do
    await sleep "$seconds"
    run refresh
done

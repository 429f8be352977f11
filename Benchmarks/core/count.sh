#!/usr/bin/env bash
# Instructions and allocations of the core for one event, counted by valgrind: those of 20,480 events less those of
# 10,240, so that the start does not count.
#
#   count.sh PATH_OF_CORE_BENCH
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Valgrind does not read the debugging information of Swift.
strip -o "$folder/core-bench" "$1"
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$folder/core-bench" "$1" 2>&1 |
        awk '/Collected/ { print $NF }'
}
allocations() {
    valgrind --tool=memcheck --leak-check=no --undef-value-errors=no "$folder/core-bench" "$1" 2>&1 |
        awk '/total heap usage/ { gsub(",", ""); print $5 }'
}
less=10240 more=20480
echo "$((($(instructions $more) - $(instructions $less)) / (more - less))) instructions an event"
echo "$((($(allocations $more) - $(allocations $less)) / (more - less))) allocations an event"

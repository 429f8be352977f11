#!/usr/bin/env bash
# Letters through the channel: to a server that costs little, with PIPELINING and without, and to aiosmtpd.
#
#   run.sh PATH_OF_CHANNEL_EMAIL_SO [LETTERS]
set -euo pipefail

plugin=$1 letters=${2:-10000}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cc -O2 -o "$folder/sink" "$here/sink.c"
cc -O2 -o "$folder/email" "$here/email.c" -ldl

# NAME LETTERS SERVER...
measure() {
    local name=$1 count=$2 port
    shift 2
    coproc SERVER { "$@"; }
    local process=$SERVER_PID input=${SERVER[1]}
    read -r -u "${SERVER[0]}" port
    echo "  $name: $("$folder/email" "$plugin" "$count" "url=smtp://127.0.0.1:$port")"
    exec {input}>&-
    wait "$process" || true
}

measure "with PIPELINING" "$letters" "$folder/sink"
measure "without" "$letters" "$folder/sink" no-pipelining
measure "aiosmtpd" $((letters / 10)) /usr/bin/python3 "$here/aiosmtpd_sink.py"

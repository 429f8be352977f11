#!/usr/bin/env bash
# All benchmarks, each beside what it is compared with, in one run: quote the ratios.
#
#   run.sh PATH_OF_TRIGGERD OUTPUT [OPTION OF ingest.py]...
set -euo pipefail

triggerd=$1 output=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT

GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$folder/cache go build -o "$folder/wire" "$here/wire/wire.go"

mkdir "$folder/campaigns"
cat > "$folder/campaigns/bench.yaml" <<YAML
campaign: bench
trigger: {type: custom_event, event: add_to_cart}
delay: 1d
exceptions: [{type: purchase, same: product_id}]
re_eligibility: {after: 0s}
messages: [{channel: in_app, title: hi}]
YAML
"$triggerd" serve --data "$folder/data" --campaigns "$folder/campaigns" --socket "$folder/s" > "$folder/log" 2>&1 &
daemon=$!
until grep -q '^ready$' "$folder/log"; do sleep 0.05; done
sleep 1
echo "idle: $(awk '/VmRSS/ {print $2}' /proc/$daemon/status) kB resident"

"$folder/wire" serve "$folder/go" &
until [ -S "$folder/go" ]; do sleep 0.05; done
echo "Health/Check with Debian's Go client; calls in flight, calls/s, p50 us, p99 us:"
for _ in 1 2 3; do
    for calls in 1 64; do
        echo "  triggerd   $("$folder/wire" call "$folder/s" $calls 2)"
        echo "  Go server  $("$folder/wire" call "$folder/go" $calls 2)"
    done
done

kill "$daemon"
wait "$daemon" || true

echo "a polite client beside a hostile one:"
python3 "$here/wire/hostile.py" "$triggerd" 5 || true

echo "durable abandoned carts, beside those who do the same by hand and the store's floors:"
python3 "$here/ingest/ingest.py" "$triggerd" "$output" "$@"

echo "applying campaigns, and a Track every 10 ms beside it:"
python3 "$here/apply/apply.py" "$triggerd"

echo "near misses:"
python3 "$here/near_misses/near_misses.py" "$triggerd"

echo "timers:"
python3 "$here/timers/timers.py" "$triggerd"

"$here/push/run.sh" "$(dirname "$triggerd")/libchannel-push.so"

echo "the engine alone, in memory, on one core:"
"$(dirname "$triggerd")/engine-bench"

echo "a user's record, on one core:"
"$(dirname "$triggerd")/record-bench"

echo "the core alone, 64 events in a step, in memory, on one core:"
"$(dirname "$triggerd")/core-bench"
"$here/core/count.sh" "$(dirname "$triggerd")/core-bench"

echo "templates alone, on one core; one message:"
"$(dirname "$triggerd")/template-bench"

echo "e-mail, 10,000 letters of 1 KB:"
"$here/email/run.sh" "$(dirname "$triggerd")/libchannel-email.so" 10000

echo "from the event to the outcome, with a channel that takes every message at once:"
"$here/outbox/outbox.sh" "$triggerd"

echo "the table of durable abandoned carts is also in $output: bench.json, bench.svg"

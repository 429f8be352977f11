#!/usr/bin/env bash
# From the event to the outcome: so many events, each with one message to a channel that takes it at once.
#
#   outbox.sh PATH_OF_TRIGGERD [MESSAGES]
set -euo pipefail

triggerd=$1 messages=${2:-50000}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
export TRIGGERD_SOCKET=$folder/s

mkdir -m 755 "$folder/plugins"
cc -O2 -shared -fPIC -o "$folder/plugins/sink.so" -I "$here/../../Sources/PluginABI/include" "$here/sink.c"
cp "$(dirname "$triggerd")"/libtrigger-custom-event.so "$folder/plugins/"
cat > "$folder/sink.yaml" <<YAML
campaign: sink
trigger: {type: custom_event, event: e}
messages: [{channel: sink, text: "{{ event.item }} is waiting, {{ user.first_name|default:'friend' }}"}]
YAML
python3 - "$messages" > "$folder/events.jsonl" <<'PY'
import sys
for number in range(int(sys.argv[1])):
    print('{"user": "u%d", "set": {"first_name": "Ann", "push_tokens": ["t%d"]}, "type": "custom_event", "event": "e", "properties": {"item": "Lamp", "value": %d}}' % (number, number, number))
PY
"$triggerd" serve --data "$folder/data" --campaigns "$folder" --plugins "$folder/plugins" > "$folder/log" 2>&1 &
daemon=$!
until grep -q '^ready$' "$folder/log"; do sleep 0.05; done
begin=$(date +%s.%N)
"$triggerd" track "$folder/events.jsonl" > /dev/null 2>&1
tracked=$(date +%s.%N)
until "$triggerd" campaigns --json | grep -q "\"delivered\": $messages\b"; do sleep 0.05; done
end=$(date +%s.%N)
ticks=$(awk '{print $14 + $15}' "/proc/$daemon/stat")
kill "$daemon"
wait "$daemon" || true
grep '^sink' "$folder/log"
python3 - "$messages" "$begin" "$tracked" "$end" "$ticks" <<'PY'
import sys
messages, begin, tracked, end, ticks = int(sys.argv[1]), *map(float, sys.argv[2:])
print(f"{messages} events taken in {tracked - begin:.1f} s, all outcomes on disk after {end - begin:.1f} s,"
      f" {ticks * 1e4 / messages:.0f} us of the daemon's CPU each")
PY

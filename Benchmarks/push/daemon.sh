#!/usr/bin/env bash
# Pushes through the daemon, from the event to the outcome on disk: one event and one push a user, to nghttpd over TLS.
# `live`: while the events come in. `drain`: the service is down until all have come in, and then takes them.
#
#   daemon.sh PATH_OF_TRIGGERD [COUNT] [fcm|apns|webpush] [live|drain]
set -euo pipefail

triggerd=$(realpath "$1") count=${2:-50000} service=${3:-fcm} mode=${4:-live}
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
export TRIGGERD_SOCKET=$folder/s

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out ec.pem 2>/dev/null
port=$((20000 + $$ % 20000))
mkdir -p www/v1/projects/bench www/3/device www/push campaigns
echo '{"access_token":"bench","expires_in":3600,"token_type":"Bearer"}' > www/token
echo '{"name":"projects/bench/messages/0:1500415314455276%31bd1c9631bd1c96"}' > www/v1/projects/bench/messages:send
: > www/push/1
: > "www/3/device/$(printf '%064d' 1)"
python3 - "$port" "$count" "$service" <<'PY'
import json, sys
port, count, service = sys.argv[1], int(sys.argv[2]), sys.argv[3]
json.dump({"type": "service_account", "project_id": "bench", "private_key_id": "1", "private_key": open("rsa.pem").read(),
           "client_email": "bench@example.com", "token_uri": f"https://localhost:{port}/token"}, open("fcm.json", "w"))
# The browser's key of RFC 8291, appendix A.
browser = {"endpoint": f"https://localhost:{port}/push/1", "keys": {"auth": "BTBZMqHH6r4Tts7J_aSIgg",
           "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"}}
token = {"fcm": "fcm:bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1", "apns": "apns:%064d" % 1,
         "webpush": "webpush:" + json.dumps(browser)}[service]
with open("events.jsonl", "w") as events:
    for number in range(count):
        events.write(json.dumps({"user": f"u{number}", "set": {"first_name": "Ann", "push_tokens": [token]},
                                 "type": "custom_event", "event": "e", "properties": {"item": "Lamp"}}) + "\n")
PY
cat > campaigns/push.yaml <<'YAML'
campaign: push
trigger: {type: custom_event, event: e}
messages: [{channel: push, title: "Still yours", body: "{{ event.item }} is waiting, {{ user.first_name|default:'friend' }}"}]
YAML
serve_pushes() { nghttpd --max-concurrent-streams=1000 -d www "$port" key.pem certificate.pem > nghttpd.log 2>&1 & }
[ "$mode" = drain ] || serve_pushes
"$triggerd" serve --data data --campaigns campaigns --set push.ca_file="$folder/certificate.pem" \
    --set push.fcm_service_account_file=fcm.json --set "push.fcm_url=https://localhost:$port" \
    --set push.apns_key_file=ec.pem --set push.apns_key_id=ABCDE12345 --set push.apns_team_id=TEAM123456 \
    --set push.apns_topic=com.example.shop --set "push.apns_url=https://localhost:$port" \
    --set push.webpush_key_file=ec.pem --set push.webpush_subject=mailto:ops@example.com \
    --set push.allow_local=true > log 2>&1 &
daemon=$!
until grep -q '^ready$' log; do sleep 0.05; kill -0 $daemon || { cat log; exit 1; }; done
begin=$(date +%s.%N)
"$triggerd" track events.jsonl > /dev/null 2> tracked
tracked=$(date +%s.%N)
if [ "$mode" = drain ]; then
    serve_pushes
    until "$triggerd" campaigns --json | grep -q '"delivered"'; do sleep 0.02; done
    begin=$(date +%s.%N) tracked=$(date +%s.%N)
fi
until "$triggerd" campaigns --json | grep -q "\"delivered\": $count\b"; do sleep 0.05; done
end=$(date +%s.%N)
python3 - "$service, $mode" "$count" "$begin" "$tracked" "$end" "$(awk '{print $14 + $15}' "/proc/$daemon/stat")" <<'PY'
import sys
service, count, begin, tracked, end, ticks = sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:])
print(f"{service}: {count} events taken in {tracked - begin:.1f} s, all pushes delivered after {end - begin:.1f} s:"
      f" {count / (end - begin):.0f} a second, {ticks * 1e4 / count:.0f} us of the daemon's CPU each")
PY

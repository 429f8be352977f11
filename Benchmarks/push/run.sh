#!/usr/bin/env bash
# Pushes through the built plug-in to nghttpd, a small HTTP/2 server of nghttp2's, over TLS on this machine.
#
#   run.sh PATH_OF_channel-push.so [COUNT] [IN_FLIGHT]
set -euo pipefail

plugin=$1 count=${2:-50000} in_flight=${3:-500}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"

cc -O2 -I "$here/../../Sources/PluginABI/include" -o push "$here/push.c" -ldl
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out ec.pem 2>/dev/null
line() { awk '{printf "%s\\n", $0}' "$1"; }

mkdir -p www/v1/projects/bench www/3/device www/push
echo '{"access_token":"bench","expires_in":3600,"token_type":"Bearer"}' > www/token
echo '{"name":"projects/bench/messages/0:1500415314455276%31bd1c9631bd1c96"}' > www/v1/projects/bench/messages:send
: > www/push/1
port=$((20000 + $$ % 20000))
for i in $(seq 64); do
    device=$(printf '%064d' "$i")
    : > "www/3/device/$device"
    echo "apns:$device" >> apns.tokens
    echo "fcm:bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1$i" >> fcm.tokens
    # The browser's key of RFC 8291, appendix A.
    echo "webpush:{\"endpoint\":\"https://localhost:$port/push/1\",\"keys\":{\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\",\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\"}}" >> webpush.tokens
done
account="{\"type\":\"service_account\",\"project_id\":\"bench\",\"private_key_id\":\"1\",\"private_key\":\"$(line rsa.pem)\",\"client_email\":\"bench@example.com\",\"token_uri\":\"https://localhost:$port/token\"}"
tab=$'\t'
cat > settings <<SETTINGS
data_folder$tab$folder
ca_file$tab$folder/certificate.pem
fcm_service_account$tab${account//\\n/\\\\n}
fcm_url${tab}https://localhost:$port
apns_key$tab$(line ec.pem)
apns_key_id${tab}ABCDE12345
apns_team_id${tab}TEAM123456
apns_topic${tab}com.example.shop
apns_url${tab}https://localhost:$port
webpush_key$tab$(line ec.pem)
webpush_subject${tab}mailto:ops@example.com
allow_local${tab}true
SETTINGS
nghttpd --max-concurrent-streams=1000 -d www "$port" key.pem certificate.pem > nghttpd.log 2>&1 &
until grep -q listen nghttpd.log || (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done

echo "pushes to nghttpd, $count with $in_flight under way:"
for service in ${SERVICES:-fcm apns webpush}; do
    for round in 1 2; do
        printf '  %-8s' "$service"
        ./push "$plugin" settings "$service.tokens" "$count" "$in_flight"
    done
done

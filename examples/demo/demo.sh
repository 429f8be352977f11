#!/usr/bin/env bash
# The main job from end to end: three users leave a cart; one buys it after all, one buys something else. Ends with
# a non-zero status if anything comes out otherwise than it should.
#
#   demo.sh PATH_OF_TRIGGERD
set -euo pipefail

triggerd=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
export TRIGGERD_SOCKET=$folder/triggerd.sock
daemon=
end() {
    [ -n "$daemon" ] && kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null || true
    rm -rf "$folder"
}
trap end EXIT

say() { printf '\n== %s\n' "$*"; }
run() { printf '$ triggerd %s\n' "$*"; "$triggerd" "$@"; }
fail() { printf '\nWRONG: %s\n' "$*" >&2; exit 1; }

say "A daemon on a temporary folder, with no campaign yet"
"$triggerd" serve --data "$folder/data" --set email.from='Demo Shop <shop@example.com>' > "$folder/log" 2>&1 &
daemon=$!
for _ in $(seq 100); do
    grep -q '^ready$' "$folder/log" && break
    kill -0 "$daemon" 2>/dev/null || { cat "$folder/log"; fail "the daemon did not start"; }
    sleep 0.1
done
cat "$folder/log"

say "Two campaigns: a reminder 3 s after a cart was left, unless that product is bought; a welcome in the app"
cat "$here/abandoned-cart.yaml"
run apply "$here/abandoned-cart.yaml" "$here/welcome.yaml"

say "Ann, Bob and Cleo each leave a lamp in the cart"
for user in ann bob cleo; do
    run track --user $user --set email=$user@example.com --set first_name=${user^} \
        --event add_to_cart --property product_id=lamp --property item="The lamp" --property cart_value=120
done

say "Bob buys the lamp; Cleo buys a chair; Ann opens the app"
run track --user bob --purchase lamp --price 120 --currency EUR
run track --user cleo --purchase chair --price 80 --currency EUR
session=$("$triggerd" track --user ann --session-start --device phone --json)
printf '$ triggerd track --user ann --session-start --device phone --json\n%s\n' "$session"
grep -q 'Welcome, Ann' <<< "$session" || fail "Ann's session carried no welcome"

say "Ann's inbox, on the phone that was given the message; it is acknowledged"
inbox=$(run inbox ann --device phone --acknowledge)
printf '%s\n' "$inbox"
grep -q 'Welcome, Ann' <<< "$inbox" || fail "the inbox is empty"

say "Three seconds later: the maildir"
for _ in $(seq 80); do
    [ "$(find "$folder/data/maildir/new" -type f 2>/dev/null | wc -l)" -ge 2 ] && break
    sleep 0.1
done
sleep 0.3
for letter in "$folder"/data/maildir/new/*; do
    printf -- '--- %s\n' "$(basename "$letter")"
    cat "$letter"
    printf '\n'
done
cat "$folder"/data/maildir/new/* > "$folder/letters"
grep -q '^To: .*ann@example.com' "$folder/letters" || fail "Ann got no letter"
grep -q '^To: .*cleo@example.com' "$folder/letters" || fail "Cleo got no letter"
! grep -q 'bob@example.com' "$folder/letters" || fail "Bob got a letter though he had bought the lamp"

say "Why: the three histories, newest first"
expect() {
    user=$1 wanted=$2
    history=$("$triggerd" explain "$user" "$3")
    printf '$ triggerd explain %s %s\n%s\n' "$user" "$3" "$history"
    grep -q "  $wanted" <<< "$history" || fail "$user's history has no $wanted"
}
expect ann delivered abandoned-cart
expect bob cancelled_by_exception abandoned-cart
expect cleo delivered abandoned-cart
expect ann delivered welcome

say "All as it should be."

#!/bin/sh
# A business token from consent to revocation, and the IP list, with curl alone.
#
#   KAUTH_URL, KAPI_URL        where the platform answers
#   CLIENT_ID, CLIENT_SECRET   the REST API key of an app, and its client secret
#   REDIRECT_URI               a redirect URI of that key
#
# Consent is one POST, with no browser and no person: a platform for tests takes it, the real one has its screen.
# The exit status is 1 at the first answer that is not as documented.
set -eu

: "${KAUTH_URL:?}" "${KAPI_URL:?}" "${CLIENT_ID:?}" "${CLIENT_SECRET:?}" "${REDIRECT_URI:?}"
scope=biz_account_email,moment_management
state=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

surprise() {
    echo "surprise: $1" >&2
    [ ! -s "$work/body" ] || { cat "$work/body"; echo; } >&2
    exit 1
}

# call STATUS CURL-ARGUMENT...: leaves the answer in $work/body and its header in $work/head.
# Secrets go in by a file of curl's own options, so that no list of processes shows them.
call() {
    want=$1
    shift
    got=$(curl -sS --max-time 20 --config "$work/secrets" -o "$work/body" -D "$work/head" -w '%{http_code}' "$@") ||
        surprise "no answer from the platform"
    [ "$got" = "$want" ] || surprise "status $got instead of $want"
    [ "$want" != 200 ] || [ "$(tail -c 1 "$work/body")" = '}' ] || surprise "half an answer"
}

# word NAME: the string of this name in the answer. Tokens, codes and scopes need no unescaping.
word() {
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/body"
}

secrets() {
    (umask 077 && printf '%s\n' "$@" >"$work/secrets")
}

secrets
call 302 -X POST -G "$KAUTH_URL/oauth/business/authorize" -d response_type=code -d "scope=$scope" -d "state=$state" \
    --data-urlencode "client_id=$CLIENT_ID" --data-urlencode "redirect_uri=$REDIRECT_URI"
location=$(sed -n 's/^[Ll]ocation: *//p' "$work/head" | tr -d '\r')
case $location in
"$REDIRECT_URI?"*) ;;
*) surprise "it leads to $location" ;;
esac
case "$location&" in
*"&state=$state&"* | *"?state=$state&"*) ;;
*) surprise "the state that came back is not ours: $location" ;;
esac
code=$(printf '%s' "$location" | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')
[ -n "$code" ] || surprise "no code: $location"
echo "consent: a code came back"

secrets "data-urlencode = \"client_secret=$CLIENT_SECRET\"" "data-urlencode = \"code=$code\""
call 200 -X POST "$KAUTH_URL/oauth/business/token" -d grant_type=authorization_code \
    --data-urlencode "client_id=$CLIENT_ID" --data-urlencode "redirect_uri=$REDIRECT_URI"
token=$(word access_token)
[ -n "$token" ] && [ "$(word token_type)" = bearer ] || surprise "no bearer token"
echo "token: for $(word scope)"

secrets "header = \"Authorization: Bearer $token\""
call 200 "$KAPI_URL/v1/business/tokeninfo"
[ "$(word status)" = ACTIVE ] || surprise "the token is not active"
user=$(word token_user_id)
echo "tokeninfo: active, of $user"

call 200 "$KAPI_URL/v1/business/userinfo"
[ "$(word token_user_id)" = "$user" ] || surprise "somebody else"
echo "userinfo: $(word email)"

call 200 -X POST "$KAPI_URL/v1/business/revoke"
[ "$(word token_user_id)" = "$user" ] || surprise "somebody else's token was revoked"
call 401 "$KAPI_URL/v1/business/tokeninfo"
grep -q '"code":-401' "$work/body" || surprise "a revoked token is -401"
echo "revoke: the token is refused from now on"

secrets "header = \"Authorization: KakaoAK $CLIENT_ID\""
call 200 -G "$KAPI_URL/v1/system/ips" -d rule_type=outbound
! grep -q '"inbound"' "$work/body" || surprise "outbound alone was asked for"
for host in kauth kapi; do
    grep -q "\"https://$host\.kakao\.com\",\"ips\":\[\"[0-9]" "$work/body" || surprise "no address of $host"
done
grep -q '],"updatedDate":"[-0-9]*"}$' "$work/body" || surprise "the list has no end"
echo "ips: outbound, of $(word updatedDate)"

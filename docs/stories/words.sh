# Short words for the stories beside this file. Read it in (`. docs/stories/words.sh`) in the folder of the project, while
# `keyway demo --data play` runs. Needs bash, curl 7.76 or later, jq and sqlite3. docs/receiving.md explains what each does.

GATEWAY=$(sed -n 's/^GATEWAY=//p' play/try.sh)
AS_OFFICER="--as ig.officer --config play/keyway.toml"

token() { # token AGENCY: its certificate says who it is
  curl -sS --fail-with-body --cacert play/ca.pem --cert "play/agencies/$1/cert.pem" --key "play/agencies/$1/key.pem" \
    -d grant_type=client_credentials -d client_id="$(cat "play/agencies/$1/client_id")" "$GATEWAY/oauth/token" |
    jq -r .access_token
}
call() { # call AGENCY PATH curl-arguments…
  local agency=$1 path=$2
  shift 2
  curl -sS --cacert play/ca.pem --cert "play/agencies/$agency/cert.pem" --key "play/agencies/$agency/key.pem" \
    -H "Authorization: Bearer $(token "$agency")" "$@" "$GATEWAY$path"
}
submit() { # submit: hands in the assessment on standard input for the L&D service, with the times of today
  sed -e "s/@now/$(date -u +%FT%TZ)/" -e "s/@next-year/$(($(date -u +%Y) + 1))-06-30/" \
    -e "s/@tomorrow/$(jq -nr 'now + 86400 | strftime("%F")')/" |
    call ld-riverside /assessments -H 'Content-Type: application/json' -H "Idempotency-Key: story-$(date +%s)-$RANDOM" \
      --data-binary @-
}
act() { # act AGENCY REFERRAL ACTION JSON: at the version that it reads
  local version
  version=$(call "$1" "/referrals/$2" -o /dev/null -D - | tr -d '\r' | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')
  call "$1" "/referrals/$2/actions/$3" -H 'Content-Type: application/json' -H "If-Match: $version" -d "$4"
}
of() { # of AGENCY FIELD ANSWER: what the answer to an assessment says under this name for this agency
  jq -r --arg agency "$1" --arg field "$2" '[.consents[], .referrals[]][] | select(.recipient == $agency) | .[$field] // empty' <<<"$3"
}
letters() { # letters AGENCY: the ids of the letters in its mailbox, the oldest first
  call "$1" "/messageexchange/$1/inbox" | jq -r '.messages[]'
}
until_said() { # until_said WORDS COMMAND…: waits until the command prints the words, 30 seconds at most
  local words=$1 tries
  shift
  for tries in {1..150}; do
    "$@" 2>/dev/null | grep -q -e "$words" && return
    sleep 0.2
  done
  echo "'$words' was not said"
  return 1
}
until_signed() { # waits until a checkpoint covers everything that happened
  until_said '^0$' sqlite3 play/keyway.db \
    "SELECT COUNT(*) FROM audit_entry WHERE log_index IS NULL OR log_index >= (SELECT MAX(size) FROM log_checkpoint)"
}

#!/usr/bin/env bash
# The whole story over HTTP: upload, job, progress, embedding sets, clusters, search, delete refused.
#
#   audio-assets serve &            # with a home of its own: AUDIO_ASSETS_HOME=…
#   benchmarks/api_story.sh RECORDING… [-- NAME=VALUE…]
#
# Environment: API (http://127.0.0.1:8000), FOLDER (story), TOKEN (none). Ends with status 1 at the first surprise.
set -euo pipefail
API=${API:-http://127.0.0.1:8000} FOLDER=${FOLDER:-story} LIMIT_S=${LIMIT_S:-900}
JSON=(-H 'Content-Type: application/json')
AUTH=(); [ -z "${TOKEN:-}" ] || AUTH=(-H "Authorization: Bearer $TOKEN")

call() { curl -sS --fail-with-body "${AUTH[@]}" "$@"; }
get() { python3 -c "import json,sys; value=json.load(sys.stdin); print(eval(sys.argv[1], {}, {'it': value}))" "$1"; }
status() { curl -sS -o /dev/null -w '%{http_code}' "${AUTH[@]}" "$@"; }
expect() { [ "$2" = "$3" ] || { echo "$1: got $2, expected $3" >&2; exit 1; }; echo "$1: $2"; }
wait_for() {
    local url=$1 state='' before='' end=$((SECONDS + LIMIT_S))
    while [ "$SECONDS" -lt "$end" ]; do
        state=$(call "$url" | get "'%s %3.0f %% %s' % (it['state'], it['share'] * 100, it['stage'] or '')")
        [ "$state" = "$before" ] || echo "  $state"
        before=$state
        case $state in finished*) return 0 ;; failed* | canceled*) call "$url"; return 1 ;; esac
        sleep 2
    done
    echo "not finished within $LIMIT_S s" >&2
    return 1
}

echo "== upload"
for recording in "$@"; do
    call -F "file=@$recording" -F "folder=$FOLDER" "$API/audio/upload" | get "it['audio']['id'][:16] + ' ' + it['audio']['path']"
done
expect "the same bytes again" "$(status -F "file=@$1" -F "folder=$FOLDER" "$API/audio/upload")" 200
ID=$(call "$API/audio/?folder=$FOLDER&limit=1" | get "it['items'][0]['id']")
expect "a range of it" "$(status -H 'Range: bytes=0-1023' "$API/audio/$ID/raw")" 206
expect "its spectrogram" "$(status "$API/audio/$ID/spectrogram?start_s=0&seconds=5")" 200
expect "its metadata" "$(status -X PUT "${JSON[@]}" -d '{"site": "story"}' "$API/audio/$ID/metadata")" 200

echo "== job"
KEY="story-$RANDOM-$$"
BODY="{\"folder\": \"$FOLDER\"}"
FIRST=$(call -H "Idempotency-Key: $KEY" "${JSON[@]}" -d "$BODY" "$API/processing/jobs" | get "it['job_id']")
AGAIN=$(call -H "Idempotency-Key: $KEY" "${JSON[@]}" -d "$BODY" "$API/processing/jobs" | get "it['job_id']")
expect "the same request again" "$AGAIN" "$FIRST"
wait_for "$API/processing/jobs/$FIRST"
call "$API/processing/jobs/$FIRST" | get "it['results']"

echo "== embedding sets"
SETS=$(call "$API/processing/embedding-sets?folder=$FOLDER" | get "__import__('json').dumps([s['id'] for s in it['items']])")
echo "$SETS"
SET=$(echo "$SETS" | get "it[0]")
expect "download" "$(status "$API/processing/embedding-sets/$SET/download")" 200

echo "== clusters"
CLUSTERING=$(call "${JSON[@]}" -d "{\"embedding_sets\": $SETS, \"method\": \"kmeans\", \"n_clusters\": 3}" \
    "$API/clustering/jobs" | get "it['job_id']")
wait_for "$API/clustering/jobs/$CLUSTERING"
call "$API/clustering/jobs/$CLUSTERING/clusters" | get "[(c['id'][-2:], c['size']) for c in it['items']]"
CLUSTER=$(call "$API/clustering/jobs/$CLUSTERING/clusters" | get "it['items'][0]['id']")
WINDOW=$(call "$API/clustering/clusters/$CLUSTER/assignments?limit=1" | get "it['items'][0]['window_id']")

echo "== search"
call "${JSON[@]}" -d "{\"window_id\": \"$WINDOW\", \"folders\": [\"$FOLDER\"], \"k\": 5}" "$API/search" \
    | get "[(r['window_id'], round(r['score'], 3)) for r in it['items']]"

echo "== a model in use"
MODEL=$(call "$API/processing/embedding-sets/$SET" | get "it['checkpoint']")
expect "delete $MODEL" "$(status -X DELETE "$API/admin/models/$MODEL")" 409
call "$API/health" | get "it['status']"
echo "done"

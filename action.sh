#!/usr/bin/env bash
# The check of action.yml: annotations in the log, a table in the job summary, and a report file if one is asked for.
set -euo pipefail

arguments=()
while IFS= read -r line; do [ -z "$line" ] || arguments+=("$line"); done <<<"$PATHS"
# What follows is never taken for a path, and a path never for an option.
options=()
while IFS= read -r line; do [ -z "$line" ] || options+=("--from=$line"); done <<<"$FROM"
while IFS= read -r line; do [ -z "$line" ] || options+=("--to=$line"); done <<<"$TO"
[ "$LIKELY" != true ] || options+=(--likely)
[ -z "$BASELINE" ] || options+=("--baseline=$BASELINE")

status=0
drift check "${options[@]}" --format=github -- "${arguments[@]}" || status=$?
drift check "${options[@]}" --format=markdown --quiet -- "${arguments[@]}" >>"$GITHUB_STEP_SUMMARY" || true
[ -z "$OUTPUT" ] || drift check "${options[@]}" "--format=$FORMAT" "--output=$OUTPUT" --quiet -- "${arguments[@]}" || true
exit "$status"

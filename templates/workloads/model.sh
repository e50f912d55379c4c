# Written by edgefleet. Puts the model into its folder, named by its digest, and removes what else is there. It is
# downloaded if it is not there yet; a download goes on where it broke off. Bytes with another digest are not used.
set -eu
cd "$FOLDER"
part=$SHA256.part

is_whole() { echo "$SHA256  $1" | sha256sum -c >/dev/null 2>&1; }

download() {
  set -- --fail --location --proto =https,http --proto-redir =https --silent --show-error --continue-at - \
    --output "$part" --write-out '%{response_code}' "$SOURCE"
  [ -z "${REGION:-}" ] || set -- --aws-sigv4 "aws:amz:$REGION:s3" "$@"
  [ -z "${LOGIN:-}" ] || set -- --config - "$@"
  printf '%s' "${LOGIN:-}" | sed 's/[\\"]/\\&/g; s/.*/user = "&"/' | curl "$@"
}

if ! is_whole "$SHA256"; then
  if ! is_whole "$part"; then
    answer=$(download) || {
      [ "$answer" != 416 ] || rm -f "$part" # it is longer than the file
      echo "the model is not here yet: $SOURCE answered $answer" >&2
      exit 1
    }
  fi
  is_whole "$part" || {
    rm -f "$part"
    echo "the file at $SOURCE does not have the digest $SHA256" >&2
    exit 1
  }
  mv "$part" "$SHA256"
fi
find . -maxdepth 1 -type f ! -name "$SHA256" -exec rm -f {} +

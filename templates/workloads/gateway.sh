# gateway.sh FILES RUN [VARIABLE]: writes what has secrets in it to RUN, which is memory, before mosquitto starts.
# VARIABLE has the key of the certificate.
set -eu
umask 077
files=$1 run=$2

secret() { # VARIABLE: its text, as far as a line of mosquitto's configuration can have it
  text=$(printenv "$1")
  case $text in
  *'
'* | ' '* | *' ')
    echo "the secret in $1 has several lines, or a blank at an end" >&2
    return 1
    ;;
  esac
  printf %s "$text"
}

cp "$files/acl" "$run/acl"
: >"$run/passwords"
while read -r user variable; do
  password=$(secret "$variable")
  printf '%s\n%s\n' "$password" "$password" | mosquitto_passwd "$run/passwords" "$user" >/dev/null
done <"$files/users"

mkdir -p "$run/bridges"
while read -r bridge variable; do
  cp "$files/bridge-$bridge.conf" "$run/bridges/"
  [ -n "$variable" ] || continue
  password=$(secret "$variable")
  printf 'remote_password %s\n' "$password" >>"$run/bridges/bridge-$bridge.conf"
done <"$files/bridges"

[ -z "${3-}" ] || printenv "$3" >"$run/key.pem"

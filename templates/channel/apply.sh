# Shared by images of the format `script` and by the program of the channel: applies a set of files to the node, so that a
# second run changes nothing and one after a power cut completes the first.
# `work` has the set: its files by number, `list` ("<number> <mode> <owner> <path>") and `users` ("<user> <key>").
# `kept` has the record of what was done: `list` (paths written), `before` (files that were there), `directories`, `users`,
# `keys`, `localtime`. `locked_out` is called with a user whose key could not be added; `had` prints the paths of earlier sets.

whole() { # file: standard input, whole or not at all
  cat >"$1.edgefleet-new" && sync "$1.edgefleet-new" && mv "$1.edgefleet-new" "$1"
}

is_as_told() { # number, mode, owner, path
  [ -f "$4" ] && [ ! -L "$4" ] && cmp -s "$work/$1" "$4" && [ "$(stat -c '0%a %U:%G' "$4")" = "$2 $3" ]
}

zone() { readlink "$prefix/etc/localtime" | sed 's|.*/zoneinfo/||'; }

home_of() { getent passwd "$1" | cut -d : -f 6; }

# A user owns what is below the home and may put links there: with the rights of that user they lead nowhere new.
keys_of() { # user, what to do: has, add or remove, key
  home=$(home_of "$1")
  [ -n "$home" ] || return 1
  setpriv --reuid="$(id -u "$1")" --regid="$(id -g "$1")" --init-groups -- sh -s -- "$prefix$home" "$2" "$3" 2>/dev/null <<'AS-USER'
set -eu
umask 077
folder=$1/.ssh
file=$folder/authorized_keys
if [ -L "$folder" ] || [ -L "$file" ] || { [ -e "$file" ] && [ ! -f "$file" ]; }; then exit 1; fi
case $2 in
  has) grep -qxF -e "$3" "$file" ;;
  add)
    mkdir -p "$folder"
    [ -z "$(tail -c 1 "$file" 2>/dev/null)" ] || echo >>"$file"
    echo "$3" >>"$file"
    chmod 0600 "$file"
    ;;
  remove)
    [ -f "$file" ] || exit 0
    grep -vxF -e "$3" "$file" >"$file.edgefleet-new" || [ "$?" = 1 ]
    cat "$file.edgefleet-new" >"$file"
    rm "$file.edgefleet-new"
    ;;
esac
AS-USER
}

directory() { # made if missing, and known to be ours
  [ ! -d "$1" ] || return 0
  directory "$(dirname "$1")"
  mkdir -m 0755 "$1"
  echo "${1#"$prefix"}" >>"$kept/directories"
}

put() { # number, mode, owner, path
  target=$prefix$4
  if is_as_told "$1" "$2" "$3" "$target"; then return 0; fi
  if [ -e "$target" ] && ! grep -qxF "$4" "$kept/list"; then
    mkdir -p "$kept/before$(dirname "$4")"
    cp -a "$target" "$kept/before$4"
  fi
  grep -qxF "$4" "$kept/list" || echo "$4" >>"$kept/list"
  directory "$(dirname "$target")"
  new=$target.edgefleet-new
  rm -f "$new"
  if ! { cp "$work/$1" "$new" && sync "$new"; }; then rm -f "$new" && return 1; fi
  chown "$3" "$new"
  chmod "$2" "$new"
  mv -T "$new" "$target"
  say "wrote $4"
}

take_back() { # path: as it was before
  if [ -e "$kept/before$1" ]; then
    cp -a "$kept/before$1" "$prefix$1.edgefleet-new"
    mv "$prefix$1.edgefleet-new" "$prefix$1"
  else
    rm -f "$prefix$1"
  fi
}

let_in() { # user, key
  if ! getent passwd "$1" >/dev/null; then
    useradd --create-home --shell /bin/bash "$1"
    echo "$1" >>"$kept/users"
  fi
  keys_of "$1" has "$2" && return 0
  if keys_of "$1" add "$2"; then echo "$1 $2" >>"$kept/keys"; else locked_out "$1"; fi
}

keep_zone() {
  [ "$(zone)" != "$timezone" ] || return 0
  [ -e "$kept/localtime" ] || [ ! -L "$prefix/etc/localtime" ] || readlink "$prefix/etc/localtime" >"$kept/localtime"
  ln -sfn "/usr/share/zoneinfo/$timezone" "$prefix/etc/localtime"
}

run() { # command
  command "$@" && return 0 # never a function of this script, such as install
  echo "edgefleet: failed: $*" >&2
  failed=$((failed + 1))
}

place_files() { # of the set, and take back those of earlier sets that are not in it
  mkdir -p "$kept/before"
  touch "$kept/list" "$kept/users" "$kept/keys" "$kept/directories"
  while read -r user key; do let_in "$user" "$key"; done <"$work/users" # who may own files
  while read -r number mode owner path; do put "$number" "$mode" "$owner" "$path"; done <"$work/list"
  cut -d ' ' -f 4- "$work/list" >"$work/paths"
  had | grep -vxFf "$work/paths" >"$work/gone" || true
  while read -r path; do
    case $path in /etc/systemd/system/*.*) systemctl disable --now "${path##*/}" || true ;; esac
    take_back "$path"
    say "removed $path, which is no longer part of this $what"
  done <"$work/gone"
  { cat "$work/paths" && grep -vxFf "$work/gone" "$kept/list"; } | sort -u | whole "$kept/list"
  keep_zone
}

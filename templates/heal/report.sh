noted() { # state, message: written only when it changes, to spare the medium
  mkdir -p "$state"
  chmod 0755 "$state"
  fields="\"state\": \"$1\",
  \"message\": \"$2\",
  \"configuration\": \"$(points_to current)\",
  \"previous\": \"$(points_to previous)\",
  \"rolledBack\": \"$(cat "$state/rolled-back" 2>/dev/null || true)\""
  if ! { [ -e "$state/status.json" ] && [ "$(sed '1d;2d;$d' "$state/status.json")" = "  $fields" ]; }; then
    printf '{\n  "since": "%s",\n  %s\n}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$fields" | written "$state/status.json"
    chmod 0644 "$state/status.json"
  fi
  status | shown || true # a screen is no reason to stop
}

shown() { # above the login prompt, without a login: standard input. agetty takes what follows a backslash for more
  text=$(tr -d '\134')
  if [ "$(cat "$console" 2>/dev/null || true)" = "$text" ]; then return 0; fi
  mkdir -p "$run" "$prefix/etc/issue.d"
  chmod 0755 "$prefix/etc/issue.d"
  [ -L "$prefix/etc/issue.d/edgefleet.issue" ] || ln -s /run/edgefleet/console.issue "$prefix/etc/issue.d/edgefleet.issue"
  printf '%s\n\n' "$text" | written "$console"
  if command -v agetty >/dev/null 2>&1; then agetty --reload || true; fi
}

field() { sed -n "s|^  \"$1\": \"\(.*\)\",\{0,1\}\$|\1|p" "$state/status.json" 2>/dev/null; }

status() { # in plain words, for a person at the console
  echo "This is $name."
  if [ -e "$state/status.json" ]; then
    echo "$(field state) since $(field since): $(field message)."
    [ -z "$(field rolledBack)" ] || echo "On $(field rolledBack) a new configuration was rolled back; it is not retried."
  else
    echo "No state is known yet: no health check has run."
  fi
  [ ! -f "$prefix/etc/edgefleet/release" ] || echo "release $(cat "$prefix/etc/edgefleet/release")"
  for problem in "$state/problems/"*; do
    [ ! -f "$problem" ] || cat "$problem"
  done
}


#!/bin/sh
# Part of a test, not of the installer, which starts it before its menu: tells what the installer did and was told,
# and turns the machine off when it comes to what it has no medium for, or has not come there in time.
questions=/var/lib/cdebconf/questions.dat

tell() { # one line each, as the installer writes to the same port
  grep -E "main-menu.*Menu item|preseed: " /var/log/syslog | sed "s/.*/watch: &<end>/"
  while read -r name; do
    echo "watch: $name=$(sed -n "\\|^Name: $name\$|,/^\$/s/^Value: //p" "$questions")<end>"
  done </cdrom/asked
}

(
  left=400
  until grep -q "Menu item 'choose-mirror' selected" /var/log/syslog || [ "$left" -eq 0 ]; do
    left=$((left - 1))
    sleep 1
  done
  for _ in once again; do # what one time is mixed with the installer's own
    tell >/dev/ttyS0
    sleep 2
  done
  poweroff -f
) &

#!/bin/sh
set -e
# dpkg says "remove" and rpm "0" when the package goes for good; an upgrade,
# "upgrade" or "1", leaves the daemon running. The ledger stays either way.
case "$1" in remove | 0) ;; *) exit 0 ;; esac
[ -d /run/systemd/system ] || exit 0
systemctl disable --now tollfuse.service

#!/bin/sh
set -e
systemd-sysusers tollfuse.conf
# As "tollfuse init" leaves them. The folder is root's, and the daemon may look
# into it. What holds a secret is the daemon's alone: members of its group may use
# the command line, and that is all.
chown root:tollfuse /etc/tollfuse
chmod 0750 /etc/tollfuse
for secret in /etc/tollfuse/tollfuse.yaml /etc/tollfuse/mail-password; do
	# One that root wrote before there was such a user; whatever else was set, stays.
	if [ -f "$secret" ] && [ "$(stat -c %U:%G "$secret")" = root:root ]; then
		chown tollfuse:tollfuse "$secret"
		chmod 0600 "$secret"
	fi
done
# Without a running systemd (a chroot, a container) there is nothing to reload.
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
# An upgrade restarts a running daemon. A first installation starts nothing:
# "tollfuse init" writes the configuration first.
systemctl try-restart tollfuse.service

#!/bin/sh
set -e
systemd-sysusers tollfuse.conf
# The configuration holds the AMI secret: root writes it, the daemon reads it.
chgrp tollfuse /etc/tollfuse
# Without a running systemd (a chroot, a container) there is nothing to reload.
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
# An upgrade restarts a running daemon. A first installation starts nothing:
# "tollfuse init" writes the configuration first.
systemctl try-restart tollfuse.service

#!/bin/sh
# qemu.sh ARCH CPU PROGRAM [ARG ...]: the program under qemu-user, or a test
# that is skipped and says why.
qemu=qemu-$1
case $2 in haswell) cpu=Haswell ;; nehalem) cpu=Nehalem ;; *) cpu=$2 ;; esac
shift 2
if ! command -v "$qemu" >/dev/null; then
    echo "skipped: $qemu (package qemu-user) is not installed"
    exit 77
fi
exec "$qemu" -cpu "$cpu" "$@"

#!/bin/sh
# clang.sh FLAG ... -- [not] FILE ...: whether clang compiles each file; with
# `not`, whether it refuses each. Skipped where there is no clang.
if ! command -v clang >/dev/null; then
    echo "skipped: clang (package clang) is not installed"
    exit 77
fi
flags=
while [ "$1" != -- ]; do
    flags="$flags $1"
    shift
done
shift
expected=0
if [ "$1" = not ]; then
    expected=1
    shift
fi
for file; do
    clang $flags -c -o /dev/null "$file"
    [ $? = $expected ] || exit 1
done

#!/bin/sh
# gate_python.sh SCRIPT [ARG ...]: by the gate's Python, else by the system's.
python=build/gate/bin/python
[ -x $python ] || python=python3
command -v $python >/dev/null || {
    echo "skipped: python3 is not installed"
    exit 77
}
exec $python -B "$@"

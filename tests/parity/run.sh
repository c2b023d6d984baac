#!/usr/bin/env bash
# run.sh [ARG ...]: compares with PyTorch, in an environment of its own under
# build/parity, which is kept. ARGs go to parity.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=build/parity/bin/python
program=build/release/tests/test_parity
wanted=(torch==2.13.0 numpy safetensors)

die() {
    echo "parity: $*" >&2
    exit 2
}

[ -x "$program" ] || die "$program is not here: built without model files?"
[ -x $python ] || python3 -m venv build/parity ||
    die "cannot make an environment: Debian calls what it needs python3-venv"
# Without the extra index, pip fetches what GPUs need too.
$python -c 'import safetensors, torch; assert "2.13.0" in torch.__version__' \
    2>/dev/null ||
    $python -m pip install --extra-index-url \
        https://download.pytorch.org/whl/cpu "${wanted[@]}" ||
    die "pip could not install ${wanted[*]}"
exec $python tests/parity/parity.py "$program" "$@"

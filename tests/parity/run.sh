#!/usr/bin/env bash
# run.sh [FAMILY ...]: compares nets of these families (cases.py), or of all,
# with PyTorch, in an environment of its own under build/parity, which is kept.
# pip takes its settings from the environment, PIP_EXTRA_INDEX_URL among them:
# PyTorch has an index of builds without what GPUs need.
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
$python -c 'import safetensors, torch; assert "2.13.0" in torch.__version__' \
    2>/dev/null ||
    $python -m pip install "${wanted[@]}" ||
    die "pip could not install ${wanted[*]}"
exec $python -B tests/parity/parity.py "$program" "$@"

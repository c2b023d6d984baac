#!/usr/bin/env bash
# venv.sh FOLDER peers|gate: what Python needs for one of two jobs, in an
# environment of its own: the peers that come from PyPI and their plots, or the
# gate's statistics and its page.
# Does and says nothing if FOLDER already has these versions. pip takes its
# settings from the environment, PIP_EXTRA_INDEX_URL among them: PyTorch has an
# index of builds without what GPUs need.
set -euo pipefail
both=(numpy==2.4.6 matplotlib==3.11.2)
peers=(torch==2.13.0 onnxruntime==1.31.1 onnx==1.23.2)
gate=(scipy==1.17.1 ruptures==1.1.10) # for Python 3.11 and later, as is numpy

job=${2:-venv}
say() { echo "$job: $*" >&2; }
die() {
    say "$*"
    exit 2
}

[ $# = 2 ] && [ -n "$1" ] || die "usage: venv.sh FOLDER peers|gate"
case $job in
peers)
    pins=("${peers[@]}" "${both[@]}")
    modules="matplotlib, numpy, onnx, onnxruntime, torch"
    ;;
gate)
    pins=("${both[@]}" "${gate[@]}")
    modules="matplotlib, numpy, ruptures, scipy"
    ;;
*) die "unknown job: peers or gate" ;;
esac
folder=$1
python=$folder/bin/python
stamp=$folder/pins # written last: an interrupted install is taken up again

if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "${pins[*]}" ]; then
    exit
fi
rm -f "$stamp"
say "installing ${pins[*]} into $folder"
command -v python3 >/dev/null || die "needs python3, which is not here"
[ -x "$python" ] || python3 -m venv "$folder" ||
    die "cannot make an environment: Debian calls what it needs python3-venv"
"$python" -m pip install --quiet "${pins[@]}" >&2 ||
    die "pip could not install ${pins[*]}"
"$python" -c "import $modules" ||
    die "what pip installed cannot be imported"
echo "${pins[*]}" >"$stamp"
say "installed"

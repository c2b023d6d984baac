#!/bin/sh
# bench_front.sh BENCH WRONG: the bench as its user meets it, and that it gives
# no figure of a wrong result: WRONG is the same program with a wrong tanh.
bench=$1
wrong=$2
unset SRNN_ISA
folder=$(mktemp -d) && cd "$folder" || exit 2
trap 'rm -rf "$folder"' EXIT

fail() {
    echo "bench_front.sh: $*"
    tail -n 5 out err
    exit 1
}

run() { # CODE PROGRAM ARG ...: ends with this code; leaves out and err
    wanted=$1
    shift
    "$@" >out 2>err </dev/null
    code=$?
    [ $code -eq "$wanted" ] || fail "exit $code, not $wanted: $*"
}

refuses() { # CODE WORD PROGRAM ARG ...: says so, and measures nothing
    code=$1 word=$2
    shift 2
    run "$code" "$@"
    grep -q -e "$word" err || fail "no word of '$word': $*"
    ! grep -q f32 out || fail "measures: $*"
    [ -z "$(ls -- *.json *.md *.tmp 2>/dev/null)" ] || fail "leaves files: $*"
    echo "refused: $(grep -m 1 -e "$word" err | cut -c 1-100)"
}

has() { grep -q -e "$2" "$1" || fail "$1 has no $2"; }
count() { tr -cd "$2" <"$1" | wc -c; }

parses() { # JSON: as far as a shell can tell, and Python if there is one
    [ "$(head -c 1 "$1")$(tail -c 2 "$1")" = '{}' ] || fail "$1 is no object"
    [ "$(count "$1" '{')" = "$(count "$1" '}')" ] || fail "$1: braces"
    [ "$(count "$1" '[')" = "$(count "$1" ']')" ] || fail "$1: brackets"
    ! tr -d '\n' <"$1" | grep -Eq ',[ ]*[]}]' || fail "$1: a comma too many"
    ! grep -Eq '": *-?(nan|inf)' "$1" || fail "$1: a figure is none"
    if python3 -c 'import json' 2>/dev/null; then
        python3 -m json.tool "$1" >/dev/null || fail "$1 does not parse"
    fi
}

# ---- rows, and a table of two ---
run 0 "$bench" --list
grep -qx tanh/f32/N16384 out || fail "--list lacks a row"
grep -q 'gru_before.*--full' out || fail "--list lacks those of --full"
for variant in lstm_cifg/train lstm_batch_norm/train gru_softsign/forward \
    rnn_relu/forward attention_additive/train lstm_projected/ragged; do
    grep -q "^$variant/f32/.*--full" out || fail "--list lacks $variant"
done
grep -qx lstm_peephole/train/f32/T50B16I256H256 out ||
    fail "--list has no variant without --full"
run 0 "$bench" --rounds 1 --out two --neon 'half "of" it' \
    '^(tanh/f32|gemv/f32/H64N1$)'
has out '^NEON, not run here; .*: half "of" it$'
has two.json '"neon": "half \\"of\\" it"'
grep -Eq '^tanh/f32/N16384 +ns/element +[0-9.]+ ' out || fail "no figure"
has out '^Chosen: .'
parses two.json
has two.json '"chosen": "'
for what in reference autovec; do
    has two.json "\"name\": \"tanh/f32/N16384/$what\""
    has two.json "\"name\": \"gemv/f32/H64N1/$what\""
done
has two.json '"seconds": [0-9]'
has two.md '^| tanh/f32/N16384 | ns/element | '
has two.md '^Chosen: '
[ -z "$(ls -- *.tmp 2>/dev/null)" ] || fail "leaves drafts"
rm two.*

run 0 "$bench" --full --rounds 1 --out two lstm_nog/forward/f32/T50B16I256
grep -Eq '^lstm_nog/forward/f32/T50B16I256H256 +GFLOP/s +[0-9.]+ ' out ||
    fail "no figure of a variant"
parses two.json
rm two.*

# ---- peers: those that are here have their row, the others a reason ---
run 0 "$bench" --peers --list
grep -qx 'tanh/f32/N16384' out || fail "--peers lacks a row"
grep -q '^lstm/train/f32/T25B128I1024H1024 ' out || fail "--peers lacks a row"
! grep -q '/update/\|P2' out || fail "--peers has a row that none has"
run 0 "$bench" --peers --record --list
grep -q '^lstm/update/f32/T50B16' out &&
    grep -q '^lstm/forward/f32/T50B8' out ||
    fail "--peers --record lacks a row"
run 0 "$bench" --peers --rounds 1 --out two '^(tanh/f32|gemm/f32/H256N16$)'
parses two.json
has two.json '"repeated_rounds": [0-9]'
has two.json '"near_bandwidth": \[[0-9]'
for peer in libmvec:tanh/f32/N16384 openblas:gemm/f32/H256N16; do
    name=${peer%%:*} row=${peer#*:}
    has out "^Peer $name "
    grep -q "^Peer $name is not here: ." out && continue
    has two.json "\"$name\": {\"version\": \""
    has two.json "\"name\": \"$row/$name\""
    has two.json '"vs_peer": [0-9]'
    has two.md "^| row | unit | ours .*| $name "
    sed -n '/^peers /,$p' out | grep -q "^$row .*[0-9]x" || fail "no ratio"
    echo "beside a peer: $row/$name"
done
rm two.*

run 0 env SRNN_ISA=scalar "$bench" --rounds 1 --record gemv/f32/H64N1$
has out 'Chosen: scalar: forced by SRNN_ISA'
parses results/*.json
rm -r results

# ---- Google Benchmark's flags ---
run 0 "$bench" --benchmark_filter=gemv/f32/H64N1/ --benchmark_min_time=0.01 \
    --benchmark_out=google.json --benchmark_out_format=json
parses google.json
has google.json '"name": "gemv/f32/H64N1/reference"'
has google.json '"vs_reference": [0-9]'
has google.json '"chosen": "'
rm google.json

# ---- what it refuses ---
refuses 2 mmx env SRNN_ISA=mmx "$bench" tanh
refuses 2 mmx env SRNN_ISA=mmx "$bench" --list
refuses 2 nonsense "$bench" --nonsense
refuses 2 'whole number from 1' "$bench" --rounds 3x tanh
refuses 2 'whole number from 1' "$bench" --rounds 65 tanh
refuses 2 'regular expression' "$bench" '(tanh'
refuses 2 'gemv' "$bench" tanh gemv
refuses 1 'no row matches' "$bench" nonsense
refuses 1 'nowhere/x.json: No such' "$bench" --out nowhere/x tanh
long=$(printf '%05000d' 0)
refuses 1 'too long' "$bench" --out "$long" tanh

# ---- a wrong result ends it, a right one of the same program does not ---
refuses 1 'tanh/f32/N16384/.* the reference says' "$wrong" --rounds 1 \
    --out wrong 'tanh|sigmoid'
! grep -q 'ns/element' out || fail "a figure of a wrong result"
run 1 "$wrong" --benchmark_filter='N16384/autovec' --benchmark_min_time=0.01 \
    --benchmark_out=wrong.json
has wrong.json '"error_occurred": true'
! grep -A 30 '"tanh/f32/N16384/autovec"' wrong.json |
    grep -q 'ns_per_item\|"[a-z]*_time": [0-9.e+]*[1-9]' ||
    fail "a figure of a wrong result"
run 0 "$wrong" --rounds 1 --out right sigmoid/f32
parses right.json

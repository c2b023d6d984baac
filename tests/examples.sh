#!/bin/sh
# examples.sh NAME PROGRAM: an example as its user meets it, on small data: what
# it prints, that a seed fixes it, that what it keeps is judged the same, what
# it refuses.
set -u
name=$1
program=$2
unset SRNN_ISA
folder=$(mktemp -d) && cd "$folder" || exit 2
readonly folder # what the trap removes
trap 'rm -rf -- "${folder:?}"' EXIT
LC_ALL=C.UTF-8
export LC_ALL

fail() {
    echo "examples.sh: $*"
    tail -n 5 out err
    exit 1
}

run() { # CODE ARG ...: ends with this code; leaves out and err
    wanted=$1
    shift
    "$program" "$@" >out 2>err </dev/null
    code=$?
    [ $code -eq "$wanted" ] || fail "exit $code, not $wanted: $name $*"
}

refuses() { # WORD ARG ...: ends with a message that has the word
    word=$1
    shift
    run 1 "$@"
    grep -q "^$name: " err && grep -q -- "$word" err ||
        fail "no word of '$word': $name $*"
    echo "refused: $(head -n 1 err)"
}

# What is told beside the pace of the training.
results() { grep -v '^update' out; }

kept="$name.safetensors" # where the net is kept if it is not told otherwise

# PATTERN ARG ...: the net of the run before, which left these lines in first,
# leaves them again, and is refused where it cannot be told to be that net.
loads() {
    pattern=$1
    shift
    [ -s "$kept" ] || fail "no model is kept"
    cp "$kept" here
    run 0 --load here "$@"
    ! grep -q '^update' out || fail "trains what is loaded"
    grep -E "$pattern" first >wanted || fail "no result"
    grep -E "$pattern" out | cmp -s - wanted ||
        fail "the model that was kept gives another result"
    LC_ALL=C sed "s/$name: /$name? /" here >other
    ! cmp -s here other || fail "the model does not name its program"
    refuses "none of this program's" --load other "$@"
    refuses 'No such file' --load nothing "$@"
    refuses 'nowhere/x: No such file' --save nowhere/x "$@"
    ! grep -q '^update' out || fail "trains what cannot be kept"
    refuses 'no name' --save '' "$@"
}

fixed() { # ARG ...: the same for the same seed, and another for another
    run 0 "$@" --seed 2
    results >second
    run 0 "$@"
    results >first
    ! cmp -s second first || fail "two seeds, one result"
    run 0 "$@"
    results | cmp -s - first || fail "two runs by one seed differ"
    cat first
}

# Names and other words that are spelt much alike.
bible() {
    awk '
    function letter(n) { return substr("bdfghklmnprstvz", 1 + n % 15, 1) }
    BEGIN { for (i = 1; i <= 60; i++) {
        printf "\nGenesis %d\n\n", i
        for (j = 1; j <= 5; j++)
            print "  " j " And the son of Ab" letter(i) letter(7 * i + j) \
                " saw ab" letter(3 * i + j) "o, and ran.\n" \
                "Then he of Om" letter(i * j) "a came to an om" \
                letter(i + j * j) " hill."
    } }'
}

run 0 --help
grep -q "^usage: $name" out || fail "no usage"
refuses unrecognized --nonsense
refuses 'is no option' nonsense
refuses 'whole number' --updates 0
refuses 'whole number' --batch x
refuses 'a number' --lr nan

case $name in
names)
    bible >text
    tiny="--text text --batch 4"
    learn="--spelling 8 --reading 8 --updates 60 --lr 0.01 --dropout 0.5"
    fixed $tiny $learn
    loads '^both directions .*[0-9]' $tiny
    ! grep -q ' 0.0000 .* 0.0000 .* 0.0000' wanted || fail "learns nothing"
    refuses 'another seed' --load here $tiny --seed 2
    sed 's/hill/well/' text >changed
    refuses 'other data' --load here $tiny --text changed
    run 0 $tiny $learn --dropout 0 --save plain
    results | grep '^both directions .*[0-9]$' >scores
    ! cmp -s scores wanted || fail "dropout changes nothing"
    refuses 'compare is expected' --direction up
    refuses 'No such file' --text nothing
    refuses '--batch' --text text --batch 600
    refuses mmx --text text --isa mmx
    ;;
sunspots)
    command -v Rscript >/dev/null || { echo "no Rscript"; exit 77; }
    tiny="--ahead 3 --window 20 --order 4"
    fixed $tiny --updates 5 --hidden 4
    [ -s sunspots.png ] || fail "no picture"
    loads '^  net .*[0-9]' $tiny --picture again.png
    cmp -s sunspots.png again.png || fail "another picture"
    refuses 'other options' --load here --ahead 3 --window 21 --order 4
    run 0 $tiny --updates 5 --hidden 4 --split 1840 --until 1920
    grep -q '1749 to 1919 .*; 1092 before' out || fail "goes on after 1919"
    refuses 'no name' --series 'x; y'
    refuses 'no series' --series nothing
    refuses 'are needed' --split 1700
    refuses '--window' --order 20 --window 10
    refuses 'nowhere' --updates 1 --picture nowhere/x.png
    ;;
translate)
    command -v msgunfmt >/dev/null || { echo "no msgunfmt"; exit 77; }
    mo=/usr/share/locale/de/LC_MESSAGES
    [ -e $mo/iso_4217.mo ] || { echo "no iso-codes"; exit 77; }
    tiny="--catalogs iso_4217 --batch 8 --beam 2 --show 4"
    fixed $tiny --updates 3 --hidden 6 --embedding 4
    [ -s translate.png ] || fail "no picture"
    loads '^(attention +greedy|    translation) .*' $tiny --picture again.png
    cmp -s translate.png again.png || fail "another picture"
    refuses 'another seed' --load here $tiny --seed 2
    refuses 'other options' --load here $tiny --longest 29
    refuses 'compare is expected' --attention maybe
    refuses 'is expected' --language '$(id)'
    refuses 'is expected' --catalogs 'a b'
    refuses 'no messages' --language nowhere
    ;;
esac

#!/bin/sh
# examples.sh NAME PROGRAM: an example as its user meets it, on small data: what
# it prints, that a seed fixes it, what it refuses.
name=$1
program=$2
unset SRNN_ISA
folder=$(mktemp -d) && cd "$folder" || exit 2
readonly folder # what the trap removes
trap 'rm -rf "$folder"' EXIT
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

fixed() { # ARG ...: the same for the same seed, and another for another
    run 0 "$@"
    results >first
    run 0 "$@"
    results | cmp -s - first || fail "two runs by one seed differ"
    run 0 "$@" --seed 2
    ! results | cmp -s - first || fail "two seeds, one result"
    cat first
}

bible() {
    awk 'BEGIN { for (i = 1; i <= 60; i++) {
        printf "\nGenesis %d\n\n", i
        for (j = 1; j <= 5; j++)
            print "  " j " And the son of Ab" i " saw Abo, and ran.\n" \
                "Then he of Om" j * i % 7 " came to the hill."
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
    fixed --text text --spelling 8 --reading 8 --batch 4 --updates 20
    grep -q '^both directions .*[0-9]' first || fail "no result"
    refuses 'compare is expected' --direction up
    refuses 'No such file' --text nothing
    refuses '--batch' --text text --batch 600
    refuses mmx --text text --isa mmx
    ;;
sunspots)
    command -v Rscript >/dev/null || { echo "no Rscript"; exit 77; }
    fixed --updates 5 --hidden 4 --ahead 3 --window 20 --order 4
    grep -q '^  net .*[0-9]' first || fail "no result"
    [ -s sunspots.png ] || fail "no picture"
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
    fixed --catalogs iso_4217 --updates 3 --hidden 6 --embedding 4 --batch 8 \
        --beam 2 --show 1
    grep -q '^attention .*[0-9]' first || fail "no result"
    [ -s translate.png ] || fail "no picture"
    refuses 'compare is expected' --attention maybe
    refuses 'is expected' --language '$(id)'
    refuses 'is expected' --catalogs 'a b'
    refuses 'no messages' --language nowhere
    ;;
esac

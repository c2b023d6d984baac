#!/bin/sh
# charlm.sh PROGRAM: the character model as its user meets it: what it prints,
# what Ctrl-C keeps, what it refuses.
charlm=$1
unset SRNN_ISA
folder=$(mktemp -d) && cd "$folder" || exit 2
trap 'rm -rf "$folder"' EXIT
LC_ALL=C
export LC_ALL

fail() {
    echo "charlm.sh: $*"
    tail -n 5 out err
    exit 1
}

run() { # CODE ARG ...: ends with this code; leaves out and err
    wanted=$1
    shift
    "$charlm" "$@" >out 2>err </dev/null
    code=$?
    [ $code -eq "$wanted" ] || fail "exit $code, not $wanted: charlm $*"
}

refuses() { # WORD ARG ...: ends with a message that has the word
    word=$1
    shift
    run 1 "$@"
    grep -q '^charlm: ' err && grep -q "$word" err ||
        fail "no word of '$word': charlm $*"
    ! grep -q held-out out || fail "goes on: charlm $*"
    echo "refused: $(head -n 1 err)"
}

# Starts the program; to be stopped by `interrupt` after `await TEST`.
start() {
    : >out
    "$charlm" "$@" >out 2>err </dev/null &
    pid=$!
}

await() {
    tries=0
    until eval "$1"; do
        tries=$((tries + 1))
        kill -0 $pid 2>/dev/null && [ $tries -lt 1200 ] ||
            fail "never: $1"
        sleep 0.05
    done
}

interrupt() { # FILE: the checkpoint that it must keep
    kill -INT $pid
    wait $pid
    code=$?
    [ $code -eq 130 ] || fail "exit $code after Ctrl-C"
    tail -n 1 out | grep -q "^stopped after update .*--resume $1" ||
        fail "does not say that $1 was kept"
    ! grep -q held-out out || fail "Ctrl-C did not stop it"
}

some_text() {
    awk 'BEGIN { for (i = 0; i < 400; i++)
        print "Line " i " says little, and says it " i * i % 97 " times." }'
}

some_text >text
tiny="--text text --hidden 12 --embedding 6 --batch 4 --steps 16 --sample 20"

# ---- what it prints, piped ---
run 0 $tiny --updates 120 --save whole
tail -n 1 out |
    grep -Eqx 'held-out [0-9]+\.[0-9]{3} bits/character, [0-9]+ characters/s' ||
    fail "the last line is no result"
[ "$(grep -c '^update [0-9]*/120 .* left$' out)" = 3 ] ||
    fail "not three lines of progress"
! tr -d '[:print:]\n' <out | grep -q . || fail "control characters in a pipe"
tail -n 1 out

# ---- a saved model speaks, the same for the same seed ---
run 0 --load whole --sample 200
[ "$(wc -c <out)" = 201 ] || fail "not 200 characters"
mv out first
run 0 --load whole --sample 200
cmp -s first out || fail "two samples by one seed differ"
run 0 --load whole --sample 200 --seed 2
! cmp -s first out || fail "two seeds, one sample"

# One symbol left, or hardly any probability, is the likeliest, as is no heat.
run 0 --load whole --sample 200 --temperature 0
mv out greedy
! cmp -s first greedy || fail "samples at temperature 0.8 are the likeliest"
for only in '--top-k 1' '--top-p 0' '--top-p 1e-9'; do
    run 0 --load whole --sample 200 $only
    cmp -s greedy out || fail "$only is not the likeliest"
done
run 0 --load whole --sample 200 --top-k 256 --top-p 1
cmp -s first out || fail "all symbols are not all symbols"
for some in '--top-k 3' '--top-p 0.5'; do
    run 0 --load whole --sample 200 $some
    ! cmp -s first out && ! cmp -s greedy out || fail "$some does nothing"
done

# ---- stopped and resumed is never stopped, to the byte ---
start $tiny --updates 1000000000 --save part
await 'grep -q "^update" out'
interrupt part
done=$(sed -n 's/^stopped after update \([0-9]*\);.*/\1/p' out)
run 0 --text text --resume part --updates $((done + 70)) --sample 20
run 0 $tiny --updates $((done + 70)) --save never
cmp part never || fail "stopped after $done updates, it is another model"
run 0 $tiny --updates $((done + 69)) --save fewer
! cmp -s fewer never || fail "cmp finds nothing"
echo "stopped after $done updates and resumed: the same file"

# ---- Ctrl-C while it samples or judges loses no finished run ---
start $tiny --updates 30 --sample 1000000000
await '[ $(wc -c <out) -gt 4096 ]'
interrupt charlm.safetensors
run 0 --text text --resume charlm.safetensors --updates 30 --sample 0
for i in 1 2 3 4 5 6 7; do
    cat text text >twice && mv twice text # in the end, seconds to judge
done
start --text text --layers 4 --updates 0 --sample 0 --save big
await '[ -e big ]'
sleep 0.3
interrupt big

# ---- options ---
tiny="--text text --hidden 12 --embedding 6 --batch 4 --steps 16"
refuses unrecognized --nonsense
refuses 'is no option' nonsense
refuses 'whole number' --hidden 12x
refuses 'whole number' --hidden 0
refuses 'whole number' --updates -1
refuses 'a number' --lr nan
refuses 'from 0 to 256' --top-k 257
refuses 'whole number' --top-k -1
refuses 'from 0 to 1 ' --top-p 1.1
refuses 'a number' --top-p nan
refuses 'lstm or gru' --cell tree
refuses requires --cell
refuses 'one of them' --load whole --resume whole
refuses 'No such file' --text nothing
refuses 'too short' --text /dev/null
refuses mmx $tiny --updates 1 --isa mmx
refuses nowhere $tiny --updates 1 --save nowhere/file
run 0 --help
grep -q -e --top-k out && grep -q -e --top-p out || fail "--help lacks options"

# ---- files ---
# craft PATTERN TEXT: the file `whole` with another header.
craft() {
    length=$(od -An -tu8 -N8 whole | tr -d ' ')
    head -c $((8 + length)) whole | tail -c "$length" |
        sed "s/$1/$2/" >header
    for shift in 0 8 16 24 32 40 48 56; do
        printf "\\$(printf %03o $(($(wc -c <header) >> shift & 255)))"
    done
    cat header
    tail -c +$((9 + length)) whole
}

some_text >text
craft 'position' 'position' >same
cmp same whole || fail "crafting nothing changes the file"
resume="--text text --updates 125 --sample 0"
for position in 10000 18446744073709551600 18446744073709551615; do
    craft '\(position\\":\\"\)[0-9]*' "\\1$position" >crafted
    refuses "position $position" --resume crafted $resume
done
craft '\(position\\":\\"\)[0-9]*' "\\10" >crafted
run 0 --resume crafted $resume
craft '\(batch\\":\)4' '\10' >crafted
refuses batch --resume crafted $resume
craft '\(note\\":\\"\)[0-9a-f]*' '\1zz' >crafted
refuses note --load crafted
craft '\(note\\":\\"\)[0-9a-f]*' '\16162' >crafted
refuses '2 characters' --load crafted
refuses 'other data' --resume whole --text "$charlm" --updates 125
refuses seed --resume whole $resume --seed 3
for bytes in 0 7 8 100 2000 $(($(wc -c <whole) - 1)); do
    head -c "$bytes" whole >crafted
    refuses crafted --load crafted
    refuses crafted --resume crafted $resume
done

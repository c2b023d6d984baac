#!/bin/sh
# print_dot.sh PROGRAM: Graphviz takes every drawing that PROGRAM writes, with
# as many nodes and edges as it has lines for them; none without its end.
command -v dot >/dev/null || { echo 'skipped: no dot'; exit 77; }
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT

# A file for each drawing: dot 2.43 can crash on several in one.
write() { # KIND [ARG]
    mkdir "$dir/$1" && "$program" $2 >"$dir/all" &&
        awk -v to="$dir/$1/" '/^digraph/ { n++ } { print >(to n) }' "$dir/all"
}
same() { # FILE PATTERN CLASS
    want=$(grep -cE "$2" "$1")
    got=$(grep -c "class=\"$3\"" "$dir/svg")
    [ "$got" = "$want" ] || { echo "$got ${3}s of $want:"; cat "$1"; exit 1; }
}

program=$1
write whole && write spoilt spoil || exit 1
for file in "$dir"/whole/*; do
    dot -Tsvg "$file" >"$dir/svg" || { cat "$file"; exit 1; }
    same "$file" '^  n[0-9_]+ \[' node
    same "$file" '^  n[0-9_]+ ->' edge
done
for file in "$dir"/spoilt/*; do
    ! dot -Tsvg "$file" >"$dir/svg" 2>"$dir/said" || { cat "$file"; exit 1; }
done
ls "$dir/whole" | wc -l

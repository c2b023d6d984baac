#!/bin/sh
# hygiene.sh ROOT: every line knows its room. Greps the code, comments removed,
# for what a folder may not do; prints each offence as "rule: file:line:code".
root=$1

# Files, as patterns on "path:". What is not listed may not.
intrinsics='kernels/(vec_)?(avx2|avx512|neon)\.[ch]:'
getenv=kernels/dispatch.c # and there once
cpu='kernels/dispatch\.c:'
allocate='(cells/(beam_open|init|memory|net|pool|recurrent|session|trainer)|io/[a-z_]*)\.c:'
cplusplus='(bench/gbench|tests/install/consumer)\.cc'

library='^(kernels|cells|io|include)/'
public='simdrnn/[a-z_]*|assert|cairo(-svg)?|ctype|errno|fcntl|float|getopt
|inttypes|limits|locale|math|pthread|signal|stdalign|stdarg|stdatomic|stdbool
|stddef|stdint|stdio|stdlib|string|strings|time|unistd
|sys/(mman|stat|time|types|wait)'
public=$(echo "$public" | tr -d '\n')

cd "$root" || exit 2
code=$(mktemp) && trap 'rm -f "$code"' EXIT

# path:line:code of every source, comments blanked.
find kernels cells io include bench examples tests \
    -name '*.[ch]' -o -name '*.cc' | sort | xargs awk '
    FNR == 1 { inside = 0 }
    {
        line = $0
        out = ""
        while (line != "") {
            if (inside) {
                end = index(line, "*/")
                if (!end) break
                line = substr(line, end + 2)
                inside = 0
            } else {
                start = index(line, "/*")
                if (!start) { out = out line; break }
                out = out substr(line, 1, start - 1) " "
                line = substr(line, start + 2)
                inside = 1
            }
        }
        sub(/\/\/.*/, "", out)
        if (out ~ /[^ \t]/) print FILENAME ":" FNR ": " out
    }' >"$code"

# with FILES PATTERN: the lines with the pattern in files that begin so. A path
# is no code: the pattern is looked for behind it.
with() { grep -E "$1" "$code" | grep -E "^[^:]*:[0-9]*:.*($2)"; }
calls() { echo "(^|[^A-Za-z0-9_>.])($1)[ ]*\("; }
rule() { sed "s/^/$1: /"; }

offences=$(
    with '' "[a-z]mmintrin\.h|x86intrin\.h|arm_(neon|acle|sve)\.h\
|_mm[0-9]*_[a-z]|__m(128|256|512)|__mmask|__builtin_ia32|float32x\
|target *\( *\"" |
        grep -vE "^$intrinsics" | rule intrinsics
    with '' 'cpuid|xgetbv|getauxval|__builtin_cpu_' |
        grep -vE "^$cpu" | rule cpu
    with '^(cells|io|include)/' '[^a-z]asm[^a-z]|__asm' | rule assembly
    with "$library" "$(calls '(secure_)?getenv')" |
        awk -F: -v file="$getenv" '$1 != file || n++' | rule getenv
    with "$library" "$(calls "malloc|calloc|realloc|reallocarray|aligned_alloc\
|posix_memalign|mmap|strn?dup|v?asprintf|alloca|__builtin_alloca")" |
        grep -vE "^$allocate" | rule allocation
    with '^(kernels|cells)/' "$(calls "v?f?printf|v?dprintf|f?puts|f?putc\
|putchar|fwrite|perror|write")|[^a-z_](stdout|stderr)[^a-z_]" |
        rule printing
    with "$library" "$(calls "abort|_?[eE]xit|_?_exit|quick_exit|assert|raise\
|__builtin_trap")" | rule ending

    with '^cells/' "vec_|[^a-z](sse|avx|neon|amx|f64)|\"scalar\"|__x86_64\
|__aarch64|__SSE|__AVX|__ARM" | rule instruction-set
    with '^cells/' "$(calls '(exp|exp2|expm1|tanh|fma|cosh|sinh)f?')" |
        rule libm

    include='#[ ]*include'
    with '^kernels/' "$include.*[</\"](cells|io|bench|tests|examples)/" |
        rule direction
    with '^cells/' "$include.*[</\"](io|bench|tests|examples)/" |
        rule direction
    with '^io/' "$include.*[</\"](kernels|cells|bench|tests|examples)/" |
        grep -v 'kernels/error\.h' | rule direction
    with '^examples/' "$include" | grep -vE "<($public)\.h>|\"[a-z_]*\.h\"" |
        rule examples

    find kernels cells io include bench examples tests -name '*.*' |
        grep -E '\.(cc|cpp|cxx|C|hh|hpp|hxx|H)$' | grep -vE "^($cplusplus)$" |
        rule cplusplus
)
[ -z "$offences" ] || { echo "$offences"; exit 1; }

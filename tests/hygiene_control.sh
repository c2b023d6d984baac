#!/bin/sh
# hygiene_control.sh ROOT: each rule of hygiene.sh can fail. The tree is copied,
# one offence is planted, and its rule must name it; comments are no offence.
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) && trap 'rm -rf "$tree"' EXIT
cd "$1" || exit 2
cp -R kernels cells io include bench examples tests "$tree"
failed=0

plant() # RULE FILE CODE
{
    printf '%s\n' "$3" >"$tree/$2"
    if ! "$here/hygiene.sh" "$tree" | grep -q "^$1: $2"; then
        printf 'not seen: %s in %s: %s\n' "$1" "$2" "$3"
        failed=1
    fi
    rm "$tree/$2"
}

quiet() # FILE CODE
{
    printf '%s\n' "$2" >"$tree/$1"
    if "$here/hygiene.sh" "$tree" | grep ": $1"; then
        printf 'wrongly seen in %s: %s\n' "$1" "$2"
        failed=1
    fi
    rm "$tree/$1"
}

plant intrinsics cells/zz.c '#include <immintrin.h>'
plant intrinsics kernels/zz.c 'x = _mm256_add_ps(x, y);'
plant intrinsics bench/zz.c '#include <arm_neon.h>'
plant intrinsics kernels/zz.h '__attribute__((target ("avx2"))) int f(void);'
plant cpu kernels/zz.c '__asm__("cpuid");'
plant cpu cells/zz.c 'if (__builtin_cpu_supports("x")) return;'
plant assembly cells/zz.c '__asm__ volatile("pause");'
plant getenv kernels/zz.c 'p = getenv("A");'
plant allocation cells/zz.c 'p = malloc(4);'
plant allocation kernels/zz.c 'if (posix_memalign (&p, 64, n)) return;'
plant printing kernels/zz.c 'printf("%d\n", 1);'
plant printing cells/zz.c 'fputs(text, stderr);'
plant ending io/zz.c '    exit(1);'
plant ending cells/zz.c '/* because */ abort();'
plant instruction-set cells/zz.c '#include "kernels/vec_avx2.h"'
plant instruction-set cells/zz.c 'srnn_kernels_get(&k, "avx512");'
plant libm cells/zz.c 'y = tanhf(x);'
plant direction kernels/zz.c '#include "cells/zz.h"'
plant direction cells/zz.c '#include "../io/zz.h"'
plant direction io/zz.c '#include "../kernels/rungs.h"'
plant examples examples/zz.c '#include "../cells/net.h"'
plant examples examples/zz.c '#include <jansson.h>'
plant cplusplus bench/zz.cc 'int x;'
plant cplusplus io/zz.hpp 'int x;'

quiet cells/zz.c '/* malloc(), exit(1) and
 * printf() on AVX2 */ int x; // abort()'
quiet cells/zz.c 'n = snprintf(text, 3, "x"); k->tanh(n, x, y);'
quiet examples/zz.c '#include <simdrnn/kernels.h>
#include <stdio.h>'
exit $failed

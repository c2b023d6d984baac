/* The frame itself: guards trap, canaries and poison see, the checker objects,
 * distances count. A test that cannot fail proves nothing. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "numbers.h"
#include "oracle.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* The signal that ends a child which touches p[at]. */
static int signal_of_touch(volatile float *p, ptrdiff_t at, int write)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        if (write)
            p[at] = 1;
        else
            p[at] = p[at] + 0;
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int traps(volatile float *p, ptrdiff_t at)
{
    return signal_of_touch(p, at, 0) == SIGSEGV &&
           signal_of_touch(p, at, 1) == SIGSEGV;
}

static void guards_trap(void)
{
    float *x;

    guard_begin(0);
    x = guard_reals(5);
    CHECK(traps(x, -1));
    CHECK(signal_of_touch(x, 0, 1) == 0);
    guard_begin(1);
    x = guard_reals(5);
    CHECK(traps(x, 5));
    CHECK(signal_of_touch(x, 4, 1) == 0);
}

/* A write beside a buffer, on the side without a guard page, is counted. */
static void canaries_see(void)
{
    for (int side = 0; side < 2; side++) {
        float *x;

        guard_begin(side);
        x = guard_reals(5);
        CHECK(guard_errors() == 0);
        x[side ? -1 : 5] = 1;
        CHECK(guard_errors() == 1);
        x[side ? -1 : 5] = real_of(POISON);
        CHECK(guard_errors() == 0);
    }
}

static void poison_sees(void)
{
    float *x;

    guard_begin(1);
    x = guard_matrix(3, 4, 6, 1);
    CHECK(poison_errors(x, 3, 4, 6) == 0);
    x[4] = 1;
    CHECK(poison_errors(x, 3, 4, 6) == 1);
    x[6] = real_of(POISON);
    CHECK(poison_errors(x, 3, 4, 6) == 2);
}

static void distances_count(void)
{
    CHECK(ulp_distance(1, nextafterf(1, 2)) == 1);
    CHECK(ulp_distance(-0.0f, 0.0f) == 1);
    CHECK(ulp_distance(0x1p-149f, -0x1p-149f) == 3);
    CHECK(ulp_distance(NAN, NAN) == 0);
    CHECK(ulp_distance(NAN, 1) == UINT32_MAX);
    CHECK(ulp_distance(INFINITY, 0x1.fffffep127f) == 1);
}

/* One bit of one number changes a hash; which NaN it is does not. */
static void hashes_see(void)
{
    float x[3] = {1, NAN, 2};
    uint64_t h = hash_reals(hash_begin(), x, 1, 3, 3);

    x[1] = real_of(0xffc00001u);
    CHECK(hash_reals(hash_begin(), x, 1, 3, 3) == h);
    x[2] = nextafterf(2, 3);
    CHECK(hash_reals(hash_begin(), x, 1, 3, 3) != h);
    x[2] = 2;
    x[0] = -1;
    CHECK(hash_reals(hash_begin(), x, 1, 3, 3) != h);
}

static void checker_objects(void)
{
    worst w = {0};

    worst_see(&w, 1, 1 + 1e-6, 2e-6, "within", 0, 0);
    CHECK(w.ratio <= 1);
    worst_see(&w, 1, 1 + 4e-6, 2e-6, "twice the bound", 0, 0);
    CHECK(w.ratio > 1.9);
    w.ratio = 0;
    worst_see(&w, NAN, 1, 1, "nan", 0, 0);
    CHECK(isinf(w.ratio));
    w.ratio = 0;
    worst_see(&w, 1, NAN, 1, "number", 0, 0);
    CHECK(isinf(w.ratio));
    w.ratio = 0;
    worst_see(&w, 1e30, INFINITY, 1, "infinity", 0, 0);
    CHECK(isinf(w.ratio));
    w.ratio = 0;
    worst_see(&w, NAN, NAN, 0, "both", 0, 0);
    CHECK(w.ratio == 0);
}

/* A bound holds for plain f32 arithmetic, and is no wider than it need be: one
 * of many sums comes near it. */
static void estimates_hold(void)
{
    double most = 0;

    data_seed(7);
    for (int i = 0; i < 20000; i++) {
        float a = data_real(), b = data_real(), c = data_real();
        float got = a * b + c;
        est want = e_add(e_mul(exact(a), exact(b)), exact(c));
        double ratio = fabs(got - want.v) / want.e;

        CHECK_SAYS(ratio <= 1, "%g %g %g: %g", a, b, c, ratio);
        most = ratio > most ? ratio : most;
    }
    check_note("largest ratio of a rounded sum of products %.3f", most);
    CHECK(most > 0.8);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"guards-trap", NULL, guards_trap},
        {"canaries-see", NULL, canaries_see},
        {"poison-sees", NULL, poison_sees},
        {"distances-count", NULL, distances_count},
        {"hashes-see", NULL, hashes_see},
        {"checker-objects", NULL, checker_objects},
        {"estimates-hold", NULL, estimates_hold},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}

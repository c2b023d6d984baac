/* Forcing a rung really takes it, a false name is refused by name, NULL heeds
 * SRNN_ISA once, and srnn_kernels_why() says what happened. What NULL chooses
 * is decided once a process, so each such case is a child of its own. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "rungs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- by name ------------------------------------------------------------- */

/* The table has the name, and each function is the rung's own. */
static void forced(const srnn_kernels *k)
{
    const char *name;
    srnn_kernels other;

    CHECK(!srnn_kernels_get(&other, k->name));
    CHECK(!strcmp(other.name, k->name));
    CHECK(!memcmp(&other, k, sizeof other));
    for (size_t i = 0; (name = srnn_kernels_rung(i)); i++) {
        if (!strcmp(name, k->name))
            continue;
        CHECK(!srnn_kernels_get(&other, name));
        CHECK(strcmp(other.name, k->name));
        CHECK(other.lanes != k->lanes);
        CHECK(other.tanh != k->tanh && other.product != k->product);
        CHECK(other.step != k->step && other.gemm_tn != k->gemm_tn);
        for (int t = 0; t < SRNN_TILE_COUNT; t++)
            CHECK(other.tile[t] != k->tile[t]);
    }
}

/* Single steps, which the scalar rung does not have. */
static int may_be_empty(const srnn_kernels *k, size_t at)
{
    return !rung_is_vector(k) && (at == offsetof(srnn_kernels, single) ||
                                  at == offsetof(srnn_kernels, few));
}

/* The whole table is filled: no entry is NULL. */
static void whole(const srnn_kernels *k)
{
    const unsigned char *bytes = (const unsigned char *)k;
    const size_t word = sizeof(void *);

    for (size_t i = 0; i + word <= sizeof *k; i += word) {
        size_t set = 0;

        for (size_t j = 0; j < word; j++)
            set |= bytes[i + j];
        CHECK_SAYS(set || may_be_empty(k, i), "%s: word %zu of the table is empty", k->name,
                   i / word);
    }
}

static void ladder(void)
{
    CHECK(srnn_kernels_rung(0) && !strcmp(srnn_kernels_rung(0), "scalar"));
    CHECK(!srnn_kernels_rung(99));
}

static void false_names(void)
{
    static const char *const names[] = {"mmx", "", "AVX2", "avx", "avx5122",
                                        "avx2", "avx512", "neon"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        srnn_kernels k;

        if (rung_available(names[i]))
            continue;
        memset(&k, 0x5a, sizeof k);
        CHECK(srnn_kernels_get(&k, names[i]) == SRNN_EISA);
        CHECK_SAYS(strstr(srnn_error_message(), names[i]),
                   "the message does not name '%s': %s", names[i],
                   srnn_error_message());
        check_note("'%s': %s", names[i], srnn_error_message());
    }
    CHECK(srnn_kernels_get(NULL, "scalar") == SRNN_EINVAL);
}

/* ---- by the environment -------------------------------------------------- */

/* Runs f in a child with SRNN_ISA = value (NULL: unset); 0 if f says so. */
static int child(const char *value, int (*f)(const char *value))
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        if (value)
            setenv("SRNN_ISA", value, 1);
        else
            unsetenv("SRNN_ISA");
        _exit(f(value));
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int chooses(const char *value)
{
    const char *want = value && *value ? value : rung_highest();
    srnn_kernels k;

    if (srnn_kernels_get(&k, NULL) || strcmp(k.name, want))
        return 1;
    if (strncmp(srnn_kernels_why(), want, strlen(want)))
        return 2;
    return value && *value && !strstr(srnn_kernels_why(), "SRNN_ISA") ? 3 : 0;
}

/* Refused: the status, the name in the message and in the reason. */
static int refuses(const char *value)
{
    srnn_kernels k;

    if (srnn_kernels_get(&k, NULL) != SRNN_EISA)
        return 1;
    if (!strstr(srnn_error_message(), value) ||
        !strstr(srnn_error_message(), "SRNN_ISA"))
        return 2;
    if (!strstr(srnn_kernels_why(), value))
        return 3;
    return srnn_kernels_get(&k, "scalar") ? 4 : 0; /* by name it still works */
}

/* What changes after the first call is not seen. */
static int read_once(const char *value)
{
    srnn_kernels k;
    int status = chooses(value);

    setenv("SRNN_ISA", "mmx", 1);
    return status || srnn_kernels_get(&k, NULL) || strcmp(k.name, value);
}

static void environment(void)
{
    const char *name;

    CHECK(child(NULL, chooses) == 0);
    CHECK(child("", chooses) == 0);
    for (size_t i = 0; (name = srnn_kernels_rung(i)); i++)
        CHECK_SAYS(child(name, chooses) == 0, "SRNN_ISA=%s was not heeded",
                   name);
    CHECK(child("mmx", refuses) == 0);
    CHECK(child("avx2 ", refuses) == 0);
    if (!rung_available("neon"))
        CHECK(child("neon", refuses) == 0);
    CHECK(child("scalar", read_once) == 0);
    CHECK_SAYS(child("mmx", chooses) != 0, "control: a false name was heeded");
}

/* Why, in this process. */
static void reason(void)
{
    check_note("%s", srnn_kernels_why());
    CHECK(srnn_kernels_why() == srnn_kernels_why());
    CHECK(strlen(srnn_kernels_why()) > strlen(rung_highest()) + 2);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"dispatch/ladder", NULL, ladder},
        {"dispatch/false-names", NULL, false_names},
        {"dispatch/environment", NULL, environment},
        {"dispatch/reason", NULL, reason},
        {"dispatch/forced", forced, NULL},
        {"dispatch/whole", whole, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}

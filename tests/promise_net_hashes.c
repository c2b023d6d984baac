/* NEON = AVX2 = AVX-512, bit for bit, over whole nets: outputs, states, losses,
 * gradients, updates.
 *   promise_net_hashes        prints a line "case hash" for each
 *   promise_net_hashes FILE   and compares them with the lines of FILE
 * The rungs of one machine are compared in promise_nets.c; those of different
 * machines meet in promise_net_hashes.txt, which the first form writes. A
 * change of the arithmetic that is meant needs the file anew. */
#include "record.h"

#include "numbers.h"

#include <stdio.h>
#include <string.h>

static const char *recorded;

static uint64_t hash_record(const record *r)
{
    uint64_t h = hash_begin();

    for (size_t i = 0; i < r->count; i++)
        h = hash_reals(h, r->part[i].x, 1, r->part[i].n, r->part[i].n);
    return h;
}

static uint64_t hash_shape(const srnn_kernels *k, size_t seed,
                           const net_case *c)
{
    const how w = {.seed = 100 + seed, .threads = 1};
    record r = {0};
    net_data d;
    uint64_t h;

    data_seed(1000 + seed);
    case_data(&d, c);
    record_forward(&r, k, &d, &w);
    record_backward(&r, k, &d, &w, 2);
    h = hash_record(&r);
    record_free(&r);
    case_free(&d);
    return h;
}

static void compare_line(FILE *f, const net_case *c, uint64_t hash)
{
    char name[200] = "";
    unsigned long long want = 0;

    CHECK_SAYS(fscanf(f, "%199s %llx", name, &want) == 2 &&
                   !strcmp(name, case_name(c)) && want == hash,
               "%s %016llx, but the file has %s %016llx", case_name(c),
               (unsigned long long)hash, name, want);
}

static void see_shape(const srnn_kernels *k, size_t i, const net_case *c,
                      FILE *f)
{
    const uint64_t hash = hash_shape(k, i, c);

    if (f)
        compare_line(f, c, hash);
    else if (!recorded)
        printf("%s %016llx\n", case_name(c), (unsigned long long)hash);
}

static void on_rung(const srnn_kernels *k)
{
    FILE *f = recorded ? fopen(recorded, "r") : NULL;
    const int is_vector = strcmp(k->name, "scalar") != 0;
    net_case c;

    CHECK_SAYS(f || !recorded, "%s cannot be read", recorded);
    for (size_t i = 0; is_vector && record_shape(i, &c); i++)
        see_shape(k, i, &c, f);
    for (size_t i = 0; is_vector && record_norm_shape(i, &c); i++)
        see_shape(k, 1000 + i, &c, f);
    for (size_t i = 0; is_vector && record_variant(i, &c); i++)
        see_shape(k, record_seed(&c), &c, f);
    for (size_t i = 0; is_vector && record_lstm(i, &c); i++)
        see_shape(k, record_seed(&c), &c, f);
    if (f)
        fclose(f);
}

/* One bit of one weight must show in the hash. */
static void one_bit(const srnn_kernels *k)
{
    record r = {0};
    uint64_t before;
    float x[3] = {1, 2, 3};

    (void)k;
    record_add(&r, "x", x, 3, 0);
    before = hash_record(&r);
    r.part[0].x[1] = real_of(bits_of(x[1]) ^ 1u);
    CHECK(hash_record(&r) != before);
    record_free(&r);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"hash/one-bit", one_bit, NULL},
        {"hash/nets", on_rung, NULL},
        {NULL, NULL, NULL},
    };

    recorded = argc > 1 ? argv[1] : NULL;
    return check_main(1, argv, cases);
}

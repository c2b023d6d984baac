/* Initialisation as a call: the same bits on every rung, only what was chosen,
 * packed; every refusal. */
#include "init_case.h"
#include "net_case.h"
#include "numbers.h"
#include "refuse.h"
#include "rungs.h"

#include <math.h>
#include <stdlib.h>

/* ---- the same, other, kept ----------------------------------------------- */

static srnn_init every_choice(size_t i)
{
    srnn_init c = init_matrices(SRNN_INIT_PYTORCH + i % SRNN_INIT_KINDS);

    c.gain = 0.3;
    c.biases = i % 2 ? SRNN_INIT_ZERO : SRNN_INIT_PYTORCH;
    c.forget = i % SRNN_FORGET_KINDS;
    c.forget_value = 40;
    return c;
}

static int is_random(const srnn_init *c)
{
    return (c->weights != SRNN_INIT_KEEP && c->weights != SRNN_INIT_ZERO &&
            c->weights != SRNN_INIT_IDENTITY) ||
           c->biases == SRNN_INIT_PYTORCH || c->forget == SRNN_FORGET_CHRONO;
}

/* Every vector rung fills the same bits, and other seeds others. NEON, AVX2 and
 * AVX-512 meet in the hash of all; a change of the values that is meant needs
 * it anew. */
static const uint64_t recorded = 0x4b9b6f7f86b70064;

static void same_bits(void)
{
    uint64_t hash = hash_begin();
    int any = 0;

    for (size_t i = 0; i < SRNN_INIT_KINDS * SRNN_FORGET_KINDS; i++) {
        const srnn_init c = every_choice(i);
        float *first = NULL, *now;
        const char *name;
        size_t n;

        for (size_t r = 0; (name = srnn_kernels_rung(r)); r++) {
            srnn_kernels k;
            srnn_net *net;

            must(srnn_kernels_get(&k, name));
            if (!rung_is_vector(&k))
                continue;
            net = init_net(&k, i % 2 ? SRNN_GRU : SRNN_LSTM, 19, 17, 1);
            must(srnn_net_init(net, 1));
            must(srnn_net_init_with(net, &c, 8));
            now = init_all(net, &n);
            CHECK_SAYS(!first || !bits_differing(first, now, n),
                       "%s: choice %zu differs", name, i);
            hash = first ? hash : hash_reals(hash, now, 1, n, n);
            any = 1;
            must(srnn_net_init_with(net, &c, 9));
            free(first);
            first = now;
            now = init_all(net, &n);
            CHECK((bits_differing(first, now, n) > 0) == is_random(&c));
            free(now);
            srnn_net_close(net);
        }
        free(first);
    }
    CHECK_SAYS(!any || hash == recorded, "hash %016llx, recorded %016llx",
               (unsigned long long)hash, (unsigned long long)recorded);
}

/* One node, one kind of parameter; the rest keeps its bits. */
static void only(const srnn_kernels *k)
{
    srnn_net *net = init_net(k, SRNN_GRU, 4, 6, 0);
    srnn_init c = srnn_init_default();
    float *before, *after;
    size_t n, changed;

    must(srnn_net_init(net, 1));
    before = init_all(net, &n);
    must(srnn_net_init_with(net, &c, 1));
    after = init_all(net, &n);
    CHECK(!bits_differing(before, after, n)); /* the default is srnn_net_init */
    free(after);
    c.node = srnn_net_find(net, "r");
    c.weights = c.biases = SRNN_INIT_KEEP;
    c.recurrent = SRNN_INIT_IDENTITY;
    must(srnn_net_init_with(net, &c, 1));
    init_diagonal(net, "r.weight_hh_l0", 3, 1);
    init_diagonal(net, "r.weight_hh_l1", 3, 1);
    after = init_all(net, &n);
    changed = bits_differing(before, after, n);
    CHECK_SAYS(changed == 2 * 3 * 6 * 6, "%zu changed", changed);
    free(before);
    free(after);
    srnn_net_close(net);
}

/* Sessions and trainers see it: the panels are packed. */
static void packed(const srnn_kernels *k)
{
    const srnn_session_config config = srnn_session_default();
    srnn_init c = init_matrices(SRNN_INIT_ZERO);
    srnn_real x = 2, y = -1;
    srnn_net *net;
    srnn_node in;
    srnn_session *s;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 1, &in));
    must(srnn_net_linear(net, "l", in, 1, NULL));
    c.recurrent = SRNN_INIT_PYTORCH;
    c.weights = SRNN_INIT_IDENTITY;
    c.biases = SRNN_INIT_ZERO;
    c.gain = 3;
    must(srnn_net_init_with(net, &c, 1));
    must(srnn_session_open(&s, net, &config));
    must(srnn_session_step(s, &x, &y));
    CHECK(y == 6);
    srnn_session_close(s);
    srnn_net_close(net);
}

/* ---- refusals ------------------------------------------------------------ */

static void refused_choices(srnn_net *net)
{
    srnn_init c = srnn_init_default();

    c.weights = SRNN_INIT_KINDS;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "weights", "8 of 8");
    c = srnn_init_default();
    c.recurrent = (srnn_init_kind)-1;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "recurrent", "-1");
    c = srnn_init_default();
    c.biases = SRNN_INIT_ORTHOGONAL;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "biases", "matrices");
    c = srnn_init_default();
    c.gain = NAN;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "gains", "nan");
    c.gain = 1;
    c.recurrent_gain = INFINITY;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "gains", "inf");
    c = srnn_init_default();
    c.forget = SRNN_FORGET_KINDS;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "forget", "3 of 3");
    c.forget = SRNN_FORGET_CONSTANT;
    c.forget_value = INFINITY;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "forget_value",
            "inf");
    c.forget = SRNN_FORGET_CHRONO;
    c.forget_value = 1.5;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "forget_value", "1.5",
            "2");
    c.forget_value = NAN;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "forget_value",
            "nan");
}

/* A choice that finds nothing to fill. */
static void refused_reach(srnn_net *net)
{
    srnn_init c = srnn_init_default();

    c.node = srnn_net_find(net, "l");
    c.recurrent = SRNN_INIT_ORTHOGONAL;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "recurrent", "'l'");
    c.recurrent = SRNN_INIT_KEEP;
    c.forget = SRNN_FORGET_CONSTANT;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "forget", "'l'");
    c.forget = SRNN_FORGET_AS_BIASES;
    c.node = srnn_net_find(net, "e");
    c.biases = SRNN_INIT_ZERO;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "biases", "'e'");
    c.node = srnn_net_find(net, "s");
    c.biases = SRNN_INIT_KEEP;
    c.weights = SRNN_INIT_ZERO;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "weights", "'s'");
    c = srnn_init_default();
    c.forget = SRNN_FORGET_CHRONO;
    c.forget_value = 9;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "forget", "the net");
}

static void refusals(const srnn_kernels *k)
{
    srnn_net *net = init_net(k, SRNN_RNN_TANH, 3, 4, 0);
    srnn_init c = srnn_init_default();
    float *before, *after;
    size_t n;

    must(srnn_net_init(net, 1));
    before = init_all(net, &n);
    REFUSED(SRNN_EINVAL, srnn_net_init_with(NULL, &c, 1), "net");
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, NULL, 1), "init");
    c.node = 4;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "node 4", "net's 4");
    c.node = -2;
    REFUSED(SRNN_EINVAL, srnn_net_init_with(net, &c, 1), "node -2");
    refused_choices(net);
    refused_reach(net);
    after = init_all(net, &n);
    CHECK(!bits_differing(before, after, n));
    free(before);
    free(after);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"init/same-bits", NULL, same_bits},
        {"init/only", only, NULL},
        {"init/packed", packed, NULL},
        {"init/refusals", refusals, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}

/* The attention node by itself: one example of each score worked by hand, and
 * every refusal of the calls that add it. */
#include "check.h"
#include "net_case.h"
#include "oracle.h"
#include "refuse.h"

#include <math.h>

/* ---- by hand ------------------------------------------------------------- */

/* q = (1, 2), keys (1, 0), (0, 1), (1, -1), which are the values too; the
 * second sequence has the first two keys only, the third none.
 *   dot      e = 1, 2, -1
 *   general  W = (0 1; 1 0): W' q = (2, 1), e = 2, 1, 1
 *   additive W_q = W_k = identity, b = 0, v = (1, -1):
 *            e0 = tanh 2 - tanh 2 = 0
 *            e1 = tanh 1 - tanh 3 = .761594156 - .995054754 = -.233460598
 *            e2 = tanh 2 - tanh 1 = .964027580 - .761594156 =  .202433424
 * exp e:
 *   dot      2.718281828, 7.389056099, .367879441: sums 10.475217368 of three,
 *            10.107337927 of two
 *   general  7.389056099, 2.718281828, 2.718281828: 12.825619755, 10.107337927
 *   additive 1, .791787995, 1.224378637: 3.016166632, 1.791787995
 * Bound: an e is below 2 in magnitude and passes 2 tanh and 4 other operations,
 * 24 U in all; so do exp e, relatively, with 3 U for exp; sum and quotient 4 U
 * more: a weight 31 U, a context of three at most 100 U; 2e-9 for the
 * digits. */
static const double e_of[SRNN_SCORE_KINDS][3] = {
    {2.718281828, 7.389056099, 0.367879441},
    {7.389056099, 2.718281828, 2.718281828},
    {1, 0.791787995, 1.224378637}};

static void set(srnn_net *net, const char *name, const srnn_real *x)
{
    srnn_tensor p;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &p));
        if (!strcmp(p.name, name))
            memcpy(p.data, x, p.count * sizeof *x);
    }
}

static srnn_net *hand_net(const srnn_kernels *k, srnn_score_kind score,
                          srnn_axis *axis)
{
    static const srnn_real swap[] = {0, 1, 1, 0}, same[] = {1, 0, 0, 1};
    static const srnn_real v[] = {1, -1};
    srnn_attention_config c = srnn_attention_default();
    srnn_node q, keys, att;
    srnn_net *net;

    c.score = score;
    c.width = 2;
    must(srnn_net_open_on(&net, k));
    must(srnn_net_axis(net, "source", SRNN_BATCH, axis));
    must(srnn_net_input(net, "q", 2, &q));
    must(srnn_net_input_on(net, *axis, "keys", 2, &keys));
    must(srnn_net_attention(net, "att", q, keys, keys, &c, &att));
    must(srnn_net_attention_weights(net, "w", att, 4, NULL));
    set(net, "att.weight", swap);
    set(net, "att.weight_q", same);
    set(net, "att.weight_k", same);
    set(net, "att.v", v);
    must(srnn_net_pack(net));
    return net;
}

static void hand_rows(const srnn_real *y, const srnn_real *w, const double *e,
                      worst *seen)
{
    const double bound = 100 * U + 2e-9;

    for (size_t b = 0; b < 3; b++) {
        const size_t count = 3 - b - (b == 2);
        double sum = 0, x[3] = {0};

        for (size_t s = 0; s < count; s++)
            sum += e[s];
        for (size_t s = 0; s < count; s++)
            x[s] = e[s] / sum;
        for (size_t s = 0; s < 4; s++)
            worst_see(seen, (double)w[b * 4 + s], s < 3 ? x[s] : 0, bound,
                      "weight", b, s);
        worst_see(seen, (double)y[b * 2], x[0] + x[2], bound, "context", b, 0);
        worst_see(seen, (double)y[b * 2 + 1], x[1] - x[2], bound, "context", b,
                  1);
    }
}

static void hand(const srnn_kernels *k)
{
    static srnn_real q[] = {1, 2, 1, 2, 1, 2};
    static srnn_real key[] = {1, 0, 1, 0, 5, 5, 0, 1, 0,
                              1, 5, 5, 1, -1, 5, 5, 5, 5};
    static const size_t length[] = {3, 2, 0};
    worst seen = {0}, wrong = {0};

    for (int score = 0; score < SRNN_SCORE_KINDS; score++) {
        srnn_session_config c = srnn_session_default();
        srnn_real y[6], w[12];
        srnn_array in[2] = {{.node = 0, .data = q}, {.node = 1, .data = key}};
        srnn_array out[2] = {{.node = 2, .data = y}, {.node = 3, .data = w}};
        srnn_session *s;
        srnn_axis axis;
        srnn_net *net = hand_net(k, (srnn_score_kind)score, &axis);

        c.batch = 3;
        must(srnn_session_open(&s, net, &c));
        must(srnn_session_axis(s, axis, 3, length, 3));
        must(srnn_session_forward(s, 1, in, 2, out, 2));
        hand_rows(y, w, e_of[score], &seen);
        hand_rows(y, w, e_of[(score + 1) % SRNN_SCORE_KINDS], &wrong);
        srnn_session_close(s);
        srnn_net_close(net);
    }
    worst_end(&seen, "by hand");
    CHECK_SAYS(wrong.ratio > 1, "the other score's answers passed");
}

/* ---- refusals ------------------------------------------------------------ */

/* On SRNN_TIME q (3), z (4) and symbols s; on "source" k (3), on "other" o (3);
 * on "below", which lies under SRNN_TIME, d (3). */
typedef struct graph {
    srnn_net *net;
    srnn_node q, z, s, k, o, d;
} graph;

static graph graph_open(const srnn_kernels *kernels)
{
    srnn_axis source, other, below;
    graph g;

    must(srnn_net_open_on(&g.net, kernels));
    must(srnn_net_axis(g.net, "source", SRNN_BATCH, &source));
    must(srnn_net_axis(g.net, "other", SRNN_BATCH, &other));
    must(srnn_net_axis(g.net, "below", SRNN_TIME, &below));
    must(srnn_net_input(g.net, "q", 3, &g.q));
    must(srnn_net_input(g.net, "z", 4, &g.z));
    must(srnn_net_tokens(g.net, "s", 5, &g.s));
    must(srnn_net_input_on(g.net, source, "k", 3, &g.k));
    must(srnn_net_input_on(g.net, other, "o", 3, &g.o));
    must(srnn_net_input_on(g.net, below, "d", 3, &g.d));
    return g;
}

static void configs(const srnn_kernels *kernels)
{
    static const double scales[] = {0, -1, INFINITY, NAN};
    srnn_attention_config c = srnn_attention_default();
    graph g = graph_open(kernels);

    REFUSED(SRNN_EINVAL,
            srnn_net_attention(g.net, "a", g.q, g.k, g.k, NULL, NULL),
            "config");
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        c.scale = scales[i];
        REFUSED(SRNN_EINVAL,
                srnn_net_attention(g.net, "a", g.q, g.k, g.k, &c, NULL), "'a'",
                "scale", "above 0");
    }
    c = srnn_attention_default();
    c.score = SRNN_SCORE_KINDS;
    REFUSED(SRNN_EINVAL,
            srnn_net_attention(g.net, "a", g.q, g.k, g.k, &c, NULL), "'a'",
            "score 3");
    c.score = SRNN_SCORE_ADDITIVE;
    REFUSED(SRNN_ESHAPE,
            srnn_net_attention(g.net, "a", g.q, g.k, g.k, &c, NULL), "'a'",
            "width is 0");
    c.width = (size_t)INT32_MAX + 1;
    REFUSED(SRNN_ESHAPE,
            srnn_net_attention(g.net, "a", g.q, g.k, g.k, &c, NULL), "'a'",
            "width is 2147483648", "2147483647");
    CHECK(srnn_net_nodes(g.net) == 6 && srnn_net_params(g.net) == 0);
    srnn_net_close(g.net);
}

static void inputs(const srnn_kernels *kernels)
{
    const srnn_attention_config c = srnn_attention_default();
    graph g = graph_open(kernels);
    srnn_node id = 77;

    REFUSED(SRNN_EINVAL,
            srnn_net_attention(NULL, "a", g.q, g.k, g.k, &c, &id), "net");
    REFUSED(SRNN_EINVAL,
            srnn_net_attention(g.net, NULL, g.q, g.k, g.k, &c, &id), "name");
    REFUSED(SRNN_EINVAL,
            srnn_net_attention(g.net, "q", g.q, g.k, g.k, &c, &id), "'q'",
            "taken");
    REFUSED(SRNN_EINVAL,
            srnn_net_attention(g.net, "a", g.q, g.k, 6, &c, &id), "'a'",
            "input 6", "6 nodes");
    REFUSED(SRNN_EINVAL,
            srnn_net_attention(g.net, "a", g.q, -1, g.k, &c, &id), "'a'",
            "input -1");
    REFUSED(SRNN_EINVAL,
            srnn_net_attention(g.net, "a", g.s, g.k, g.k, &c, &id), "'a'",
            "'s'", "reals");
    REFUSED(SRNN_ESHAPE,
            srnn_net_attention(g.net, "a", g.z, g.k, g.k, &c, &id), "'a'",
            "4 features", "'z'", "3 of keys", "'k'");
    REFUSED(SRNN_ESHAPE,
            srnn_net_attention(g.net, "a", g.q, g.k, g.o, &c, &id), "'a'",
            "keys 'k'", "'source'", "values 'o'", "'other'");
    REFUSED(SRNN_ESHAPE,
            srnn_net_attention(g.net, "a", g.q, g.d, g.d, &c, &id), "'a'",
            "'time'", "'q'", "'below'", "'d'");
    REFUSED(SRNN_ESHAPE,
            srnn_net_attention(g.net, "a", g.d, g.k, g.k, &c, &id), "'a'",
            "'below'", "'source'");
    REFUSED(SRNN_EINVAL, srnn_net_attention_weights(g.net, "w", g.q, 3, &id),
            "'w'", "'q'", "no attention");
    CHECK(id == 77 && srnn_net_nodes(g.net) == 6);
    must(srnn_net_attention(g.net, "a", g.q, g.k, g.k, &c, &id));
    REFUSED(SRNN_ESHAPE, srnn_net_attention_weights(g.net, "w", id, 0, NULL),
            "'w'", "0 features");
    must(srnn_net_attention(g.net, "b", g.o, g.k, g.k, &c, NULL));
    must(srnn_net_attention(g.net, "c", g.d, g.d, g.d, &c, NULL));
    srnn_net_close(g.net);
}

/* Keys on SRNN_TIME are seen whole or not at all. */
static void pieces(const srnn_kernels *kernels)
{
    const srnn_attention_config c = srnn_attention_default();
    srnn_session_config config = srnn_session_default();
    graph g = graph_open(kernels);
    srnn_real x[9] = {0}, y[9];
    srnn_array in = {.node = g.q, .data = x}, out = {.data = y};
    srnn_session *s;

    must(srnn_net_attention(g.net, "a", g.q, g.q, g.q, &c, &out.node));
    config.steps = 2;
    must(srnn_session_open(&s, g.net, &config));
    REFUSED(SRNN_ESHAPE, srnn_session_forward(s, 3, &in, 1, &out, 1), "'a'",
            "all 3 steps", "for 2");
    must(srnn_session_forward(s, 2, &in, 1, &out, 1));
    srnn_session_close(s);
    srnn_net_close(g.net);
}

static void infos(const srnn_kernels *kernels)
{
    srnn_attention_config c = srnn_attention_default();
    graph g = graph_open(kernels);
    srnn_node_info info;
    srnn_node a, w;

    CHECK(c.score == SRNN_SCORE_DOT && c.scale == 1);
    c.score = SRNN_SCORE_ADDITIVE;
    c.width = 7;
    c.scale = 0.5;
    must(srnn_net_attention(g.net, "a", g.z, g.k, g.k, &c,
                            &a));
    must(srnn_net_attention_weights(g.net, "w", a, 9, &w));
    must(srnn_net_node(g.net, a, &info));
    CHECK(!strcmp(info.kind, "attention") && info.features == 3 &&
          info.axis == SRNN_TIME && info.inputs == 3);
    CHECK(info.attention.score == c.score && info.attention.width == 7 &&
          info.attention.scale == 0.5);
    must(srnn_net_node(g.net, w, &info));
    CHECK(!strcmp(info.kind, "attention_weights") && info.features == 9);
    CHECK(srnn_net_params(g.net) == 4);
    srnn_net_close(g.net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"attention/hand", hand, NULL},
        {"attention/configs", configs, NULL},
        {"attention/inputs", inputs, NULL},
        {"attention/pieces", pieces, NULL},
        {"attention/infos", infos, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}

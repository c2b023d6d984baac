/* Scheduled sampling: every refusal, and what it leaves. */
#include "forced.h"
#include "net_case.h"
#include "refuse.h"

#include <math.h>

enum { V = SEQ_V, T = SEQ_T };

static void arguments(const srnn_kernels *k)
{
    static const double rate[] = {-0.5, 1.5, NAN};
    static const char *const text[] = {"is -0.5", "is 1.5", "nan"};
    forced f;

    forced_open(&f, k);
    REFUSED(SRNN_EINVAL, srnn_force(NULL, &f.c, T, f.tokens[0], f.work),
            "from is NULL");
    REFUSED(SRNN_EINVAL, srnn_force(&f.from, NULL, T, f.tokens[0], f.work),
            "config is NULL");
    REFUSED(SRNN_EINVAL, srnn_force(&f.from, &f.c, T, NULL, f.work),
            "tokens is NULL");
    REFUSED(SRNN_EINVAL, srnn_force(&f.from, &f.c, T, f.tokens[0], NULL),
            "work is NULL");
    REFUSED(SRNN_EINVAL, srnn_force(&f.from, &f.c, 0, f.tokens[0], f.work),
            "steps is 0");
    for (size_t i = 0; i < 3; i++) {
        f.c.rate = rate[i];
        REFUSED(SRNN_EINVAL, srnn_force(&f.from, &f.c, T, f.tokens[0], f.work),
                "rate", text[i], "0 to 1");
    }
    f.c.rate = 0.5;
    f.c.sample.temperature = -1;
    REFUSED(SRNN_EINVAL, srnn_force(&f.from, &f.c, T, f.tokens[0], f.work),
            "temperature is -1");
    f.c.sample.temperature = 1;
    f.from.ins = 1;
    REFUSED(SRNN_EINVAL, srnn_force(&f.from, &f.c, T, f.tokens[0], f.work),
            "'out' needs input 'z'");
    f.from.ins = SEQ_INPUTS;
    f.q.given[3][1] = V;
    REFUSED(SRNN_EINVAL, srnn_force(&f.from, &f.c, T, f.tokens[0], f.work),
            "'x'", "5 at step 3, row 1");
    CHECK(f.in[0].tokens == f.q.given[0] && f.in[0].step_stride == SEQ_B);
    forced_close(&f);
}

/* Logits that cannot be drawn from: the given tokens stand again. */
static void logits(const srnn_kernels *k)
{
    srnn_tensor p;
    forced f;

    forced_open(&f, k);
    for (size_t i = 0; i < srnn_net_params(f.q.net); i++) {
        must(srnn_net_param(f.q.net, i, &p));
        if (!strcmp(p.name, "out.bias"))
            p.data[2] = NAN;
    }
    must(srnn_net_pack(f.q.net));
    must(forced_make(&f, NULL)); /* none is asked for at rate 1 */
    f.c.rate = 0;
    REFUSED(SRNN_EINVAL, forced_make(&f, NULL), "logit 2 of 5 is nan");
    CHECK(f.in[0].tokens == f.q.given[0] && f.in[0].step_stride == SEQ_B);
    f.c.rate = 1;
    must(forced_make(&f, f.q.length));
    CHECK(forced_differing(&f) == 0);
    forced_close(&f);
}

/* Tokens "t" on `axis` -> "e" -> a GRU in a direction -> "out"; "below" lies
 * under SRNN_TIME, with an input of its own. */
typedef struct plain {
    srnn_net *net;
    srnn_axis below, beside;
    srnn_node t, out, d;
    srnn_session *s;
} plain;

static void plain_open(plain *p, const srnn_kernels *k, int on_beside,
                       srnn_direction direction)
{
    srnn_recurrent_config c = srnn_recurrent_default();
    srnn_session_config config = srnn_session_default();
    srnn_node x;

    c.hidden = 3;
    c.direction = direction;
    must(srnn_net_open_on(&p->net, k));
    must(srnn_net_axis(p->net, "beside", SRNN_BATCH, &p->beside));
    must(srnn_net_axis(p->net, "below", SRNN_TIME, &p->below));
    must(srnn_net_input_on(p->net, p->below, "d", 2, &p->d));
    must(srnn_net_tokens_on(p->net, on_beside ? p->beside : SRNN_TIME, "t", V,
                            &p->t));
    must(srnn_net_embedding(p->net, "e", p->t, 3, &x));
    must(srnn_net_recurrent(p->net, "gru", x, &c, &x));
    must(srnn_net_linear(p->net, "out", x, V, &p->out));
    must(srnn_session_open(&p->s, p->net, &config));
}

static void plain_close(plain *p)
{
    srnn_session_close(p->s);
    srnn_net_close(p->net);
}

static void nets(const srnn_kernels *k)
{
    static float d[8];
    const srnn_force_config c = srnn_force_default();
    int32_t given[2] = {1, 2}, tokens[2];
    float work[3 * V];
    srnn_array in[2] = {{.tokens = given}, {.data = d}};
    srnn_decoder_session from = {.in = in, .ins = 1};
    plain p;

    plain_open(&p, k, 1, SRNN_FORWARD);
    from.session = p.s;
    from.logits = p.out;
    in[0].node = p.t;
    REFUSED(SRNN_ESHAPE, srnn_force(&from, &c, 2, tokens, work), "in[0] 't'",
            "'beside'", "'time'");
    plain_close(&p);

    plain_open(&p, k, 0, SRNN_REVERSE);
    from.session = p.s;
    REFUSED(SRNN_ESHAPE, srnn_force(&from, &c, 2, tokens, work), "'gru'",
            "all 2 steps");
    must(srnn_force(&from, &c, 1, tokens, work));
    plain_close(&p);

    plain_open(&p, k, 0, SRNN_FORWARD);
    from.session = p.s;
    from.ins = 2;
    in[0] = (srnn_array){.node = p.t, .tokens = given};
    in[1].node = p.d;
    must(srnn_session_axis(p.s, p.below, 2, NULL, 0));
    REFUSED(SRNN_ESHAPE, srnn_force(&from, &c, 2, tokens, work), "'below'",
            "under 2 steps");
    must(srnn_force(&from, &c, 1, tokens, work));
    from.ins = 1;
    in[0].tokens = given;
    must(srnn_force(&from, &c, 2, tokens, work));
    CHECK(tokens[0] == 1 && tokens[1] == 2);
    plain_close(&p);
}

/* Logits on another axis than the tokens. */
static void logits_beside(const srnn_kernels *k)
{
    const srnn_force_config c = srnn_force_default();
    srnn_session_config config = srnn_session_default();
    int32_t tokens[2], given[2] = {0};
    float work[3 * V];
    srnn_array in = {.tokens = given};
    srnn_decoder_session from = {.in = &in, .ins = 1};
    srnn_node x;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_tokens(net, "t", V, &in.node));
    must(srnn_net_embedding(net, "e", in.node, V, &x));
    must(srnn_net_last(net, "last", x, &from.logits));
    must(srnn_session_open(&from.session, net, &config));
    REFUSED(SRNN_ESHAPE, srnn_force(&from, &c, 2, tokens, work),
            "logits 'last'", "'batch'", "'time'");
    srnn_session_close(from.session);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"forcing/arguments", arguments, NULL},
        {"forcing/logits", logits, NULL},
        {"forcing/nets", nets, NULL},
        {"forcing/logits-beside", logits_beside, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}

/* Nets flush subnormal numbers to zero while they run, on every worker, and
 * leave the caller's floating-point mode as they found it. */
#include "net_case.h"
#include "check.h"
#include "numbers.h"
#include "rungs.h"

#include <string.h>

/* ---- the mode ------------------------------------------------------------ */

#if defined(__x86_64__)
/* MXCSR without its sticky exception flags; 13, 14: rounding. */
static uint64_t mode_get(void)
{
    uint32_t mode;

    __asm__ volatile("stmxcsr %0" : "=m"(mode));
    return mode & ~0x3fu;
}

static void mode_set(uint64_t m)
{
    uint32_t mode = (uint32_t)m;

    __asm__ volatile("ldmxcsr %0" : : "m"(mode));
}

#define ROUND_UP 0x4000u
#elif defined(__aarch64__)
/* FPCR; 22, 23: rounding. */
static uint64_t mode_get(void)
{
    uint64_t mode;

    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}

static void mode_set(uint64_t mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}

#define ROUND_UP 0x400000u
#else
static uint64_t mode_get(void) { return 0; }
static void mode_set(uint64_t mode) { (void)mode; }
#define ROUND_UP 0u
#endif

/* ---- it comes back ------------------------------------------------------- */

static void use(srnn_session *s, srnn_trainer *t, const net_data *d)
{
    srnn_net *net = srnn_trainer_net(t);
    float y[3 * 2 * 9];
    const srnn_array out = {.node = srnn_net_find(net, "rnn"), .data = y};
    const uint64_t mode = mode_get();
    srnn_array in[2];
    double loss;

    case_inputs(d, net, in);
#define KEEPS(call) \
    do { \
        must(call); \
        CHECK_SAYS(mode_get() == mode, "%s: mode %llx, not %llx", #call, \
                   (unsigned long long)mode_get(), \
                   (unsigned long long)mode); \
    } while (0)
    KEEPS(srnn_session_forward(s, 3, in, 1, &out, 1));
    KEEPS(srnn_session_loss(s, 3, in, 2, &loss, NULL));
    KEEPS(srnn_session_step(s, d->x, y));
    KEEPS(srnn_trainer_backward(t, 3, in, 2, &loss));
    KEEPS(srnn_trainer_apply(t));
    KEEPS(srnn_trainer_update(t, 3, in, 2, &loss));
    KEEPS(srnn_trainer_loss(t, 3, in, 2, &loss, NULL));
    KEEPS(srnn_net_init(net, 2));
    KEEPS(srnn_net_pack(net));
#undef KEEPS
}

static void comes_back(const srnn_kernels *k)
{
    const uint64_t before = mode_get();
    net_case c = {.layers = 1, .steps = 3, .batch = 2, .in = 3, .hidden = 9,
                  .classes = 4};

    for (size_t i = 0; i < CASE_CELLS; i++)
        for (size_t j = 0; j < 4; j++) {
            srnn_net *net;
            srnn_session *s;
            srnn_trainer *t;
            net_data d;

            case_cell(&c, i);
            net = case_net(k, &c);
            case_data(&d, &c);
            s = case_session(net, &c, 3, 1 + j % 2);
            t = case_trainer(net, &c, 1 + j % 2);
            mode_set(j < 2 ? before : before | ROUND_UP);
            flush_mode(j % 2);
            use(s, t, &d);
            mode_set(before);
            srnn_trainer_close(t);
            srnn_session_close(s);
            srnn_net_close(net);
            case_free(&d);
        }
}

/* ---- it flushes ---------------------------------------------------------- */

enum { WIDE = 70 }; /* units enough for three workers of every rung */

/* y = w x of one input, `threads` workers, the caller's mode not flushing. */
static void wide_linear(const srnn_kernels *k, float w, float x,
                        size_t threads, float *y)
{
    srnn_session_config config = srnn_session_default();
    srnn_session *s;
    srnn_tensor p;
    srnn_node in;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    must(srnn_net_input(net, "x", 1, &in));
    must(srnn_net_linear(net, "y", in, WIDE, NULL));
    must(srnn_net_param(net, 0, &p));
    for (size_t i = 0; i < p.count; i++)
        p.data[i] = w;
    must(srnn_net_pack(net));
    config.threads = threads;
    must(srnn_session_open(&s, net, &config));
    must(srnn_session_step(s, &x, y));
    srnn_session_close(s);
    srnn_net_close(net);
}

/* A subnormal input counts as zero, a subnormal product becomes zero: on the
 * scalar rung, which has no such mode, both are what they are. */
static void flushes(const srnn_kernels *k)
{
    const int vector = rung_is_vector(k);
    const struct {
        float w, x;
    } small[] = {{0x1p40f, 0x1p-130f}, {0x1p-70f, 0x1.8p-70f}};
    float y[WIDE];

    flush_mode(0);
    for (size_t threads = 1; threads <= 3; threads++)
        for (size_t i = 0; i < 2; i++) {
            wide_linear(k, small[i].w, small[i].x, threads, y);
            for (size_t u = 0; u < WIDE; u++)
                CHECK_SAYS((y[u] == 0) == vector,
                           "%a x %a, %zu threads, unit %zu: %a", small[i].w,
                           small[i].x, threads, u, y[u]);
        }
    wide_linear(k, 0x1p-60f, 0x1p-60f, 2, y);
    CHECK(y[0] == 0x1p-120f && y[WIDE - 1] == 0x1p-120f);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"mode/comes-back", comes_back, NULL},
        {"mode/flushes", flushes, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}

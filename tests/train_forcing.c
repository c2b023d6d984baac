/* Scheduled sampling cures what teacher forcing leaves (exposure bias, Bengio
 * et al. 2015). A walk on a line: y_t = y_(t-1) + a move of -1, 0 or 1, at the
 * ends 0. The net reads y_(t-1), the move with a little noise and y_t with
 * much. Given the true y_(t-1), the reading of y_t is worth next to nothing;
 * where the net reads its own, nothing else ends a mistake. So a net that has
 * never read its own drifts away. */
#include "check.h"
#include "numbers.h"
#include "tiny.h"

#include <simdrnn/generate.h>

#include <math.h>

enum { PLACES = 24, B = 16, T = 60, FEATURES = 2, UPDATES = 600, HELD = 32 };

static const double move_noise = 0.35, place_noise = 2;

typedef struct walks {
    int32_t before[T][B], place[T][B];
    float z[T][B][FEATURES];
} walks;

/* The sum of three of variance 1/3 each. */
static double noise(void)
{
    return (double)data_real() + (double)data_real() + (double)data_real();
}

static void walk(walks *w)
{
    for (size_t b = 0; b < B; b++) {
        int32_t y = (int32_t)data_below(PLACES);

        for (size_t t = 0; t < T; t++) {
            const int32_t to = y + (int32_t)data_below(3) - 1;
            const int32_t now = to < 0 || to >= PLACES ? y : to;

            w->before[t][b] = y;
            w->place[t][b] = now;
            w->z[t][b][0] = (float)(now - y + move_noise * noise());
            w->z[t][b][1] = (float)((now + place_noise * noise()) / PLACES);
            y = now;
        }
    }
}

/* ---- the net ------------------------------------------------------------- */

typedef struct model {
    srnn_net *net;
    srnn_session *session;
    srnn_array in[3]; /* places before, features, places */
    srnn_decoder_session from;
    srnn_force_config force;
    int32_t tokens[T][B];
    float work[(B + 2) * PLACES];
} model;

static void build(model *m)
{
    srnn_recurrent_config cell = srnn_recurrent_default();
    srnn_session_config config = srnn_session_default();
    srnn_node x[2];

    cell.cell = SRNN_GRU;
    cell.hidden = 48;
    tiny_must(srnn_net_open(&m->net, NULL));
    tiny_must(srnn_net_tokens(m->net, "before", PLACES, &m->in[0].node));
    tiny_must(srnn_net_embedding(m->net, "e", m->in[0].node, 16, &x[0]));
    tiny_must(srnn_net_input(m->net, "z", FEATURES, &x[1]));
    m->in[1].node = x[1];
    tiny_must(srnn_net_concat(m->net, "x", x, 2, &x[0]));
    tiny_must(srnn_net_recurrent(m->net, "gru", x[0], &cell, &x[0]));
    tiny_must(srnn_net_linear(m->net, "out", x[0], PLACES, &m->from.logits));
    tiny_must(srnn_net_tokens(m->net, "place", PLACES, &m->in[2].node));
    tiny_must(srnn_net_cross_entropy(m->net, "loss", m->from.logits,
                                     m->in[2].node, &x[0]));
    tiny_must(srnn_net_init(m->net, 1));
    config.batch = B;
    tiny_must(srnn_session_open(&m->session, m->net, &config));
    m->from.session = m->session;
    m->from.in = m->in;
    m->from.ins = 3;
    m->force = srnn_force_default();
    m->force.sample.temperature = 0;
}

/* The inputs of a call on new walks. */
static void force(model *m, walks *w)
{
    walk(w);
    m->in[0].tokens = w->before[0];
    m->in[1].data = w->z[0][0];
    m->in[2].tokens = w->place[0];
    srnn_session_reset(m->session);
    tiny_must(srnn_force(&m->from, &m->force, T, m->tokens[0], m->work));
}

static void train(model *m, const srnn_schedule *rate)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *trainer;
    walks w;

    config.batch = B;
    config.steps = T;
    config.lr = 5e-3;
    config.clip_norm = 1;
    tiny_must(srnn_trainer_open(&trainer, m->net, &config));
    data_seed(1);
    for (uint64_t u = 0; u < UPDATES; u++) {
        m->force.update = u;
        m->force.rate = srnn_schedule_at(rate, u);
        force(m, &w);
        srnn_trainer_reset(trainer);
        tiny_must(srnn_trainer_update(trainer, T, m->in, 3, NULL));
    }
    srnn_trainer_close(trainer);
}

/* ---- what it has learnt -------------------------------------------------- */

enum { WALKS = HELD * B };

static double mean(const double *x)
{
    double sum = 0;

    for (size_t i = 0; i < WALKS; i++)
        sum += x[i];
    return sum / WALKS;
}

/* Walks that the net has not seen: the mean squared distance of the places it
 * says from the true ones, in each; those of the last step are not read again.
 * The loss when it is given the true ones. */
static void look(model *m, double far[WALKS], double *nats)
{
    double loss;
    walks w;

    data_seed(2);
    m->force.rate = 0;
    *nats = 0;
    for (size_t i = 0; i < WALKS; i++) {
        if (i % B == 0) {
            force(m, &w);
            m->in[0].tokens = w.before[0];
            srnn_session_reset(m->session);
            tiny_must(srnn_session_loss(m->session, T, m->in, 3, &loss, NULL));
            *nats += loss / HELD;
        }
        far[i] = 0;
        for (size_t t = 1; t < T; t++) {
            const double d = m->tokens[t][i % B] - w.before[t][i % B];

            far[i] += d * d / (T - 1);
        }
    }
}

static void trained(const char *name, const srnn_schedule *rate,
                    double far[WALKS])
{
    double before, nats;
    model m = {0};

    build(&m);
    look(&m, far, &nats);
    before = mean(far);
    train(&m, rate);
    look(&m, far, &nats);
    check_note("%s: mean squared distance %.3g (untrained %.3g), %.3g nats "
               "when given the true places",
               name, mean(far), before, nats);
    CHECK(mean(far) < before / 10);
    srnn_session_close(m.session);
    srnn_net_close(m.net);
}

/* The same net, walks and updates. The mean difference over walks is more than
 * five of its standard errors above 0. */
static void cured(void)
{
    const srnn_schedule teacher = {.kind = SRNN_CONSTANT};
    const srnn_schedule falling = {.kind = SRNN_LINEAR, .span = UPDATES / 2};
    static double forced[WALKS], sampled[WALKS], gain[WALKS], square[WALKS];
    double error;

    trained("teacher forcing", &teacher, forced);
    trained("scheduled sampling", &falling, sampled);
    for (size_t i = 0; i < WALKS; i++)
        gain[i] = forced[i] - sampled[i];
    for (size_t i = 0; i < WALKS; i++)
        square[i] = (gain[i] - mean(gain)) * (gain[i] - mean(gain));
    error = sqrt(mean(square) / (WALKS - 1));
    check_note("the difference is %.3g +- %.2g", mean(gain), error);
    CHECK(mean(gain) > 5 * error);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"forcing/cured", NULL, cured},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}

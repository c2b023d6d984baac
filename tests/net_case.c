/* Nets and data that the tests of cells, gradients and promises share. */
#include "net_case.h"

#include "lstm_flags.h"
#include "numbers.h"
#include "phi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void must(srnn_status status)
{
    if (status == SRNN_OK)
        return;
    printf("FAILED: %s: %s\n", srnn_strerror(status), srnn_error_message());
    exit(1);
}

void *case_take(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);

    if (!p) {
        printf("FAILED: no memory for %zu bytes\n", bytes);
        exit(1);
    }
    return p;
}

void case_cell(net_case *c, size_t i)
{
    static const srnn_cell_kind cells[CASE_CELLS] = {
        SRNN_RNN_TANH, SRNN_RNN_RELU, SRNN_LSTM,      SRNN_GRU,
        SRNN_GRU,      SRNN_GRU_BEFORE, SRNN_GRU_BEFORE};

    c->cell = cells[i];
    c->z_takes_new = i == 4 || i == 6;
}

void case_norm(net_case *c, size_t i)
{
    static const struct {
        srnn_cell_kind cell;
        int z_takes_new;
        srnn_norm_kind norm;
    } cells[CASE_NORMS] = {
        {SRNN_RNN_TANH, 0, SRNN_NORM_LAYER},
        {SRNN_RNN_RELU, 0, SRNN_NORM_LAYER},
        {SRNN_LSTM, 0, SRNN_NORM_LAYER},
        {SRNN_GRU, 0, SRNN_NORM_LAYER},
        {SRNN_GRU, 1, SRNN_NORM_LAYER},
        {SRNN_RNN_TANH, 0, SRNN_NORM_BATCH},
        {SRNN_RNN_RELU, 0, SRNN_NORM_BATCH},
        {SRNN_LSTM, 0, SRNN_NORM_BATCH},
    };

    c->cell = cells[i].cell;
    c->z_takes_new = cells[i].z_takes_new;
    c->norm = cells[i].norm;
    c->norm_steps = 2;
}

size_t case_phi(const char *name)
{
    size_t i = 0;

    while (name && i < PHIS && strcmp(phis[i].name, name))
        i++;
    if (i < PHIS)
        return name ? i + 1 : 0;
    printf("FAILED: no activation '%s'\n", name);
    exit(1);
}

void case_variant(net_case *c, size_t i)
{
    static const struct {
        size_t cell; /* of case_cell */
        const char *act[2];
        double clip;
        int one_bias;
    } all[CASE_VARIANTS] = {
        {0, {"softsign"}, .5, 0},
        {0, {"own"}, .6, 0},
        {1, {"leaky_relu"}, 0, 0},
        {0, {"scaled_tanh"}, 0, 0},
        {1, {NULL}, .4, 0},
        {3, {"hard_sigmoid", "elu"}, 0, 1},
        {4, {NULL, "softplus"}, .7, 0},
        {3, {"own", "own"}, .6, 0},
        {3, {NULL}, 0, 1},
        {5, {"own", NULL}, 0, 1},
        {6, {"softsign", "own"}, .8, 0},
        {5, {"affine", "thresholded_relu"}, 0, 0},
        {6, {NULL}, 0, 1},
    };

    case_cell(c, all[i].cell);
    c->clip = all[i].clip;
    c->one_bias = all[i].one_bias;
    for (size_t role = 0; role < 2; role++)
        c->act[role] = case_phi(all[i].act[role]);
}

/* ---- the LSTM's variants ------------------------------------------------- */

/* Five sets of flags with a projection, with a clip of c, with both, with a
 * clip of the projection too. */
static void lstm_projected(net_case *c, size_t i)
{
    static const unsigned flags[5] = {
        0, SRNN_LSTM_PEEPHOLES, SRNN_LSTM_COUPLED | SRNN_LSTM_PEEPHOLES,
        SRNN_LSTM_FULL_RECURRENCE | SRNN_LSTM_PEEPHOLES,
        SRNN_LSTM_NO_INPUT_GATE | SRNN_LSTM_NO_OUTPUT_GATE};

    c->lstm = flags[i % 5];
    if (i / 5 != 1)
        c->projection = i % 2 ? c->hidden + 2 : 1 + c->hidden / 2;
    if (i / 5 > 0)
        c->cell_clip = 0.5;
    if (i / 5 > 2)
        c->projection_clip = 0.25;
}

/* Other activations; the first two are Greff's NIAF and NOAF. */
static const struct {
    unsigned lstm;
    size_t projection;
    double clip, cell_clip;
    const char *act[3];
} lstm_acts[] = {
    {0, 0, 0, 0, {NULL, "identity", NULL}},
    {0, 0, 0, 0, {NULL, NULL, "identity"}},
    {0, 0, 0.5, 0, {NULL, NULL, NULL}},
    {0, 0, 0, 0, {"own", "own", "own"}},
    {SRNN_LSTM_PEEPHOLES, 0, 0.6, 0, {"hard_sigmoid", "softsign", "elu"}},
    {SRNN_LSTM_PEEPHOLES | SRNN_LSTM_FULL_RECURRENCE, 3, 0.5, 0,
     {"own", NULL, "softplus"}},
    {SRNN_LSTM_PEEPHOLES | SRNN_LSTM_COUPLED, 2, 0, 0.5,
     {NULL, "scaled_tanh", "own"}},
    {SRNN_LSTM_NO_FORGET_GATE, 0, 0.4, 0, {"softplus", "own", NULL}},
};

enum { LSTM_ACTS = sizeof lstm_acts / sizeof *lstm_acts };

int case_lstm(net_case *c, size_t i)
{
    c->cell = SRNN_LSTM;
    c->lstm = 0;
    c->projection = c->act[0] = c->act[1] = c->act[2] = 0;
    c->clip = c->cell_clip = c->projection_clip = 0;
    for (unsigned flags = 1; flags < LSTM_FLAGS; flags++)
        if (lstm_makes_sense(flags) && i-- == 0) {
            c->lstm = flags;
            return 1;
        }
    if (i < 20) {
        lstm_projected(c, i);
        return 1;
    }
    i -= 20;
    if (i >= LSTM_ACTS)
        return 0;
    c->lstm = lstm_acts[i].lstm;
    c->projection = lstm_acts[i].projection;
    c->clip = lstm_acts[i].clip;
    c->cell_clip = lstm_acts[i].cell_clip;
    for (size_t role = 0; role < 3; role++)
        c->act[role] = case_phi(lstm_acts[i].act[role]);
    return 1;
}

size_t case_outputs(const net_case *c)
{
    return c->projection ? c->projection : c->hidden;
}

static size_t layer_states(const net_case *c)
{
    return c->cell != SRNN_LSTM                      ? 1
           : c->lstm & SRNN_LSTM_FULL_RECURRENCE ? 3
                                                     : 2;
}

size_t case_state_width(const net_case *c, size_t s)
{
    const size_t i = s % layer_states(c);

    return i == 0 ? case_outputs(c) : i == 1 ? c->hidden : 3 * c->hidden;
}

size_t case_states_before(const net_case *c, size_t s)
{
    size_t n = 0;

    while (s-- > 0)
        n += case_state_width(c, s);
    return n;
}

srnn_recurrent_config case_config(const net_case *c)
{
    srnn_recurrent_config r = srnn_recurrent_default();

    r.cell = c->cell;
    r.hidden = c->hidden;
    r.layers = c->layers;
    r.z_takes_new = c->z_takes_new;
    r.clip = c->clip;
    r.one_bias = c->one_bias;
    r.norm = c->norm;
    r.norm_steps = c->norm_steps;
    r.lstm = c->lstm;
    r.projection = c->projection;
    r.cell_clip = c->cell_clip;
    r.projection_clip = c->projection_clip;
    r.forget_bias = c->forget_bias;
    for (size_t role = 0; role < 3; role++)
        if (c->act[role])
            r.activation[role] = phis[c->act[role] - 1].act;
    return r;
}

const char *case_cell_name(const net_case *c)
{
    static char name[120];
    static const char *const norms[SRNN_NORM_KINDS] = {"", "_layer_norm",
                                                       "_batch_norm"};
    const char *act[3] = {"", "", ""};
    size_t n;

    for (size_t role = 0; role < 3; role++)
        if (c->act[role])
            act[role] = phis[c->act[role] - 1].name;
    snprintf(name, sizeof name, "%s%s%s%s%s%s%s%s%s%s%s",
             srnn_cell_name(c->cell), c->z_takes_new ? "_new" : "",
             norms[c->norm], *act[0] ? "+" : "", act[0],
             *act[1] ? "+n:" : "", act[1], *act[2] ? "+h:" : "", act[2],
             c->clip > 0 ? "+clip" : "", c->one_bias ? "+one" : "");
    n = strlen(name);
    if (c->lstm)
        snprintf(name + n, sizeof name - n, "_%x", c->lstm);
    n = strlen(name);
    if (c->projection)
        snprintf(name + n, sizeof name - n, "_P%zu", c->projection);
    n = strlen(name);
    snprintf(name + n, sizeof name - n, "%s%s", c->cell_clip > 0 ? "_clip" : "",
             c->projection_clip > 0 ? "_pclip" : "");
    return name;
}

const char *case_name(const net_case *c)
{
    static char name[200];

    snprintf(name, sizeof name, "%s%s/L%zuT%zuB%zuI%zuH%zuC%zu",
             c->tokens ? "tokens_" : "", case_cell_name(c), c->layers,
             c->steps, c->batch, c->in, c->hidden, c->classes);
    return name;
}

/* ---- the net ------------------------------------------------------------- */

static srnn_node add_input(srnn_net *net, const net_case *c)
{
    srnn_node x, in;

    if (!c->tokens) {
        must(srnn_net_input(net, "x", c->in, &x));
        return x;
    }
    must(srnn_net_tokens(net, "x", c->classes, &x));
    must(srnn_net_embedding(net, "in", x, c->in, &in));
    return in;
}

void case_fill_params(srnn_net *net)
{
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        srnn_tensor p;
        double scale;

        must(srnn_net_param(net, i, &p));
        scale = p.rank == 2 && !p.average ? 1 / sqrt((double)p.shape[1]) : 0.5;
        for (size_t j = 0; j < p.count; j++)
            p.data[j] = (srnn_real)scale * data_real();
        for (size_t j = 0; p.average && strstr(p.name, "_var") && j < p.count;
             j++)
            p.data[j] = p.data[j] * p.data[j];
    }
    must(srnn_net_pack(net));
}

srnn_net *case_net(const srnn_kernels *k, const net_case *c)
{
    const srnn_recurrent_config r = case_config(c);
    srnn_node in, rnn, out, y;
    srnn_net *net;

    must(srnn_net_open_on(&net, k));
    in = add_input(net, c);
    must(srnn_net_recurrent(net, "rnn", in, &r, &rnn));
    must(srnn_net_linear(net, "out", rnn, c->classes, &out));
    must(srnn_net_tokens(net, "y", c->classes, &y));
    must(srnn_net_cross_entropy(net, "loss", out, y, NULL));
    case_fill_params(net);
    return net;
}

/* ---- data ---------------------------------------------------------------- */

static srnn_real *random_reals(size_t n)
{
    srnn_real *x = case_take(n * sizeof *x);

    for (size_t i = 0; i < n; i++)
        x[i] = data_real();
    return x;
}

void case_data(net_data *d, const net_case *c)
{
    const size_t rows = c->steps * c->batch;

    d->c = *c;
    d->length = NULL;
    d->id = NULL;
    d->x = random_reals(rows * c->in);
    d->token = case_take(rows * sizeof *d->token);
    d->target = case_take(rows * sizeof *d->target);
    for (size_t i = 0; i < rows; i++) {
        d->token[i] = (int32_t)data_below(c->classes);
        d->target[i] = (int32_t)data_below(c->classes);
        if (i && data_below(4) == 0)
            d->target[i] = -1;
    }
    d->states = c->layers * layer_states(c);
    d->state = random_reals(case_states_before(c, d->states) * c->batch);
}

void case_free(net_data *d)
{
    free(d->x);
    free(d->token);
    free(d->target);
    free(d->state);
}

void case_inputs(const net_data *d, const srnn_net *net, srnn_array in[2])
{
    in[0] = (srnn_array){.node = srnn_net_find(net, "x"),
                         .data = d->c.tokens ? NULL : d->x,
                         .tokens = d->c.tokens ? d->token : NULL};
    in[1] = (srnn_array){.node = srnn_net_find(net, "y"),
                         .tokens = d->target};
}

/* ---- handles ------------------------------------------------------------- */

srnn_trainer *case_trainer(srnn_net *net, const net_case *c, size_t threads)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *t;

    config.batch = c->batch;
    config.steps = c->steps;
    config.threads = threads;
    config.input_gradients = 1;
    must(srnn_trainer_open(&t, net, &config));
    return t;
}

srnn_session *case_session(srnn_net *net, const net_case *c, size_t steps,
                           size_t threads)
{
    srnn_session_config config = srnn_session_default();
    srnn_session *s;

    config.batch = c->batch;
    config.steps = steps;
    config.threads = threads;
    must(srnn_session_open(&s, net, &config));
    return s;
}

int case_is_count(const srnn_tensor *state)
{
    return strstr(state->name, ".step_l") != NULL;
}

static const srnn_real *set_state(const srnn_tensor *to, const srnn_real *from)
{
    if (case_is_count(to)) {
        memset(to->data, 0, to->count * sizeof *to->data);
        return from;
    }
    memcpy(to->data, from, to->count * sizeof *from);
    return from + to->count;
}

void case_trainer_states(srnn_trainer *t, const net_data *d)
{
    const srnn_real *from = d->state;
    srnn_tensor state;

    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state(t, i, &state));
        from = set_state(&state, from);
    }
}

void case_session_states(srnn_session *s, const net_data *d)
{
    const srnn_real *from = d->state;
    srnn_tensor state;

    for (size_t i = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &state));
        from = set_state(&state, from);
    }
}

/* Nets and data that the tests of cells, gradients and promises share. */
#include "net_case.h"

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
    for (size_t role = 0; role < 2; role++) {
        c->act[role] = 0;
        for (size_t p = 0; all[i].act[role] && p < PHIS; p++)
            if (!strcmp(phis[p].name, all[i].act[role]))
                c->act[role] = p + 1;
    }
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
    for (size_t role = 0; role < 2; role++)
        if (c->act[role])
            r.activation[role] = phis[c->act[role] - 1].act;
    return r;
}

const char *case_cell_name(const net_case *c)
{
    static char name[80];
    static const char *const norms[SRNN_NORM_KINDS] = {"", "_layer_norm",
                                                       "_batch_norm"};
    const char *act[2] = {"", ""};

    for (size_t role = 0; role < 2; role++)
        if (c->act[role])
            act[role] = phis[c->act[role] - 1].name;
    snprintf(name, sizeof name, "%s%s%s%s%s%s%s%s%s", srnn_cell_name(c->cell),
             c->z_takes_new ? "_new" : "", norms[c->norm], *act[0] ? "+" : "", act[0],
             *act[1] ? "+n:" : "", act[1], c->clip > 0 ? "+clip" : "",
             c->one_bias ? "+one" : "");
    return name;
}

const char *case_name(const net_case *c)
{
    static char name[160];

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
    d->states = c->layers * (c->cell == SRNN_LSTM ? 2 : 1);
    d->state = random_reals(d->states * c->batch * c->hidden);
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

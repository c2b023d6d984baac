/* A net of any shape, stopped and opened again from its file alone, goes on as
 * if it had never been stopped: masks, running averages, carried and learned
 * states, several losses and axes. What is left out must show, and what is not
 * the file's is refused. */
#include "check.h"
#include "file_nets.h"
#include "files.h"

#include <simdrnn/io.h>

#include <string.h>

enum { STOP = 2, UPDATES = 4 };

/* What is lost on the way. */
typedef enum loss {
    NOTHING,
    STEP,
    BEGUN,
    AVERAGES,
    STATES,
    COUNT,
} loss;

typedef struct run {
    srnn_net *net;
    srnn_trainer *trainer;
    const graph_data *data; /* of each update */
    double loss;
} run;

static srnn_trainer_config settings(const graph *g)
{
    srnn_trainer_config c = srnn_trainer_default();

    c.batch = g->batch;
    c.steps = g->steps;
    memcpy(c.axis_steps, g->axis_steps, sizeof c.axis_steps);
    c.lr = 0.05;
    c.seed = 0xfedcba9876543210u;
    return c;
}

/* Identities of the sequences belong to a call: they are given in each. */
static void train(run *r, uint64_t updates)
{
    static const uint64_t id[] = {(uint64_t)1 << 40, 7, 19};

    while (srnn_trainer_updates(r->trainer) < updates) {
        const graph_data *d = &r->data[srnn_trainer_updates(r->trainer)];

        graph_axes(NULL, r->trainer, d);
        must(srnn_trainer_sequences(r->trainer, id,
                                    srnn_trainer_step(r->trainer)));
        must(srnn_trainer_update(r->trainer, d->g.steps, d->in, d->ins,
                                 &r->loss));
    }
}

static void close_run(run *r)
{
    srnn_trainer_close(r->trainer);
    srnn_net_close(r->net);
}

/* Nets that go on in segments of two steps, where they can be cut: masks, and
 * first states from another axis. */
static int goes_in_segments(const char *name)
{
    return !strncmp(name, "masks/", 6) || !strcmp(name, "graph/encoder");
}

/* From the file alone, in another number of threads. */
static void open_again(run *r, const char *path, const graph_data *data)
{
    srnn_progress at = {.position = 0};
    srnn_trainer_config c;

    *r = (run){.data = data};
    must(srnn_model_load(&r->net, path, NULL));
    must(srnn_checkpoint_peek(path, &c, NULL));
    CHECK(c.seed == settings(&data->g).seed && c.threads == 1 &&
          !memcmp(c.axis_steps, data->g.axis_steps, sizeof c.axis_steps));
    c.threads = 2;
    c.segment = goes_in_segments(data->g.name) ? 2 : 0;
    if (srnn_trainer_open(&r->trainer, r->net, &c)) {
        c.segment = 0;
        must(srnn_trainer_open(&r->trainer, r->net, &c));
    }
    must(srnn_checkpoint_load(r->trainer, &at, path));
}

/* ---- what is lost -------------------------------------------------------- */

static void lose_averages(srnn_net *net)
{
    srnn_tensor x;

    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_net_param(net, i, &x));
        if (x.average)
            memset(x.data, 0, x.count * sizeof *x.data);
    }
}

static void lose_states(srnn_trainer *t)
{
    srnn_tensor x;

    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state(t, i, &x));
        memset(x.data, 0, x.count * sizeof *x.data);
    }
}

static void lose(run *r, loss what)
{
    if (what == STEP)
        must(srnn_trainer_sequences(r->trainer, NULL, 0));
    if (what == BEGUN)
        srnn_trainer_set_begun(r->trainer, 0);
    if (what == AVERAGES)
        lose_averages(r->net);
    if (what == STATES)
        lose_states(r->trainer);
    if (what == COUNT)
        srnn_trainer_set_updates(r->trainer, STOP + 1);
}

/* ---- where they differ --------------------------------------------------- */

static int differ(const srnn_tensor *a, const srnn_tensor *b)
{
    return strcmp(a->name, b->name) || a->count != b->count ||
           memcmp(a->data, b->data, a->count * sizeof *a->data);
}

/* The first array that differs, NULL: none does. */
static const char *difference(const run *a, const run *b)
{
    srnn_tensor x, y;

    for (size_t i = 0; i < srnn_net_params(a->net); i++) {
        must(srnn_net_param(a->net, i, &x));
        must(srnn_net_param(b->net, i, &y));
        if (differ(&x, &y))
            return x.name;
        for (size_t m = 0; m < srnn_trainer_moments(a->trainer); m++) {
            must(srnn_trainer_moment(a->trainer, m, i, &x));
            must(srnn_trainer_moment(b->trainer, m, i, &y));
            if (differ(&x, &y))
                return "a moment";
        }
    }
    for (size_t i = 0; i < srnn_trainer_states(a->trainer); i++) {
        must(srnn_trainer_state(a->trainer, i, &x));
        must(srnn_trainer_state(b->trainer, i, &y));
        if (differ(&x, &y))
            return x.name;
    }
    if (srnn_trainer_step(a->trainer) != srnn_trainer_step(b->trainer))
        return "the step";
    return memcmp(&a->loss, &b->loss, sizeof a->loss) ? "the loss" : NULL;
}

/* ---- whole and stopped --------------------------------------------------- */

static run begin(srnn_net *net, const graph_data *data)
{
    const srnn_trainer_config c = settings(&data->g);
    run r = {.net = net, .data = data};

    must(srnn_trainer_open(&r.trainer, net, &c));
    train(&r, STOP);
    return r;
}

/* Where the net, stopped, with something lost, differs from the whole run. */
static const char *resumed(srnn_net *net, const graph_data *data, loss what)
{
    const char *path = file_path("stopped.safetensors");
    const srnn_progress at = {.position = STOP};
    run whole = begin(net, data), parts;
    const char *where;

    must(srnn_checkpoint_save(whole.trainer, &at, path));
    train(&whole, UPDATES);
    open_again(&parts, path, data);
    lose(&parts, what);
    train(&parts, UPDATES);
    where = difference(&whole, &parts);
    close_run(&parts);
    srnn_trainer_close(whole.trainer);
    return where;
}

static const char *resumed_net(srnn_net *net, const graph *g, loss what)
{
    graph_data data[UPDATES];
    const char *where;

    for (size_t i = 0; i < UPDATES; i++)
        graph_fill(&data[i], net, g);
    where = resumed(net, data, what);
    for (size_t i = 0; i < UPDATES; i++)
        graph_free(&data[i]);
    return where;
}

/* Where the loss of what the net needs must show. */
static const struct {
    const char *net;
    loss what;
} controls[] = {
    {"masks/dropout", STEP},     {"masks/zoneout", STEP},
    {"masks/dropout", COUNT},    {"graph/learned", BEGUN},
    {"norm/batch", AVERAGES},    {"graph/both", STATES},
    {"masks/node/once", COUNT},
};

enum { CONTROLS = sizeof controls / sizeof *controls };

static void run_controls(const srnn_kernels *k, size_t i, const char *name,
                         size_t *seen)
{
    for (size_t j = 0; j < CONTROLS; j++) {
        char again[64];
        graph g;
        srnn_net *net;

        if (strcmp(controls[j].net, name))
            continue;
        net = file_net(k, i, again, &g);
        CHECK_SAYS(resumed_net(net, &g, controls[j].what),
                   "%s: control %d does not show", name, controls[j].what);
        srnn_net_close(net);
        ++*seen;
    }
}

static void every_net(void)
{
    srnn_kernels k;
    srnn_net *net;
    size_t count = 0, seen = 0;
    char name[64];
    graph g;

    must(srnn_kernels_get(&k, NULL));
    for (; (net = file_net(&k, count, name, &g)); count++) {
        const char *where = resumed_net(net, &g, NOTHING);

        CHECK_SAYS(!where, "%s: %s differs", name, where);
        srnn_net_close(net);
        run_controls(&k, count, name, &seen);
    }
    CHECK_SAYS(seen == CONTROLS, "%zu controls of %d", seen, CONTROLS);
    check_note("%zu nets stopped and resumed", count);
}

/* ---- refusals ------------------------------------------------------------ */

static srnn_net *find_net(const srnn_kernels *k, const char *wanted, graph *g)
{
    static char name[64];
    srnn_net *net;

    for (size_t i = 0; (net = file_net(k, i, name, g)); i++) {
        if (!strcmp(name, wanted))
            return net;
        srnn_net_close(net);
    }
    must(SRNN_EINVAL);
    return NULL;
}

static void refused(srnn_net *net, const srnn_trainer_config *c,
                    const char *path, const char *words)
{
    srnn_progress at = {.position = 0};
    srnn_trainer *t;

    must(srnn_trainer_open(&t, net, c));
    CHECK(srnn_checkpoint_load(t, &at, path) == SRNN_ESTATE);
    CHECK_SAYS(strstr(srnn_error_message(), words), "says '%s', not '%s'",
               srnn_error_message(), words);
    CHECK(srnn_trainer_updates(t) == 0);
    srnn_trainer_close(t);
}

static void settings_refused(srnn_net *net, const graph *g, const char *path)
{
    srnn_trainer_config c = settings(g);

    c.seed = 5;
    refused(net, &c, path, "trainer: seed is \"18364758544493064720\" in the "
                           "file, \"5\" here");
    c = settings(g);
    c.axis_steps[2] = 9;
    refused(net, &c, path, "trainer: axis_steps is [] in the file, [0,0,9] "
                           "here");
}

/* What one net leaves at its default, the other has, and the other way. */
static void disagreements(void)
{
    const char *one = file_path("one.safetensors");
    const char *two = file_path("two.safetensors");
    const srnn_progress at = {.position = 0};
    srnn_trainer_config c;
    srnn_kernels k;
    graph g, h;
    srnn_net *a, *b;
    srnn_trainer *t;

    must(srnn_kernels_get(&k, NULL));
    a = find_net(&k, "masks/dropout", &g);
    b = find_net(&k, "masks/zoneout", &h);
    c = settings(&g);
    must(srnn_trainer_open(&t, a, &c));
    must(srnn_checkpoint_save(t, &at, one));
    srnn_trainer_close(t);
    must(srnn_trainer_open(&t, b, &c));
    must(srnn_checkpoint_save(t, &at, two));
    srnn_trainer_close(t);
    refused(b, &c, one, "node rnn: zoneout_h is 0.0 in the file, 0.2");
    refused(a, &c, two, "node rnn: dropout is 0.0 in the file, 0.4");
    settings_refused(a, &g, one);
    srnn_net_close(a);
    srnn_net_close(b);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"every-net", NULL, every_net},
                                       {"disagreements", NULL, disagreements},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}

/* Nets with dropout and zoneout in files: every rate comes back, and a run that
 * was stopped draws the masks that it would have drawn. */
#include "files.h"
#include "refuse.h"
#include "tiny.h"

#include <stdlib.h>

#include <simdrnn/io.h>

enum { STEPS = 10, BATCH = 3 };

static srnn_net *masked_net(double rate)
{
    srnn_recurrent_config r = srnn_recurrent_default();
    const srnn_dropout_config drop = {rate, 1};
    srnn_node node, next;
    srnn_net *net;

    r.hidden = 7;
    r.layers = 2;
    r.dropout = rate;
    r.dropout_hidden = rate / 2;
    r.zoneout_h = rate / 4;
    r.zoneout_c = rate / 8;
    tiny_must(srnn_net_open(&net, NULL));
    tiny_must(srnn_net_tokens(net, "text", TINY_SYMBOLS, &node));
    tiny_must(srnn_net_embedding(net, "in", node, 5, &node));
    tiny_must(srnn_net_recurrent(net, "rnn", node, &r, &node));
    tiny_must(srnn_net_dropout(net, "drop", node, &drop, &node));
    r = srnn_recurrent_default();
    r.hidden = 3;
    r.dropout_input = rate;
    tiny_must(srnn_net_recurrent(net, "top", node, &r, &node));
    tiny_must(srnn_net_linear(net, "out", node, TINY_SYMBOLS, &node));
    tiny_must(srnn_net_tokens(net, "next", TINY_SYMBOLS, &next));
    tiny_must(srnn_net_cross_entropy(net, "loss", node, next, NULL));
    tiny_must(srnn_net_init(net, 5));
    return net;
}

static void same_rates(const srnn_net *a, const srnn_net *b)
{
    srnn_node_info x, y;

    CHECK(srnn_net_nodes(a) == srnn_net_nodes(b));
    for (size_t i = 0; i < srnn_net_nodes(a); i++) {
        tiny_must(srnn_net_node(a, (srnn_node)i, &x));
        tiny_must(srnn_net_node(b, (srnn_node)i, &y));
        CHECK(!strcmp(x.kind, y.kind) && x.features == y.features);
        CHECK(x.dropout.p == y.dropout.p && x.dropout.once == y.dropout.once);
        CHECK(x.recurrent.dropout == y.recurrent.dropout &&
              x.recurrent.dropout_input == y.recurrent.dropout_input &&
              x.recurrent.dropout_hidden == y.recurrent.dropout_hidden &&
              x.recurrent.zoneout_h == y.recurrent.zoneout_h &&
              x.recurrent.zoneout_c == y.recurrent.zoneout_c);
    }
}

static void models(void)
{
    const char *path = file_path("model.safetensors");
    srnn_net *net = masked_net(0.3), *loaded;

    tiny_must(srnn_model_save(net, path));
    tiny_must(srnn_model_load(&loaded, path, NULL));
    same_rates(net, loaded);
    srnn_net_close(loaded);
    srnn_net_close(net);
}

/* A rate that no net may have, in a file that is whole. */
static void damaged(void)
{
    const char *path = file_path("model.safetensors");
    srnn_net *net = masked_net(0.25), *loaded;
    unsigned char *bytes;
    size_t length;
    char *at;

    tiny_must(srnn_model_save(net, path));
    bytes = file_get(path, &length);
    at = strstr((char *)bytes + 8, "\\\"p\\\":0.25");
    CHECK(at != NULL);
    if (at)
        memcpy(at, "\\\"p\\\":1.25", 10);
    file_put(path, bytes, length);
    REFUSED(srnn_model_load(&loaded, path, NULL), SRNN_EFORMAT,
            "'drop': p is 1.25");
    free(bytes);
    srnn_net_close(net);
}

/* ---- a run --------------------------------------------------------------- */

typedef struct run {
    srnn_net *net;
    srnn_trainer *t;
} run;

static run run_open(uint64_t seed)
{
    srnn_trainer_config c = srnn_trainer_default();
    run r = {.net = masked_net(0.3)};

    c.batch = BATCH;
    c.steps = STEPS;
    c.seed = seed;
    tiny_must(srnn_trainer_open(&r.t, r.net, &c));
    return r;
}

static void run_close(run *r)
{
    srnn_trainer_close(r->t);
    srnn_net_close(r->net);
}

static void go_on(run *r, int updates)
{
    const int32_t *text = tiny_text();
    srnn_array in[2] = {{.node = srnn_net_find(r->net, "text"),
                         .tokens = text},
                        {.node = srnn_net_find(r->net, "next"),
                         .tokens = text + BATCH}};

    while (updates--)
        tiny_must(srnn_trainer_update(r->t, STEPS, in, 2, NULL));
}

static size_t differing(const run *a, const run *b)
{
    srnn_tensor x, y;
    size_t count = 0;

    for (size_t i = 0; i < srnn_net_params(a->net); i++) {
        tiny_must(srnn_net_param(a->net, i, &x));
        tiny_must(srnn_net_param(b->net, i, &y));
        count += !!memcmp(x.data, y.data, x.count * sizeof *x.data);
    }
    return count;
}

static void resume(void)
{
    const char *path = file_path("run.safetensors");
    srnn_progress at = {.data_hash = 1};
    run a = run_open(9), b = run_open(9), other = run_open(10);

    go_on(&a, 3);
    tiny_must(srnn_checkpoint_save(a.t, &at, path));
    tiny_must(srnn_checkpoint_load(b.t, &at, path));
    CHECK(at.updates == 3 && at.step == 3 * STEPS);
    CHECK(srnn_trainer_step(b.t) == 3 * STEPS && !differing(&a, &b));
    go_on(&a, 2);
    go_on(&b, 2);
    CHECK(!differing(&a, &b));
    tiny_must(srnn_checkpoint_load(b.t, &at, path));
    tiny_must(srnn_trainer_sequences(b.t, NULL, 0));
    go_on(&b, 2);
    CHECK(differing(&a, &b) > 0); /* other steps, other masks */
    REFUSED(srnn_checkpoint_load(other.t, &at, path), SRNN_ESTATE,
            "seed is \"9\" in the file, \"10\" here");
    run_close(&a);
    run_close(&b);
    run_close(&other);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"masks/models", NULL, models},
                                       {"masks/damaged", NULL, damaged},
                                       {"masks/resume", NULL, resume},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}

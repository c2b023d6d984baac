/* What is saved comes back: nets of every cell, weights under PyTorch's names,
 * training runs; and what does not fit is refused by name, nothing changed. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "files.h"
#include "tiny.h"

#include <simdrnn/io.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The call must fail with that status and a message that holds the words. */
#define REFUSED(call, expected, words) \
    do { \
        srnn_status got = (call); \
        CHECK_SAYS(got == (expected), "%s: %s", #call, srnn_strerror(got)); \
        CHECK_SAYS(strstr(srnn_error_message(), words), \
                   "says '%s', not '%s'", srnn_error_message(), words); \
    } while (0)

/* ---- models ------------------------------------------------------------- */

static void same_params(const srnn_net *a, const srnn_net *b)
{
    srnn_tensor x, y;

    CHECK(srnn_net_params(a) == srnn_net_params(b));
    for (size_t i = 0; i < srnn_net_params(a); i++) {
        tiny_must(srnn_net_param(a, i, &x));
        tiny_must(srnn_net_param(b, i, &y));
        CHECK_SAYS(!strcmp(x.name, y.name) && x.count == y.count &&
                       !memcmp(x.data, y.data, x.count * sizeof *x.data),
                   "%s is not %s", x.name, y.name);
    }
}

static int same_cell(const srnn_recurrent_config *a,
                     const srnn_recurrent_config *b)
{
    return a->cell == b->cell && a->hidden == b->hidden &&
           a->layers == b->layers && a->z_takes_new == b->z_takes_new &&
           a->norm == b->norm &&
           (!a->norm || a->norm_eps == b->norm_eps) &&
           (a->norm != SRNN_NORM_BATCH ||
            (a->norm_steps == b->norm_steps &&
             a->norm_momentum == b->norm_momentum));
}

static void same_graph(const srnn_net *a, const srnn_net *b)
{
    srnn_node_info x, y;

    CHECK(srnn_net_nodes(a) == srnn_net_nodes(b));
    for (size_t i = 0; i < srnn_net_nodes(a); i++) {
        tiny_must(srnn_net_node(a, (srnn_node)i, &x));
        tiny_must(srnn_net_node(b, (srnn_node)i, &y));
        CHECK_SAYS(!strcmp(x.name, y.name) && !strcmp(x.kind, y.kind) &&
                       x.features == y.features && x.inputs == y.inputs &&
                       !memcmp(x.input, y.input,
                               x.inputs * sizeof *x.input) &&
                       same_cell(&x.recurrent, &y.recurrent),
                   "node %s is not %s", x.name, y.name);
    }
}

static void same_outputs(const srnn_net *a, const srnn_net *b)
{
    const srnn_net *nets[2] = {a, b};
    srnn_real y[2][7][TINY_SYMBOLS];
    srnn_session_config config = srnn_session_default();

    for (int i = 0; i < 2; i++) {
        srnn_array in = {.node = srnn_net_find(nets[i], "text"),
                         .tokens = tiny_text()};
        srnn_array out = {.node = srnn_net_find(nets[i], "out"),
                          .data = y[i][0]};
        srnn_session *session;

        tiny_must(srnn_session_open(&session, nets[i], &config));
        tiny_must(srnn_session_forward(session, 7, &in, 1, &out, 1));
        srnn_session_close(session);
    }
    CHECK(!memcmp(y[0], y[1], sizeof y[0]));
}

static void model(const tiny_config *c)
{
    const char *path = file_path("model.safetensors");
    tiny t;
    srnn_net *loaded = NULL;

    tiny_open(&t, c);
    tiny_train(&t, 2);
    tiny_must(srnn_model_save(t.net, path));
    tiny_must(srnn_model_load(&loaded, path, NULL));
    same_graph(t.net, loaded);
    same_params(t.net, loaded);
    same_outputs(t.net, loaded);
    srnn_net_close(loaded);
    tiny_close(&t);
}

static void models(void)
{
    static const srnn_cell_kind normed[] = {SRNN_RNN_TANH, SRNN_LSTM};

    for (int cell = 0; cell < SRNN_CELL_KINDS; cell++)
        for (size_t layers = 1; layers <= 2; layers++)
            model(&(tiny_config){.cell = (srnn_cell_kind)cell, .hidden = 6,
                                 .layers = layers, .z_takes_new = cell & 1});
    for (int norm = SRNN_NORM_LAYER; norm < SRNN_NORM_KINDS; norm++)
        for (size_t i = 0; i < 2; i++)
            model(&(tiny_config){.cell = normed[i], .hidden = 6, .layers = 2,
                                 .norm = (srnn_norm_kind)norm});
}

/* A net over real inputs, with names of every allowed character. */
static void real_inputs(void)
{
    const char *path = file_path("real.safetensors");
    srnn_recurrent_config cell = srnn_recurrent_default();
    srnn_net *net, *loaded;
    srnn_node x;

    cell.hidden = 3;
    tiny_must(srnn_net_open(&net, NULL));
    tiny_must(srnn_net_input(net, "x-0.A_z", 2, &x));
    tiny_must(srnn_net_recurrent(net, "x-0", x, &cell, &x));
    tiny_must(srnn_net_linear(net, "x-0.A", x, 4, &x));
    tiny_must(srnn_net_init(net, 5));
    tiny_must(srnn_model_save(net, path));
    tiny_must(srnn_model_load(&loaded, path, "scalar"));
    same_graph(net, loaded);
    same_params(net, loaded);
    CHECK(!strcmp(srnn_net_isa(loaded), "scalar"));
    REFUSED(srnn_model_load(&loaded, path, "mmx"), SRNN_EISA, "mmx");
    srnn_net_close(loaded);
    srnn_net_close(net);
}

/* ---- weights of others -------------------------------------------------- */

static srnn_net *two_by_one(void)
{
    srnn_node x;
    srnn_net *net;

    tiny_must(srnn_net_open(&net, NULL));
    tiny_must(srnn_net_input(net, "x", 2, &x));
    tiny_must(srnn_net_linear(net, "fc", x, 1, &x));
    return net;
}

static const float numbers[4] = {2.5f, -1, 8, 0.125f};

static srnn_status read_header(srnn_net *net, const char *header)
{
    const char *path = file_path("theirs.safetensors");

    file_put_safetensors(path, header, numbers, sizeof numbers);
    return srnn_model_read(net, path);
}

#define BIAS "\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[1]," \
             "\"data_offsets\":[0,4]}"
#define WEIGHT "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[1,2]," \
               "\"data_offsets\":[4,12]}"
#define OTHER(name) ",\"" name "\":{\"dtype\":\"I32\",\"shape\":[]," \
                    "\"data_offsets\":[12,16]}"

static void theirs(void)
{
    srnn_net *net = two_by_one();
    srnn_real x[2] = {1, 10}, y = 0;
    srnn_session_config config = srnn_session_default();
    srnn_session *session;

    tiny_must(read_header(net, "{\"__metadata__\":{\"format\":\"pt\"}," WEIGHT
                               "," BIAS OTHER("encoder.steps") "}  "));
    tiny_must(srnn_session_open(&session, net, &config));
    tiny_must(srnn_session_step(session, x, &y));
    CHECK_SAYS(y == -1 + 80 + 2.5f, "y is %g", y);
    srnn_session_close(session);
    srnn_net_close(net);
}

static void theirs_refused(void)
{
    static const struct {
        const char *header, *words;
    } cases[] = {
        {"{" BIAS ",\"w\":{\"dtype\":\"F32\",\"shape\":[3],"
         "\"data_offsets\":[4,16]}}", "tensor fc.weight is missing"},
        {"{" BIAS ",\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,1],"
         "\"data_offsets\":[4,16]}}",
         "tensor fc.weight is [3,1], [1,2] is expected"},
        {"{" BIAS ",\"fc.weight\":{\"dtype\":\"F16\",\"shape\":[1,6],"
         "\"data_offsets\":[4,16]}}",
         "tensor fc.weight is F16, F32 is expected"},
        {"{" BIAS ",\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3],"
         "\"data_offsets\":[4,16]}}",
         "tensor fc.weight is [3], [1,2] is expected"},
        {"{" BIAS "," WEIGHT OTHER("fc.scale") "}",
         "tensor fc.scale is no parameter of this net"},
    };
    srnn_net *net = two_by_one();
    srnn_tensor weight;

    tiny_must(srnn_net_param(net, 0, &weight));
    weight.data[0] = 3;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        REFUSED(read_header(net, cases[i].header), SRNN_ESHAPE,
                cases[i].words);
        CHECK(weight.data[0] == 3);
    }
    srnn_net_close(net);
}

/* ---- training runs ------------------------------------------------------ */

static const tiny_config adam = {.cell = SRNN_LSTM, .hidden = 7, .layers = 2,
                                 .optimiser = SRNN_ADAM};

static void checkpoints(void)
{
    const char *path = file_path("run.safetensors");
    srnn_progress at = {.data_hash = 77, .seed = UINT64_MAX,
                        .note = "a \"note\" \xc3\xa9"}, back;
    srnn_trainer_config settings;
    srnn_net *model;
    tiny a, b;

    tiny_open(&a, &adam);
    tiny_open(&b, &adam);
    tiny_train(&a, 5);
    at.position = a.position;
    tiny_must(srnn_checkpoint_save(a.trainer, &at, path));
    CHECK_SAYS(tiny_difference(&a, &b), "the runs must differ at first");
    tiny_must(srnn_checkpoint_peek(path, &settings, &back));
    CHECK(settings.lr == 0.01 && settings.batch == 3 && settings.steps == 10 &&
          settings.clip_norm == 1 && settings.optimiser == SRNN_ADAM);
    CHECK(back.updates == 5 && back.seed == UINT64_MAX &&
          back.data_hash == 77 && !strcmp(back.note, at.note));
    back.data_hash = 0;
    tiny_must(srnn_checkpoint_load(b.trainer, &back, path));
    b.position = back.position;
    CHECK_SAYS(!tiny_difference(&a, &b), "%s", tiny_difference(&a, &b));
    tiny_must(srnn_model_load(&model, path, NULL));
    same_params(a.net, model);
    srnn_net_close(model);
    tiny_close(&a);
    tiny_close(&b);
}

/* Loads into a trainer of that kind and looks for the words. */
static void disagrees(tiny_config c, uint64_t hash, const char *words)
{
    const char *path = file_path("run.safetensors");
    srnn_progress at = {.data_hash = hash, .seed = 4};
    tiny t, fresh;

    tiny_open(&t, &c);
    tiny_open(&fresh, &c);
    REFUSED(srnn_checkpoint_load(t.trainer, &at, path), SRNN_ESTATE, words);
    CHECK_SAYS(!tiny_difference(&t, &fresh), "changed %s",
               tiny_difference(&t, &fresh));
    CHECK(at.seed == 4);
    tiny_close(&t);
    tiny_close(&fresh);
}

static void checkpoints_refused(void)
{
    const char *path = file_path("run.safetensors");
    srnn_progress at = {.data_hash = 77};
    tiny_config c = adam;
    tiny t;

    tiny_open(&t, &adam);
    tiny_train(&t, 2);
    tiny_must(srnn_checkpoint_save(t.trainer, &at, path));
    disagrees(adam, 78, "was trained on other data");
    c.lr = 0.02;
    disagrees(c, 77, "trainer: lr is 0.01 in the file, 0.02 here");
    c = adam;
    c.optimiser = SRNN_SGD;
    disagrees(c, 0, "trainer: optimiser is \"adam\" in the file, \"sgd\" here");
    c = adam;
    c.hidden = 8;
    disagrees(c, 0, "node rnn: hidden is 7 in the file, 8 here");
    c = adam;
    c.norm = SRNN_NORM_LAYER;
    disagrees(c, 0, "node rnn: norm");
    c = adam;
    c.cell = SRNN_GRU;
    disagrees(c, 0, "node rnn: kind is \"lstm\" in the file, \"gru\" here");
    tiny_must(srnn_model_save(t.net, path));
    REFUSED(srnn_checkpoint_load(t.trainer, &at, path), SRNN_EFORMAT,
            "has no simdrnn.progress in its metadata");
    at.note[0] = '\xff';
    REFUSED(srnn_checkpoint_save(t.trainer, &at, path), SRNN_EINVAL, "UTF-8");
    memset(at.note, 'a', sizeof at.note);
    REFUSED(srnn_checkpoint_save(t.trainer, &at, path), SRNN_EINVAL, "no end");
    tiny_close(&t);
}

/* ---- what older files say ----------------------------------------------- */

/* The first occurrence of a text in the header gives way to another; spaces at
 * the header's end come and go with its length. */
static void reword(const char *path, const char *from, const char *to)
{
    const size_t was = strlen(from), is = strlen(to);
    size_t length;
    unsigned char *bytes = file_get(path, &length);
    char *end = (char *)bytes + 8 + bytes[0] + 256 * bytes[1];
    char *at = strstr((char *)bytes + 8, from);

    CHECK_SAYS(at && at < end, "no %s", from);
    if (at && is > was) {
        CHECK(strspn(end - (is - was), " ") >= is - was);
        memmove(at + is, at + was, (size_t)(end - at) - is);
    } else if (at) {
        memmove(at + is, at + was, (size_t)(end - at) - was);
        memset(end - (was - is), ' ', was - is);
    }
    if (at)
        memcpy(at, to, is);
    file_put(path, bytes, length);
    free(bytes);
}

/* Without what came later, and with what is left out where it has its default;
 * then with something that the net has not. */
static void older(void)
{
    const char *path = file_path("older.safetensors");
    srnn_progress at = {.data_hash = 77};
    tiny a, b;

    tiny_open(&a, &adam);
    tiny_open(&b, &adam);
    tiny_train(&a, 3);
    tiny_must(srnn_checkpoint_save(a.trainer, &at, path));
    reword(path, ",\\\"step\\\":\\\"30\\\",\\\"begun\\\":true", "");
    reword(path, ",\\\"seed\\\":\\\"0\\\"}", "}");
    reword(path, "\\\"axis_steps\\\":[],", "");
    reword(path, "\\\"hidden\\\":7",
           "\\\"hidden\\\":7,\\\"z_takes_new\\\":false");
    reword(path, "\\\"layers\\\":2", "\\\"clip\\\":0.0");
    REFUSED(srnn_checkpoint_load(b.trainer, &at, path), SRNN_ESTATE,
            "node rnn: layers is 1 in the file, 2 here");
    reword(path, "\\\"clip\\\":0.0", "\\\"layers\\\":2");
    tiny_must(srnn_checkpoint_load(b.trainer, &at, path));
    b.position = a.position;
    CHECK_SAYS(!tiny_difference(&a, &b), "%s", tiny_difference(&a, &b));
    reword(path, "\\\"features\\\":5}", "\\\"future\\\":5}");
    REFUSED(srnn_checkpoint_load(b.trainer, &at, path), SRNN_ESTATE,
            "node in: features is missing in the file, 5 here");
    tiny_close(&a);
    tiny_close(&b);
}

static void nulls(void)
{
    srnn_progress at = {.seed = 0};
    srnn_net *net = tiny_net(&adam);

    REFUSED(srnn_model_save(NULL, "x"), SRNN_EINVAL, "net is NULL");
    REFUSED(srnn_model_save(net, NULL), SRNN_EINVAL, "path is NULL");
    REFUSED(srnn_model_load(NULL, "x", NULL), SRNN_EINVAL, "net is NULL");
    REFUSED(srnn_model_load(&net, NULL, NULL), SRNN_EINVAL, "path is NULL");
    REFUSED(srnn_model_read(net, NULL), SRNN_EINVAL, "path is NULL");
    REFUSED(srnn_checkpoint_save(NULL, &at, "x"), SRNN_EINVAL, "trainer is");
    REFUSED(srnn_checkpoint_load(NULL, &at, "x"), SRNN_EINVAL, "trainer is");
    REFUSED(srnn_checkpoint_peek(NULL, NULL, &at), SRNN_EINVAL, "path is");
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"models", NULL, models},
        {"real-inputs", NULL, real_inputs},
        {"theirs", NULL, theirs},
        {"theirs-refused", NULL, theirs_refused},
        {"checkpoints", NULL, checkpoints},
        {"checkpoints-refused", NULL, checkpoints_refused},
        {"older", NULL, older},
        {"nulls", NULL, nulls},
        {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}

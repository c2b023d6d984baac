/* Numbers at their ends: the most nodes of a graph, many tensors in a header,
 * counts up to 2^64. */
#include "check.h"
#include "files.h"
#include "tiny.h"

#include <simdrnn/io.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tiny_config config = {.cell = SRNN_GRU, .hidden = 2,
                                   .optimiser = SRNN_ADAM};

/* ---- many nodes, many tensors ------------------------------------------- */

static srnn_net *net_of(int nodes)
{
    srnn_net *net;

    tiny_must(srnn_net_open(&net, NULL));
    for (int i = 0; i < nodes; i++) {
        char name[16];

        snprintf(name, sizeof name, "n%d", i);
        tiny_must(srnn_net_input(net, name, 1, NULL));
    }
    return net;
}

/* A graph of so many nodes, by hand. */
static void put_graph(const char *path, size_t nodes)
{
    char *header = malloc(200 + nodes * 80), *end = header;

    if (!header)
        tiny_must(SRNN_ENOMEM);
    end += sprintf(end, "{\"__metadata__\":{\"simdrnn\":\"[");
    for (size_t i = 0; i < nodes; i++)
        end += sprintf(end, "%s{\\\"name\\\":\\\"n%zu\\\",\\\"kind\\\":"
                       "\\\"input\\\",\\\"inputs\\\":[],\\\"features\\\":1}",
                       i ? "," : "", i);
    sprintf(end, "]\"}}");
    file_put_safetensors(path, header, "", 0);
    free(header);
}

/* A header of so many empty tensors, read into the net. */
static srnn_status read_tensors(srnn_net *net, const char *path, size_t count)
{
    char *header = malloc(count * 80 + 8), *end = header;

    if (!header)
        tiny_must(SRNN_ENOMEM);
    for (size_t i = 0; i < count; i++)
        end += sprintf(end, "%c\"t%zu.x\":{\"dtype\":\"F32\",\"shape\":[0],"
                       "\"data_offsets\":[0,0]}",
                       i ? ',' : '{', i);
    sprintf(end, "}");
    file_put_safetensors(path, header, "", 0);
    free(header);
    return srnn_model_read(net, path);
}

static void refused(const char *path, const char *words)
{
    srnn_net *net = NULL;

    CHECK(srnn_model_load(&net, path, NULL) == SRNN_EFORMAT && !net);
    CHECK_SAYS(strstr(srnn_error_message(), words), "says '%s'",
               srnn_error_message());
}

/* The largest graph comes back, one node more is refused both ways; a hundred
 * thousand tensors beside it do not take the square of their time. */
static void many(void)
{
    const char *path = file_path("many.safetensors");
    srnn_net *net = net_of(SRNN_FILE_NODES), *loaded;

    tiny_must(srnn_model_save(net, path));
    tiny_must(srnn_model_load(&loaded, path, NULL));
    CHECK(srnn_net_nodes(loaded) == SRNN_FILE_NODES);
    srnn_net_close(loaded);
    tiny_must(read_tensors(net, path, 100000));
    tiny_must(srnn_net_input(net, "more", 1, NULL));
    CHECK(srnn_model_save(net, path) == SRNN_EINVAL);
    CHECK(strstr(srnn_error_message(), "at most 4096 nodes and axes, not "
                                       "4097"));
    put_graph(path, SRNN_FILE_NODES + 1);
    refused(path, "graph: 4097 nodes and axes, at most 4096");
    put_graph(path, 100000);
    refused(path, "graph: 100000 nodes and axes, at most 4096");
    srnn_net_close(net);
}

/* ---- counts ------------------------------------------------------------- */

/* The first occurrence of a text gives way to another of its length. */
static void swap_text(unsigned char *bytes, const char *from, const char *to)
{
    char *at = strstr((char *)bytes + 8, from);

    CHECK_SAYS(at && strlen(from) == strlen(to), "no %s", from);
    if (at)
        memcpy(at, to, strlen(to));
}

#define QUOTED(name, value) \
    "\\\"" name "\\\":\\\"" value "\\\""
#define MOST "18446744073709551615"

static void counts(void)
{
    static const struct {
        const char *from, *to, *words;
    } cases[] = {
        {QUOTED("updates", "18446744073709551614"), QUOTED("updates", MOST),
         "progress: no update can follow so many"},
        {QUOTED("updates", "18446744073709551614"),
         QUOTED("updates", "18446744073709551616"), "a number is none"},
        {QUOTED("warmup", MOST), QUOTED("warmup", "-8446744073709551615"),
         "warmup, span or seed are none"},
        {QUOTED("span", MOST), QUOTED("span", "18446744073709551616"),
         "warmup, span or seed are none"},
        {QUOTED("seed", MOST), QUOTED("seed", "18446744073709551616"),
         "warmup, span or seed are none"},
        {QUOTED("step", MOST), QUOTED("step", "18446744073709551616"),
         "a number is none"},
        {QUOTED("span", MOST), QUOTED("span", "+8446744073709551615"),
         "warmup, span or seed are none"},
    };
    const char *path = file_path("counts.safetensors");
    const char *changed = file_path("changed.safetensors");
    srnn_trainer_config c = srnn_trainer_default(), found;
    srnn_progress at = {.data_hash = 1};
    srnn_net *net = tiny_net(&config);
    srnn_trainer *trainer;
    unsigned char *bytes;
    size_t length;

    c.schedule = (srnn_schedule){SRNN_LINEAR, UINT64_MAX, UINT64_MAX, 0};
    c.seed = UINT64_MAX;
    tiny_must(srnn_trainer_open(&trainer, net, &c));
    srnn_trainer_set_updates(trainer, UINT64_MAX - 1);
    tiny_must(srnn_trainer_sequences(trainer, NULL, UINT64_MAX));
    tiny_must(srnn_checkpoint_save(trainer, &at, path));
    tiny_must(srnn_checkpoint_peek(path, &found, &at));
    CHECK(found.schedule.warmup == UINT64_MAX &&
          found.schedule.span == UINT64_MAX && found.seed == UINT64_MAX &&
          at.updates == UINT64_MAX - 1 && at.step == UINT64_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes = file_get(path, &length);
        swap_text(bytes, cases[i].from, cases[i].to);
        file_put(changed, bytes, length);
        CHECK(srnn_checkpoint_peek(changed, &found, NULL) == SRNN_EFORMAT);
        CHECK_SAYS(strstr(srnn_error_message(), cases[i].words), "says '%s'",
                   srnn_error_message());
        free(bytes);
    }
    srnn_trainer_close(trainer);
    srnn_net_close(net);
}

/* ---- what no file holds ------------------------------------------------- */

static void identity(void *data, size_t n, const srnn_real *x, srnn_real *y,
                     srnn_real *slope)
{
    (void)data;
    for (size_t j = 0; j < n; j++) {
        y[j] = x[j];
        if (slope)
            slope[j] = 1;
    }
}

static void unsaved(const srnn_net *net, const char *words)
{
    const char *path = file_path("unsaved.safetensors");

    CHECK(srnn_model_save(net, path) == SRNN_EINVAL && !file_exists(path));
    CHECK_SAYS(strstr(srnn_error_message(), words), "says '%s'",
               srnn_error_message());
}

/* A function of the caller's is named. */
static void own(void)
{
    srnn_net *net = tiny_net(&config);
    srnn_recurrent_config c = srnn_recurrent_default();

    c.cell = SRNN_GRU;
    c.hidden = 2;
    c.activation[1] = (srnn_activation){.kind = SRNN_ACT_OWN, .own = identity};
    tiny_must(srnn_net_recurrent(net, "mine", srnn_net_find(net, "in"), &c,
                                 NULL));
    unsaved(net, "node 'mine': activation 1 is a function of the caller's, "
                 "which no file can hold");
    srnn_net_close(net);
}

/* Tied nodes, each of which packs the weight again, are counted. */
static void tied(void)
{
    const char *path = file_path("tied.safetensors");
    srnn_net *net, *loaded;
    srnn_node x, e;
    char name[16];

    tiny_must(srnn_net_open(&net, NULL));
    tiny_must(srnn_net_tokens(net, "x", 3, &x));
    tiny_must(srnn_net_embedding(net, "e", x, 2, &e));
    for (int i = 0; i < SRNN_FILE_TIED; i++) {
        snprintf(name, sizeof name, "t%d", i);
        tiny_must(srnn_net_tied(net, name, e, e, NULL));
    }
    tiny_must(srnn_model_save(net, path));
    tiny_must(srnn_model_load(&loaded, path, NULL));
    srnn_net_close(loaded);
    tiny_must(srnn_net_tied(net, "more", e, e, NULL));
    unsaved(net, "a file holds at most 16 tied nodes, not 17");
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"many", NULL, many},
                                       {"counts", NULL, counts},
                                       {"own", NULL, own},
                                       {"tied", NULL, tied},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}

/* Memory that runs out while a file is saved or loaded: each allocation of the
 * library and of jansson fails in turn; the call says so, loses no memory and
 * no file descriptor, leaves the file as it was, and works the next time.
 *
 * jansson 2.14 drops a byte where its buffer cannot grow while it reads: then
 * the file may seem damaged, or another's. It forgets that a key was used: then
 * the call may succeed, and must have all right. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"
#include "files.h"
#include "heap.h"
#include "tiny.h"

#include <simdrnn/io.h>

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const tiny_config config = {.cell = SRNN_LSTM, .hidden = 2,
                                   .optimiser = SRNN_ADAM};
static tiny run;
static const char *path;

/* ---- the calls ---------------------------------------------------------- */

static srnn_status save_model(void)
{
    return srnn_model_save(run.net, path);
}

static void same_params(const srnn_net *a, const srnn_net *b)
{
    srnn_tensor x, y;

    CHECK(srnn_net_nodes(a) == srnn_net_nodes(b) &&
          srnn_net_params(a) == srnn_net_params(b));
    for (size_t i = 0; i < srnn_net_params(a); i++) {
        tiny_must(srnn_net_param(a, i, &x));
        tiny_must(srnn_net_param(b, i, &y));
        CHECK(!strcmp(x.name, y.name) && x.count == y.count &&
              !memcmp(x.data, y.data, x.count * sizeof *x.data));
    }
}

static srnn_status load_model(void)
{
    srnn_net *net;
    srnn_status status = srnn_model_load(&net, path, NULL);

    if (!status) {
        same_params(net, run.net);
        srnn_net_close(net);
    }
    return status;
}

static srnn_status read_model(void)
{
    return srnn_model_read(run.net, path);
}

static srnn_status save_run(void)
{
    const srnn_progress at = {.data_hash = 1};

    return srnn_checkpoint_save(run.trainer, &at, path);
}

static srnn_status load_run(void)
{
    srnn_progress at = {.data_hash = 1};

    return srnn_checkpoint_load(run.trainer, &at, path);
}

static srnn_status peek(void)
{
    const srnn_trainer_config ours = srnn_trainer_settings(run.trainer);
    srnn_trainer_config c;
    srnn_progress at;
    const srnn_status status = srnn_checkpoint_peek(path, &c, &at);

    CHECK(status || (c.lr == ours.lr && c.batch == ours.batch &&
                     c.steps == ours.steps && c.clip_norm == ours.clip_norm &&
                     at.updates == 3 && at.data_hash == 1));
    return status;
}

/* ---- a net of many words ------------------------------------------------ */

static srnn_net *wordy;

static srnn_recurrent_config many_words(void)
{
    srnn_recurrent_config c = srnn_recurrent_default();

    c.hidden = 3;
    c.projection = 2;
    c.lstm = SRNN_LSTM_PEEPHOLES | SRNN_LSTM_COUPLED;
    c.direction = SRNN_BOTH_SUM;
    c.activation[0] = (srnn_activation){SRNN_ACT_HARD_SIGMOID,
                                        (srnn_real)(1.0 / 3), 0.5f, 0, 0};
    c.activation[2].kind = SRNN_ACT_SOFTSIGN;
    c.clip = 1.0 / 3;
    c.dropout_input = 2.0 / 7;
    return c;
}

static srnn_net *wordy_net(void)
{
    const srnn_recurrent_config c = many_words();
    srnn_axis chars;
    srnn_node x, e, y, all[3];
    srnn_net *net;

    tiny_must(srnn_net_open(&net, NULL));
    tiny_must(srnn_net_axis(net, "characters", SRNN_TIME, &chars));
    tiny_must(srnn_net_tokens_on(net, chars, "x", 5, &x));
    tiny_must(srnn_net_embedding(net, "e", x, 2, &e));
    tiny_must(srnn_net_recurrent(net, "spell", e, &c, &x));
    tiny_must(srnn_net_last(net, "word", x, &x));
    all[0] = all[1] = all[2] = x;
    tiny_must(srnn_net_add(net, "sum", all, 3, &x));
    tiny_must(srnn_net_tied(net, "out", x, e, &x));
    tiny_must(srnn_net_tokens(net, "y", 5, &y));
    tiny_must(srnn_net_cross_entropy(net, "loss", x, y, &y));
    tiny_must(srnn_net_loss_weight(net, y, 1.0 / 7));
    tiny_must(srnn_net_init(net, 3));
    return net;
}

static srnn_status save_wordy(void)
{
    return srnn_model_save(wordy, path);
}

/* What was loaded is saved again, with all memory there is. */
static void check_again(const srnn_net *net)
{
    const char *again = file_path("again.safetensors");
    size_t length, count;
    unsigned char *a, *b;

    heap.fail_at = 0;
    tiny_must(srnn_model_save(net, again));
    a = file_get(path, &length);
    b = file_get(again, &count);
    CHECK_SAYS(length == count && !memcmp(a, b, length), "another net");
    free(a);
    free(b);
}

static srnn_status load_wordy(void)
{
    srnn_net *net;
    srnn_status status = srnn_model_load(&net, path, NULL);

    if (!status) {
        check_again(net);
        srnn_net_close(net);
    }
    return status;
}

/* ---- all of them --------------------------------------------------------- */

static const struct call {
    const char *name;
    srnn_status (*call)(void);
} calls[] = {{"model_save", save_model},      {"model_load", load_model},
             {"model_read", read_model},      {"checkpoint_save", save_run},
             {"checkpoint_load", load_run},   {"checkpoint_peek", peek}},
  wordy_calls[] = {{"save of many words", save_wordy},
                   {"load of many words", load_wordy}};

/* ---- each allocation in turn -------------------------------------------- */

static int jansson_refused, spare_jansson;

/* Not counted, and never refused. */
static void *spared(size_t n)
{
    const long fail_at = heap.fail_at;
    void *p;

    heap.fail_at = 0;
    p = malloc(n);
    heap.fail_at = fail_at;
    heap.calls--;
    return p;
}

static void *jansson_malloc(size_t n)
{
    void *p = spare_jansson ? spared(n) : malloc(n);

    jansson_refused |= !p;
    return p;
}

static int is_right(srnn_status status)
{
    if (status == SRNN_ENOMEM)
        return strstr(srnn_error_message(), "memory") != NULL;
    return jansson_refused &&
           (!status || strstr(srnn_error_message(), path));
}

/* The lowest number that is free. */
static int next_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY);

    close(fd);
    return fd;
}

static srnn_status failing(const struct call *c, long n)
{
    srnn_status status;

    heap.calls = heap.refused = jansson_refused = 0;
    heap.fail_at = n;
    status = c->call();
    heap.fail_at = 0;
    return status;
}

static void check_file(const unsigned char *before, size_t length)
{
    size_t count;
    unsigned char *now = file_get(path, &count);

    CHECK_SAYS(count == length && !memcmp(now, before, length),
               "the file is another");
    free(now);
}

static void starve(const struct call *c)
{
    const int descriptor = next_descriptor();
    size_t length;
    long n = 0, live;
    unsigned char *bytes;

    tiny_must(c->call());
    bytes = file_get(path, &length);
    live = heap.live;
    for (;;) {
        const srnn_status status = failing(c, ++n);

        if (!heap.refused) {
            CHECK_SAYS(!status, "%s: %s", c->name, srnn_error_message());
            break;
        }
        CHECK_SAYS(is_right(status),
                   "%s: allocation %ld failed: %s, '%s'", c->name, n,
                   srnn_strerror(status), srnn_error_message());
        CHECK_SAYS(heap.live == live,
                   "%s: allocation %ld failed, %ld blocks are lost", c->name,
                   n, (long)heap.live - live);
        CHECK_SAYS(next_descriptor() == descriptor,
                   "%s: allocation %ld failed, a file is open", c->name, n);
        check_file(bytes, length);
    }
    check_note("%s: each of %ld allocations failed once", c->name, n - 1);
    CHECK(n > 10);
    free(bytes);
}

static void each_in_turn(void)
{
    path = file_path("scarce.safetensors");
    tiny_open(&run, &config);
    tiny_train(&run, 3);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        tiny_must(save_run());
        starve(&calls[i]);
    }
    tiny_close(&run);
}

/* jansson 2.14 aborts where its buffer cannot grow between a backslash and what
 * follows it: of a load, only the library's own allocations fail. */
static void many(void)
{
    path = file_path("wordy.safetensors");
    wordy = wordy_net();
    starve(&wordy_calls[0]);
    spare_jansson = 1;
    starve(&wordy_calls[1]);
    spare_jansson = 0;
    srnn_net_close(wordy);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"each-in-turn", NULL, each_in_turn},
                                       {"many-words", NULL, many},
                                       {NULL, NULL, NULL}};

    /* jansson's memory comes from here too, so that it can fail and is seen. */
    json_set_alloc_funcs(jansson_malloc, free);
    return check_main(argc, argv, cases);
}

/* Our half of the comparison with PyTorch: a recurrent net under a linear
 * layer and a cross-entropy, with PyTorch's weights; all outputs, states and
 * gradients go to a file that Python reads. */
#define _POSIX_C_SOURCE 200809L

#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sizes {
    srnn_cell_kind cell;
    size_t hidden, layers, inputs, classes, steps, batch;
} sizes;

enum { MOST = 64 };

/* What is written in the end. */
static srnn_part result[MOST];
static size_t results;

static void must(srnn_status status)
{
    if (!status)
        return;
    printf("parity: %s: %s\n", srnn_strerror(status), srnn_error_message());
    exit(1);
}

static srnn_tensor array(const char *name, size_t rows, size_t columns)
{
    srnn_tensor t = {.name = name, .rank = 2, .shape = {rows, columns},
                     .count = rows * columns};

    t.data = calloc(t.count, sizeof *t.data);
    if (!t.data)
        exit(1);
    return t;
}

/* The values as they are now. */
static void keep(const char *prefix, srnn_tensor tensor)
{
    srnn_real *data = malloc(tensor.count * sizeof *data);

    if (!data || results == MOST)
        exit(1);
    memcpy(data, tensor.data, tensor.count * sizeof *data);
    tensor.data = data;
    result[results++] = (srnn_part){prefix, tensor};
}

/* ---- input -------------------------------------------------------------- */

static srnn_net *build(const sizes *z)
{
    srnn_recurrent_config cell = {.cell = z->cell, .hidden = z->hidden,
                                  .layers = z->layers};
    srnn_node x, target, loss;
    srnn_net *net;

    must(srnn_net_open(&net, NULL));
    must(srnn_net_input(net, "x", z->inputs, &x));
    must(srnn_net_recurrent(net, "rnn", x, &cell, &x));
    must(srnn_net_linear(net, "head", x, z->classes, &x));
    must(srnn_net_tokens(net, "target", z->classes, &target));
    must(srnn_net_cross_entropy(net, "loss", x, target, &loss));
    return net;
}

static void read_one(srnn_file *file, const char *prefix, srnn_tensor tensor)
{
    srnn_part part = {prefix, tensor};

    must(srnn_file_check(file, &part, 1));
    must(srnn_file_read(file, &part, 1));
}

static void read_targets(srnn_file *file, const sizes *z, int32_t *target)
{
    srnn_tensor t = array("target", z->steps, z->batch);

    read_one(file, "", t);
    for (size_t i = 0; i < t.count; i++)
        target[i] = (int32_t)t.data[i];
    free(t.data);
}

/* ---- both directions ---------------------------------------------------- */

static void run_forward(const sizes *z, const srnn_net *net, srnn_file *file,
                        srnn_array in)
{
    srnn_session_config config = srnn_session_default();
    srnn_tensor y = array("y", z->steps * z->batch, z->hidden), state;
    srnn_tensor logits = array("logits", z->steps * z->batch, z->classes);
    srnn_array out[2] = {{.node = srnn_net_find(net, "rnn"), .data = y.data},
                         {.node = srnn_net_find(net, "head"),
                          .data = logits.data}};
    srnn_session *session;

    config.batch = z->batch;
    must(srnn_session_open(&session, net, &config));
    for (size_t i = 0; i < srnn_session_states(session); i++) {
        must(srnn_session_state(session, i, &state));
        read_one(file, "state/", state);
    }
    must(srnn_session_forward(session, z->steps, &in, 1, out, 2));
    keep("", y);
    keep("", logits);
    for (size_t i = 0; i < srnn_session_states(session); i++) {
        must(srnn_session_state(session, i, &state));
        state.name = strdup(state.name);
        keep("final/", state);
    }
    free(y.data);
    free(logits.data);
    srnn_session_close(session);
}

static void run_backward(const sizes *z, srnn_net *net, srnn_file *file,
                         const srnn_array in[2], srnn_trainer **trainer)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_tensor loss = array("loss", 1, 1), gradient;
    double value;

    config.batch = z->batch;
    config.steps = z->steps;
    config.input_gradients = 1;
    must(srnn_trainer_open(trainer, net, &config));
    for (size_t i = 0; i < srnn_trainer_states(*trainer); i++) {
        must(srnn_trainer_state(*trainer, i, &gradient));
        read_one(file, "state/", gradient);
    }
    must(srnn_trainer_backward(*trainer, z->steps, in, 2, &value));
    loss.data[0] = (float)value;
    keep("", loss);
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        must(srnn_trainer_gradient(*trainer, i, &gradient));
        keep("d/", gradient);
    }
    for (size_t i = 0; i < srnn_trainer_states(*trainer); i++) {
        must(srnn_trainer_state_gradient(*trainer, i, &gradient));
        keep("d/state/", gradient);
    }
    must(srnn_trainer_input_gradient(*trainer, in[0].node, &gradient));
    keep("d/", gradient);
}

static void run(const sizes *z, char **paths)
{
    srnn_net *net = build(z);
    srnn_tensor x = array("x", z->steps * z->batch, z->inputs);
    int32_t *target = calloc(z->steps * z->batch, sizeof *target);
    srnn_array in[2] = {{.node = srnn_net_find(net, "x"), .data = x.data},
                        {.node = srnn_net_find(net, "target"),
                         .tokens = target}};
    srnn_trainer *trainer;
    srnn_file file;

    must(srnn_model_read(net, paths[0]));
    must(srnn_file_open(&file, paths[0]));
    read_one(&file, "", x);
    read_targets(&file, z, target);
    run_forward(z, net, &file, in[0]);
    run_backward(z, net, &file, in, &trainer);
    must(srnn_file_write(paths[1], json_object(), result, results));
    must(srnn_model_save(net, paths[2]));
    srnn_file_close(&file);
    srnn_trainer_close(trainer);
    srnn_net_close(net);
    free(target);
    free(x.data);
}

/* CELL HIDDEN LAYERS INPUTS CLASSES STEPS BATCH, the file to read, the file of
 * results and that of the model to write. */
int main(int argc, char **argv)
{
    sizes z = {.cell = 0};
    size_t *size[] = {&z.hidden, &z.layers, &z.inputs,
                      &z.classes, &z.steps, &z.batch};

    if (argc != 11)
        return 2;
    while (z.cell < SRNN_CELL_KINDS && strcmp(argv[1], srnn_cell_name(z.cell)))
        z.cell++;
    for (int i = 0; i < 6; i++)
        *size[i] = strtoul(argv[2 + i], NULL, 10);
    run(&z, argv + 8);
    return 0;
}

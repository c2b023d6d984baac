/* Our half of the comparison with PyTorch: any net that a file describes, over
 * the inputs, lengths and states of that file, with the weights of a file that
 * PyTorch wrote; all outputs, states and gradients go to one that Python reads.
 * What the files hold is named in the functions that take it. */
#define _POSIX_C_SOURCE 200809L

#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 32, RESULTS = 128 };

/* One comparison: the net, how long its sequences are, what it is given. */
typedef struct problem {
    srnn_net *net;
    size_t batch, steps;
    size_t axis_steps; /* of every axis beside time */
    srnn_file file;
    srnn_array in[NODES];
    size_t ins;
} problem;

/* What is written in the end. */
static srnn_part result[RESULTS];
static size_t results;

static void die(const char *what)
{
    printf("parity: %s: %s\n", what, srnn_error_message());
    exit(1);
}

static void must(srnn_status status)
{
    if (status)
        die(srnn_strerror(status));
}

static void *room(size_t count, size_t size)
{
    void *data = calloc(count + 1, size);

    if (!data)
        die("no memory");
    return data;
}

static srnn_tensor array(const char *name, size_t rows, size_t columns)
{
    return (srnn_tensor){.name = name,
                         .rank = 2,
                         .shape = {rows, columns},
                         .count = rows * columns,
                         .data = room(rows * columns, sizeof(srnn_real))};
}

/* The values as they are now, under prefix + name. */
static void keep(const char *prefix, srnn_tensor tensor)
{
    srnn_real *data = room(tensor.count, sizeof *data);

    if (results == RESULTS)
        die("too many results");
    memcpy(data, tensor.data, tensor.count * sizeof *data);
    tensor.name = strdup(tensor.name);
    tensor.data = data;
    result[results++] = (srnn_part){prefix, tensor};
}

static void forget(void)
{
    while (results > 0) {
        free((void *)result[--results].tensor.name);
        free(result[results].tensor.data);
    }
}

/* ---- what is given ------------------------------------------------------- */

static void read_one(problem *z, const char *prefix, srnn_tensor tensor)
{
    const srnn_part part = {prefix, tensor};

    must(srnn_file_check(&z->file, &part, 1));
    must(srnn_file_read(&z->file, &part, 1));
}

static size_t steps_on(const problem *z, srnn_axis axis)
{
    return axis == SRNN_BATCH  ? 1
           : axis == SRNN_TIME ? z->steps
                               : z->axis_steps;
}

/* in/<node>, [steps * batch][features], of tokens one column. */
static void read_inputs(problem *z)
{
    for (size_t i = 0; i < srnn_net_nodes(z->net); i++) {
        srnn_array *x = &z->in[z->ins];
        srnn_node_info n;
        srnn_tensor t;
        int tokens;

        must(srnn_net_node(z->net, (srnn_node)i, &n));
        tokens = !strcmp(n.kind, "tokens");
        if (!tokens && strcmp(n.kind, "input"))
            continue;
        if (z->ins == NODES)
            die("too many inputs");
        t = array(n.name, steps_on(z, n.axis) * z->batch,
                  tokens ? 1 : n.features);
        read_one(z, "in/", t);
        *x = (srnn_array){.node = (srnn_node)i, .data = t.data};
        z->ins++;
        if (tokens) {
            int32_t *token = room(t.count, sizeof *token);

            for (size_t j = 0; j < t.count; j++)
                token[j] = (int32_t)t.data[j];
            free(t.data);
            *x = (srnn_array){.node = (srnn_node)i, .tokens = token};
        }
    }
}

/* lengths/<axis>, [1][batch]. */
static size_t *read_lengths(problem *z, srnn_axis axis)
{
    srnn_tensor t = array(srnn_net_axis_name(z->net, axis), 1, z->batch);
    size_t *lengths = room(z->batch, sizeof *lengths);

    read_one(z, "lengths/", t);
    for (size_t b = 0; b < z->batch; b++)
        lengths[b] = (size_t)t.data[b];
    free(t.data);
    return lengths;
}

static void give_lengths(problem *z, srnn_session *s, srnn_trainer *t)
{
    for (srnn_axis a = SRNN_TIME; (size_t)a < srnn_net_axes(z->net); a++) {
        size_t *lengths = read_lengths(z, a);

        if (a == SRNN_TIME)
            must(s ? srnn_session_lengths(s, lengths)
                   : srnn_trainer_lengths(t, lengths));
        else
            must(s ? srnn_session_axis(s, a, z->axis_steps, lengths, z->batch)
                   : srnn_trainer_axis(t, a, z->axis_steps, lengths,
                                       z->batch));
        free(lengths);
    }
}

/* ---- both directions ----------------------------------------------------- */

static int is_loss(const char *kind)
{
    return !strcmp(kind, "cross_entropy") ||
           !strcmp(kind, "sigmoid_cross_entropy") ||
           !strcmp(kind, "squared_error");
}

/* y/<node> of all nodes that have real outputs, and final/<state>; first the
 * states are state/<name>. */
static void run_forward(problem *z)
{
    srnn_session_config config = srnn_session_default();
    srnn_array out[NODES];
    srnn_tensor y[NODES], state;
    srnn_session *s;
    size_t outs = 0;

    for (size_t i = 0; i < srnn_net_nodes(z->net); i++) {
        srnn_node_info n;

        must(srnn_net_node(z->net, (srnn_node)i, &n));
        if (!strcmp(n.kind, "tokens") || is_loss(n.kind))
            continue;
        if (outs == NODES)
            die("too many outputs");
        y[outs] = array(n.name, steps_on(z, n.axis) * z->batch, n.features);
        out[outs] = (srnn_array){.node = (srnn_node)i, .data = y[outs].data};
        outs++;
    }
    config.batch = z->batch;
    config.steps = z->steps;
    config.axis_steps[SRNN_TIME + 1] = z->axis_steps;
    must(srnn_session_open(&s, z->net, &config));
    for (size_t i = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &state));
        read_one(z, "state/", state);
    }
    give_lengths(z, s, NULL);
    must(srnn_session_forward(s, z->steps, z->in, z->ins, out, outs));
    while (outs-- > 0) {
        keep("y/", y[outs]);
        free(y[outs].data);
    }
    for (size_t i = 0; i < srnn_session_states(s); i++) {
        must(srnn_session_state(s, i, &state));
        keep("final/", state);
    }
    srnn_session_close(s);
}

/* d/<parameter>, d/state/<state>, d/in/<node> of the inputs that lead to a
 * loss: those that no loss has as targets. */
static void keep_gradients(problem *z, srnn_trainer *t)
{
    srnn_tensor gradient;

    for (size_t i = 0; i < srnn_net_params(z->net); i++) {
        must(srnn_trainer_gradient(t, i, &gradient));
        keep("d/", gradient);
    }
    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state_gradient(t, i, &gradient));
        keep("d/state/", gradient);
    }
    for (size_t i = 0; i < z->ins; i++)
        if (z->in[i].data &&
            !srnn_trainer_input_gradient(t, z->in[i].node, &gradient))
            keep("d/in/", gradient);
}

/* loss, and the gradients. */
static void run_backward(problem *z)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_tensor loss = array("loss", 1, 1), state;
    srnn_trainer *t;
    double value;

    config.batch = z->batch;
    config.steps = z->steps;
    config.axis_steps[SRNN_TIME + 1] = z->axis_steps;
    config.input_gradients = 1;
    must(srnn_trainer_open(&t, z->net, &config));
    for (size_t i = 0; i < srnn_trainer_states(t); i++) {
        must(srnn_trainer_state(t, i, &state));
        read_one(z, "state/", state);
    }
    give_lengths(z, NULL, t);
    must(srnn_trainer_backward(t, z->steps, z->in, z->ins, &value));
    loss.data[0] = (float)value;
    keep("", loss);
    keep_gradients(z, t);
    free(loss.data);
    srnn_trainer_close(t);
}

static void close_problem(problem *z)
{
    for (size_t i = 0; i < z->ins; i++) {
        free(z->in[i].data);
        free((void *)z->in[i].tokens);
    }
    srnn_file_close(&z->file);
    srnn_net_close(z->net);
    forget();
}

/* BATCH STEPS AXIS_STEPS, then four files: what is given, with the graph as a
 * model file has it; PyTorch's weights, read by name; for the results; for the
 * model that we save. */
int main(int argc, char **argv)
{
    problem z = {.ins = 0};

    if (argc != 8)
        return 2;
    z.batch = strtoul(argv[1], NULL, 10);
    z.steps = strtoul(argv[2], NULL, 10);
    z.axis_steps = strtoul(argv[3], NULL, 10);
    must(srnn_model_load(&z.net, argv[4], NULL));
    must(srnn_model_read(z.net, argv[5]));
    must(srnn_file_open(&z.file, argv[4]));
    read_inputs(&z);
    run_forward(&z);
    run_backward(&z);
    must(srnn_file_write(argv[6], json_object(), result, results));
    must(srnn_model_save(z.net, argv[7]));
    close_problem(&z);
    return 0;
}

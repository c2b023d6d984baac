/* What a parameter begins with, out of Philox streams of the seed and its
 * number. A gate's block of a recurrent node's matrix is a matrix by itself. */
#include "init.h"
#include "orthogonal.h"

#include <math.h>
#include <string.h>

/* What a stream of a parameter is for: its second word. */
enum { DRAW_VALUES, DRAW_ORTHOGONAL, DRAW_CHRONO };

const char *srnn_turn_name(const turn *t)
{
    return t->param->name + strlen(t->node->name) + 1;
}

static int is_named(const turn *t, const char *start)
{
    return !strncmp(srnn_turn_name(t), start, strlen(start));
}

size_t srnn_turn_gates(const turn *t)
{
    if (!t->node->layer || !(is_named(t, "weight_ih") ||
                             is_named(t, "weight_hh")))
        return 1;
    return t->node->row.gates;
}

/* ---- values -------------------------------------------------------------- */

static srnn_stream stream_of(const turn *t, uint32_t draw, size_t block)
{
    return (srnn_stream){
        t->seed, {(uint32_t)t->number, draw, (uint32_t)block}};
}

/* Uniform in [-bound, bound), or bound times standard normals. */
static void draw(const turn *t, int normal, double bound)
{
    const srnn_stream stream = stream_of(t, DRAW_VALUES, 0);
    const srnn_real scale = (srnn_real)bound;
    param *p = t->param;
    size_t j;

    if (normal) {
        t->net->k.normal(&stream, p->count, p->data);
        t->net->k.scale(p->count, scale, p->data);
        return;
    }
    t->net->k.uniform(&stream, p->count, p->data);
    for (j = 0; j < p->count; j++)
        p->data[j] = scale * (2 * p->data[j] - 1);
}

/* Normals are laid down along the shorter side and made orthonormal. */
static void orthogonal(const turn *t, size_t block, size_t rows, size_t cols,
                       double gain)
{
    const srnn_stream stream = stream_of(t, DRAW_ORTHOGONAL, block);
    const int turned = rows > cols;
    const size_t few = turned ? cols : rows, many = turned ? rows : cols;
    srnn_real *w = t->param->data + block * rows * cols;
    size_t i, j;

    t->net->k.normal(&stream, rows * cols, w);
    for (i = 0; i < rows * cols; i++)
        t->work[i] = (double)w[i];
    srnn_orthonormal_rows(few, many, t->work);
    for (i = 0; i < rows; i++)
        for (j = 0; j < cols; j++)
            w[i * cols + j] = (srnn_real)(
                gain * t->work[turned ? j * rows + i : i * cols + j]);
}

static void identity(const turn *t, size_t block, size_t rows, size_t cols,
                     double gain)
{
    srnn_real *w = t->param->data + block * rows * cols;
    size_t i;

    for (i = 0; i < rows && i < cols; i++)
        w[i * cols + i] = (srnn_real)gain;
}

static void zero(const turn *t)
{
    memset(t->param->data, 0, t->param->count * sizeof *t->param->data);
}

/* What has a value of its own begins with it. */
static void constant(const turn *t)
{
    const param *p = t->param;
    size_t j;

    for (j = 0; j < p->count; j++)
        p->data[j] = j >= p->ones_from && j < p->ones_to
                         ? 1
                         : (srnn_real)p->value;
}

void srnn_init_fill(const turn *t, srnn_init_kind kind, double gain)
{
    const size_t gates = t->param->rank == 2 ? srnn_turn_gates(t) : 1;
    const size_t rows = t->param->shape[0] / gates, cols = t->param->shape[1];
    const double fans = (double)rows + (double)cols;
    size_t g;

    switch (kind) {
    case SRNN_INIT_PYTORCH:
        if (t->param->is_constant)
            constant(t);
        else
            draw(t, t->param->bound == 0,
                 t->param->bound == 0 ? 1 : t->param->bound);
        break;
    case SRNN_INIT_NORMAL:
        draw(t, 1, gain);
        break;
    case SRNN_INIT_XAVIER_UNIFORM:
        draw(t, 0, gain * sqrt(6 / fans));
        break;
    case SRNN_INIT_XAVIER_NORMAL:
        draw(t, 1, gain * sqrt(2 / fans));
        break;
    case SRNN_INIT_ORTHOGONAL:
        for (g = 0; g < gates; g++)
            orthogonal(t, g, rows, cols, gain);
        break;
    case SRNN_INIT_IDENTITY:
        zero(t);
        for (g = 0; g < gates; g++)
            identity(t, g, rows, cols, gain);
        break;
    case SRNN_INIT_ZERO:
        zero(t);
        break;
    default: /* SRNN_INIT_KEEP */
        break;
    }
}

/* ---- the gate that keeps ------------------------------------------------- */

/* The gate that keeps the old state: f of an LSTM, z of a GRU; SIZE_MAX: there
 * is none. */
static size_t forget_gate(const node *n)
{
    if (n->layer && (n->recurrent.cell == SRNN_GRU ||
                     n->recurrent.cell == SRNN_GRU_BEFORE))
        return 1;
    return n->layer ? srnn_lstm_forget_gate(&n->recurrent) : SIZE_MAX;
}

int srnn_turn_forgets(const turn *t)
{
    return forget_gate(t->node) != SIZE_MAX &&
           (is_named(t, "bias_ih") || is_named(t, "bias_hh"));
}

/* log of U(1, longest - 1) (Tallec & Ollivier 2018). */
static void chrono(const turn *t, size_t n, double longest, srnn_real *b)
{
    const srnn_stream stream = stream_of(t, DRAW_CHRONO, 0);
    const srnn_real width = (srnn_real)(longest - 2);
    size_t j;

    t->net->k.uniform(&stream, n, b);
    for (j = 0; j < n; j++)
        b[j] = 1 + width * b[j];
    t->net->k.log(n, b, b);
}

/* The gate's two biases are added, so the second is 0. An LSTM's input gate, if
 * it has one, takes the opposite of a chrono bias; where z takes the new state
 * in, it is -z that keeps. */
void srnn_init_forget(const turn *t, const srnn_init *c)
{
    const size_t n = t->node->recurrent.hidden;
    const int chrono_too = c->forget == SRNN_FORGET_CHRONO;
    const int lstm = t->node->recurrent.cell == SRNN_LSTM;
    const size_t gate = forget_gate(t->node);
    const int both = chrono_too && lstm && gate == 1; /* i is the gate 0 */
    srnn_real *in = t->param->data, *keep = in + gate * n;
    size_t j;

    if (is_named(t, "bias_hh")) {
        memset(both ? in : keep, 0, (both ? 2 : 1) * n * sizeof *in);
        return;
    }
    if (chrono_too)
        chrono(t, n, c->forget_value, keep);
    for (j = 0; j < n; j++) {
        if (!chrono_too)
            keep[j] = (srnn_real)c->forget_value;
        if (both)
            in[j] = -keep[j];
        if (!lstm && t->node->recurrent.z_takes_new)
            keep[j] = -keep[j];
    }
}

void srnn_init_forget_bias(const turn *t)
{
    const srnn_real bias = (srnn_real)t->node->recurrent.forget_bias;
    const size_t n = t->node->recurrent.hidden;
    srnn_real *keep = t->param->data + forget_gate(t->node) * n;
    size_t j;

    for (j = 0; is_named(t, "bias_ih") && j < n; j++)
        keep[j] += bias;
}

/* How many sunspots will there be? A net reads the months that are known and
 * says, of all that are wanted at once, what to add to the forecast of an
 * autoregression (Zhang, "hybrid ARIMA and neural network model", 2003). Many
 * to one, and many steps ahead; build() and train() are the model. */
#include "meter.h"
#include "model.h"
#include "picture.h"
#include "program.h"
#include "sunspots_series.h"

#include <simdrnn/io.h>

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char program[] = "sunspots";

static const char usage[] =
    "usage: sunspots [option ...]\n"
    "Forecasts the sunspots of R's series from the months or years before, by\n"
    "a net, by an autoregression and by no change, and draws the forecast\n"
    "over the truth.\n"
    "\n"
    "  --series NAME        of R's datasets: sunspots, sunspot.month or\n"
    "                       sunspot.year (sunspots)\n"
    "  --split YEAR         what is from there on is forecast (1920)\n"
    "  --until YEAR         what is from there on is not read (the end)\n"
    "  --ahead N            values to forecast (24)\n"
    "  --window N           values before them that the net reads (144)\n"
    "  --order N            largest order of the autoregression (48)\n"
    "  --hidden N           units of the net (32)\n"
    "  --batch N            windows side by side (32)\n"
    "  --updates N          updates (750)\n"
    "  --lr X               learning rate of Adam, falling to nothing (0.003)\n"
    "  --decay X            decay of the weights (0.1)\n"
    "  --seed N             of the first weights and the windows' order (1)\n"
    "  --picture FILE       forecast over truth, .png or .svg (sunspots.png)\n"
    "  --save FILE          where the net is kept (sunspots.safetensors, in this\n"
    "                       folder)\n"
    "  --load FILE          train none, judge the net that was kept there; the\n"
    "                       series, years, --ahead, --window and --order must be\n"
    "                       those it was kept with\n"
    "  --threads N          threads (1)\n"
    "  --isa NAME           instruction set, as SRNN_ISA\n"
    "  --help               this\n";

typedef struct options {
    const char *series, *picture, *save, *load, *isa;
    double split, until, lr, decay;
    size_t ahead, window, order, hidden, batch, threads;
    uint64_t updates, seed;
} options;

/* ---- the net ------------------------------------------------------------ */

static srnn_net *build(const options *o)
{
    srnn_recurrent_config cell = srnn_recurrent_default();
    srnn_node part[2], x, future, loss;
    srnn_net *net;

    cell.cell = SRNN_GRU;
    cell.hidden = o->hidden;
    must(srnn_net_open(&net, o->isa));
    must(srnn_net_input(net, "past", 1, &x));
    must(srnn_net_recurrent(net, "reader", x, &cell, &x));
    must(srnn_net_state(net, "last", x, &x));
    must(srnn_net_linear(net, "more", x, o->ahead, &part[0]));
    must(srnn_net_input_on(net, SRNN_BATCH, "expected", o->ahead, &part[1]));
    must(srnn_net_add(net, "forecast", part, 2, &x));
    must(srnn_net_input_on(net, SRNN_BATCH, "future", o->ahead, &future));
    must(srnn_net_squared_error(net, "loss", x, future, &loss));
    must(srnn_net_init(net, o->seed));
    return net;
}

static srnn_trainer *prepare(const options *o, srnn_net *net)
{
    srnn_trainer_config config = srnn_trainer_default();
    srnn_trainer *trainer;

    config.batch = o->batch;
    config.steps = o->window;
    config.threads = o->threads;
    config.lr = o->lr;
    config.decay = o->decay;
    config.clip_norm = 1;
    config.schedule = (srnn_schedule){.kind = SRNN_LINEAR, .span = o->updates};
    must(srnn_trainer_open(&trainer, net, &config));
    return trainer;
}

/* The arrays of count windows. */
enum { PAST, EXPECTED, FUTURE, ARRAYS };

static void open_arrays(const options *o, const srnn_net *net, size_t count,
                        srnn_array array[ARRAYS])
{
    static const char *const name[ARRAYS] = {"past", "expected", "future"};
    const size_t columns[ARRAYS] = {o->window, o->ahead, o->ahead};

    for (int i = 0; i < ARRAYS; i++)
        array[i] = (srnn_array){
            .node = srnn_net_find(net, name[i]),
            .data = allocate(count * columns[i], sizeof(srnn_real))};
}

static void close_arrays(srnn_array array[ARRAYS])
{
    for (int i = 0; i < ARRAYS; i++)
        free(array[i].data);
}

/* Each update takes the next windows in an order that is new each round; all
 * that they hold is before the split. */
static void train(const options *o, const sunspots *s, const ar_model *m,
                  srnn_trainer *trainer)
{
    size_t count = s->split - o->window - o->ahead + 1, at = count;
    size_t *order = allocate(count, sizeof *order);
    size_t *end = allocate(o->batch, sizeof *end);
    meter progress = meter_start(0, o->updates, "window",
                                 "squared deviations", 1);
    uint32_t round = 16; /* streams of random numbers before it have a use */
    srnn_array in[ARRAYS];
    double loss;

    open_arrays(o, srnn_trainer_net(trainer), o->batch, in);
    for (uint64_t u = 0; u < o->updates; u++) {
        if (count - at < o->batch) {
            shuffle(order, count, o->seed, round++);
            at = 0;
        }
        for (size_t i = 0; i < o->batch; i++)
            end[i] = o->window + order[at++];
        sunspots_windows(s, end, o->batch, o->window, o->ahead, in[PAST].data,
                         in[FUTURE].data);
        sunspots_expect(s, m, end, o->batch, o->ahead, in[EXPECTED].data);
        srnn_trainer_reset(trainer);
        must(srnn_trainer_update(trainer, o->window, in, ARRAYS, &loss));
        meter_update(&progress, o->batch, loss);
    }
    close_arrays(in);
    free(end);
    free(order);
}

/* All origins are one batch. */
static void forecast(const options *o, const sunspots *s, const ar_model *m,
                     const srnn_net *net, forecasts *f)
{
    srnn_session_config config = srnn_session_default();
    srnn_array array[ARRAYS], out;
    size_t *end = allocate(f->origins, sizeof *end);
    srnn_session *session;

    open_arrays(o, net, f->origins, array);
    out = array[FUTURE];
    out.node = srnn_net_find(net, "forecast");
    for (size_t i = 0; i < f->origins; i++)
        end[i] = s->split + i;
    sunspots_windows(s, end, f->origins, o->window, o->ahead,
                     array[PAST].data, NULL);
    sunspots_expect(s, m, end, f->origins, o->ahead, array[EXPECTED].data);
    config.batch = f->origins;
    config.steps = o->window;
    config.threads = o->threads;
    must(srnn_session_open(&session, net, &config));
    must(srnn_session_forward(session, o->window, array, FUTURE, &out, 1));
    for (size_t i = 0; i < f->origins * o->ahead; i++)
        f->value[i] = sunspots_value(s, (double)out.data[i]);
    srnn_session_close(session);
    close_arrays(array);
    free(end);
}

/* ---- the picture -------------------------------------------------------- */

/* What is said of each time `ahead` values before it, beside the truth. */
static void draw(const options *o, const sunspots *s, const forecasts *f)
{
    size_t n = s->length - s->split;
    double *x = allocate(n, sizeof *x), *late = allocate(n, sizeof *late);
    char label[64];
    const picture_line line[2] = {
        {.label = "truth", .x = x, .y = s->x + s->split, .count = n,
         .red = 0.6, .green = 0.6, .blue = 0.6},
        {.label = label, .x = x, .y = late, .count = n, .red = 0.8}};

    for (size_t t = 0; t < n; t++) {
        x[t] = sunspots_time(s, s->split + t);
        late[t] = NAN;
    }
    for (size_t i = 0; i < f->origins; i++)
        late[i + o->ahead - 1] = f->value[i * o->ahead + o->ahead - 1];
    snprintf(label, sizeof label, "the net's forecast %zu %s before", o->ahead,
             s->frequency > 1 ? "months" : "years");
    picture_lines(o->picture, "Forecast over truth", "year", "sunspots", line,
                  2);
    free(late);
    free(x);
}

/* ---- options ------------------------------------------------------------ */

enum {
    SERIES, SPLIT, UNTIL, AHEAD, WINDOW, ORDER, HIDDEN, BATCH, UPDATES, LR,
    DECAY, SEED, PICTURE, SAVE, LOAD, THREADS, ISA, HELP
};

static const struct option list[] = {
    {"series", 1, NULL, SERIES},
    {"split", 1, NULL, SPLIT},
    {"until", 1, NULL, UNTIL},
    {"ahead", 1, NULL, AHEAD},
    {"window", 1, NULL, WINDOW},
    {"order", 1, NULL, ORDER},
    {"hidden", 1, NULL, HIDDEN},
    {"batch", 1, NULL, BATCH},
    {"updates", 1, NULL, UPDATES},
    {"lr", 1, NULL, LR},
    {"decay", 1, NULL, DECAY},
    {"seed", 1, NULL, SEED},
    {"picture", 1, NULL, PICTURE},
    {"save", 1, NULL, SAVE},
    {"load", 1, NULL, LOAD},
    {"threads", 1, NULL, THREADS},
    {"isa", 1, NULL, ISA},
    {"help", 0, NULL, HELP},
    {NULL, 0, NULL, 0}};

static void set(options *o, int which, const char *name, const char *value)
{
    switch (which) {
    case SERIES: o->series = value; break;
    case SPLIT: o->split = read_number(name, value, 1e6); break;
    case UNTIL: o->until = read_number(name, value, 1e6); break;
    case AHEAD: o->ahead = read_count(name, value, 1, 100000); break;
    case WINDOW: o->window = read_count(name, value, 1, 100000); break;
    case ORDER: o->order = read_count(name, value, 0, 64); break;
    case HIDDEN: o->hidden = read_count(name, value, 1, 65536); break;
    case BATCH: o->batch = read_count(name, value, 1, 65536); break;
    case UPDATES: o->updates = read_count(name, value, 1, 1000000000); break;
    case LR: o->lr = read_number(name, value, 10); break;
    case DECAY: o->decay = read_number(name, value, 10); break;
    case SEED: o->seed = read_count(name, value, 0, UINT64_MAX); break;
    case PICTURE: o->picture = value; break;
    case SAVE: o->save = value; break;
    case LOAD: o->load = value; break;
    case THREADS: o->threads = read_count(name, value, 1, 1024); break;
    case ISA: o->isa = value; break;
    case HELP: fputs(usage, stdout); exit(0);
    default: die("--help lists the options"); /* getopt has said why */
    }
}

static options read_options(int argc, char **argv)
{
    /* units, updates, rate and decay did best with --split 1840 --until 1920,
     * seeds 1 to 3 */
    options o = {.series = "sunspots", .split = 1920, .until = 1e6,
                 .ahead = 24,
                 .window = 144, .order = 48, .hidden = 32,
                 .batch = 32, .updates = 750, .seed = 1, .lr = 3e-3,
                 .decay = 0.1, .picture = "sunspots.png",
                 .save = "sunspots.safetensors", .threads = 1};
    int which, at = 0;

    while ((which = getopt_long(argc, argv, "", list, &at)) != -1)
        set(&o, which, which == '?' ? "" : list[at].name, optarg);
    if (optind < argc)
        die("'%s' is no option; --help lists them", argv[optind]);
    return o;
}

static void describe(const sunspots *s, const char *name)
{
    printf("%s: %zu values, %.0f to %.0f (%016llx); %zu before the year %.4g "
           "to learn from\n", name, s->length, s->begin,
           floor(sunspots_time(s, s->length - 1)), (unsigned long long)s->hash,
           s->split, sunspots_time(s, s->split));
}

/* Tells the series, and what was learnt from and how it was read, from
 * others. */
static uint64_t data_of(const options *o, const sunspots *s)
{
    uint64_t part[5] = {s->hash, s->split, o->window, o->order, o->ahead};

    return srnn_hash(part, sizeof part);
}

static srnn_net *learn(const options *o, const sunspots *s, const ar_model *m)
{
    srnn_net *net = build(o);
    srnn_trainer *trainer = prepare(o, net);

    train(o, s, m, trainer);
    model_keep(trainer, "net", data_of(o, s), o->save);
    srnn_trainer_close(trainer);
    return net;
}

static srnn_net *take(const options *o, const sunspots *s)
{
    const model_part parts[] = {{"past", "time", 1},
                                {"expected", "batch", o->ahead},
                                {"forecast", "batch", o->ahead},
                                {NULL, NULL, 0}};
    char what[MODEL_ROOM];

    return model_take(o->load, o->isa, data_of(o, s), parts, what);
}

/* What each way of forecasting makes of the years held back. */
static void report(const options *o, const sunspots *s)
{
    static const char *const by[4] = {"no change", "regression",
                                      "regression of roots", "net"};
    forecasts f[4];
    ar_model m[2];
    srnn_net *net;

    for (int i = 0; i < 4; i++)
        f[i] = forecasts_open(s, by[i], o->ahead);
    forecasts_persist(&f[0], s);
    for (int i = 0; i < 2; i++)
        m[i] = forecasts_regress(&f[1 + i], s, o->order, i);
    printf("autoregressions of order %zu, and of the roots %zu, by AIC\n",
           m[0].order, m[1].order);
    net = o->load ? take(o, s) : learn(o, s, &m[1]);
    forecast(o, s, &m[1], net, &f[3]);
    srnn_net_close(net);
    forecasts_print(f, 4, s);
    draw(o, s, &f[3]);
    printf("drawn in %s\n", o->picture);
    for (int i = 0; i < 4; i++)
        forecasts_close(&f[i]);
}

int main(int argc, char **argv)
{
    options o = read_options(argc, argv);
    sunspots s;

    if (!o.load)
        model_try(o.save);
    s = sunspots_read(o.series, o.split, o.until);
    describe(&s, o.series);
    if (o.order > o.window)
        die("--order %zu: --window has %zu values", o.order, o.window);
    if (s.split < o.window + o.ahead + o.batch)
        die("--window %zu and --ahead %zu leave less than %zu windows of %zu "
            "values", o.window, o.ahead, o.batch, s.split);
    report(&o, &s);
    sunspots_free(&s);
    return 0;
}

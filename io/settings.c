/* A trainer's configuration as a flat JSON object, and where two disagree. */
#include "settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const optimisers[] = {"sgd", "adam"};
static const char *const schedules[] = {"constant", "linear", "cosine", "step"};

json_t *srnn_count_json(uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    return json_string(text);
}

int srnn_count_parse(const char *text, uint64_t *value)
{
    char again[24];

    *value = strtoull(text, NULL, 10);
    snprintf(again, sizeof again, "%" PRIu64, *value);
    return !strcmp(text, again);
}

/* Up to the last that is not 0; a new reference, NULL: out of memory. */
static json_t *describe_axis_steps(const srnn_trainer_config *c)
{
    json_t *list = json_array();
    size_t n = SRNN_AXES;
    int bad = !list;

    while (n && !c->axis_steps[n - 1])
        n--;
    for (size_t i = 0; !bad && i < n; i++)
        bad = json_array_append_new(
            list, json_integer((json_int_t)c->axis_steps[i]));
    if (!bad)
        return list;
    json_decref(list);
    return NULL;
}

static int parse_axis_steps(const json_t *list, srnn_trainer_config *c)
{
    const size_t n = json_array_size(list);

    if (list && (!json_is_array(list) || n > SRNN_AXES))
        return 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *steps = json_array_get(list, i);

        if (!json_is_integer(steps) || json_integer_value(steps) < 0)
            return 0;
        c->axis_steps[i] = (size_t)json_integer_value(steps);
    }
    return 1;
}

/* Threads, input_gradients, segment and memory are left out: no bit of an
 * update depends on them. */
json_t *srnn_settings_describe(const srnn_trainer_config *c)
{
    return json_pack(
        "{s:s, s:I, s:I, s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f,"
        " s:s, s:o, s:o, s:f, s:o}",
        "optimiser", optimisers[c->optimiser], "batch", (json_int_t)c->batch,
        "steps", (json_int_t)c->steps, "axis_steps", describe_axis_steps(c),
        "lr", c->lr, "momentum", c->momentum,
        "beta1", c->beta1, "beta2", c->beta2, "eps", c->eps, "decay", c->decay,
        "clip_value", c->clip_value, "clip_norm", c->clip_norm, "schedule",
        schedules[c->schedule.kind], "warmup",
        srnn_count_json(c->schedule.warmup), "span",
        srnn_count_json(c->schedule.span), "last", c->schedule.last, "seed",
        srnn_count_json(c->seed));
}

static int index_of(const char *name, const char *const *names, int count)
{
    int i = 0;

    while (i < count && strcmp(name, names[i]))
        i++;
    return i < count ? i : -1;
}

srnn_status srnn_settings_parse(const srnn_file *file, json_t *json,
                                srnn_trainer_config *c)
{
    const char *optimiser, *schedule, *warmup, *span, *seed = "0";
    const json_t *axis_steps = NULL;
    json_int_t batch, steps;
    json_error_t error;
    int which, kind;

    *c = srnn_trainer_default();
    if (json_unpack_ex(
            json, &error, JSON_STRICT,
            "{s:s, s:I, s:I, s:F, s:F, s:F, s:F, s:F, s:F, s:F, s:F,"
            " s:s, s:s, s:s, s:F, s?o, s?s}",
            "optimiser", &optimiser, "batch", &batch, "steps", &steps, "lr",
            &c->lr, "momentum", &c->momentum, "beta1", &c->beta1, "beta2",
            &c->beta2, "eps", &c->eps, "decay", &c->decay, "clip_value",
            &c->clip_value, "clip_norm", &c->clip_norm, "schedule", &schedule,
            "warmup", &warmup, "span", &span, "last", &c->schedule.last,
            "axis_steps", &axis_steps, "seed", &seed))
        return srnn_file_fail_json(file->path, "simdrnn.trainer", &error);
    which = index_of(optimiser, optimisers, 2);
    kind = index_of(schedule, schedules, 4);
    if (which < 0 || kind < 0 || batch < 1 || steps < 1 ||
        !srnn_count_parse(warmup, &c->schedule.warmup) ||
        !srnn_count_parse(span, &c->schedule.span) ||
        !srnn_count_parse(seed, &c->seed) || !parse_axis_steps(axis_steps, c))
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "trainer: optimiser, schedule, batch, steps, "
                              "axis_steps, warmup, span or seed are none");
    c->optimiser = (srnn_optimiser)which;
    c->batch = (size_t)batch;
    c->steps = (size_t)steps;
    c->schedule.kind = (srnn_schedule_kind)kind;
    return SRNN_OK;
}

/* "<what>: <key> is <theirs> in the file, <ours> here" */
static srnn_status disagree(const srnn_file *file, const char *what,
                            const char *key, json_t *theirs, json_t *ours)
{
    char *a = srnn_json_text(theirs);
    char *b = srnn_json_text(ours);
    srnn_status status =
        srnn_file_fail(SRNN_ESTATE, file->path,
                       "%s: %s is %.40s in the file, %.40s here", what, key,
                       a ? a : "missing", b ? b : "missing");

    free(a);
    free(b);
    return status;
}

srnn_status srnn_json_agree(const srnn_file *file, const char *what,
                            json_t *theirs, json_t *ours)
{
    const char *key;
    json_t *value;

    json_object_foreach(ours, key, value)
        if (!json_equal(json_object_get(theirs, key), value))
            return disagree(file, what, key, json_object_get(theirs, key),
                            value);
    json_object_foreach(theirs, key, value)
        if (!json_object_get(ours, key))
            return disagree(file, what, key, value, NULL);
    return SRNN_OK;
}

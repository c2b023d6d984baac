/* A problem's arrays lie in a file that driver.py maps, its results beside
 * them; a line says what lies where. */
#define _DEFAULT_SOURCE
#include "python_driver.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE 64    /* arrays begin at multiples of it */
#define REPLY 1024 /* bytes at most */
#define ARRAYS 20

#define F32 "float32"
#define I32 "int32"
#define SIZE (sizeof(size_t) == 8 ? "int64" : "int32")

typedef struct array {
    char name[12];
    const char *type;
    const void *from;
    size_t shape[3], rank, bytes, offset;
} array;

struct peer_state {
    python_driver *driver;
    array array[ARRAYS];
    size_t inputs, arrays, bytes; /* results follow the inputs */
    char *memory;
    int fetched; /* the results are those of the last run */
};

/* ---- lines --------------------------------------------------------------- */

static void keep(python_driver *d, const char *why)
{
    snprintf(d->why, sizeof d->why, "%s", why);
}

static json_t *refuse(python_driver *d, json_t *answer, const char *what,
                      const char *reply)
{
    char why[160];

    snprintf(why, sizeof why, "%s: %.100s", what, reply);
    json_decref(answer);
    python_pipe_fail(&d->pipe, why);
    keep(d, why);
    return NULL;
}

/* What it answers, or NULL and d->why. */
static json_t *ask(python_driver *d, const char *request)
{
    char reply[REPLY];
    const char *why;
    json_t *answer, *ok;

    if (!d->started)
        python_pipe_open(&d->pipe, d->argv, d->seconds);
    d->started = 1;
    if (python_pipe_ask(&d->pipe, request, reply, sizeof reply)) {
        keep(d, d->pipe.why);
        return NULL;
    }
    answer = json_loads(reply, 0, NULL);
    ok = json_object_get(answer, "ok");
    if (!json_is_boolean(ok))
        return refuse(d, answer, "an answer that is none", reply);
    if (json_is_true(ok))
        return answer;
    why = json_string_value(json_object_get(answer, "why"));
    keep(d, why ? why : "it gives no reason");
    json_decref(answer);
    return NULL;
}

const char *python_version(python_driver *d, char *why, size_t size)
{
    json_t *answer = ask(d, "{\"do\": \"version\"}");
    const char *version = json_string_value(json_object_get(answer, "version"));

    if (answer && !version)
        answer = refuse(d, answer, "an answer", "without a version");
    if (answer)
        snprintf(d->version, sizeof d->version, "%s", version);
    else
        snprintf(why, size, "%s", d->why);
    json_decref(answer);
    return answer ? d->version : NULL;
}

/* ---- arrays -------------------------------------------------------------- */

static size_t count_of(const array *a)
{
    size_t count = 1;

    for (size_t i = 0; i < a->rank; i++)
        count *= a->shape[i];
    return count;
}

/* Of as many axes as are not 0; prefix: "d" for a gradient. */
static void add(peer_state *s, const char *prefix, const char *name,
                const char *type, const void *from, const size_t shape[3])
{
    array *a = &s->array[s->arrays++];

    *a = (array){.type = type, .from = from, .offset = s->bytes};
    snprintf(a->name, sizeof a->name, "%s%s", prefix, name);
    while (a->rank < 3 && shape[a->rank]) {
        a->shape[a->rank] = shape[a->rank];
        a->rank++;
    }
    a->bytes = count_of(a) * (strstr(type, "64") ? 8 : 4);
    s->bytes += (a->bytes + LINE - 1) / LINE * LINE;
}

#define ADD(name, type, from, ...) \
    add(s, "", name, type, from, (const size_t[3]){__VA_ARGS__})

static int trains(const peer_task *t)
{
    return strstr(t->what, "/forward") == NULL;
}

static size_t gates_of(const peer_task *t)
{
    if (!strncmp(t->what, "lstm", 4))
        return 4;
    return strncmp(t->what, "gru", 3) ? 1 : 3;
}

static void add_inputs(peer_state *s, const peer_task *t)
{
    const size_t T = t->size[SIZE_T], B = t->size[SIZE_B];
    const size_t I = t->size[SIZE_I], H = t->size[SIZE_H];
    const size_t gates = gates_of(t) * H;

    ADD("x", F32, t->x, T, B, I);
    ADD("w_ih", F32, t->w_ih, gates, I);
    ADD("w_hh", F32, t->w_hh, gates, H);
    ADD("b_ih", F32, t->b_ih, gates);
    ADD("b_hh", F32, t->b_hh, gates);
    if (!trains(t))
        return;
    ADD("w_head", F32, t->w_head, t->classes, H);
    ADD("b_head", F32, t->b_head, t->classes);
    ADD("targets", I32, t->targets, T, B);
    if (t->length)
        ADD("lengths", SIZE, t->length, B);
}

/* Training: the loss, and the gradients of whatever is real. */
static void add_results(peer_state *s, const peer_task *t)
{
    s->inputs = s->arrays;
    if (!trains(t)) {
        ADD("y", F32, NULL, t->size[SIZE_T], t->size[SIZE_B], t->size[SIZE_H]);
        return;
    }
    ADD("loss", F32, NULL, 1);
    for (size_t i = 0; i < s->inputs; i++)
        if (!strcmp(s->array[i].type, F32))
            add(s, "d", s->array[i].name, F32, NULL, s->array[i].shape);
}

/* Puts the inputs where the process finds them. -1: the reason is kept. */
static int share(peer_state *s)
{
    const int file = s->driver->pipe.file;
    void *memory;

    keep(s->driver, "no memory for its arrays");
    if (ftruncate(file, 0) || posix_fallocate(file, 0, (off_t)s->bytes))
        return -1;
    memory = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED)
        return -1;
    s->memory = memory;
    for (size_t i = 0; i < s->inputs; i++) {
        const array *a = &s->array[i];

        if (!a->from) {
            keep(s->driver, "the problem lacks an array");
            return -1;
        }
        memcpy(s->memory + a->offset, a->from, a->bytes);
    }
    return 0;
}

/* ---- open and close ------------------------------------------------------ */

/* Those from..to - 1, as the members of an object. */
static void write_arrays(FILE *f, const peer_state *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const array *a = &s->array[i];

        fprintf(f, "%s\"%s\": [\"%s\", %zu, [", i > from ? ", " : "", a->name,
                a->type, a->offset);
        for (size_t j = 0; j < a->rank; j++)
            fprintf(f, "%s%zu", j ? ", " : "", a->shape[j]);
        fprintf(f, "]]");
    }
}

static json_t *ask_open(const peer_state *s, const peer_task *t)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    json_t *answer = NULL;

    if (!f) {
        keep(s->driver, "no memory for a line");
        return NULL;
    }
    fprintf(f, "{\"do\": \"open\", \"what\": \"%s\", \"threads\": %zu, "
               "\"bytes\": %zu, \"arrays\": {",
            t->what, t->threads, s->bytes);
    write_arrays(f, s, 0, s->inputs);
    fprintf(f, "}, \"results\": {");
    write_arrays(f, s, s->inputs, s->arrays);
    fprintf(f, "}}");
    if (fclose(f))
        keep(s->driver, "no memory for a line");
    else
        answer = ask(s->driver, text);
    free(text);
    return answer;
}

static void forget(peer_state *s)
{
    if (s->memory)
        munmap(s->memory, s->bytes);
    free(s);
}

peer_state *python_open(python_driver *d, const peer_task *task, char *why,
                        size_t size)
{
    peer_state *s = d->open ? NULL : calloc(1, sizeof *s);
    json_t *answer = NULL;

    if (d->open || !s) {
        snprintf(why, size, "%s",
                 d->open ? "a problem of it is open" : "no memory");
        return NULL;
    }
    s->driver = d;
    add_inputs(s, task);
    add_results(s, task);
    if (!*d->version && !python_version(d, why, size)) {
        forget(s);
        return NULL;
    }
    if (*d->pipe.why)
        keep(d, d->pipe.why);
    else if (!share(s))
        answer = ask_open(s, task);
    if (answer) {
        json_decref(answer);
        return d->open = s;
    }
    snprintf(why, size, "%s", d->why);
    forget(s);
    return NULL;
}

void python_close(peer_state *s)
{
    if (!s)
        return;
    json_decref(ask(s->driver, "{\"do\": \"close\"}"));
    s->driver->open = NULL;
    forget(s);
}

void python_end(python_driver *d)
{
    if (d->started)
        python_pipe_close(&d->pipe);
    *d->version = '\0';
    d->started = 0;
}

/* ---- run ----------------------------------------------------------------- */

int python_time(peer_state *s, size_t runs, peer_timing *t)
{
    char request[64];
    json_t *answer;
    int good;

    snprintf(request, sizeof request, "{\"do\": \"time\", \"runs\": %zu}",
             runs);
    s->fetched = 0;
    answer = ask(s->driver, request);
    if (!answer)
        return -1;
    t->wall = json_number_value(json_object_get(answer, "wall"));
    t->core = json_number_value(json_object_get(answer, "core"));
    good = t->wall > 0 && isfinite(t->wall) && t->core >= 0 &&
           isfinite(t->core) &&
           json_is_number(json_object_get(answer, "core"));
    if (!good)
        refuse(s->driver, NULL, "an answer", "without times");
    json_decref(answer);
    return good ? 0 : -1;
}

/* The result that corresponds to an output of ours. */
static const char *result_name(const char *output)
{
    static const char *const suffixes[][2] = {
        {".weight_ih_l0", "dw_ih"}, {".weight_hh_l0", "dw_hh"},
        {".bias_ih_l0", "db_ih"},   {".bias_hh_l0", "db_hh"},
        {".weight", "dw_head"},     {".bias", "db_head"},
    };
    const char *dot = strchr(output, '.');

    for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
        if (!strcmp(dot, suffixes[i][0]))
            return suffixes[i][1];
    return strcmp(output, "x") ? output : "dx";
}

const float *python_result(peer_state *s, const char *output, size_t count)
{
    const char *name = result_name(output);
    json_t *answer;

    if (!s->fetched) {
        answer = ask(s->driver, "{\"do\": \"results\"}");
        s->fetched = answer != NULL;
        json_decref(answer);
    }
    for (size_t i = s->inputs; s->fetched && i < s->arrays; i++)
        if (!strcmp(s->array[i].name, name) &&
            count_of(&s->array[i]) == count)
            return (const float *)(void *)(s->memory + s->array[i].offset);
    return NULL;
}

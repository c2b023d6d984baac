/* Results as JSON, for programs: one object a variant, under the problem's
 * name, with every sample and the limits beside it. */
#include "table.h"

static void string(FILE *f, const char *key, const char *value)
{
    fprintf(f, "\"%s\": \"", key);
    for (; *value; value++)
        if (*value == '"' || *value == '\\')
            fprintf(f, "\\%c", *value);
        else if ((unsigned char)*value >= ' ')
            fputc(*value, f);
    fputc('"', f);
}

static void number(FILE *f, const char *key, double value)
{
    fprintf(f, "\"%s\": %.6g", key, value);
}

static void numbers(FILE *f, const char *key, const contender *c, size_t field)
{
    fprintf(f, ",\n     \"%s\": [", key);
    for (size_t i = 0; i < c->rounds; i++) {
        const sample *s = &c->sample[i];
        const double value[] = {s->seconds, s->limit.hz, s->limit.flops,
                                s->limit.bandwidth, s->near};

        fprintf(f, "%s%.6g", i ? ", " : "", value[field]);
    }
    fprintf(f, "]");
}

static void variant(FILE *f, const measured *v)
{
    measured_counter c[MEASURE_COUNTERS];
    const size_t n = measured_counters(v, v->result.median, c);

    fprintf(f, "    {");
    string(f, "name", v->name);
    fprintf(f, ",\n     ");
    number(f, "seconds", v->result.median);
    fprintf(f, ", ");
    number(f, "least_seconds", v->result.least);
    fprintf(f, ", \"runs\": %zu, \"repeats\": %zu,\n     ", v->result.runs,
            v->result.repeats);
    if (v->peer)
        fprintf(f, "\"compared\": %zu, \"outputs\": %zu,\n     ",
                v->compared, v->outputs);
    for (size_t i = 0; i < n; i++) {
        fprintf(f, i ? ", " : "");
        number(f, c[i].name, c[i].value);
    }
    numbers(f, "samples", &v->result, 0);
    numbers(f, "clock", &v->result, 1);
    numbers(f, "fma_flops", &v->result, 2);
    numbers(f, "bandwidth", &v->result, 3);
    if (v->result.sample[0].near > 0)
        numbers(f, "near_bandwidth", &v->result, 4);
    fprintf(f, "}");
}

static void describe(FILE *f, const machine *m)
{
    const struct {
        const char *key, *value;
    } text[] = {{"fingerprint", m->fingerprint}, {"cpu", m->cpu},
                {"family", m->family},           {"model", m->model},
                {"features", m->features},       {"compiler", m->compiler},
                {"flags", m->flags},             {"version", m->library},
                {"commit", m->commit},
                {"chosen", srnn_kernels_why()},
                {"neon", m->neon}};

    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        if (!text[i].value)
            continue;
        fprintf(f, "    ");
        string(f, text[i].key, text[i].value);
        fprintf(f, ",\n");
    }
    fprintf(f, "    ");
    number(f, "clock", m->hz);
    fprintf(f, ",\n    \"fma_flops\": {");
    for (size_t i = 0; i < m->rungs; i++) {
        fprintf(f, i ? ", " : "");
        number(f, m->rung[i], m->flops[i]);
    }
    fprintf(f, "},\n    \"caches\": {");
    for (size_t i = 0; i + 1 < limits_levels(); i++)
        fprintf(f, "%s\"%s\": %zu", i ? ", " : "", limits_level(i)->name,
                limits_level(i)->bytes);
    fprintf(f, "},\n    \"bandwidth\": {");
    for (size_t i = 0; i < m->levels; i++) {
        fprintf(f, i ? ", " : "");
        number(f, limits_level(i)->name, m->bandwidth[i]);
    }
    fprintf(f, "}\n");
}

/* Versions of those that are here, reasons of the others, repeated rounds. */
static void describe_peers(FILE *f, const found_peers *peers,
                           const measured_row *rows, size_t n)
{
    size_t repeats = 0, kept = 0;

    for (size_t i = 0; i < n; i++) {
        repeats += rows[i].repeats;
        kept += rows[i].kept;
    }
    fprintf(f, "  \"peers\": {\n");
    for (size_t i = 0; i < peers->n; i++) {
        const found_peer *p = &peers->each[i];

        fprintf(f, "    \"%s\": {", p->name);
        string(f, p->version ? "version" : "missing",
               p->version ? p->version : p->why);
        fprintf(f, "}%s\n", i + 1 < peers->n ? "," : "");
    }
    fprintf(f, "  },\n  \"repeated_rounds\": %zu, \"slow_rounds\": %zu,\n",
            repeats, kept);
}

static void skipped(FILE *f, const measured_row *rows, size_t n)
{
    const char *between = "";

    fprintf(f, "  \"skipped\": {");
    for (size_t i = 0; i < n; i++)
        if (*rows[i].skipped) {
            fprintf(f, "%s\n    ", between);
            string(f, rows[i].name, rows[i].skipped);
            between = ",";
        }
    fprintf(f, "},\n");
}

void json_write(FILE *f, const machine *m, const found_peers *peers,
                const measured_row *rows, size_t n)
{
    const char *between = "";

    fprintf(f, "{\n  \"machine\": {\n");
    describe(f, m);
    fprintf(f, "  },\n");
    if (peers) {
        describe_peers(f, peers, rows, n);
        skipped(f, rows, n);
    }
    fprintf(f, "  \"results\": [\n");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < rows[i].variants; j++) {
            fprintf(f, "%s", between);
            variant(f, &rows[i].variant[j]);
            between = ",\n";
        }
    fprintf(f, "\n  ]\n}\n");
}

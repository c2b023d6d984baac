/* A training run as a file: a model file, and beside the parameters all that
 * the next update depends on. */
#include "settings.h"

#include "../kernels/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

uint64_t srnn_hash(const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint64_t hash = 0xCBF29CE484222325u;

    while (bytes--)
        hash = (hash ^ *p++) * 0x100000001B3u;
    return hash ? hash : 1;
}

/* ---- the arrays --------------------------------------------------------- */

/* Names in a net have no '/', so nothing can be taken for a parameter. */
static const char *moment_prefix(const srnn_trainer *trainer, size_t which)
{
    if (srnn_trainer_settings(trainer).optimiser == SRNN_SGD)
        return "sgd/m/";
    return which ? "adam/v/" : "adam/m/";
}

/* Parameters, moments and states of the trainer, malloc'ed. */
static srnn_part *list(const srnn_trainer *trainer, size_t *count)
{
    const srnn_net *net = srnn_trainer_net(trainer);
    size_t params = srnn_net_params(net);
    size_t moments = srnn_trainer_moments(trainer);
    size_t states = srnn_trainer_states(trainer);
    srnn_part *parts = srnn_params_list(net, moments * params + states, count);

    if (!parts)
        return NULL;
    for (size_t which = 0; which < moments; which++)
        for (size_t i = 0; i < params; i++, ++*count) {
            parts[*count].prefix = moment_prefix(trainer, which);
            srnn_trainer_moment(trainer, which, i, &parts[*count].tensor);
        }
    for (size_t i = 0; i < states; i++, ++*count) {
        parts[*count].prefix = "state/";
        srnn_trainer_state(trainer, i, &parts[*count].tensor);
    }
    return parts;
}

/* ---- the progress ------------------------------------------------------- */

/* The caller's, and of the trainer what is neither array nor setting. */
typedef struct place {
    srnn_progress progress;
    int begun;
} place;

static json_t *describe_progress(const srnn_trainer *trainer,
                                 const srnn_progress *p)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:b}", "updates",
                     srnn_count_json(srnn_trainer_updates(trainer)),
                     "position", srnn_count_json(p->position), "data_hash",
                     srnn_count_json(p->data_hash), "seed",
                     srnn_count_json(p->seed), "note", p->note, "step",
                     srnn_count_json(srnn_trainer_step(trainer)), "begun",
                     srnn_trainer_begun(trainer));
}

static srnn_status parse_progress(const srnn_file *file, json_t *json,
                                  place *at)
{
    const char *updates, *position, *hash, *seed, *note, *step = "0";
    srnn_progress *p = &at->progress;
    json_error_t error;

    at->begun = 0;
    if (json_unpack_ex(json, &error, JSON_STRICT,
                       "{s:s, s:s, s:s, s:s, s:s, s?s, s?b}", "updates",
                       &updates, "position", &position, "data_hash", &hash,
                       "seed", &seed, "note", &note, "step", &step, "begun",
                       &at->begun))
        return srnn_file_fail_json(file->path, "simdrnn.progress", &error);
    if (strlen(note) >= sizeof p->note ||
        !srnn_count_parse(updates, &p->updates) ||
        !srnn_count_parse(position, &p->position) ||
        !srnn_count_parse(hash, &p->data_hash) ||
        !srnn_count_parse(seed, &p->seed) ||
        !srnn_count_parse(step, &p->step))
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "progress: a number is none, or the note is too "
                              "long");
    if (p->updates == UINT64_MAX) /* the next would have the number 0 */
        return srnn_file_fail(SRNN_EFORMAT, file->path,
                              "progress: no update can follow so many");
    snprintf(p->note, sizeof p->note, "%s", note);
    return SRNN_OK;
}

static srnn_status read_progress(const srnn_file *file, place *at)
{
    json_t *json;
    srnn_status status = srnn_file_metadata(file, "simdrnn.progress", &json);

    if (status)
        return status;
    status = parse_progress(file, json, at);
    json_decref(json);
    return status;
}

/* ---- saving ------------------------------------------------------------- */

static srnn_status check_arguments(const srnn_trainer *trainer,
                                   const srnn_progress *progress,
                                   const char *path)
{
    if (trainer && progress && path)
        return SRNN_OK;
    return srnn_fail(SRNN_EINVAL, "%s is NULL",
                     !trainer ? "trainer" : progress ? "path" : "progress");
}

static srnn_status check_note(const char *note)
{
    json_error_t error;
    json_t *json;

    if (!memchr(note, 0, SRNN_NOTE_SIZE))
        return srnn_fail(SRNN_EINVAL, "the note has no end");
    json = json_pack_ex(&error, 0, "s", note);
    if (!json && json_error_code(&error) == json_error_invalid_utf8)
        return srnn_fail(SRNN_EINVAL, "the note is not UTF-8");
    if (!json)
        return srnn_fail(SRNN_ENOMEM, "no memory for the note");
    json_decref(json);
    return SRNN_OK;
}

srnn_status srnn_checkpoint_save(const srnn_trainer *trainer,
                                 const srnn_progress *progress,
                                 const char *path)
{
    srnn_trainer_config config = srnn_trainer_settings(trainer);
    srnn_status status = check_arguments(trainer, progress, path);
    srnn_part *parts;
    size_t count;

    if (!status)
        status = check_note(progress->note);
    if (!status)
        status = srnn_graph_check(srnn_trainer_net(trainer));
    if (status)
        return status;
    parts = list(trainer, &count);
    if (!parts)
        return SRNN_ENOMEM;
    status = srnn_file_write(
        path,
        json_pack("{s:o, s:o, s:o}", "simdrnn",
                  srnn_graph_describe(srnn_trainer_net(trainer)),
                  "simdrnn.trainer", srnn_settings_describe(&config),
                  "simdrnn.progress", describe_progress(trainer, progress)),
        parts, count);
    free(parts);
    return status;
}

/* ---- loading ------------------------------------------------------------ */

static srnn_status read_settings(const srnn_file *file,
                                 srnn_trainer_config *config)
{
    json_t *json;
    srnn_status status = srnn_file_metadata(file, "simdrnn.trainer", &json);

    if (status)
        return status;
    status = srnn_settings_parse(file, json, config);
    json_decref(json);
    return status;
}

/* Both as they are written today: an older file says less. */
static srnn_status check_settings(const srnn_file *file,
                                  const srnn_trainer *trainer)
{
    const srnn_trainer_config config = srnn_trainer_settings(trainer);
    srnn_trainer_config found;
    json_t *theirs, *ours;
    srnn_status status = read_settings(file, &found);

    if (status)
        return status;
    theirs = srnn_settings_describe(&found);
    ours = srnn_settings_describe(&config);
    status = theirs && ours
                 ? srnn_json_agree(file, "trainer", theirs, ours)
                 : srnn_file_fail(SRNN_ENOMEM, file->path, "no memory");
    json_decref(ours);
    json_decref(theirs);
    return status;
}

static srnn_status check(const srnn_file *file, const srnn_trainer *trainer,
                         const srnn_progress *expected, place *at)
{
    srnn_status status = read_progress(file, at);
    const uint64_t hash = at->progress.data_hash;

    /* Other data first: other symbols would make another net. */
    if (!status && expected->data_hash && expected->data_hash != hash)
        status = srnn_file_fail(SRNN_ESTATE, file->path,
                                "was trained on other data: their hash is %016"
                                PRIx64 ", not %016" PRIx64,
                                hash, expected->data_hash);
    if (!status)
        status = srnn_graph_agree(file, srnn_trainer_net(trainer));
    if (!status)
        status = check_settings(file, trainer);
    return status;
}

static srnn_status load(srnn_trainer *trainer, srnn_progress *progress,
                        srnn_file *file)
{
    place at = {.begun = 0};
    srnn_status status = check(file, trainer, progress, &at);
    srnn_part *parts;
    size_t count;

    if (status)
        return status;
    parts = list(trainer, &count);
    if (!parts)
        return SRNN_ENOMEM;
    status = srnn_file_check(file, parts, count);
    if (status == SRNN_ESHAPE)
        status = SRNN_EFORMAT; /* the file contradicts itself */
    if (!status)
        status = srnn_file_read(file, parts, count);
    free(parts);
    if (status)
        return status;
    srnn_trainer_set_updates(trainer, at.progress.updates);
    srnn_trainer_sequences(trainer, NULL, at.progress.step);
    srnn_trainer_set_begun(trainer, at.begun);
    *progress = at.progress;
    return srnn_net_pack(srnn_trainer_net(trainer));
}

srnn_status srnn_checkpoint_load(srnn_trainer *trainer,
                                 srnn_progress *progress, const char *path)
{
    srnn_file file;
    srnn_status status = check_arguments(trainer, progress, path);

    if (!status)
        status = srnn_file_open(&file, path);
    if (status)
        return status;
    status = load(trainer, progress, &file);
    srnn_file_close(&file);
    return status;
}

srnn_status srnn_checkpoint_peek(const char *path, srnn_trainer_config *config,
                                 srnn_progress *progress)
{
    srnn_trainer_config found;
    place at = {.begun = 0};
    srnn_file file;
    srnn_status status;

    if (!path)
        return srnn_fail(SRNN_EINVAL, "path is NULL");
    status = srnn_file_open(&file, path);
    if (status)
        return status;
    status = read_settings(&file, &found);
    if (!status)
        status = read_progress(&file, &at);
    if (!status && config)
        *config = found;
    if (!status && progress)
        *progress = at.progress;
    srnn_file_close(&file);
    return status;
}

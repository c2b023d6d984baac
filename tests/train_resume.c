/* A run that is stopped and resumed is one that never stopped, bit for bit:
 * every cell and optimiser, stopped again and again, each time into a new
 * trainer with another number of threads. */
#include "check.h"
#include "files.h"
#include "tiny.h"

#include <simdrnn/io.h>

#include <string.h>

enum { UPDATES = 45 }; /* the text begins again at 40 */

/* Closes the run, and opens it again from a file. */
static void stop_and_resume(tiny *t, const tiny_config *c, size_t threads)
{
    const char *path = file_path("resume.safetensors");
    srnn_progress at = {.position = t->position};
    tiny_config again = *c;

    tiny_must(srnn_checkpoint_save(t->trainer, &at, path));
    tiny_close(t);
    again.threads = threads;
    tiny_open(t, &again);
    at = (srnn_progress){.position = 0};
    tiny_must(srnn_checkpoint_load(t->trainer, &at, path));
    t->position = at.position;
}

static void resumed(const tiny_config *c, const char *what)
{
    tiny whole, parts;

    tiny_open(&whole, c);
    tiny_open(&parts, c);
    tiny_train(&whole, UPDATES - 1);
    for (uint64_t stop = 0; stop < UPDATES; stop += 1 + stop % 7) {
        tiny_train(&parts, stop);
        stop_and_resume(&parts, c, 1 + stop % 2);
    }
    tiny_train(&parts, UPDATES);
    CHECK_SAYS(tiny_difference(&whole, &parts), "an update must show");
    tiny_train(&whole, UPDATES);
    CHECK_SAYS(!tiny_difference(&whole, &parts), "%s, %s: %s differs",
               srnn_cell_name(c->cell), what, tiny_difference(&whole, &parts));
    CHECK(!memcmp(&whole.loss, &parts.loss, sizeof whole.loss));
    tiny_close(&whole);
    tiny_close(&parts);
}

static void every_cell(void)
{
    for (int cell = 0; cell < SRNN_CELL_KINDS; cell++)
        for (size_t layers = 1; layers <= 2; layers++) {
            tiny_config c = {.cell = (srnn_cell_kind)cell, .hidden = 19,
                             .layers = layers, .optimiser = SRNN_ADAM};

            resumed(&c, "Adam");
            c.optimiser = SRNN_SGD;
            resumed(&c, "SGD");
            c.momentum = 0.9;
            resumed(&c, "SGD with momentum");
        }
}

/* What is not brought back shows: each part of a checkpoint is needed. */
static void controls(void)
{
    const tiny_config c = {.cell = SRNN_LSTM, .hidden = 19,
                           .optimiser = SRNN_ADAM};
    const char *path = file_path("control.safetensors");
    srnn_progress at = {.position = 0};
    tiny whole, part;

    tiny_open(&whole, &c);
    tiny_train(&whole, 9);
    tiny_must(srnn_checkpoint_save(whole.trainer, &at, path));
    tiny_train(&whole, 10);
    for (int lost = 0; lost < 5; lost++) {
        srnn_tensor moment;

        tiny_open(&part, &c);
        tiny_must(srnn_checkpoint_load(part.trainer, &at, path));
        part.position = lost == 1 ? 91 : 90;
        tiny_must(srnn_trainer_moment(part.trainer, 1, 0, &moment));
        if (lost == 2)
            srnn_trainer_reset(part.trainer);
        if (lost == 3)
            memset(moment.data, 0, moment.count * sizeof *moment.data);
        if (lost == 4)
            srnn_trainer_set_updates(part.trainer, 8);
        tiny_train(&part, srnn_trainer_updates(part.trainer) + 1);
        srnn_trainer_set_updates(part.trainer, 10);
        part.position = whole.position;
        CHECK_SAYS(!tiny_difference(&whole, &part) == !lost, "control %d",
                   lost);
        tiny_close(&part);
    }
    tiny_close(&whole);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"every-cell", NULL, every_cell},
                                       {"controls", NULL, controls},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}

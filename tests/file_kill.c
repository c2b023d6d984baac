/* Nothing is lost: a run that is killed at random moments while it saves after
 * every update ends in the same bits as one that never stopped; and a save
 * that fails leaves the old file. */
#define _XOPEN_SOURCE 700

#include "check.h"
#include "files.h"
#include "tiny.h"

#include <simdrnn/io.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOVED = 20 }; /* runs that are killed after they saved something */

static const tiny_config config = {.cell = SRNN_LSTM, .hidden = 24,
                                   .layers = 2, .optimiser = SRNN_ADAM};

static void save(const tiny *t, const char *path)
{
    srnn_progress at = {.position = t->position, .data_hash = 5, .seed = 3};

    tiny_must(srnn_checkpoint_save(t->trainer, &at, path));
}

static void load(tiny *t, const char *path)
{
    srnn_progress at = {.data_hash = 5};

    tiny_must(srnn_checkpoint_load(t->trainer, &at, path));
    t->position = at.position;
}

/* ---- kill -9 ------------------------------------------------------------ */

/* Goes on from the file, saving after each update, without end. */
static void train_and_save(const char *path)
{
    tiny t;

    tiny_open(&t, &config);
    for (load(&t, path);; save(&t, path))
        tiny_train(&t, srnn_trainer_updates(t.trainer) + 1);
}

/* Starts the run again and kills it after so many microseconds. */
static void run_and_kill(const char *path, uint32_t microseconds)
{
    struct timespec pause = {microseconds / 1000000,
                             microseconds % 1000000 * 1000};
    pid_t child;
    int how;

    fflush(stdout);
    child = fork();
    if (!child)
        train_and_save(path);
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    waitpid(child, &how, 0);
    CHECK_SAYS(WIFSIGNALED(how), "the run ended by itself");
}

/* Time is given more generously each time, so that enough runs get past a
 * save on any machine. */
static void killed(void)
{
    const char *path = file_path("killed.safetensors");
    uint64_t updates = 0;
    unsigned kills, moved;
    tiny whole, part;

    tiny_open(&whole, &config);
    tiny_open(&part, &config);
    save(&part, path);
    for (kills = moved = 0; moved < MOVED; kills++) {
        uint32_t counter[4] = {kills}, word[4];

        srnn_philox(11, counter, word);
        run_and_kill(path, word[0] % (5000 + 500 * kills));
        load(&part, path);
        CHECK(srnn_trainer_updates(part.trainer) >= updates);
        moved += srnn_trainer_updates(part.trainer) > updates;
        updates = srnn_trainer_updates(part.trainer);
    }
    tiny_train(&whole, updates - 1);
    CHECK_SAYS(tiny_difference(&whole, &part), "an update must show");
    tiny_train(&whole, updates);
    CHECK_SAYS(!tiny_difference(&whole, &part), "%s differs",
               tiny_difference(&whole, &part));
    check_note("killed %u times, %u times past another save, at update %u",
               kills, moved, (unsigned)updates);
    tiny_close(&whole);
    tiny_close(&part);
}

/* ---- saves that fail ---------------------------------------------------- */

/* Saving fails with these words, and the old file is as it was. */
static void fails(const tiny *t, const char *path, const char *words)
{
    srnn_progress at = {.seed = 1};
    size_t before, after;
    unsigned char *old = file_get(path, &before), *now;
    srnn_status status = srnn_checkpoint_save(t->trainer, &at, path);

    now = file_get(path, &after);
    CHECK_SAYS(status == SRNN_EIO && strstr(srnn_error_message(), words),
               "'%s' is not '%s'", srnn_error_message(), words);
    CHECK(before == after && !memcmp(old, now, before));
    free(old);
    free(now);
}

/* Another process holds the temporary file. */
static void held(const tiny *t, const char *path, const char *temporary)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int ready[2];
    pid_t child;
    char byte;

    fflush(stdout);
    if (pipe(ready))
        exit(1);
    child = fork();
    if (!child) {
        int fd = open(temporary, O_RDWR | O_CREAT, 0666);

        if (fcntl(fd, F_SETLK, &lock) || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    fails(t, path, "another process writes it");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void full(const tiny *t, const char *path)
{
    struct rlimit old, small;

    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    fails(t, path, "cannot be written");
    setrlimit(RLIMIT_FSIZE, &old);
}

static void failed(void)
{
    const char *path = file_path("old.safetensors");
    const char *temporary = file_path("old.safetensors.tmp");
    srnn_progress at = {.seed = 0};
    tiny t;

    tiny_open(&t, &config);
    save(&t, path);
    CHECK(!file_exists(temporary));
    tiny_train(&t, 1);
    full(&t, path);
    CHECK(!file_exists(temporary));
    held(&t, path, temporary);
    CHECK_SAYS(file_exists(temporary), "what was held must be left");
    file_put(temporary, "stale, and longer than what comes", 33);
    save(&t, path);
    CHECK(!file_exists(temporary));
    load(&t, path);
    CHECK(srnn_checkpoint_save(t.trainer, &at, "/nowhere/at/all") == SRNN_EIO);
    CHECK(strstr(srnn_error_message(), "No such file"));
    tiny_close(&t);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"killed", NULL, killed},
                                       {"failed", NULL, failed},
                                       {NULL, NULL, NULL}};

    return check_main(argc, argv, cases);
}

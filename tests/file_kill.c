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

enum { UPDATES = 60 };

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

/* Goes on from the file, saving after each update, and never comes back. */
static void train_and_save(const char *path)
{
    tiny t;

    tiny_open(&t, &config);
    load(&t, path);
    while (srnn_trainer_updates(t.trainer) < UPDATES) {
        tiny_train(&t, srnn_trainer_updates(t.trainer) + 1);
        save(&t, path);
    }
    _exit(0);
}

/* Starts the run again and kills it within so many microseconds; whether it
 * had come to its end. */
static int run_and_kill(const char *path, uint32_t most, uint32_t random)
{
    long wait = (long)(random % most) * 1000;
    struct timespec pause = {wait / 1000000000, wait % 1000000000};
    pid_t child;
    int how;

    fflush(stdout);
    child = fork();
    if (!child)
        train_and_save(path);
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    waitpid(child, &how, 0);
    CHECK_SAYS(WIFSIGNALED(how) || !WEXITSTATUS(how), "the run failed");
    return WIFEXITED(how);
}

/* Time is given more generously each time, so that the end is reached on any
 * machine. */
static void killed(void)
{
    const char *path = file_path("killed.safetensors");
    uint64_t updates = 0, seen = 0;
    unsigned kills = 0, moved = 0;
    tiny whole, part;

    tiny_open(&whole, &config);
    tiny_open(&part, &config);
    save(&part, path);
    while (updates < UPDATES) {
        uint32_t counter[4] = {kills}, word[4];

        srnn_philox(11, counter, word);
        if (run_and_kill(path, 5000 + 500 * kills, word[0]))
            break;
        kills++;
        load(&part, path);
        updates = srnn_trainer_updates(part.trainer);
        CHECK(updates >= seen);
        moved += updates > seen;
        seen = updates;
    }
    load(&part, path);
    tiny_train(&whole, UPDATES - 1);
    CHECK_SAYS(tiny_difference(&whole, &part), "an update must show");
    tiny_train(&whole, UPDATES);
    CHECK_SAYS(!tiny_difference(&whole, &part), "%s differs",
               tiny_difference(&whole, &part));
    check_note("killed %u times, %u of them past another save", kills, moved);
    CHECK(kills >= 5);
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

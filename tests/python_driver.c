/* A driver in place of driver.py: what one that works is given and gives; one
 * that is not there, dies, hangs or answers nonsense ends in a reason, in time,
 * and leaves no process and no descriptor. */
#define _DEFAULT_SOURCE
#include "bench/limits.h"
#include "bench/peers/python_driver.h"
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 30 /* for those that do answer */
#define SHORT 0.3   /* for those that do not */
#define LONG 15     /* far beyond SHORT, and before their sleep ends */

/* T 2, B 2, I 1, H 2; as a GRU three gates. */
enum { ROWS = 4, HIDDEN = 2, GATES = 6, CLASSES = 2 };

static const size_t lengths[] = {1, 2};
static const float x[ROWS] = {1, 2, 3, 4};
static const float w_ih[GATES] = {5, 6, 7, 8, 9, 10};
static const float w_hh[GATES * HIDDEN] = {11, 12, 13, 14};
static const float b_ih[GATES] = {15}, b_hh[GATES] = {16};
static const float w_head[CLASSES * HIDDEN] = {17, 18}, b_head[CLASSES] = {19};
static const int32_t targets[ROWS] = {0, 1, 1, 0};

static peer_task task_of(const char *what)
{
    return (peer_task){.what = what, .row = what, .size = {2, 2, 1, HIDDEN, 0},
                       .threads = 3, .classes = CLASSES, .length = lengths,
                       .x = x, .w_ih = w_ih, .w_hh = w_hh, .b_ih = b_ih,
                       .b_hh = b_hh, .w_head = w_head, .b_head = b_head,
                       .targets = targets};
}

static python_driver shell(const char *script, double seconds)
{
    return (python_driver){.argv = {"/bin/sh", "-c", script},
                           .seconds = seconds};
}

/* Answers each request by its word, what is not listed by plain ok. */
#define ANSWERS(cases) \
    "while read line; do case $line in " cases \
    "*version*) echo '{\"ok\": true, \"version\": \"7\"}';; " \
    "*) echo '{\"ok\": true}';; esac; done"

static size_t descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

/* ---- one that works ------------------------------------------------------ */

/* Every gradient is twice what it is the gradient of, y twice x in its first
 * elements, the loss the sum of lengths and targets and of two sizes. */
static const char working[] =
    "import json, mmap, struct, sys\n"
    "code = {'float32': 'f', 'int32': 'i', 'int64': 'q'}\n"
    "def spot(a):\n"
    "    n = 1\n"
    "    for s in a[2]: n *= s\n"
    "    return '%d%s' % (n, code[a[0]]), m, a[1]\n"
    "for line in sys.stdin:\n"
    "    q = json.loads(line)\n"
    "    reply = {'ok': True}\n"
    "    if q['do'] == 'version': reply['version'] = '1.5'\n"
    "    if q['do'] == 'open':\n"
    "        o, m = q, mmap.mmap(3, q['bytes'])\n"
    "        get = {n: struct.unpack_from(*spot(a))\n"
    "               for n, a in q['arrays'].items()}\n"
    "    if q['do'] == 'time':\n"
    "        reply.update(wall=0.5 * q['runs'], core=0.25)\n"
    "    if q['do'] == 'results':\n"
    "        for n, a in o['results'].items():\n"
    "            if n == 'loss':\n"
    "                to = [sum(get['lengths']) + sum(get['targets']) +\n"
    "                      o['threads'] + o['arrays']['w_head'][2][0]]\n"
    "            else:\n"
    "                to = [2 * f for f in get[n[1:] or 'x']]\n"
    "                to = (to + [0] * 8)[:int(spot(a)[0][:-1])]\n"
    "            struct.pack_into(*spot(a), *to)\n"
    "    print(json.dumps(reply), flush=True)\n";

static void doubled(peer_state *s, const char *output, const float *of,
                    size_t count)
{
    const float *got = python_result(s, output, count);

    CHECK_SAYS(got, "no %s", output);
    for (size_t i = 0; got && i < count; i++)
        CHECK_SAYS(got[i] == 2 * of[i], "%s[%zu] is %g, not %g", output, i,
                   (double)got[i], 2 * (double)of[i]);
}

static void trained(python_driver *d)
{
    const peer_task task = task_of("gru/ragged");
    char why[256] = "";
    peer_state *s = python_open(d, &task, why, sizeof why);
    const float *loss;

    CHECK_SAYS(s, "%s", why);
    if (!s)
        return;
    CHECK(!python_open(d, &task, why, sizeof why));
    CHECK_SAYS(strstr(why, "is open"), "%s", why);
    doubled(s, "x", x, ROWS);
    doubled(s, "layer.weight_ih_l0", w_ih, GATES);
    doubled(s, "layer.weight_hh_l0", w_hh, GATES * HIDDEN);
    doubled(s, "layer.bias_ih_l0", b_ih, GATES);
    doubled(s, "layer.bias_hh_l0", b_hh, GATES);
    doubled(s, "head.weight", w_head, CLASSES * HIDDEN);
    doubled(s, "head.bias", b_head, CLASSES);
    loss = python_result(s, "loss", 1);
    CHECK(loss && *loss == 3 + 2 + 3 + CLASSES);
    CHECK(!python_result(s, "y", ROWS * HIDDEN));
    CHECK(!python_result(s, "x", ROWS + 1));
    python_close(s);
}

static void forward(python_driver *d)
{
    const float y[ROWS * HIDDEN] = {1, 2, 3, 4};
    const peer_task task = task_of("gru/forward");
    char why[256] = "";
    peer_state *s = python_open(d, &task, why, sizeof why);
    peer_timing t = {0, 0};

    CHECK_SAYS(s, "%s", why);
    if (!s)
        return;
    CHECK(!python_time(s, 6, &t) && t.wall == 3 && t.core == 0.25);
    doubled(s, "y", y, ROWS * HIDDEN);
    CHECK(!python_result(s, "loss", 1));
    python_close(s);
}

static void right(void)
{
    python_driver d = {.argv = {"/usr/bin/env", "python3", "-c", working},
                       .seconds = PATIENCE};
    char why[256] = "";
    const char *version = python_version(&d, why, sizeof why);

    if (strstr(why, "code 127"))
        check_note("not run: no python3 here");
    else
        CHECK_SAYS(version && !strcmp(version, "1.5"), "%s", why);
    if (version) {
        trained(&d);
        forward(&d);
        trained(&d);
    }
    python_end(&d);
}

/* ---- those that do not --------------------------------------------------- */

/* Its version is refused with this word, at once and again. */
static void refused(python_driver d, const char *word)
{
    const double start = limits_now();
    const peer_task task = task_of("gru/forward");
    char why[256] = "", again[256] = "";

    CHECK(!python_version(&d, why, sizeof why));
    CHECK_SAYS(strstr(why, word), "'%s' does not say '%s'", why, word);
    CHECK(!python_open(&d, &task, again, sizeof again));
    CHECK_SAYS(!strcmp(why, again), "'%s', then '%s'", why, again);
    CHECK(limits_now() - start < LONG);
    check_note("%.90s", why);
    python_end(&d);
}

static void dies(void)
{
    python_driver absent = {.argv = {"/nowhere/python"}, .seconds = PATIENCE};

    refused(absent, "/nowhere/python: No such file");
    refused(shell("exit 3", PATIENCE), "code 3");
    refused(shell("echo no torch here >&2; exit 3", PATIENCE),
            "code 3: no torch here");
    refused(shell("read line; kill -9 $$", PATIENCE), "signal 9");
    refused(shell("read line; exit 0", PATIENCE), "code 0");
    refused(shell("read line; yes | head -c 100000 >&2; exit 4", PATIENCE),
            "code 4: y");
}

static void hangs(void)
{
    refused(shell("exec sleep 20", SHORT), "no answer within 0.3 s");
    refused(shell("read line; printf '{\"ok\": '; exec sleep 20", SHORT),
            "no answer within 0.3 s");
}

static void nonsense(void)
{
    refused(shell("echo nonsense; cat", PATIENCE), "none: nonsense");
    refused(shell("echo; cat", PATIENCE), "answer that is none");
    refused(shell("echo '[true]'; cat", PATIENCE), "none: [true]");
    refused(shell("echo '{\"ok\": 1}'; cat", PATIENCE), "none: {");
    refused(shell("echo '{\"ok\": true} more'; cat", PATIENCE), "none: {");
    refused(shell("echo '{\"ok\": true}'; cat", PATIENCE), "without a version");
    refused(shell("exec yes '{' | tr -d '\\n'", PATIENCE), "does not end");
}

/* Says no, and goes on. */
static void declines(void)
{
    python_driver d = shell(
        ANSWERS("*rnn*) echo '{\"ok\": false, \"why\": \"no rnn\"}';; "),
        PATIENCE);
    const peer_task rnn = task_of("rnn/forward"), gru = task_of("gru/train");
    char why[256] = "";
    peer_state *s;

    CHECK(!python_open(&d, &rnn, why, sizeof why));
    CHECK_SAYS(!strcmp(why, "no rnn"), "%s", why);
    s = python_open(&d, &gru, why, sizeof why);
    CHECK_SAYS(s, "%s", why);
    python_close(s);
    python_end(&d);
}

/* Opens, and then does what `script` says when it is to time. */
static void fails_to_time(const char *script, double seconds, const char *word)
{
    python_driver d = shell(script, seconds);
    const peer_task task = task_of("gru/forward");
    char why[256] = "";
    peer_state *s = python_open(&d, &task, why, sizeof why);
    peer_timing t;

    CHECK_SAYS(s, "%s", why);
    if (!s)
        return;
    CHECK(python_time(s, 1, &t));
    CHECK_SAYS(strstr(d.why, word), "'%s' does not say '%s'", d.why, word);
    CHECK(python_time(s, 1, &t));
    CHECK(!python_result(s, "y", ROWS * HIDDEN));
    python_close(s);
    CHECK(!python_open(&d, &task, why, sizeof why));
    CHECK_SAYS(strstr(why, word), "'%s' does not say '%s'", why, word);
    python_end(&d);
}

static void fails_later(void)
{
    fails_to_time(ANSWERS("*time*) exit 5;; "), PATIENCE, "code 5");
    fails_to_time(ANSWERS("*time*) exec sleep 20;; "), SHORT, "no answer");
    fails_to_time(ANSWERS(""), PATIENCE, "without times");
    fails_to_time(ANSWERS("*time*) echo '{\"ok\": true, \"wall\": 0, "
                          "\"core\": 1}';; "),
                  PATIENCE, "without times");
    fails_to_time(ANSWERS("*time*) echo '{\"ok\": true, \"wall\": 1}';; "),
                  PATIENCE, "without times");
}

/* Ended while nobody listens: the next request finds nobody, and raises no
 * signal. */
static void gone(void)
{
    python_driver d = shell("read line; echo '{\"ok\": true, \"version\": "
                            "\"7\"}'", PATIENCE);
    const peer_task task = task_of("gru/forward");
    char why[256] = "";
    siginfo_t info;

    CHECK(python_version(&d, why, sizeof why));
    waitid(P_PID, (id_t)d.pipe.pid, &info, WEXITED | WNOWAIT);
    CHECK(!python_open(&d, &task, why, sizeof why));
    CHECK_SAYS(strstr(why, "code 0"), "%s", why);
    python_end(&d);
}

static size_t at_start;

static void nothing_left(void)
{
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    CHECK_SAYS(descriptors() == at_start, "%zu descriptors, not %zu",
               descriptors(), at_start);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"one that works", NULL, right},
        {"one that dies", NULL, dies},
        {"one that hangs", NULL, hangs},
        {"one that answers nonsense", NULL, nonsense},
        {"one that declines", NULL, declines},
        {"one that fails when it runs", NULL, fails_later},
        {"one that has gone", NULL, gone},
        {"nothing is left", NULL, nothing_left},
        {NULL, NULL, NULL},
    };

    at_start = descriptors();
    return check_main(argc, argv, cases);
}

/* A call that must be refused: the status, and words of the message. */
#ifndef SRNN_TESTS_REFUSE_H
#define SRNN_TESTS_REFUSE_H

#include "check.h"

#include <simdrnn/base.h>

#include <string.h>

/* The message must hold every word: the argument and the numbers. */
static inline void refused(srnn_status got, srnn_status want, const char *call,
                           const char *file, int line,
                           const char *const *words)
{
    if (got != want) {
        check_failed(file, line, "%s: status %d, not %d (%s)", call, (int)got,
                     (int)want, srnn_error_message());
        return;
    }
    for (; *words; words++)
        if (!strstr(srnn_error_message(), *words))
            check_failed(file, line, "%s: \"%s\" does not name '%s'", call,
                         srnn_error_message(), *words);
}

#define REFUSED(want, call, ...) \
    refused((call), (want), #call, __FILE__, __LINE__, \
            (const char *const[]){__VA_ARGS__, NULL})

#endif

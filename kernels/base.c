/* Version, statuses, and the message of each thread's last error. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[256];

const char *srnn_strerror(int status)
{
    switch (status) {
#define STATUS_CASE(name, value, text) \
    case value: \
        return text;
        SRNN_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown status";
}

const char *srnn_error_message(void)
{
    return message;
}

srnn_status srnn_fail(srnn_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return status;
}

#define TEXT(x) #x
#define VERSION(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)

const char *srnn_version(void)
{
    return VERSION(SRNN_VERSION_MAJOR, SRNN_VERSION_MINOR, SRNN_VERSION_PATCH);
}

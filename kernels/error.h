/* How a call of the library fails: it says why, then returns its status. Only
 * for simdrnn and simdrnn_io among themselves, no part of the interface. */
#ifndef SRNN_ERROR_H
#define SRNN_ERROR_H

#include <simdrnn/base.h>

/* Leaves the message for srnn_error_message() and returns status. */
__attribute__((format(printf, 2, 3))) SRNN_API srnn_status
srnn_fail(srnn_status status, const char *format, ...);

#endif

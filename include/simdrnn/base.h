/* What every part of simdrnn shares: the version, the real type, statuses and
 * the message behind the last error. */
#ifndef SIMDRNN_BASE_H
#define SIMDRNN_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Semantic version. While the major number is 0 no ABI is promised: rebuild
 * what links the library with each minor release. */
#define SRNN_VERSION_MAJOR 0
#define SRNN_VERSION_MINOR 1
#define SRNN_VERSION_PATCH 0

#if defined(__GNUC__)
#define SRNN_API __attribute__((visibility("default")))
#else
#define SRNN_API
#endif

/* float. The tests compile the same sources once more with double. */
#ifdef SRNN_REAL_F64
typedef double srnn_real;
#else
typedef float srnn_real;
#endif

/* One list gives the codes and their texts. */
#define SRNN_STATUS_LIST(X) \
    X(OK, 0, "success") \
    X(EINVAL, -1, "invalid argument") \
    X(ESHAPE, -2, "shapes disagree") \
    X(ENOMEM, -3, "out of memory") \
    X(EISA, -4, "instruction set unknown or not available") \
    X(ESTATE, -5, "call not allowed in this state") \
    X(EIO, -6, "file cannot be read or written") \
    X(EFORMAT, -7, "file is damaged or of another format") \
    X(ETHREAD, -8, "thread cannot be started")

typedef enum srnn_status {
#define SRNN_STATUS_ENUM(name, value, text) SRNN_##name = value,
    SRNN_STATUS_LIST(SRNN_STATUS_ENUM)
#undef SRNN_STATUS_ENUM
} srnn_status;

/* The text of a status, "unknown status" for other numbers. Any thread. */
SRNN_API const char *srnn_strerror(int status);

/* What the last failing call of this thread said: the argument and the
 * numbers that disagree. Valid until this thread's next failing call; empty
 * before the first. */
SRNN_API const char *srnn_error_message(void);

/* "MAJOR.MINOR.PATCH" of the library that is linked. */
SRNN_API const char *srnn_version(void);

#ifdef __cplusplus
}
#endif

#endif

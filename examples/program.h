/* What every example does beside its own work: fail, read, take the time. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <simdrnn/simdrnn.h>

/* The program's name, before each of its messages; its main file defines it. */
extern const char program[];

/* Says what went wrong and ends the program. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format,
                                                         ...);
/* Ends it with the library's message if status is an error. */
void must(srnn_status status);

/* malloc and realloc of count items; end the program where there is no
 * memory. Never NULL. */
void *allocate(size_t count, size_t size);
void *reallocate(void *old, size_t count, size_t size);

/* All bytes of a file, or of what a shell command writes: malloc'ed, with a 0
 * after them. The command's is NULL where it fails or writes nothing. */
unsigned char *read_file(const char *path, size_t *length);
unsigned char *read_command(const char *command, size_t *length);

/* An option's value, which must be in these limits. */
uint64_t read_count(const char *option, const char *value, uint64_t least,
                    uint64_t most);
double read_number(const char *option, const char *value, double most);

double now(void); /* seconds, of a clock that is never set */

/* Number i of stream `stream` in [0, 1): what it is depends on nothing else. */
double uniform(uint64_t seed, uint32_t stream, uint64_t i);
/* Puts 0 .. n - 1 in an order of the seed's and the round's. */
void shuffle(size_t *order, size_t n, uint64_t seed, uint32_t round);

#endif

/* A trainer's configuration in a file. */
#ifndef SRNN_SETTINGS_H
#define SRNN_SETTINGS_H

#include "file.h"

/* A count as its decimal digits, since JSON's whole numbers end at 2^63: a new
 * reference, NULL: out of memory; and back, 0 for any other text. */
json_t *srnn_count_json(uint64_t value);
int srnn_count_parse(const char *text, uint64_t *value);

/* A new reference, NULL: out of memory. */
json_t *srnn_settings_describe(const srnn_trainer_config *config);
srnn_status srnn_settings_parse(const srnn_file *file, json_t *json,
                                srnn_trainer_config *config);

/* SRNN_ESTATE with the first key of one of the objects whose value is another
 * in the other one. what: of what they speak. */
srnn_status srnn_json_agree(const srnn_file *file, const char *what,
                            json_t *theirs, json_t *ours);

#endif

/* Nets of every kind of node and every attribute, for what is to be true of
 * each of them in a file. */
#ifndef SRNN_TESTS_FILE_NETS_H
#define SRNN_TESTS_FILE_NETS_H

#include "graph.h"

/* The i-th net and its name, NULL past the last; graph: how it is run. */
srnn_net *file_net(const srnn_kernels *k, size_t i, char name[64], graph *g);

#endif

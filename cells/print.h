/* A net as a drawing: which places each node has, one for each step of its
 * axis, and which places lead to it. Folded, every axis has one step. */
#ifndef SRNN_PRINT_H
#define SRNN_PRINT_H

#include "node.h"

/* The caller's buffer; length counts on where it is full. */
typedef struct sheet {
    char *text;
    size_t size, length;
} sheet;

typedef struct drawing {
    const srnn_net *net;
    size_t steps; /* of each axis; 1 where folded */
    int folded;
    sheet *sheet;
} drawing;

/* Place `at` of node `from`; what it is to the node that it leads to, "" where
 * that is plain, and the steps between them. */
typedef struct edge {
    const node *from;
    size_t at;
    const char *role;
    int step;
} edge;

__attribute__((format(printf, 2, 3))) void
srnn_sheet_put(sheet *s, const char *format, ...);

/* Places on an axis: step t of the sequence under place p of the parent is
 * place p * steps + t. */
size_t srnn_places(const drawing *d, srnn_axis axis);
/* "name", or unfolded "name@t", "name@t.s". */
void srnn_put_place(const drawing *d, const node *n, size_t at);
/* "1 layer", "2 layers". */
void srnn_put_count(sheet *s, size_t count, const char *what);
/* "kind, sizes on axis". */
void srnn_put_kind(const drawing *d, const node *n);
/* "weight_ih_l0 [20][3]" */
void srnn_put_param(const drawing *d, const node *n, const param *p);
/* The i-th edge to a place; 0 past the last. */
int srnn_edge(const drawing *d, const node *n, size_t at, size_t i, edge *e);

void srnn_draw_dot(const drawing *d);

#endif

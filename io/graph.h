/* The graph in a file, a list of axes and nodes: which kinds of entries there
 * are, and with which attributes, is said in two tables.
 *
 * [{"name":"text","kind":"tokens","inputs":[],"features":73},
 *  {"name":"embed","kind":"embedding","inputs":["text"],"features":64},
 *  {"name":"rnn","kind":"lstm","inputs":["embed"],"hidden":256,"layers":2,
 *   "direction":"both"}, ...]
 *
 * Axes come first, {"name":"chars","kind":"axis","parent":"time"}; then the
 * nodes in the order in which they were added. An attribute that is not there
 * has its default. */
#ifndef SRNN_GRAPH_H
#define SRNN_GRAPH_H

#include "file.h"

/* ---- attributes --------------------------------------------------------- */

/* Where a value is. */
typedef struct graph_place {
    const srnn_net *net;      /* the entries before */
    const char *const *words; /* of an enum or of bits; NULL ends them */
    void *value;
} graph_place;

/* A type of values, as JSON and back. */
typedef struct graph_form {
    const char *what; /* is expected */
    /* A new reference, NULL: out of memory. Only reads the value. */
    json_t *(*describe)(const graph_place *p);
    /* 0: it is no such value. */
    int (*parse)(const graph_place *p, const json_t *json);
} graph_form;

extern const graph_form srnn_graph_count, srnn_graph_flag, srnn_graph_number,
    srnn_graph_word, srnn_graph_bits, srnn_graph_axis, srnn_graph_node,
    srnn_graph_activations;

/* Attributes come in groups; a kind has some of these. */
enum {
    GRAPH_FEATURES = 1,
    GRAPH_AXIS = 2,
    GRAPH_PARENT = 4,
    GRAPH_LOSS = 8,
    GRAPH_TIED = 16,
    GRAPH_DROPOUT = 32,
    GRAPH_ATTENTION = 64,
    GRAPH_RECURRENT = 128
};

typedef struct graph_attribute {
    const char *name;
    unsigned group;
    const graph_form *form;
    size_t offset; /* in srnn_node_info */
    const char *const *words;
    int required; /* always there: it has no default */
} graph_attribute;

extern const graph_attribute srnn_graph_attributes[]; /* name NULL ends them */

/* An attribute of a node as JSON, a new reference. info NULL: its default. */
json_t *srnn_graph_value(const srnn_net *net, const graph_attribute *a,
                         const srnn_node_info *info);
/* Sets it from JSON; 0: that is no such value. */
int srnn_graph_parse(const srnn_net *net, const graph_attribute *a,
                     const json_t *json, srnn_node_info *info);
/* The attribute of that name in one of the groups, NULL: there is none. */
const graph_attribute *srnn_graph_attribute(const char *name, unsigned groups);
/* A node whose attributes all have their defaults. */
srnn_node_info srnn_graph_default(void);

/* ---- kinds -------------------------------------------------------------- */

/* One of the functions adds it: what many kinds are added by, or `other`. */
typedef struct graph_kind {
    const char *name; /* NULL: recurrent, whose kind is the cell's name */
    unsigned groups;
    size_t least, most; /* inputs */
    srnn_status (*source)(srnn_net *, srnn_axis, const char *, size_t,
                          srnn_node *);
    srnn_status (*sized)(srnn_net *, const char *, srnn_node, size_t,
                         srnn_node *);
    srnn_status (*one)(srnn_net *, const char *, srnn_node, srnn_node *);
    srnn_status (*two)(srnn_net *, const char *, srnn_node, srnn_node,
                       srnn_node *);
    srnn_status (*many)(srnn_net *, const char *, const srnn_node *, size_t,
                        srnn_node *);
    srnn_status (*other)(srnn_net *, const srnn_node_info *, srnn_node *);
    /* Takes its parameters, or so many of them that these bound the rest, out
     * of the values that the file still holds; 0: it has not so many. NULL:
     * there are none. */
    int (*fits)(const srnn_net *, const srnn_node_info *, uint64_t *left);
} graph_kind;

/* The kind of that name, NULL: it is unknown. Sets *cell where it is one. */
const graph_kind *srnn_graph_kind(const char *name, srnn_cell_kind *cell);
srnn_status srnn_graph_add(srnn_net *net, const graph_kind *kind,
                           const srnn_node_info *info);

#endif

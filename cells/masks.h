/* Masks in a run: of a node's rows, and of a layer's states. */
#ifndef SRNN_MASKS_H
#define SRNN_MASKS_H

#include <simdrnn/kernels.h>

struct arena;
struct node;
struct pass;
struct srnn_session;

/* What the masks of a pass are named by. */
typedef struct mask_names {
    int draw; /* the pass trains; others take what masks are on average */
    uint64_t seed, update;
    uint64_t first, step; /* on SRNN_TIME: of the call, of the pass */
    uint64_t *sequence;   /* of the batch, the caller's order */
} mask_names;

/* What the masks of a node are for. */
enum mask_use {
    MASK_OUTPUT,
    MASK_INPUT,
    MASK_HIDDEN,
    MASK_ZONE_H,
    MASK_ZONE_C,
    MASK_USES
};

/* Dropout of rows: y = x m. */
typedef struct dropping {
    double p;
    int once;         /* one mask for a whole sequence, not for each step */
    uint32_t purpose; /* within the node */
    size_t columns;   /* 0: there is none */
    srnn_real *mask;  /* training: [rows] or, once, [B] */
    srnn_real *y;     /* training: [rows] */
} dropping;

void srnn_drop_carve(const struct srnn_session *s, const struct node *n,
                     dropping *x, struct arena *a);
/* Where masks are drawn, points *rows at its rows with the mask over them. */
void srnn_drop_forward(const struct pass *p, const struct node *n,
                       const dropping *x, const srnn_real **rows, size_t *ld);
/* dx = dy m, or that added to dx, both without gaps between the rows. */
void srnn_drop_backward(const struct pass *p, const struct node *n,
                        const dropping *x, const srnn_real *dy, srnn_real *dx,
                        int adds);

/* Zoneout and dropout of h of one layer. Zoneout of h first, of c second. */
typedef struct layer_masks {
    int any, zones[2], drops;
    srnn_real *rate[2];   /* one row: what a mask is on average */
    size_t width[2];      /* columns of h, of c */
    srnn_real *zone[2];   /* training: [rows][width] */
    srnn_real *drop;      /* training: [B][width] of h */
    srnn_real *dropped;   /* training: h as products see it, [B + rows] */
    srnn_real *c_own;     /* c before zoneout: training [rows][H], or [B][H] */
} layer_masks;

void srnn_layer_masks_carve(const struct srnn_session *s,
                            const struct node *n, layer_masks *m,
                            struct arena *a);
/* Draws the masks of layer l for the pass, where masks are drawn. */
void srnn_layer_masks_draw(const struct pass *p, const struct node *n,
                           size_t l, const layer_masks *m);
/* What the layer's functions see in this pass, standing at the first row of
 * all; 0: no masks. */
int srnn_layer_masking(const struct pass *p, const layer_masks *m,
                       srnn_masking *to);

#endif

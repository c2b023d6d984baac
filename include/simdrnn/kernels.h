/* The kernels, each by itself.
 *
 * One table of function pointers holds every kernel of one rung (instruction
 * set). A table is a plain value: take it once, keep it, hold several.
 *
 * Conventions. Sizes count elements, never bytes. Matrices are row-major; ldX
 * is the distance between rows of X. No alignment is needed. Arrays that are
 * written alias nothing else unless a declaration says so. Kernels trust their
 * arguments, allocate nothing, keep no state and may run in any number of
 * threads on disjoint outputs. They inherit the caller's floating-point mode.
 *
 * Numbers. On every vector rung (avx2, avx512, neon) a kernel gives the same
 * bits, NaNs aside, which agree in being NaN, and results in the last half-ulp
 * below the smallest normal number, which some machines flush and others do
 * not. u is 2^-24, the rounding error of one operation; "chain" means a
 * sequence of fused multiply-adds into one accumulator, each rounded once, in
 * the stated order. The error of a chain of K terms that starts at s is at most
 * (K + 1) u (|s| + sum |w| |x|) (Higham, Accuracy and Stability of Numerical
 * Algorithms, 2nd ed., section 3.1). The scalar rung is plain C over libm and
 * stands outside the bit promises. */
#ifndef SIMDRNN_KERNELS_H
#define SIMDRNN_KERNELS_H

#include <simdrnn/base.h>
#include <simdrnn/tiles.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- activations over arrays ------------------------------------------
 * y[j] = f(x[j]), j < n; y == x is allowed, other overlap is not. A subnormal
 * input counts as zero of its sign, a result that would be subnormal is zero
 * of its sign, in every floating-point mode. NaN gives NaN. The vector rungs
 * differ from the correctly rounded result by at most (ULP distance, over all
 * 2^32 inputs): exp 1, log 1, sigmoid 2, tanh 2. |tanh| <= 1 and
 * tanh(-x) = -tanh(x) hold exactly; relu(x) = x < 0 ? 0 : x. */
typedef void srnn_array_fn(size_t n, const srnn_real *x, srnn_real *y);

/* ---- panels: a matrix packed for products ------------------------------
 * A matrix of gates * units rows and k columns, packed in panels of some
 * units with all their gates, k-major. The packing is private to the rung. */
typedef struct srnn_panels {
    size_t gates; /* 1 to 4 */
    size_t units;
    size_t k;
    srnn_real *data; /* panels_size() reals, the caller's */
} srnn_panels;

/* Rows of the left operand, in up to two stretches of k: the chain runs over
 * k[0] columns of a[0], then over k[1] columns of a[1]. */
typedef struct srnn_rows {
    const srnn_real *a[2];
    size_t lda[2];
    size_t k[2]; /* k[0] + k[1] = the k of the panels; k[1] = 0: one stretch */
} srnn_rows;

/* Where a product starts its chains. */
typedef enum srnn_start {
    SRNN_START_ZERO, /* at 0 */
    SRNN_START_BIAS, /* at bias[gate * units + unit] */
    SRNN_START_VALUE /* at the value that the output holds */
} srnn_start;

/* The order of a sum over rows: link s takes row a[s] of the first operand and
 * row b[s] of the second, where there is one. Gradients of weights take time
 * steps in the reverse of their execution order, within a step the rows of the
 * batch rising; rows of no step are no links. */
typedef struct srnn_links {
    size_t count;
    const uint32_t *a, *b;
} srnn_links;

/* Rows of an array, picked by number: the i-th of them begins at
 * x + row[i] * ld. */
typedef struct srnn_picked {
    const srnn_real *x;
    size_t ld, count;
    const uint32_t *row;
} srnn_picked;

/* ---- single steps --------------------------------------------------------
 * One step of a plain layer for one row: the input part, the recurrent part
 * and the cell in one call, for the small nets where calls cost more than
 * arithmetic. Same formulas, chains and bits as `product` (from b_ih) and
 * `step` (from b_hh) with the tile of that cell. The weights are packed with
 * both biases, private to the table's `single` or `few`. */
typedef enum srnn_single_kind {
    SRNN_SINGLE_RNN_TANH,
    SRNN_SINGLE_RNN_RELU,
    SRNN_SINGLE_LSTM,
    SRNN_SINGLE_GRU, /* reset after the product */
    SRNN_SINGLE_KINDS
} srnn_single_kind;

typedef struct srnn_single {
    size_t units, in;
    const srnn_real *packed;
    const srnn_real *x;  /* [in] */
    /* h and c (LSTM) in place; y is the new h too, and must not overlap h. All
     * have room for units rounded up to 16 reals, of which those beyond units
     * may be written. */
    srnn_real *h, *c, *y;
} srnn_single;

typedef void srnn_single_fn(const srnn_single *s);

typedef struct srnn_singles {
    size_t lanes;
    /* Reals that the packed weights take. */
    size_t (*size)(size_t gates, size_t units, size_t in);
    /* w_ih[gates units][in], w_hh[gates units][units], biases [gates units];
     * writes all of `to`. */
    void (*pack)(size_t gates, size_t units, size_t in, const srnn_real *w_ih,
                 const srnn_real *w_hh, const srnn_real *b_ih,
                 const srnn_real *b_hh, srnn_real *to);
    srnn_single_fn *step[SRNN_SINGLE_KINDS];
} srnn_singles;

/* ---- normalisation ------------------------------------------------------
 * y = fma(gain, hat, bias), hat = (x - mean) rstd, rstd = 1 / sqrt(var + eps),
 * with the mean and the variance (of n elements, divided by n) of
 *   a row (Ba, Kiros & Hinton 2016): sums by chains and tree as in softmax;
 *   a column (Ioffe & Szegedy 2015): sums are chains over the rows of `order`.
 * Both take two passes, the second over (x - mean)^2. Backward, with d the
 * gradient of y and e = d gain:
 *   row     dx = rstd fma(-hat, mean(e hat), e - mean(e))
 *   column  dx = gain rstd fma(-hat, mean(d hat), d - mean(d))
 * A column whose moments are given takes them as constants: dx = gain rstd d.
 */
typedef struct srnn_norm {
    size_t rows, n;
    const srnn_real *x; /* backward: d */
    size_t ldx;
    srnn_real *y; /* backward: dx. May be x, with equal strides */
    size_t ldy;     /* backward: may be hat, likewise */
    srnn_real *hat; /* forward: written, NULL: not kept; backward: read */
    size_t ldhat;
    const srnn_real *gain, *bias; /* n; backward has no bias */
    srnn_real eps;
    srnn_real *rstd; /* as hat; rows: of row r at [r * ldrstd]; columns: n */
    size_t ldrstd;
    /* of columns */
    const uint32_t *order; /* the rows, first to last; NULL: 0, 1, 2 ... */
    srnn_real *mean, *var; /* n; forward: written, or read where given */
    int given;
} srnn_norm;

/* ---- optimisers: each line below is rounded once per operation ----------- */

/* SGD with momentum (Sutskever et al. 2013, in PyTorch's form), per element:
 *   g' = fma(decay, p, g); m = first ? g' : fma(momentum, m, g');
 *   p = fma(-lr, m, p).   momentum = 0 leaves m untouched. */
typedef struct srnn_sgd {
    srnn_real lr, momentum, decay;
    int first; /* this is the first update: m is taken as g' */
} srnn_sgd;

/* Adam (Kingma & Ba 2015) with decoupled decay (Loshchilov & Hutter 2019), in
 * PyTorch's order, per element; step counts from 1:
 *   p = p * shrink;  m = fma(1 - beta1, g - m, m);
 *   v = fma((1 - beta2) * g, g, beta2 * v);
 *   p = fma(-rate, m / (sqrt(v) / root + eps), p)
 * with shrink = 1 - lr * decay, rate = lr / (1 - beta1^step) and
 * root = sqrt(1 - beta2^step), computed in double and rounded once. */
typedef struct srnn_adam {
    srnn_real shrink, beta2, one_minus_beta1, one_minus_beta2;
    srnn_real rate, root, eps;
} srnn_adam;

/* Fills an srnn_adam; powers by repeated squaring in double. */
SRNN_API srnn_adam srnn_adam_at(double lr, double beta1, double beta2,
                                double eps, double decay, uint64_t step);

/* ---- random numbers ----------------------------------------------------
 * Philox4x32-10 (Salmon et al. 2011). Block b of a stream is the Philox
 * output for key = seed (low word first) and counter (b, stream[0..2]);
 * element j takes word j % 4 of block j / 4. */
typedef struct srnn_stream {
    uint64_t seed;
    uint32_t id[3];
} srnn_stream;

SRNN_API void srnn_philox(uint64_t seed, const uint32_t counter[4],
                          uint32_t out[4]);

/* The masks of one purpose in one node and update. Element j of the mask of
 * step t of sequence s takes word j / 16 % 4 of the Philox block with this key
 * and counter (j / 64 * 16 + j % 16, t mod 2^32, s mod 2^32, s / 2^32); it is
 * `below` where the word is less than the threshold, else `above`. */
typedef struct srnn_mask {
    uint64_t key;
    uint32_t threshold;
    srnn_real below, above;
} srnn_mask;

/* Words 0 (low) and 1 of the Philox block with key = seed and counter = (update
 * mod 2^32, update / 2^32, node, purpose). */
SRNN_API uint64_t srnn_mask_key(uint64_t seed, uint64_t update, uint32_t node,
                                uint32_t purpose);
/* With probability p, 0 <= p < 1, an element is 0, else 1 / (1 - p) (Srivastava
 * et al. 2014, scaled while training). The threshold is p 2^32, rounded to the
 * nearest and at most 2^32 - 1: p is kept to within 2^-32. */
SRNN_API srnn_mask srnn_mask_dropout(uint64_t key, double p);
/* With probability p an element is 1, the state of before is kept, else 0
 * (Krueger et al. 2017). The threshold as above. */
SRNN_API srnn_mask srnn_mask_zoneout(uint64_t key, double p);

/* ---- the table --------------------------------------------------------- */

typedef struct srnn_kernels {
    const char *name; /* "scalar", "avx2", "avx512", "neon" */
    size_t lanes;     /* reals in a vector register */

    srnn_array_fn *exp, *log, *sigmoid, *tanh, *relu;

    /* y[j] = phi(x[j]) and s[j] = phi'(x[j]) where y[j] = phi(x[j]), j < n, phi
     * as named by f (slopes: not OWN); y == x and s == y are allowed. */
    void (*activate)(const srnn_activation *f, size_t n, const srnn_real *x,
                     srnn_real *y);
    void (*activate_slope)(const srnn_activation *f, size_t n,
                           const srnn_real *y, srnn_real *s);

    /* y[r][j] = exp(x[r][j] - max_r) / sum_r. The sum within a row: element j
     * goes to chain j mod 16; the 16 are added pairwise, i and i + 8, then
     * i + 4, i + 2, i + 1. y == x is allowed; n = 0 does nothing. Error, with D
     * the largest |x - max_r|: (2 D + n / 16 + 12) u relative. */
    void (*softmax)(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                    srnn_real *y, size_t ldy);
    /* loss[r] = log(sum_j exp(x[r][j] - m)) - (x[r][target[r]] - m), m the
     * row's maximum, in nats; and, where dx is not NULL, dx[r][j] =
     * scale (softmax_j - [j = target]). dx == x is allowed. target[r] is in
     * 0..n-1; a negative one gives loss 0 and a zero gradient. n is 1 or more.
     * Error: loss (2 D + n / 16 + 3 log n + |loss| + 8) u absolute; dx
     * |scale| ((2 D + n / 16 + 12) softmax_j + 2) u absolute. */
    void (*softmax_xent)(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                         const int32_t *target, srnn_real *loss, srnn_real *dx,
                         size_t lddx, srnn_real scale);
    /* Losses of real targets t = target[r][j]. loss[r] = the sum over j, by
     * the chains and the tree of softmax, of
     *   sigmoid_xent   max(x, 0) - x t + log(1 + e^-|x|), t in [0, 1]: in nats
     *                  -t log s - (1 - t) log(1 - s) with s = sigmoid(x)
     *   squared_error  (x - t)^2
     * and, where dx is not NULL, dx[r][j] = scale (s - t), or 2 scale (x - t).
     * dx == x is allowed. An element whose target is NaN is none: it adds
     * nothing and its dx is 0; what the loss is a mean of, the caller counts.
     * An infinite x gives infinity or NaN. Error: sigmoid_xent
     * (n / 16 + 12) u relative and n 2^-126; dx |scale| (5 s + 2 |s - t|) u.
     * squared_error (n / 16 + 7) u relative, dx 2 u relative. */
    void (*sigmoid_xent)(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                         const srnn_real *target, size_t ldt, srnn_real *loss,
                         srnn_real *dx, size_t lddx, srnn_real scale);
    void (*squared_error)(size_t rows, size_t n, const srnn_real *x,
                          size_t ldx, const srnn_real *target, size_t ldt,
                          srnn_real *loss, srnn_real *dx, size_t lddx,
                          srnn_real scale);

    /* Reals that a packed matrix takes. */
    size_t (*panels_size)(size_t gates, size_t units, size_t k);
    /* Packs row (gate, unit), column k from w[(gate * units + unit) * row +
     * k * col]: row = ld, col = 1 packs a matrix as it stands, row = 1,
     * col = ld its transpose. p->data is written whole, padding zero. */
    void (*pack)(const srnn_panels *p, const srnn_real *w, size_t row,
                 size_t col);
    /* c[r][gate * units + unit] = chain over k rising of w x a, for r < rows
     * and units in [unit0, unit1). One row is a GEMV, more a GEMM. unit0 is a
     * multiple of panel_units(gates); unit1 is one too, or = units. */
    void (*product)(const srnn_panels *w, size_t rows, const srnn_rows *a,
                    srnn_start start, const srnn_real *bias, srnn_real *c,
                    size_t ldc, size_t unit0, size_t unit1);
    /* The granule of unit ranges. */
    size_t (*panel_units)(size_t gates);
    /* A product whose tiles go to an elementwise function instead of to
     * memory: fn(cell, tile) for every tile of rows x [unit0, unit1). Chains
     * start as said; SRNN_START_VALUE starts at cell->dh. flip walks the
     * panels from the last to the first; no bit depends on it. */
    void (*step)(const srnn_panels *w, size_t rows, const srnn_rows *a,
                 srnn_start start, const srnn_real *bias, srnn_tile_fn *fn,
                 const srnn_cell *cell, size_t unit0, size_t unit1, int flip);
    srnn_tile_fn *tile[SRNN_TILE_COUNT];
    srnn_tile_fn *masked[SRNN_MASKED_KINDS];

    /* Single steps by this rung, and by the narrowest of the ladder up to it,
     * which has less to compute where units are few; NULL: the scalar rung has
     * none. */
    const srnn_singles *single, *few;

    /* Weight gradients: c[m][n] starts at its value, then one chain over the
     * links of a[row][m] x b[row][n]. work: gemm_tn_work() reals. */
    void (*gemm_tn)(size_t m, size_t n, const srnn_links *links,
                    const srnn_real *a, size_t lda, const srnn_real *b,
                    size_t ldb, srnn_real *c, size_t ldc, srnn_real *work);
    size_t (*gemm_tn_work)(size_t m, size_t n);
    /* d[m] += a[row][m], link by link, plain additions: within links u times
     * the sum of magnitudes. */
    void (*bias_grad)(size_t m, const srnn_links *links, const srnn_real *a,
                      size_t lda, srnn_real *d);
    /* The gradient of a diagonal matrix: d[m] starts at its value, then one
     * chain over the links of a[row][m] x b[row][m]. */
    void (*diagonal_grad)(size_t m, const srnn_links *links,
                          const srnn_real *a, size_t lda, const srnn_real *b,
                          size_t ldb, srnn_real *d);

    /* Attention, of one sequence's queries over its keys. The row of query i
     * in e, w, de and c is that of its number, q->row[i]; the column is that
     * of the key's place in its list. A sum within a row has the chains and
     * the tree of softmax, of fused multiply-adds; elements that are not there
     * are skipped. A list may be empty.
     *
     * e[q->row[i]][s] = scale * sum_j q_i[j] k_s[j], j < n (Luong et al. 2015,
     * dot). Error: (n / 16 + 6) u |scale| sum |q| |k|. */
    void (*pair_dot)(size_t n, const srnn_picked *q, const srnn_picked *k,
                     srnn_real scale, srnn_real *e, size_t lde);
    /* e[q->row[i]][s] = scale * sum_j v[j] t_j, t_j = tanh(q_i[j] + k_s[j])
     * (Bahdanau et al. 2015). Error: |scale| sum |v_j| ((n / 16 + 11) |t_j| +
     * |q_j + k_j|) u. */
    void (*pair_tanh)(size_t n, const srnn_picked *q, const srnn_picked *k,
                      const srnn_real *v, srnn_real scale, srnn_real *e,
                      size_t lde);
    /* dx[r][j] = scale * (y[r][j] (dy[r][j] - sum_t y[r][t] dy[r][t])), where
     * y is what softmax gave. dx == dy is allowed. Error: |scale| y_j
     * (3 |dy_j - sum| + (n / 16 + 5) sum |y| |dy|) u. */
    void (*softmax_bwd)(size_t rows, size_t n, const srnn_real *y, size_t ldy,
                        const srnn_real *dy, size_t lddy, srnn_real scale,
                        srnn_real *dx, size_t lddx);
    /* y[row[i]][j] = chain over s rising of c[row[i]][s] x_s[j], i < rows,
     * j < n: contexts, and gradients of queries. start: ZERO or VALUE. */
    void (*mix)(size_t n, const srnn_real *c, size_t ldc,
                const srnn_picked *x, srnn_start start, srnn_real *y,
                size_t ldy, const uint32_t *row, size_t rows);
    /* y[row[i]][j] = chain over the list of c[x->row[t]][i] x_t[j]: gradients
     * of values and keys, where the list has the queries' steps in the reverse
     * of their execution order. */
    void (*mix_bwd)(size_t n, const srnn_real *c, size_t ldc,
                    const srnn_picked *x, srnn_start start, srnn_real *y,
                    size_t ldy, const uint32_t *row, size_t rows);
    /* One query of pair_tanh; de has the scale in it, t as above and
     * g = de[s] v[j], for s rising:
     *   dk[k->row[s]][j] = fma(g, 1 - t^2, dk[k->row[s]][j])
     *   dq[j] = chain from 0 of g (1 - t^2);  dv[j] = its chain of de[s] t
     * 1 - t^2 is one fma. Error: those of the chains, where g has one
     * rounding, t that of pair_tanh. */
    void (*pair_tanh_bwd)(size_t n, const srnn_real *q, const srnn_picked *k,
                          const srnn_real *v, const srnn_real *de,
                          srnn_real *dq, srnn_real *dk, size_t lddk,
                          srnn_real *dv);

    /* See srnn_norm. No rows do nothing. Error, with k the roundings of a sum
     * (rows: n / 16 + 4, columns: the number of rows) and E = (k + 1) u
     * mean|x|: the mean within E, hat within (1 + |hat|) rstd E +
     * (k / 2 + 7) u |hat|, y within |gain| times that and u |y|. Backward,
     * given hat and rstd: means within (k + 3) u of the mean magnitude of
     * their terms, dx five roundings more. */
    void (*norm_rows)(const srnn_norm *p);
    void (*norm_rows_bwd)(const srnn_norm *p);
    void (*norm_columns)(const srnn_norm *p);
    void (*norm_columns_bwd)(const srnn_norm *p);

    /* d[j] = fma(rate, x[j] - y[j] - d[j], d[j]): with y + d as a running
     * average of the x, d is how far y has to move. Error: three roundings. */
    void (*average)(size_t n, srnn_real rate, const srnn_real *x,
                    const srnn_real *y, srnn_real *d);

    /* sum of x[j]^2 in double, chains and tree as in softmax: within
     * (n / 16 + 5) 2^-53 relative. */
    double (*sum_squares)(size_t n, const srnn_real *x);
    void (*scale)(size_t n, srnn_real a, srnn_real *x); /* x *= a */
    /* y[j] = a[j] b[j], one rounding; y may be a or b. */
    void (*multiply)(size_t n, const srnn_real *a, const srnn_real *b,
                     srnn_real *y);
    /* y[j] = fma(a[j], b[j], y[j]). */
    void (*multiply_add)(size_t n, const srnn_real *a, const srnn_real *b,
                         srnn_real *y);
    void (*clip)(size_t n, srnn_real limit, srnn_real *x); /* to +-limit */
    void (*sgd)(size_t n, const srnn_sgd *s, const srnn_real *g, srnn_real *m,
                srnn_real *p);
    void (*adam)(size_t n, const srnn_adam *s, const srnn_real *g,
                 srnn_real *m, srnn_real *v, srnn_real *p);

    /* Rows by themselves, each element rounded once; x == y is allowed.
     *   add_rows     y[r][j] = y[r][j] + x[r][j]
     *   axpy_rows    y[r][j] = fma(a, x[r][j], y[r][j])
     *   divide_rows  y[r][j] = x[r][j] / by[r], 0 where by[r] is 0: a mean
     *                of nothing */
    void (*add_rows)(size_t rows, size_t n, const srnn_real *x, size_t ldx,
                     srnn_real *y, size_t ldy);
    void (*axpy_rows)(size_t rows, size_t n, srnn_real a, const srnn_real *x,
                      size_t ldx, srnn_real *y, size_t ldy);
    void (*divide_rows)(size_t rows, size_t n, const srnn_real *by,
                        const srnn_real *x, size_t ldx, srnn_real *y,
                        size_t ldy);

    /* y[r] = table[id[r]], rows of dim reals, 0 <= id < the table's rows. */
    void (*gather)(size_t rows, size_t dim, const int32_t *id,
                   const srnn_real *table, srnn_real *y, size_t ldy);
    /* dtable[id[row]] += dy[row], link by link; ids as in gather, the error as
     * in bias_grad. */
    void (*scatter_add)(size_t dim, const srnn_links *links, const int32_t *id,
                        const srnn_real *dy, size_t lddy, srnn_real *dtable);

    /* y[j] = (word_j >> 8) 2^-24, in [0, 1), exactly. */
    void (*uniform)(const srnn_stream *s, size_t n, srnn_real *y);
    /* Standard normal by Box & Muller 1958: elements 2i and 2i+1 are
     * sqrt(-2 log u) times cos and sin of 2 pi v, u = ((word_2i >> 8) + 1)
     * 2^-24, v = (word_2i+1 >> 8) 2^-24: within 4 u absolute in sine and
     * cosine, 4 u relative in the root. */
    void (*normal)(const srnn_stream *s, size_t n, srnn_real *y);
    /* y[j] = element j of the mask of that step and sequence, j < n. */
    void (*mask)(const srnn_mask *m, uint64_t step, uint64_t sequence,
                 size_t n, srnn_real *y);

    /* Makes this thread take subnormal inputs and results as zero (FTZ and
     * DAZ; FZ) and returns the mode it had, for restore. The scalar rung has
     * no such mode and does nothing. */
    uint64_t (*flush)(void);
    void (*restore)(uint64_t mode);
} srnn_kernels;

/* ---- dispatch ----------------------------------------------------------
 * The ladder is scalar, avx2, avx512 on x86-64 and scalar, neon on AArch64. A
 * rung is there if it was compiled in and both the CPU (CPUID; HWCAP) and the
 * operating system (XGETBV) allow it. */

/* Fills *table with the named rung, or for NULL the one that SRNN_ISA names
 * (read once, at the first call), or else the highest there is. SRNN_EISA, with
 * the reason as message, for a name that is unknown or a rung not there. */
SRNN_API srnn_status srnn_kernels_get(srnn_kernels *table, const char *name);

/* The i-th rung that this machine can run, lowest first; NULL past the end. */
SRNN_API const char *srnn_kernels_rung(size_t i);

/* One sentence: which rung NULL chooses and why. Static storage. */
SRNN_API const char *srnn_kernels_why(void);

#ifdef __cplusplus
}
#endif

#endif

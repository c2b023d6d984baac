/* The micro-kernel by itself, for the control of code_shape.py: as it is, with
 * more accumulators than registers (CONTROL_WIDE), with one FMA of a tile as a
 * product and a sum (CONTROL_SPLIT), or with the columns loaded again for each
 * row (CONTROL_AGAIN). VOCABULARY is the rung's header. */
#include <simdrnn/kernels.h>

#include VOCABULARY

#ifdef CONTROL_WIDE
#undef VEC_ROWS_4
#define VEC_ROWS_4 8
#endif

#ifdef CONTROL_SPLIT
#define v_fma(a, b, sum) \
    (i == 1 && c == 1 ? v_add(v_mul(a, b), sum) : (v_fma)(a, b, sum))
#endif

#ifdef CONTROL_AGAIN
#define v_fma(a, b, sum) \
    ((void)(a), (v_fma)(v_load(w + c * VEC_LANES), b, sum))
#endif

#include "../kernels/compiler.h"

#include "../kernels/body_panels.h"

#include "../kernels/body_micro.h"

void srnn_control(size_t rows, size_t columns, const micro *m);
void srnn_control(size_t rows, size_t columns, const micro *m)
{
    (void)pack;
    (void)panels_size;
    (void)rows_at_most;
    micro_plain(rows, columns, m);
    micro_packed(rows, columns, m);
    micro_pair(columns, m);
}

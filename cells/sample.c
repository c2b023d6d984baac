/* Drawing a symbol from logits. */
#include "node.h"

int32_t srnn_sample(const srnn_net *net, size_t n, const srnn_real *logits,
                    double temperature, double u, srnn_real *work)
{
    size_t j, best = 0;
    double sum = 0;

    if (!net || n == 0 || !logits || !work) {
        srnn_fail(SRNN_EINVAL, "%s",
                  !net ? "net is NULL" : n == 0 ? "n is 0"
                                     : !logits ? "logits is NULL"
                                               : "work is NULL");
        return -1;
    }
    for (j = 1; j < n; j++)
        if (logits[j] > logits[best])
            best = j;
    if (!(temperature > 0))
        return (int32_t)best;
    for (j = 0; j < n; j++)
        work[j] = logits[j] / (srnn_real)temperature;
    net->k.softmax(1, n, work, n, work, n);
    for (j = 0; j < n; j++) {
        sum += (double)work[j];
        if (u < sum)
            return (int32_t)j;
    }
    return (int32_t)best;
}

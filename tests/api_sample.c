/* Sampling: the frequencies are those of softmax(logits / temperature), u runs
 * through the inverse distribution, temperature 0 is the first of the largest,
 * and bad arguments are refused. */
#include "check.h"

#include <simdrnn/simdrnn.h>

#include <math.h>
#include <string.h>

enum { N = 5, DRAWS = 10000 };

static const float logits[N] = {0.5f, -1, 2, 2, 0};

/* With u = (i + 1/2) / DRAWS, DRAWS p_j draws give symbol j, within one; the
 * rounding of each of its two edges, below 1e-6, moves one draw at the most. */
static void frequencies(const srnn_kernels *kernels)
{
    const double temperature[] = {0.25, 1, 3};
    srnn_net *net;
    float work[N];
    size_t k, i, j;

    CHECK(srnn_net_open_on(&net, kernels) == SRNN_OK);
    for (k = 0; k < 3; k++) {
        double p[N], sum = 0, most = 0;
        int32_t last = 0;
        size_t count[N] = {0};

        for (j = 0; j < N; j++)
            sum += p[j] = exp(logits[j] / temperature[k]);
        for (i = 0; i < DRAWS; i++) {
            int32_t s = srnn_sample(net, N, logits, temperature[k],
                                    ((double)i + 0.5) / DRAWS, work);

            CHECK(s >= last && s < N);
            last = s;
            count[s]++;
        }
        for (j = 0; j < N; j++) {
            double gap = fabs((double)count[j] - DRAWS * p[j] / sum);

            most = gap > most ? gap : most;
        }
        check_note("temperature %g: at most %.2f draws off, bound 3",
                   temperature[k], most);
        CHECK(most <= 3);
    }
    srnn_net_close(net);
}

static void edges(const srnn_kernels *kernels)
{
    srnn_net *net;
    float work[N];

    CHECK(srnn_net_open_on(&net, kernels) == SRNN_OK);
    CHECK(srnn_sample(net, N, logits, 0, 0.999, work) == 2);
    CHECK(srnn_sample(net, N, logits, 1, 0, work) == 0);
    CHECK(srnn_sample(net, 1, logits, 1, 0.5, work) == 0);
    memcpy(work, logits, sizeof work);
    CHECK(srnn_sample(net, N, work, 1, 0.99999, work) == 4);
    CHECK(srnn_sample(NULL, N, logits, 1, 0, work) == -1);
    CHECK(srnn_sample(net, 0, logits, 1, 0, work) == -1);
    CHECK(!strcmp(srnn_error_message(), "n is 0"));
    CHECK(srnn_sample(net, N, NULL, 1, 0, work) == -1);
    CHECK(srnn_sample(net, N, logits, 1, 0, NULL) == -1);
    srnn_net_close(net);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"sample/frequencies", frequencies, NULL},
        {"sample/edges", edges, NULL},
        {NULL, NULL, NULL},
    };

    return check_main(argc, argv, cases);
}

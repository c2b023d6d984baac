/* Text that the net makes up: each character is drawn from what the net
 * expects next, and is the next input. */
#include "charlm.h"

#include <simdrnn/generate.h>

#include <stdio.h>

void sample(const srnn_net *net, const text *t, const options *o)
{
    srnn_session_config config = srnn_session_default();
    srnn_sample_config how = {o->temperature, o->top_k, o->top_p};
    srnn_session *session;
    srnn_real logits[2 * 256]; /* a draw's work too */
    int32_t token = 0;
    srnn_array in = {.node = srnn_net_find(net, "text"), .tokens = &token};
    srnn_array out = {.node = srnn_net_find(net, "linear"), .data = logits};

    config.steps = 1;
    must(srnn_session_open(&session, net, &config));
    for (size_t i = 0; i < o->sample && !stopped; i++) {
        must(srnn_session_forward(session, 1, &in, 1, &out, 1));
        token = srnn_sample(net, t->symbols, logits, &how,
                            uniform(o->seed, 1, i), logits);
        putchar(t->symbol[token]);
    }
    printf("\n");
    srnn_session_close(session);
}

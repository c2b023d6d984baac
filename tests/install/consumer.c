/* A C program outside the tree: one step of an LSTM, through the installed
 * library; with a file name as argument (WITH_IO), of the net read back. */
#include <simdrnn/simdrnn.h>
#ifdef WITH_IO
#include <simdrnn/io.h>
#endif

#include <math.h>
#include <stdio.h>

/* Every weight and bias is 1/2, the input 1, the state 0: all gates see 3/2. */
static double expected(void)
{
    double s = 1 / (1 + exp(-1.5));

    return s * tanh(s * tanh(1.5));
}

static int build(srnn_net **net)
{
    srnn_recurrent_config lstm = srnn_recurrent_default();
    srnn_tensor param;
    srnn_node x, y;

    lstm.hidden = 3;
    if (srnn_net_open(net, NULL) || srnn_net_input(*net, "x", 1, &x) ||
        srnn_net_recurrent(*net, "lstm", x, &lstm, &y))
        return 1;
    for (size_t i = 0; i < srnn_net_params(*net); i++) {
        if (srnn_net_param(*net, i, &param))
            return 1;
        for (size_t j = 0; j < param.count; j++)
            param.data[j] = 0.5f;
    }
    return srnn_net_pack(*net) != SRNN_OK;
}

static int reload(srnn_net **net, int argc, char **argv)
{
    (void)net, (void)argc, (void)argv;
#ifdef WITH_IO
    if (argc > 1) {
        if (srnn_model_save(*net, argv[1]))
            return 1;
        srnn_net_close(*net);
        *net = NULL;
        return srnn_model_load(net, argv[1], NULL) != SRNN_OK;
    }
#endif
    return 0;
}

int main(int argc, char **argv)
{
    srnn_session_config config = srnn_session_default();
    srnn_session *session = NULL;
    srnn_net *net = NULL;
    float x = 1, h[3] = {0};

    if (build(&net) || reload(&net, argc, argv) ||
        srnn_session_open(&session, net, &config) ||
        srnn_session_step(session, &x, h)) {
        printf("%s\n", srnn_error_message());
        return 1;
    }
    printf("C, simdrnn %s, %s: h = %.7f, expected %.7f\n", srnn_version(),
           srnn_net_isa(net), h[0], expected());
    srnn_session_close(session);
    srnn_net_close(net);
    return !(fabs(h[0] - expected()) < 1e-6 && h[1] == h[0] && h[2] == h[0]);
}

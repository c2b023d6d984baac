// A C++ program outside the tree: one step of an LSTM, through the installed
// library. Every weight and bias is 1/2, the input 1, the state 0.
#include <simdrnn/simdrnn.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <stdexcept>
#include <vector>

static void check(srnn_status status)
{
    if (status)
        throw std::runtime_error(srnn_error_message());
}

static std::vector<float> step()
{
    srnn_recurrent_config lstm = srnn_recurrent_default();
    srnn_session_config config = srnn_session_default();
    srnn_session *session;
    srnn_net *net;
    srnn_tensor param;
    srnn_node x, y;
    std::vector<float> h(lstm.hidden = 3);
    const float one = 1;

    check(srnn_net_open(&net, nullptr));
    check(srnn_net_input(net, "x", 1, &x));
    check(srnn_net_recurrent(net, "lstm", x, &lstm, &y));
    for (size_t i = 0; i < srnn_net_params(net); i++) {
        check(srnn_net_param(net, i, &param));
        std::fill_n(param.data, param.count, 0.5f);
    }
    check(srnn_net_pack(net));
    check(srnn_session_open(&session, net, &config));
    check(srnn_session_step(session, &one, h.data()));
    srnn_session_close(session);
    srnn_net_close(net);
    return h;
}

int main()
{
    const double s = 1 / (1 + std::exp(-1.5));
    const double expected = s * std::tanh(s * std::tanh(1.5));

    try {
        const auto h = step();
        std::cout << "C++, simdrnn " << srnn_version() << ": h = " << h[0]
                  << ", expected " << expected << "\n";
        return !(std::fabs(h[0] - expected) < 1e-6);
    } catch (const std::exception &error) {
        std::cout << error.what() << "\n";
        return 1;
    }
}

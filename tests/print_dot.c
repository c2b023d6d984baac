/* Every net's drawing, folded and unfolded, for a program that reads Graphviz's
 * language; with an argument, each without its last brace. */
#include "print_case.h"

#include <simdrnn/print.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *name;
    srnn_net *net;

    (void)argv;
    for (size_t i = 0; (net = print_case(i, &name)); i++) {
        for (size_t steps = 0; steps < 4; steps++) {
            const srnn_print_config c = {SRNN_PRINT_DOT, steps};
            size_t length;
            char *text;

            if (srnn_net_print(net, &c, NULL, 0, &length) ||
                !(text = malloc(length + 1)) ||
                srnn_net_print(net, &c, text, length + 1, &length))
                return 1;
            if (argc > 1)
                text[length - 2] = 0;
            fputs(text, stdout);
            free(text);
        }
        srnn_net_close(net);
    }
    return 0;
}

/* Exit 0: each argument is a problem's name, for gate_counts.py. */
#include "bench/problem.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    problem p;

    for (int i = 1; i < argc; i++)
        if (problem_parse(&p, argv[i])) {
            fprintf(stderr, "%s: %s\n", argv[i], p.message);
            return 1;
        }
    return argc < 2;
}

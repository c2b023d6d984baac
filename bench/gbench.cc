// Google Benchmark behind gbench.h. It loops, times and reports; what is timed
// is one callback, called from its own loop.
#include "gbench.h"

#include <benchmark/benchmark.h>

#include <ctime>

namespace {

bool failed;

// Time of this thread alone, as Google Benchmark counts it unless told
// otherwise: told otherwise, it would add "/real_time" to the name.
double now()
{
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

void run(benchmark::State &state, const gbench_case *c)
{
    const char *why = failed ? "an earlier one failed" : c->prepare(c->context);
    gbench_counter counter[GBENCH_COUNTERS];

    if (why) {
        failed = true;
        state.SkipWithError(why);
        return;
    }
    const double start = now();
    for (auto _ : state)
        c->run(c->context);
    const double runs = static_cast<double>(state.iterations());
    const size_t n = c->count(c->context, (now() - start) / runs, counter);
    for (size_t i = 0; i < n; i++)
        state.counters[counter[i].name] = counter[i].value;
}

} // namespace

int gbench_main(int argc, char **argv, const gbench_case *cases, size_t n,
                const char *const *about)
{
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    for (; *about; about += 2)
        benchmark::AddCustomContext(about[0], about[1]);
    for (size_t i = 0; i < n; i++)
        benchmark::RegisterBenchmark(cases[i].name, run, &cases[i]);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return failed ? 1 : 0;
}

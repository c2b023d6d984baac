/* The factor on the learning rate at each update. */
#include <simdrnn/simdrnn.h>

#include <math.h>

static const double pi = 3.14159265358979323846;

double srnn_schedule_at(const srnn_schedule *s, uint64_t update)
{
    double past, through;

    if (!s)
        return 1;
    if (update < s->warmup)
        return (double)(update + 1) / (double)s->warmup;
    if (s->kind == SRNN_CONSTANT || s->span == 0)
        return 1;
    past = (double)(update - s->warmup) / (double)s->span;
    through = past < 1 ? past : 1;
    switch (s->kind) {
    case SRNN_LINEAR:
        return 1 + (s->last - 1) * through;
    case SRNN_COSINE:
        return s->last + (1 - s->last) * (1 + cos(pi * through)) / 2;
    case SRNN_STEP:
        return pow(s->last, floor(past));
    default:
        return 1;
    }
}

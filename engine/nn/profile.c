/* profile.c - how long each step took. */
#include "engine/nn/profile.h"

void fid_step_time_end_run(struct fid_step_time *time)
{
    const uint64_t ns = time->spent_ns;
    if (time->run_count == 0 || ns < time->min_ns)
        time->min_ns = ns;
    time->last_ns = ns;
    time->total_ns += ns;
    time->run_count++;
    time->spent_ns = 0;
}

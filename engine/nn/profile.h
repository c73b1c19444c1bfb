/* profile.h - how long each step took. */
#ifndef FID_NN_PROFILE_H
#define FID_NN_PROFILE_H

#include <stdint.h>

struct fid_step_time {
    uint64_t run_count, min_ns, last_ns, total_ns;
    uint64_t spent_ns; /* in the run that is not over; the caller adds to it */
};

/* The run is over. */
void fid_step_time_end_run(struct fid_step_time *time);

#endif

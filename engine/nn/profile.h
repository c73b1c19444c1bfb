/* profile.h - how long each step took. */
#ifndef FID_NN_PROFILE_H
#define FID_NN_PROFILE_H

#include <stdint.h>

struct fid_step_time {
    uint64_t run_count, min_ns, last_ns, total_ns;
};

/* One more run of ns nanoseconds. */
void fid_step_time_add(struct fid_step_time *time, uint64_t ns);

#endif

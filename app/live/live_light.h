/* live_light.h - can anything be seen in the camera's pictures? */
#ifndef APP_LIVE_LIGHT_H
#define APP_LIVE_LIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/fid.h"

struct app_light {          /* zero-initialized */
    uint64_t poor_since_ns; /* 0: the last picture was good */
};

/* Samples a few hundred pixels of the frame. Returns a sentence while pictures have been dark,
 * or of one brightness, for three seconds or more; otherwise NULL. */
const char *app_light_look(struct app_light *light, const struct fid_frame *frame, uint64_t now_ns);

#endif

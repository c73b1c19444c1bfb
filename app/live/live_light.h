/* live_light.h - can anything be seen in the camera's pictures? */
#ifndef APP_LIVE_LIGHT_H
#define APP_LIVE_LIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/fid.h"

struct app_light {          /* zero at the start */
    uint64_t poor_since_ns; /* 0: the last picture was good */
};

/* Looks at a few hundred pixels of the frame. A sentence once pictures have been dark, or of one
 * brightness all over, for three seconds, and as long as they are; else NULL. */
const char *app_light_look(struct app_light *light, const struct fid_frame *frame, uint64_t now_ns);

#endif

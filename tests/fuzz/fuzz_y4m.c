/* fuzz_y4m.c - libFuzzer on the readers of raw streams that are piped into us: Y4M and PPM.
 *
 * Built and run by `make fuzz`; seeds/y4m holds the inputs it starts from (make_seeds writes them).
 * The first byte says how the rest is cut into pieces, as a pipe cuts it. */
#include "app/error.c"
#include "app/input/camera.c"
#include "app/input/stream_raw.c"

#include "tests/fuzz/stream_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size >= 2)
        feed(input[0] & 1 ? app_parse_ppm : app_parse_y4m, input + 1, size - 1,
             step_of(input, size));
    return 0;
}

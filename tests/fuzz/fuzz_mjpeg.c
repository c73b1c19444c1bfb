/* fuzz_mjpeg.c - libFuzzer on the reader of Motion-JPEG that is piped into us, decoder included.
 *
 * Built and run by `make fuzz`; seeds/mjpeg holds the inputs it starts from (make_seeds writes
 * them). The first byte says how the rest is cut into pieces, as a pipe cuts it. */
#include "app/error.c"
#include "app/input/camera.c"
#include "app/input/stream_mjpeg.c"
#include "app/input/stream_raw.c"

#include "tests/fuzz/jpeg_area.h"
#include "tests/fuzz/stream_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size >= 2 && !declares_large_jpeg(input + 1, size - 1))
        feed(app_parse_mjpeg, input + 1, size - 1, step_of(input, size));
    return 0;
}

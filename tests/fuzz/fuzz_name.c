/* fuzz_name.c - libFuzzer on names of people: what is allowed is stable, has a key, and its runs of
 * text cover it once.
 *
 * Built and run by `make fuzz`; seeds/name holds the inputs it starts from (make_seeds writes
 * them). */
#include "app/output/text.c"
#include "app/output/text_runs.c"
#include "engine/face/gallery/name.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* Three fonts, each for a part of the characters, and one for nobody. */
static int font_for(void *context, uint32_t code, int prefer)
{
    (void)context;
    return code % 7 == 0                ? APP_RUN_NO_FONT
           : prefer >= 0 && code < 0x40 ? prefer
                                        : (int)(code >> 9) % 3;
}

static void cut_into_runs(const char *text)
{
    struct app_run runs[64];
    unsigned char covered[FID_NAME_BYTES] = {0};
    char latin[FID_NAME_BYTES];
    size_t length = strlen(text), count = app_text_runs(text, font_for, NULL, runs, 64);
    for (size_t i = 0; i < count; i++) {
        if (runs[i].bytes == 0 || runs[i].start + runs[i].bytes > length)
            abort();
        for (size_t k = 0; k < runs[i].bytes; k++)
            if (covered[runs[i].start + k]++ != 0)
                abort(); /* drawn twice */
    }
    app_text_in_latin(text, latin, sizeof latin);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    char stored[FID_NAME_BYTES], again[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
    char key_again[FID_NAME_KEY_BYTES];
    struct fid_error error = {0};
    char *name = malloc(size + 1); /* of just that size */
    if (name == NULL)
        return 0;
    memcpy(name, input, size);
    name[size] = '\0';
    enum fid_status status = fid_name_check(name, stored, &error);
    free(name);
    if (status != FID_OK) {
        if (error.text[0] == '\0')
            abort(); /* a refusal has a reason */
        return 0;
    }
    if (fid_name_check(stored, again, &error) != FID_OK || strcmp(stored, again) != 0)
        abort(); /* what is stored would be stored differently the next time */
    if (strchr(stored, '/') != NULL || strcmp(stored, "?") == 0 || strcmp(stored, "..") == 0)
        abort();
    if (fid_name_key(stored, key, &error) != FID_OK || fid_name_key(again, key_again, &error) ||
        strcmp(key, key_again) != 0)
        abort();
    cut_into_runs(stored);
    return 0;
}

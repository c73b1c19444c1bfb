/* verb_options.c - the options that verbs share by group, and those of a verb in order. */
#include "app/options.h"

static const struct app_option general_options[] = {
    {"quiet", 'q', APP_FLAG, NULL, "say nothing but errors", 0, 0},
    {"verbose", 'v', APP_FLAG, NULL, "say what becomes of each file; twice: what is chosen and why",
     0, 0},
    {"help", 'h', APP_FLAG, NULL, "show this help", 0, 0},
    {0},
};

static const struct app_option model_options[] = {
    {"model", 'm', APP_FILE, "FILE", "weight file of the recognizer, or its name (FACEID_MODEL)", 0,
     0},
    {0},
};

static const struct app_option runtime_options[] = {
    {"threads", 't', APP_WHOLE, "N", "threads, 0 for one per core (default 0)", 0, 256},
    {"isa", 0, APP_TEXT, "NAME",
     "kernels: ref, avx2[_vnni], avx512[_vnni], amx, neon[_dot|_i8mm], neon32", 0, 0},
    {"method", 0, APP_TEXT, "NAME",
     "convolutions by direct, im2col_gemm, im2col_openblas, indirect_gemm, ...", 0, 0},
    {"low-memory", 0, APP_FLAG, NULL, "let no layer's packed weights exceed its filter", 0, 0},
    {0},
};

static const struct app_option detector_options[] = {
    {"detector", 'd', APP_FILE, "FILE",
     "weight file of the detector, or its name (FACEID_DETECTOR)", 0, 0},
    {"min-score", 0, APP_NUMBER, "S", "least score of a face, 0..1 (default the detector's)", 0, 1},
    {"min-face", 0, APP_WHOLE, "PIXELS", "smallest face to look for", 1, 10000},
    {"max-side", 0, APP_WHOLE, "PIXELS",
     "shrink larger pictures to this side (default the detector's, or 1280)", 32, 32767},
    {0},
};

static const struct app_option identify_options[] = {
    {"threshold", 'T', APP_NUMBER, "T", "least score for a name, -1..1 (default the model's)", -1,
     1e6},
    {"compat", 0, APP_TEXT, "RULE", "demo: crop and rule of the Keras demo (VGGFace2 only)", 0, 0},
    {"every", 'e', APP_WHOLE, "N", "clips: every N-th frame (default about 10 per second)", 1, 1e6},
    {"frames", 0, APP_TEXT, "A:B", "clips: the frames A to B, counted from 0", 0, 0},
    {0},
};

static const struct app_option gallery_options[] = {
    {"gallery", 'g', APP_FILE, "FILE",
     "the gallery's file, or postgresql://HOST/DATABASE (FACEID_GALLERY)", 0, 0},
    {"key-file", 0, APP_FILE, "FILE", "the key of a sealed gallery (FACEID_KEY_FILE)", 0, 0},
    {"passphrase-file", 0, APP_FILE, "FILE", "file whose first line is the passphrase; - for stdin",
     0, 0},
    {"plain-server", 0, APP_FLAG, NULL, "a gallery on a server may be plain, not sealed", 0, 0},
    {0},
};

const struct app_option *app_verb_option(const struct app_verb *verb, size_t i)
{
    const struct app_option *const tables[] = {
        verb->options,
        verb->groups & APP_USES_IDENTIFY ? identify_options : NULL,
        verb->groups & APP_USES_GALLERY ? gallery_options : NULL,
        verb->groups & APP_USES_MODEL ? model_options : NULL,
        verb->groups & (APP_USES_MODEL | APP_USES_RUNTIME) ? runtime_options : NULL,
        verb->groups & APP_USES_DETECTOR ? detector_options : NULL,
        general_options,
    };
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct app_option *option = tables[t]; option && option->name; option++)
            if (i-- == 0)
                return option;
    return NULL;
}

bool app_option_takes_argument(const struct app_option *option)
{
    return option->type != APP_FLAG && option->type != APP_FLAG_IN_FULL;
}

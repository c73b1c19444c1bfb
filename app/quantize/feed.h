/* feed.h - feeds pictures to a quantizer: for a recognizer the faces in them, for a detector the
 * pictures. Every fifth is held back to judge the result. */
#ifndef APP_QUANTIZE_FEED_H
#define APP_QUANTIZE_FEED_H

#include "app/app.h"

enum {
    APP_FEED_PICTURES = 300, /* the most that are fed: more make no measurable difference */
    APP_FEED_HELD = 5,       /* every N-th is held back ... */
    APP_FEED_FEW = 20,       /* with fewer, scales are reported as doubtful */
};

struct app_held { /* a face held back: the network's input and f32 output */
    float *input, *embedding;
};

struct app_feed { /* zero-initialized except for the first fields; to be freed */
    struct app *app;
    const struct fid_model *model;   /* the f32 one */
    struct fid_quantizer *quantizer; /* NULL: nothing is fed, and all faces are held back */
    char *const *paths;
    size_t path_count;

    size_t fed, skipped;   /* faces or pictures; pictures without a face or unreadable */
    size_t not_finite;     /* faces of which the network makes a number that is not finite */
    struct app_held *held; /* of a recognizer; owned */
    size_t held_count;
    const char **held_paths; /* of a detector; owned, the paths are not */
    size_t input_size, embedding_size;
    struct fid_detector *detector; /* of a detector: the f32 one; owned */
};

bool app_feed_is_detector(const struct fid_model *model);
/* Opens what the model needs and feeds all pictures. Any code but APP_OK after a message. */
enum app_exit app_feed(struct app_feed *feed);
void app_feed_free(struct app_feed *feed);

/* A detector for the model, with pictures fitted into 640 pixels as for feeding. */
enum app_exit app_feed_open_detector(struct app *app, const struct fid_model *model,
                                     struct fid_detector **detector);

#endif

/* feed.h - pictures into a quantizer: a recognizer gets the faces in them, a detector the pictures.
 * Every fifth is held back, to judge what comes out by. */
#ifndef APP_QUANTIZE_FEED_H
#define APP_QUANTIZE_FEED_H

#include "app/app.h"

enum {
    APP_FEED_PICTURES = 300, /* at most: more change nothing that can be measured */
    APP_FEED_HELD = 5,       /* every so many-th is held back ... */
    APP_FEED_FEW = 20,       /* fed, below which scales are said to be doubtful */
};

struct app_held { /* a face held back: what the network gets and, in f32, gives */
    float *input, *embedding;
};

struct app_feed { /* zero-initialise, but for the first ones; to be freed */
    struct app *app;
    const struct fid_model *model;   /* the f32 one */
    struct fid_quantizer *quantizer; /* NULL: nothing is fed, all faces are held back */
    char *const *paths;
    size_t path_count;

    size_t fed, skipped;   /* faces, or pictures; and pictures without a face, or not readable */
    struct app_held *held; /* of a recognizer; owned */
    size_t held_count;
    const char **held_paths; /* of a detector; owned, the paths are not */
    size_t input_size, embedding_size;
    struct fid_detector *detector; /* of a detector: the f32 one; owned */
};

bool app_feed_is_detector(const struct fid_model *model);
/* Opens what the model needs and feeds all pictures. Another code than APP_OK after a sentence. */
enum app_exit app_feed(struct app_feed *feed);
void app_feed_free(struct app_feed *feed);

/* A detector over the model, as it is fed: pictures of any size are fitted into 640 pixels. */
enum app_exit app_feed_open_detector(struct app *app, const struct fid_model *model,
                                     struct fid_detector **detector);

#endif

/* judge.h - what quantizing cost: the written model on the pictures that were held back. */
#ifndef APP_QUANTIZE_JUDGE_H
#define APP_QUANTIZE_JUDGE_H

#include "app/quantize/feed.h"

/* Says how near the model in the file at path is to the f32 one: of a recognizer the cosines of
 * embeddings, and how scores of two faces move; of a detector which faces it finds, and how their
 * scores move. Says so too where too little was held back. APP_MODEL, APP_INTERNAL, APP_INPUT or
 * APP_INTERRUPTED after a sentence. */
enum app_exit app_judge(struct app_feed *feed, const char *path);

#endif

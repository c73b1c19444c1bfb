/* judge.h - what quantizing cost: judges the written model on the pictures held back. */
#ifndef APP_QUANTIZE_JUDGE_H
#define APP_QUANTIZE_JUDGE_H

#include "app/quantize/feed.h"

/* Reports how close the model in the file at path is to the f32 one: for a recognizer the
 * cosines of embeddings, and how scores of pairs move; for a detector which faces it finds, and
 * how their scores move. Reports also if too little was held back. APP_MODEL, APP_INTERNAL,
 * APP_INPUT or APP_INTERRUPTED after a message. */
enum app_exit app_judge(struct app_feed *feed, const char *path);

#endif

/* network_input.h - pixels into a network's input. */
#ifndef FID_FACE_NETWORK_INPUT_H
#define FID_FACE_NETWORK_INPUT_H

#include "engine/face/network/model_card.h"
#include "engine/fid/face.h"

/* FILLS one input [h, w, 3], or [h, w, 1] if the card is gray, with the picture, whose left upper
 * corner lies at left and top, in the card's channel order or brightness (ITU-R BT.601), mean and
 * scale; the rest is black (pixels of 0, that is (0 - mean) · scale). The picture does not reach
 * over the input. */
void fid_network_input_fill(const struct fid_input_card *card, const struct fid_picture *picture,
                            int left, int top, float *data, int h, int w);

/* Who is told of inputs before they are computed. */
struct fid_input_watch {
    fid_input_fn watch; /* NULL: none */
    void *ctx;
};
/* Tells the first n of a session's inputs. */
enum fid_status fid_input_watch_tell(const struct fid_input_watch *watch, const char *graph,
                                     const struct fid_value *input, int n, struct fid_error *error);

#endif

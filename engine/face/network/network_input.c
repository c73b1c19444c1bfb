/* network_input.c - writes pixels as a network's input: channel order, mean, scale and type. */
#include "engine/face/network/network_input.h"

#include "engine/face/picture/picture_codec.h"

/* Brightness of an RGB pixel by the weights of ITU-R BT.601, as the tools that made the training
 * pictures gray take it. */
static float luma_of(const uint8_t *pixel)
{
    return 0.299f * (float)pixel[0] + 0.587f * (float)pixel[1] + 0.114f * (float)pixel[2];
}

void fid_network_input_fill(const struct fid_input_card *card, const struct fid_picture *picture,
                            int left, int top, float *data, int h, int w)
{
    static const uint8_t black[3];
    int order[3] = {card->bgr ? 2 : 0, 1, card->bgr ? 0 : 2};
    for (int y = 0; y < h; y++) {
        bool inside = y >= top && y - top < picture->height;
        const uint8_t *row = inside ? fid_picture_row(picture, y - top) : NULL;
        for (int x = 0; x < w; x++, data += card->gray ? 1 : 3) {
            bool filled = inside && x >= left && x - left < picture->width;
            const uint8_t *pixel = filled ? row + 3 * (size_t)(x - left) : black;
            if (card->gray)
                data[0] = (luma_of(pixel) - card->mean[0]) * card->scale[0];
            for (int i = 0; i < 3 && !card->gray; i++)
                data[i] = ((float)pixel[order[i]] - card->mean[i]) * card->scale[i];
        }
    }
}

enum fid_status fid_input_watch_tell(const struct fid_input_watch *watch, const char *graph,
                                     const struct fid_value *input, int n, struct fid_error *error)
{
    const size_t size = (size_t)input->h * (size_t)input->w * (size_t)input->c;
    enum fid_status status = FID_OK;
    for (int i = 0; watch->watch != NULL && i < n && status == FID_OK; i++)
        status = watch->watch(watch->ctx, graph, input->h, input->w, input->data + (size_t)i * size,
                              error);
    return status;
}

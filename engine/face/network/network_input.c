#include "engine/face/network/network_input.h"

#include "engine/face/picture/picture_codec.h"

void fid_network_input_fill(const struct fid_input_card *card, const struct fid_picture *picture,
                            float *data, int h, int w)
{
    static const uint8_t black[3];
    int order[3] = {card->bgr ? 2 : 0, 1, card->bgr ? 0 : 2};
    for (int y = 0; y < h; y++) {
        int filled = y < picture->height ? picture->width : 0;
        const uint8_t *pixel = filled > 0 ? fid_picture_row(picture, y) : black;
        for (int x = 0; x < w; x++, data += 3) {
            if (x == filled)
                pixel = black;
            for (int i = 0; i < 3; i++)
                data[i] = ((float)pixel[order[i]] - card->mean[i]) * card->scale[i];
            if (x < filled)
                pixel += 3;
        }
    }
}

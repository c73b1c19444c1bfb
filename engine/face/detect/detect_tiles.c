/* Panoramas, screenshots of chats, strips of film: a picture of 10,000 x 1,000 pixels that is
 * shrunk to 1,280 has faces of 100 pixels at 13. Such a picture is cut across its long side into
 * tiles that overlap by its short side, so that every face is whole in one of them. */
#include "engine/face/detect/detector.h"

#define LONG 3 /* times its short side; wide-screen films have 2.4 */

/* More than that in common of two tiles' boxes (intersection over union) is one face. */
#define SAME_FACE 0.4f

struct tiling {  /* along the long side, in pixels */
    bool across; /* the long side is the height */
    int side, length, step, overlap, count;
};

bool fid_detector_wants_tiles(const struct fid_detector *detector,
                              const struct fid_picture *picture)
{
    int longer = picture->width > picture->height ? picture->width : picture->height;
    int shorter = picture->width + picture->height - longer;
    return detector->options.fit_side == 0 && detector->options.max_side > 0 &&
           longer > detector->options.max_side && longer > LONG * shorter;
}

static struct tiling plan(const struct fid_detector *detector, const struct fid_picture *picture)
{
    struct tiling tiling = {.across = picture->height > picture->width};
    int shorter = tiling.across ? picture->width : picture->height;
    tiling.side = tiling.across ? picture->height : picture->width;
    tiling.overlap = shorter;
    tiling.length =
        2 * shorter > detector->options.max_side ? 2 * shorter : detector->options.max_side;
    tiling.step = tiling.length - tiling.overlap;
    tiling.count = (tiling.side - tiling.overlap + tiling.step - 1) / tiling.step;
    return tiling;
}

/* Where the tile begins: the last one ends with the picture. */
static int tile_start(const struct tiling *tiling, int tile)
{
    int start = tile * tiling->step, last = tiling->side - tiling->length;
    return start < last ? start : last;
}

/* A window of the picture; owns nothing. */
static struct fid_picture view(const struct fid_picture *picture, const struct tiling *tiling,
                               int start)
{
    size_t at = tiling->across ? (size_t)start * picture->stride_bytes : 3 * (size_t)start;
    return (struct fid_picture){.width = tiling->across ? picture->width : tiling->length,
                                .height = tiling->across ? tiling->length : picture->height,
                                .stride_bytes = picture->stride_bytes,
                                .pixels = picture->pixels + at};
}

/* Is the middle of the face in the part that is this tile's own? The overlap is shared in halves;
 * a little on either side is both tiles', so that no face is lost between two opinions about its
 * middle. Faces that the tile's end cuts are the neighbor's. */
static bool is_own(const struct tiling *tiling, int tile, const struct fid_candidate *candidate)
{
    float middle =
        tiling->across ? (candidate->y0 + candidate->y1) / 2 : (candidate->x0 + candidate->x1) / 2;
    float half = (float)tiling->overlap / 2, both = (float)tiling->overlap / 8;
    return (tile == 0 || middle >= half - both) &&
           (tile == tiling->count - 1 || middle <= (float)tiling->length - half + both);
}

enum fid_status fid_detector_find_in_tiles(struct fid_detector *detector,
                                           const struct fid_picture *picture,
                                           struct fid_error *error)
{
    const struct tiling tiling = plan(detector, picture);
    enum fid_status status = FID_OK;
    detector->tiled.count = 0;
    for (int tile = 0; status == FID_OK && tile < tiling.count; tile++) {
        int start = tile_start(&tiling, tile);
        struct fid_picture window = view(picture, &tiling, start);
        status = fid_detector_find(detector, &window, error);
        for (size_t i = 0; status == FID_OK && i < detector->candidates.count; i++) {
            struct fid_candidate candidate = detector->candidates.items[i];
            if (!is_own(&tiling, tile, &candidate))
                continue;
            fid_candidate_shift(&candidate, tiling.across ? 0 : (float)start,
                                tiling.across ? (float)start : 0);
            status = fid_candidates_add(&detector->tiled, &candidate, error);
        }
    }
    if (status == FID_OK)
        fid_candidates_suppress(&detector->tiled, 0, SAME_FACE, FID_OVERLAP_UNION);
    return status;
}

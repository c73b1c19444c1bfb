/* draw.h - draws boxes and names into pictures, and writes them into a folder. */
#ifndef APP_DRAW_H
#define APP_DRAW_H

#include "app/input/source.h"

struct app_drawing {
    const char *folder; /* borrowed */
    struct fid_picture copy;
    void *taken;      /* tree (tsearch) of the paths written so far, owned */
    const char *path; /* of the last drawing, owned by the tree; NULL before the first */
};

/* Makes the folder if it is missing, for its owner only. sources[count]: files and folders to be
 * drawn; FID_INVALID: the folder holds one of them, or their pictures. FID_IO. */
enum fid_status app_drawing_open(const char *folder, char *const *sources, size_t count,
                                 struct app_drawing *drawing, struct fid_error *error);
/* Writes FOLDER/STEM.jpg, of a clip FOLDER/STEM-FRAME.jpg, where STEM is the file's name without
 * folder and ending; if an earlier drawing of this run has that name, -2, -3 and so on are
 * added. drawing->path says which. Known faces get a green box and their name, others a gray one
 * and "?". FID_IO; FID_NO_MEMORY; FID_INVALID as from fid_output_check. */
enum fid_status app_draw_frame(struct app_drawing *drawing, const struct app_frame *frame,
                               const struct fid_face *faces, const struct fid_label *labels,
                               size_t count, struct fid_error *error);
/* Writes FOLDER/STEM.jpg, replacing any. FID_IO; FID_NO_MEMORY; FID_INVALID as from
 * fid_output_check. */
enum fid_status app_draw_picture(struct app_drawing *drawing, const struct fid_picture *picture,
                                 const char *stem, const struct fid_face *faces,
                                 const struct fid_label *labels, size_t count,
                                 struct fid_error *error);
void app_drawing_close(struct app_drawing *drawing);

#endif

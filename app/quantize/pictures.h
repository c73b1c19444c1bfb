/* pictures.h - the pictures of a folder and of the folders in it: in the order of their paths, and
 * of very many an even choice. */
#ifndef APP_QUANTIZE_PICTURES_H
#define APP_QUANTIZE_PICTURES_H

#include "app/app.h"

struct app_pictures { /* zero-initialise; to be freed, also after a failure */
    char **paths;
    size_t count, capacity;
    size_t found; /* before the choice */
};

/* FILLS pictures with at most `most` paths that end as those of JPEG and PNG files do. Hidden files
 * are passed over, and links to folders are not followed. APP_INPUT after a sentence: not a folder,
 * or none in it; APP_INTERNAL. */
enum app_exit app_pictures_find(struct app_pictures *pictures, const char *folder, size_t most);
void app_pictures_free(struct app_pictures *pictures);

#endif

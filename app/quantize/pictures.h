/* pictures.h - the pictures of a folder and its subfolders, in the order of their paths; an even
 * choice if there are very many. */
#ifndef APP_QUANTIZE_PICTURES_H
#define APP_QUANTIZE_PICTURES_H

#include "app/app.h"

struct app_pictures { /* zero-initialized; to be freed, also after a failure */
    char **paths;
    size_t count, capacity;
    size_t found; /* before the choice */
};

/* FILLS pictures with at most `most` paths that end like JPEG and PNG files. Hidden files are
 * skipped, and links to folders are not followed. APP_INPUT after a message: not a folder, or no
 * picture in it; APP_INTERNAL. */
enum app_exit app_pictures_find(struct app_pictures *pictures, const char *folder, size_t most);
void app_pictures_free(struct app_pictures *pictures);

#endif

/* model_folders.h - where models and what makes them stand. */
#ifndef APP_MODEL_FOLDERS_H
#define APP_MODEL_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

/* FILLS folder (APP_FOLDER_BYTES) with the user's own models: the first place to look. False where
 * neither $XDG_DATA_HOME nor $HOME is set. */
bool app_user_models(char *folder);
/* FILLS folder with the i-th place of what comes with the program: `clone` beside it, then `share`
 * below the prefix that it is in, then below PREFIX. */
bool app_own_folder(size_t i, const char *clone, const char *share, char *folder);
#define APP_OWN_FOLDERS  3
#define APP_FOLDER_BYTES 4096

#endif

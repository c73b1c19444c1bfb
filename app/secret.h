/* secret.h - the secret that opens a sealed gallery: read from a file or terminal, or newly made.
 */
#ifndef APP_SECRET_H
#define APP_SECRET_H

#include "app/app.h"

/* FILLS app->secret by --key-file, $FACEID_KEY_FILE or --passphrase-file; without them asks on the
 * terminal if the gallery (app_find_gallery) needs a passphrase. Once per run. */
enum app_exit app_read_secret(struct app *app);
/* The same, for what this gallery needs. */
enum app_exit app_read_secret_of(struct app *app, const char *path);

/* FILLS *secret from a file that only its owner may read; path "-": the next line of
 * stdin, for a passphrase. */
enum app_exit app_secret_of_file(enum fid_secret_kind kind, const char *path,
                                 struct fid_secret **secret);
/* Asks for a passphrase twice. */
enum app_exit app_ask_new_secret(struct fid_secret **secret);
/* Makes a key file with random bytes if there is none. */
enum app_exit app_make_key_file(const char *path);

#endif

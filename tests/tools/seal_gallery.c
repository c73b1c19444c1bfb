/* seal_gallery.c - seals a plain gallery with a key file, cheaply, for tests that open it often:
 * GALLERY KEYFILE. */
#include "engine/face/store/gallery_store.h"
#include "engine/face/store/seal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const struct fid_seal_cost cheap = {1, 8};
    char key[4096], sealed[PATH_MAX];
    struct fid_error error = {0};
    struct fid_secret *secret = NULL;
    struct fid_store *store = NULL;
    if (argc != 3)
        return fprintf(stderr, "usage: seal_gallery GALLERY KEYFILE\n");
    FILE *file = fopen(argv[2], "rb");
    const size_t size = file != NULL ? fread(key, 1, sizeof key, file) : 0;
    if (file != NULL)
        fclose(file);
    snprintf(sealed, sizeof sealed, "%s.sealed", argv[1]);
    close(open(sealed, O_CREAT | O_EXCL | O_WRONLY, 0600));
    if (fid_secret_open(FID_SECRET_KEY_FILE, key, size, &secret, &error) != FID_OK ||
        fid_store_open(argv[1], 0, NULL, &store, &error) != FID_OK ||
        fid_store_hold(store, &error) != FID_OK ||
        fid_store_rewrite(store, sealed, secret, &cheap, &error) != FID_OK)
        return fprintf(stderr, "%s\n", error.text);
    fid_store_close(&store);
    fid_secret_close(&secret);
    return rename(sealed, argv[1]) != 0;
}

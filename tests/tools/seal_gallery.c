/* seal_gallery.c - seals a plain gallery with a key file, cheaply, for tests that open it often:
 * GALLERY KEYFILE. */
#include "engine/face/keeping/keeping.h"

#include <stdio.h>

static void ignore(void *ctx, const char *sentence)
{
    (void)ctx, (void)sentence;
}

int main(int argc, char **argv)
{
    static const struct fid_seal_cost cheap = {1, 8};
    char key[4096];
    struct fid_error error = {0};
    struct fid_secret *secret = NULL;
    if (argc != 3)
        return fprintf(stderr, "usage: seal_gallery GALLERY KEYFILE\n");
    FILE *file = fopen(argv[2], "rb");
    const size_t size = file != NULL ? fread(key, 1, sizeof key, file) : 0;
    if (file != NULL)
        fclose(file);
    if (fid_secret_open(FID_SECRET_KEY_FILE, key, size, &secret, &error) != FID_OK ||
        fid_gallery_protect_at(argv[1], NULL, secret, &cheap, ignore, NULL, &error) != FID_OK)
        return fprintf(stderr, "%s\n", error.text);
    fid_secret_close(&secret);
    return 0;
}

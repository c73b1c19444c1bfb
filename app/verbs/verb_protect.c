/* verb_protect.c - faceid protect: seals the gallery with a passphrase or key file, or opens it
 * again. */
#include "app/app.h"
#include "app/secret.h"

#include <unistd.h>

static const struct app_option protect_options[] = {
    {"new-key", 0, APP_FILE, "FILE", "seal with this key file; it is made if missing", 0, 0},
    {"new-passphrase-file", 0, APP_FILE, "FILE",
     "seal with its first line; - for stdin (default: asks)", 0, 0},
    {"off", 0, APP_FLAG_IN_FULL, NULL, "decrypt: a plain gallery again", 0, 0},
    {0},
};

static void tell(void *ctx, const char *sentence)
{
    (void)ctx;
    app_warn("%s", sentence);
}

/* FILLS *next, NULL with --off. */
static enum app_exit read_next(struct app *app, struct fid_secret **next)
{
    const char *key = app_option_text(app, "new-key", NULL);
    const char *passphrase = app_option_text(app, "new-passphrase-file", NULL);
    const bool off = app_option_flag(app, "off");
    if ((key != NULL) + (passphrase != NULL) + off > 1)
        return app_usage(app, "--new-key, --new-passphrase-file and --off exclude each other");
    if (off)
        return APP_OK;
    if (passphrase != NULL)
        return app_secret_of_file(FID_SECRET_PASSPHRASE, passphrase, next);
    if (key == NULL && isatty(STDIN_FILENO))
        return app_ask_new_secret(next);
    if (key == NULL)
        return app_usage(app, "without a terminal, protect needs --new-key, "
                              "--new-passphrase-file or --off");
    const bool made = access(key, F_OK) != 0;
    enum app_exit code = app_make_key_file(key);
    if (code != APP_OK)
        return code;
    code = app_secret_of_file(FID_SECRET_KEY_FILE, key, next);
    if (code != APP_OK && made) /* nothing is sealed with it */
        unlink(key);
    return code;
}

/* A secret given for a gallery that is still plain is for later. */
static enum app_exit read_present(struct app *app)
{
    enum fid_secret_kind kind;
    struct fid_error error;
    enum app_exit code = app_find_gallery(app);
    if (code != APP_OK)
        return code;
    if (fid_gallery_secret_kind(app->gallery_path, &kind, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    return kind == FID_SECRET_NONE ? APP_OK : app_read_secret(app);
}

static enum app_exit protect(struct app *app, struct fid_secret *next)
{
    struct fid_error error;
    if (fid_gallery_protect(app->gallery_path, app->secret, next, tell, NULL, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, next != NULL ? "%s is sealed" : "%s is plain again", app->gallery_path);
    return APP_OK;
}

/* A key file is never removed: at the end of protect the gallery may already be sealed with it. */
static void tell_of_new_key(const struct app *app, struct fid_secret *next, const char *key)
{
    struct fid_gallery *gallery = NULL;
    const enum fid_status status =
        fid_gallery_open(app->gallery_path, NULL, next, FID_GALLERY_READ_ONLY, &gallery, NULL);
    fid_gallery_close(&gallery);
    enum fid_secret_kind kind = FID_SECRET_NONE;
    const bool plain = fid_gallery_secret_kind(app->gallery_path, &kind, NULL) == FID_OK &&
                       kind == FID_SECRET_NONE; /* or nothing is there */
    if (status == FID_SEALED || plain)
        app_warn("the new key file %s exists, and nothing is sealed with it: run protect again, "
                 "or remove it",
                 key);
    else
        app_warn("the gallery %s sealed with the new key file %s: keep it",
                 status == FID_OK ? "is" : "may be", key);
}

static enum app_exit run(struct app *app)
{
    struct fid_secret *next = NULL;
    const char *key = app_option_text(app, "new-key", NULL);
    const bool is_new = key != NULL && access(key, F_OK) != 0;
    enum app_exit code = read_present(app);
    if (code == APP_OK)
        code = read_next(app, &next);
    if (code == APP_OK)
        code = protect(app, next);
    if (code != APP_OK && is_new && next != NULL)
        tell_of_new_key(app, next, key);
    fid_secret_close(&next);
    if (code == APP_OK && key != NULL)
        app_say(app,
                "its key is in %s: keep a copy elsewhere, the gallery cannot be opened without it",
                key);
    return code;
}

const struct app_verb app_verb_protect = {
    .name = "protect",
    .arguments = "",
    .summary = "encrypt the gallery on disk, or decrypt it",
    .details =
        "Asks for a passphrase, or takes a key file; from then on every verb needs the same, by\n"
        "--passphrase-file, --key-file or on the terminal. A gallery that is already sealed gets\n"
        "the new secret and a new key. No other process may have it open. The old file is\n"
        "overwritten, but an SSD or a file system that copies on write may keep old blocks, and\n"
        "so may copies made by other programs. Copies of faceid backup stay as they are, and are\n"
        "listed. A lost passphrase or key loses the gallery: there is no other way in. The file's\n"
        "size and times stay visible.\n",
    .examples = "faceid protect\twith a passphrase\n"
                "faceid protect --new-key /media/stick/faceid.key\twith a key file, made there\n"
                "faceid --key-file /media/stick/faceid.key\tthe live window with it\n"
                "faceid protect --off --passphrase-file secret.txt\tplain again\n",
    .groups = APP_USES_GALLERY,
    .whole = true,
    .options = protect_options,
    .run = run,
};

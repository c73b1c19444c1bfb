/* secret.c - reads passphrases and key files, asks for a passphrase on the terminal, and makes
 * key files. */
#include "app/secret.h"
#include "app/interrupt.h"
#include "app/output/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_MOST = 64 * 1024, KEY_BYTES = 32 };

struct text { /* wiped after use */
    char bytes[SECRET_MOST + 1];
    size_t size;
};

/* Reads byte by byte, because what follows the line in a pipe is for the next reader. The line
 * may end with CR LF. False: interrupted, or errno. */
static bool read_bytes(int file, bool line, struct text *text)
{
    char byte;
    ssize_t count = 0;
    text->size = 0;
    while (text->size < sizeof text->bytes) {
        if (!app_wait_readable(file))
            return false;
        count = read(file, &byte, 1);
        if (count != 1)
            break;
        if (line && byte == '\n') {
            text->size -= text->size > 0 && text->bytes[text->size - 1] == '\r';
            return true;
        }
        text->bytes[text->size++] = byte;
    }
    return count >= 0;
}

/* where: the file of the text; NULL: the terminal. */
static enum app_exit make_secret(enum fid_secret_kind kind, struct text *text, const char *where,
                                 struct fid_secret **secret)
{
    struct fid_error error;
    enum fid_status status = fid_secret_open(kind, text->bytes, text->size, secret, &error);
    explicit_bzero(text, sizeof *text);
    if (status != FID_INVALID || where == NULL)
        return status == FID_OK ? APP_OK : app_fail(APP_AREA_GALLERY, &error);
    app_warn("%s: %s", where, error.text);
    return app_exit_code(APP_AREA_GALLERY, status);
}

/* ---- files ---- */

static enum app_exit open_private(const char *path, int *file)
{
    struct stat info;
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*file < 0 && app_interrupted()) /* a pipe without a writer */
        return APP_INTERRUPTED;
    if (*file < 0 || fstat(*file, &info) != 0) {
        app_warn("%s cannot be read: %s", path, strerror(errno));
    } else if (S_ISDIR(info.st_mode)) {
        app_warn("%s is a folder, not a key or passphrase", path);
    } else if (S_ISREG(info.st_mode) && (info.st_mode & 0077) != 0) {
        app_warn("%s can be read by others, so it is not secret: chmod 600 it", path);
    } else {
        return APP_OK;
    }
    if (*file >= 0)
        close(*file);
    *file = -1;
    return APP_GALLERY;
}

static enum app_exit cannot_read(const char *path)
{
    app_warn("%s cannot be read: %s", path, strerror(errno));
    return APP_GALLERY;
}

enum app_exit app_secret_of_file(enum fid_secret_kind kind, const char *path,
                                 struct fid_secret **secret)
{
    struct text text;
    const bool line = kind == FID_SECRET_PASSPHRASE, input = line && strcmp(path, "-") == 0;
    int file = STDIN_FILENO;
    enum app_exit code = input ? APP_OK : open_private(path, &file);
    if (code != APP_OK)
        return code;
    const bool good = read_bytes(file, line, &text);
    if (!good && app_interrupted())
        code = APP_INTERRUPTED;
    else if (!good)
        code = cannot_read(input ? "stdin" : path);
    if (!input)
        close(file);
    return good ? make_secret(kind, &text, input ? "stdin" : path, secret) : code;
}

static bool sync_folder(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    const int length = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(folder, sizeof folder, "%.*s", length, slash == NULL ? "." : path);
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    return synced;
}

enum app_exit app_make_key_file(const char *path)
{
    unsigned char key[KEY_BYTES];
    if (access(path, F_OK) == 0)
        return APP_OK;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool written = file >= 0 && getrandom(key, sizeof key, 0) == (ssize_t)sizeof key &&
                   write(file, key, sizeof key) == (ssize_t)sizeof key && fsync(file) == 0 &&
                   sync_folder(path);
    const int reason = errno;
    explicit_bzero(key, sizeof key);
    if (file >= 0)
        close(file);
    if (written)
        return APP_OK;
    app_warn("the key file %s cannot be written: %s", path, strerror(reason));
    if (file >= 0)
        unlink(path);
    return APP_GALLERY;
}

/* ---- the terminal ---- */

static enum app_exit ask(const char *question, struct text *text)
{
    struct termios shown, hidden;
    if (tcgetattr(STDIN_FILENO, &shown) != 0) {
        app_warn("the passphrase cannot be asked for: %s", strerror(errno));
        return APP_GALLERY;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    app_put_visible(stderr, question); /* it includes a gallery's path */
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    const bool good = read_bytes(STDIN_FILENO, true, text);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    if (app_interrupted())
        return APP_INTERRUPTED;
    if (!good)
        app_warn("the passphrase cannot be read: %s", strerror(errno));
    return good ? APP_OK : APP_GALLERY;
}

enum app_exit app_ask_new_secret(struct fid_secret **secret)
{
    struct text first, again;
    enum app_exit code = ask("new passphrase: ", &first);
    if (code != APP_OK)
        return code;
    code = ask("again: ", &again);
    if (code == APP_OK &&
        (first.size != again.size || memcmp(first.bytes, again.bytes, first.size) != 0)) {
        app_warn("the two passphrases are not the same; nothing is changed");
        code = APP_USAGE;
    }
    explicit_bzero(&again, sizeof again);
    if (code == APP_OK)
        return make_secret(FID_SECRET_PASSPHRASE, &first, NULL, secret);
    explicit_bzero(&first, sizeof first);
    return code;
}

/* ---- the secret of a run ---- */

static enum app_exit ask_for_gallery(struct app *app, const char *path)
{
    enum fid_secret_kind kind;
    struct text text;
    char question[4200];
    if (fid_gallery_secret_kind(path, &kind, NULL) != FID_OK || kind != FID_SECRET_PASSPHRASE ||
        !isatty(STDIN_FILENO))
        return APP_OK; /* opening the gallery reports what is missing or wrong */
    snprintf(question, sizeof question, "passphrase of %s: ", path);
    enum app_exit code = ask(question, &text);
    return code == APP_OK ? make_secret(FID_SECRET_PASSPHRASE, &text, NULL, &app->secret) : code;
}

enum app_exit app_read_secret(struct app *app)
{
    return app_read_secret_of(app, app->gallery_path);
}

enum app_exit app_read_secret_of(struct app *app, const char *path)
{
    const char *key = app_option_text(app, "key-file", NULL);
    const char *passphrase = app_option_text(app, "passphrase-file", NULL);
    if (app->secret != NULL)
        return APP_OK;
    if (key != NULL && passphrase != NULL)
        return app_usage(app, "a gallery is sealed with a key file or a passphrase, not with both");
    if (key == NULL && passphrase == NULL)
        key = app_environment("FACEID_KEY_FILE");
    if (key != NULL)
        return app_secret_of_file(FID_SECRET_KEY_FILE, key, &app->secret);
    if (passphrase != NULL)
        return app_secret_of_file(FID_SECRET_PASSPHRASE, passphrase, &app->secret);
    return ask_for_gallery(app, path);
}

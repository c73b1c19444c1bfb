/* page.c - collects the pictures and people of a report, and writes the HTML page. */
#include "app/identify/page.h"
#include "app/error.h"
#include "app/identify/page_html.h"
#include "app/output/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINKS = 40 }; /* of one person */

struct person { /* on the page */
    int64_t id;
    char name[FID_NAME_BYTES];
    size_t faces, links[LINKS]; /* numbers of pictures */
    size_t link_count;          /* may be more than LINKS */
};

struct app_page {
    const char *path;
    struct fid_output *output;
    FILE *out, *body; /* the page, from output; its sections, owned */
    struct fid_picture small;
    struct person *people; /* first an entry for faces without a name, then those named */
    size_t people_count, people_capacity;
    size_t pictures, faces, known;

    /* of the current clip */
    char *clip, *shown; /* its path; the names of the last shown frame; owned */
    long last;          /* frame */
    size_t same;        /* following frames with the same names */
};

static enum fid_status fail(struct fid_error *error, enum fid_status status, const char *path)
{
    if (status == FID_NO_MEMORY)
        return app_error(error, status, "no memory for the page %.300s", path);
    return app_error(error, status, "the page %.300s cannot be written: %s", path, strerror(errno));
}

/* ---- opening and closing ---- */

static void write_facts(FILE *out, const struct app_page_facts *facts)
{
    char date[64];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M", &local);
    app_html_begin(out);
    fprintf(out,
            "<h1>Who is in these pictures</h1>\n<p class=\"soft\">faceid " FID_VERSION ", %s. ",
            date);
    app_html_text(out, facts->recognizer);
    fputs(", ", out);
    app_html_text(out, facts->detector);
    fprintf(out, ". %zu %s enrolled in <span>", facts->people,
            app_plural(facts->people, "person", "people"));
    app_html_text(out, facts->gallery);
    fputs("</span>.</p>\n", out);
    if (facts->rule.kind == FID_RULE_COSINE)
        fprintf(out,
                "<p class=\"soft\">A score is a cosine, higher is more alike. A name is given from "
                "%.3f on (%s), if no one else comes within %.3f; from %.3f on a face may be "
                "the person.</p>\n",
                (double)facts->rule.accept, facts->limit, (double)facts->rule.margin,
                (double)facts->rule.maybe);
    else
        fprintf(out,
                "<p class=\"soft\">A score is a distance, lower is more alike. A name is given "
                "below %.3f.</p>\n",
                (double)facts->rule.accept);
}

/* A file without a name: it disappears with the process, and no child inherits it. */
static FILE *open_unnamed(const char *beside)
{
    char *name;
    if (asprintf(&name, "%s.XXXXXX", beside) < 0)
        return NULL;
    int file = mkostemp(name, O_CLOEXEC); /* 0600 */
    FILE *stream = file >= 0 ? fdopen(file, "w+") : NULL;
    if (file >= 0)
        unlink(name);
    if (file >= 0 && stream == NULL)
        close(file);
    free(name);
    return stream;
}

enum fid_status app_page_open(const char *path, const struct app_page_facts *facts,
                              struct app_page **page, struct fid_error *error)
{
    struct app_page *opened = calloc(1, sizeof *opened);
    *page = opened;
    if (opened == NULL)
        return fail(error, FID_NO_MEMORY, path);
    opened->path = path;
    enum fid_status status = fid_output_open(path, FID_OUTPUT_OWNERS, &opened->output, error);
    if (status == FID_OK && (opened->body = open_unnamed(path)) == NULL)
        status = fail(error, FID_IO, path);
    if (status != FID_OK) {
        app_page_close(page);
        return status;
    }
    opened->out = fid_output_stream(opened->output);
    write_facts(opened->out, facts);
    return FID_OK;
}

void app_page_close(struct app_page **page)
{
    struct app_page *p = *page;
    if (p == NULL)
        return;
    fid_output_close(&p->output);
    if (p->body != NULL)
        fclose(p->body);
    fid_picture_free(&p->small);
    free(p->people);
    free(p->clip);
    free(p->shown);
    free(p);
    *page = NULL;
}

/* ---- people ---- */

/* Counts a face for its person; id 0: for those without a name. */
static bool count_face(struct app_page *page, const struct fid_label *label)
{
    int64_t id = label->known ? label->person : 0;
    size_t i = 0;
    while (i < page->people_count && page->people[i].id != id)
        i++;
    if (i == page->people_capacity) {
        size_t capacity = i == 0 ? 16 : 2 * i;
        struct person *people = reallocarray(page->people, capacity, sizeof *people);
        if (people == NULL)
            return false;
        page->people = people;
        page->people_capacity = capacity;
    }
    struct person *person = &page->people[i];
    if (i == page->people_count) {
        *person = (struct person){.id = id};
        memcpy(person->name, label->name, sizeof person->name);
        page->people_count++;
    }
    person->faces++;
    if (person->link_count == 0 || person->link_count > LINKS ||
        person->links[person->link_count - 1] != page->pictures) {
        if (person->link_count < LINKS)
            person->links[person->link_count] = page->pictures;
        person->link_count++;
    }
    return true;
}

/* ---- clips ---- */

static int compare_names(const void *a, const void *b)
{
    const struct fid_label *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* The names in a frame, sorted: "?,?,ana,". NULL: no memory. */
static char *names_of(const struct fid_label *labels, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    struct fid_label *sorted = calloc(count + 1, sizeof *sorted);
    FILE *stream = sorted != NULL ? open_memstream(&text, &size) : NULL;
    if (stream != NULL) {
        memcpy(sorted, labels, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, compare_names);
        for (size_t i = 0; i < count; i++)
            fprintf(stream, "%s\n", sorted[i].known ? sorted[i].name : "?");
        if (fclose(stream) != 0) {
            free(text);
            text = NULL;
        }
    }
    free(sorted);
    return text;
}

/* Writes how many frames were left out after the last shown one. */
static void end_run(struct app_page *page)
{
    if (page->same > 0)
        fprintf(page->body, "<p class=\"soft\">%zu more %s up to frame %ld %s the same.</p>\n",
                page->same, app_plural(page->same, "frame", "frames"), page->last,
                app_plural(page->same, "shows", "show"));
    page->same = 0;
}

/* Does the frame show the same people as the one before? Keeps its names for the next comparison.
 */
static bool repeats(struct app_page *page, const struct app_frame *frame, char *names)
{
    bool same = frame->frame >= 0 && !frame->first && page->clip != NULL &&
                strcmp(page->clip, frame->file) == 0 && strcmp(page->shown, names) == 0;
    if (!same) {
        end_run(page);
        free(page->clip);
        free(page->shown);
        page->clip = frame->frame >= 0 ? strdup(frame->file) : NULL;
        page->shown = names;
    } else
        free(names);
    page->last = frame->frame;
    page->same += same;
    return same;
}

enum fid_status app_page_add(struct app_page *page, const struct app_frame *frame,
                             const struct fid_face *faces, const struct fid_label *labels,
                             size_t count, struct fid_error *error)
{
    char *names = names_of(labels, count);
    if (names == NULL)
        return fail(error, FID_NO_MEMORY, page->path);
    bool same = repeats(page, frame, names);
    page->pictures += !same;
    page->faces += count;
    for (size_t i = 0; i < count; i++) {
        page->known += labels[i].known;
        if (!count_face(page, &labels[i]))
            return fail(error, FID_NO_MEMORY, page->path);
    }
    enum fid_status status = same ? FID_OK
                                  : app_html_section(page->body, page->pictures, frame, faces,
                                                     labels, count, &page->small, error);
    return status == FID_OK && ferror(page->body) ? fail(error, FID_IO, page->path) : status;
}

/* ---- the end ---- */

static void write_count(FILE *out, size_t count, const char *one, const char *more)
{
    fprintf(out, "<div><b>%zu</b>%s</div>\n", count, app_plural(count, one, more));
}

static void write_summary(const struct app_page *page, size_t bad_files)
{
    FILE *out = page->out;
    fputs("<div class=\"counts\">\n", out);
    write_count(out, page->pictures, "picture", "pictures");
    write_count(out, page->faces, "face", "faces");
    write_count(out, page->known, "with a name", "with a name");
    write_count(out, page->faces - page->known, "without", "without");
    if (bad_files > 0)
        write_count(out, bad_files, "file not readable", "files not readable");
    fputs("</div>\n", out);
    if (page->faces == 0)
        return;
    fputs("<table><tr><th>who</th><th>faces</th><th>in the pictures</th></tr>\n", out);
    for (size_t i = 0; i < page->people_count; i++) {
        const struct person *person = &page->people[i];
        fprintf(out, "<tr><td class=\"who%s\"><bdi>", person->id == 0 ? " no" : "");
        app_html_text(out, person->id == 0 ? "?" : person->name);
        fprintf(out, "</bdi></td><td class=\"n\">%zu</td><td>", person->faces);
        for (size_t l = 0; l < person->link_count && l < LINKS; l++)
            fprintf(out, "<a href=\"#p%zu\">%zu</a> ", person->links[l], person->links[l]);
        if (person->link_count > LINKS)
            fprintf(out, "and %zu more", person->link_count - LINKS);
        fputs("</td></tr>\n", out);
    }
    fputs("</table>\n", out);
}

static int compare_people(const void *a, const void *b)
{
    const struct person *x = a, *y = b;
    if ((x->id == 0) != (y->id == 0))
        return x->id == 0 ? 1 : -1;
    return strcmp(x->name, y->name);
}

static bool copy_body(struct app_page *page)
{
    char block[65536];
    size_t count;
    rewind(page->body);
    while ((count = fread(block, 1, sizeof block, page->body)) > 0)
        if (fwrite(block, 1, count, page->out) != count)
            return false;
    return !ferror(page->body);
}

enum fid_status app_page_finish(struct app_page **page, size_t bad_files, struct fid_error *error)
{
    struct app_page *p = *page;
    enum fid_status status;
    if (p == NULL)
        return FID_OK;
    errno = 0;
    end_run(p);
    if (p->people_count > 0)
        qsort(p->people, p->people_count, sizeof *p->people, compare_people);
    write_summary(p, bad_files);
    if (fflush(p->body) != 0 || !copy_body(p)) {
        status = fail(error, FID_IO, p->path);
        app_page_close(page);
        return status;
    }
    fputs(
        "<section class=\"soft\"><p>faceid is a convenience, not a lock: a photograph is enough to "
        "pass for someone. It never guesses age, sex or origin, and its errors are not "
        "the same for all groups of people. This page is as private as the pictures.</p>"
        "</section>\n</body>\n</html>\n",
        p->out);
    status = fid_output_finish(&p->output, error);
    app_page_close(page);
    return status;
}

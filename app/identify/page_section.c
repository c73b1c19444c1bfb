/* page_section.c - one picture of the report page, with boxes and names over it and a table of
 * its faces below. */
#include "app/identify/faces.h"
#include "app/error.h"
#include "app/identify/page_html.h"

#include <math.h>
#include <stdlib.h>

/* The page's pictures: large enough to recognize a face, small enough to send. */
#define PICTURE_AREA (960.0 * 960.0)
#define PICTURE_SIDE 8000.0
#define CROP_SIDE    96
#define QUALITY      80
#define LONG         2.5 /* times the other side: shown in a scrollable box */

struct section {
    FILE *out;
    struct fid_picture *small; /* scratch */
};

static enum fid_status no_memory(struct fid_error *error)
{
    return app_error(error, FID_NO_MEMORY, "no memory for the faces of a page");
}

static enum fid_status write_picture(const struct section *section,
                                     const struct fid_picture *picture, struct fid_error *error)
{
    double w = picture->width, h = picture->height;
    double scale = fmin(1, fmin(sqrt(PICTURE_AREA / (w * h)), PICTURE_SIDE / fmax(w, h)));
    const struct fid_box all = {0, 0, (float)w, (float)h};
    int width = (int)fmax(1, round(w * scale)), height = (int)fmax(1, round(h * scale));
    enum fid_status status = fid_picture_cut(picture, &all, width, height, section->small, error);
    if (status != FID_OK)
        return status;
    fprintf(section->out, "<img width=\"%d\" height=\"%d\" alt=\"\" src=\"", width, height);
    status = app_html_picture(section->out, section->small, QUALITY, error);
    fputs("\">\n", section->out);
    return status;
}

/* A box and its name; they keep their places if the picture is scaled down. */
static void write_box(FILE *out, const struct fid_picture *picture, const struct fid_face *face,
                      const struct fid_label *label)
{
    double w = picture->width, h = picture->height;
    double left = fmax(0, (double)face->box.x), top = fmax(0, (double)face->box.y);
    double right = fmin(w, (double)face->box.x + (double)face->box.w);
    double bottom = fmin(h, (double)face->box.y + (double)face->box.h);
    fprintf(out,
            "<div class=\"face%s%s%s\" style=\"left:%.2f%%;top:%.2f%%;width:%.2f%%;"
            "height:%.2f%%\"><i><bdi>",
            label->known ? " known" : "", top < 0.06 * h ? " low" : "",
            left > 0.7 * w ? " right" : "", 100 * left / w, 100 * top / h,
            100 * fmax(0, right - left) / w, 100 * fmax(0, bottom - top) / h);
    app_html_text(out, label->known ? label->name : "?");
    fputs("</bdi></i></div>\n", out);
}

/* The face with some of its surroundings. */
static enum fid_status write_crop(const struct section *section, const struct fid_picture *picture,
                                  const struct fid_face *face, struct fid_error *error)
{
    const struct fid_box *box = &face->box;
    float side = 1.3f * fmaxf(box->w, box->h);
    const struct fid_box square = {box->x + (box->w - side) / 2, box->y + (box->h - side) / 2, side,
                                   side};
    enum fid_status status =
        fid_picture_cut(picture, &square, CROP_SIDE, CROP_SIDE, section->small, error);
    if (status != FID_OK)
        return status;
    fputs("<tr><td><img class=\"crop\" alt=\"\" src=\"", section->out);
    status = app_html_picture(section->out, section->small, QUALITY, error);
    fputs("\"></td>", section->out);
    return status;
}

static void write_name(FILE *out, const char *name)
{
    fputs("<td class=\"b\"><bdi>", out);
    app_html_text(out, name[0] != '\0' ? name : "-");
    fputs("</bdi>", out);
}

static enum fid_status write_row(const struct section *section, const struct fid_picture *picture,
                                 const struct fid_face *face, const struct fid_label *label,
                                 struct fid_error *error)
{
    FILE *out = section->out;
    struct fid_quality quality;
    enum fid_status status = write_crop(section, picture, face, error);
    if (status != FID_OK)
        return status;
    fid_face_quality(picture, face, &quality);
    fprintf(out, "<td class=\"who%s\"><bdi>", label->known ? "" : " no");
    app_html_text(out, label->known ? label->name : "?");
    fputs("</bdi></td>", out);
    if (label->nearest[0] != '\0')
        fprintf(out, "<td class=\"n\">%.3f</td>", (double)label->score);
    else
        fputs("<td class=\"n\">-</td>", out);
    write_name(out, label->nearest);
    fputs("</td>", out);
    write_name(out, label->second);
    if (label->second[0] != '\0')
        fprintf(out, " <span class=\"soft\">%.3f</span>", (double)label->second_score);
    fprintf(out, "</td><td>%s <span class=\"soft\">(%s)</span></td>",
            app_reason_sentence(label->reason), fid_reason_text(label->reason));
    fprintf(out, "<td class=\"n soft\">%.0f px, sharp %.1f, turned %.0f&deg;</td></tr>\n",
            (double)quality.size, (double)quality.sharpness,
            fmax(fabs((double)quality.yaw), fabs((double)quality.pitch)));
    return FID_OK;
}

/* FILLS order with the faces from left to right; in a long column from top to bottom. */
static void sort_faces(const struct fid_face *faces, size_t count, bool column, size_t *order)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0; at--) {
            const struct fid_box *before = &faces[order[at - 1]].box, *box = &faces[i].box;
            if (column ? before->y <= box->y : before->x <= box->x)
                break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

static enum fid_status write_table(const struct section *section, const struct fid_picture *picture,
                                   const struct fid_face *faces, const struct fid_label *labels,
                                   size_t count, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    size_t *order = calloc(count + 1, sizeof *order);
    if (order == NULL)
        return no_memory(error);
    if (count == 0)
        fputs("<p class=\"soft\">no face</p>\n", section->out);
    else
        fputs("<table><tr><th>face</th><th>name</th><th>score</th><th>nearest</th><th>second</th>"
              "<th>why</th><th>seen</th></tr>\n",
              section->out);
    sort_faces(faces, count, picture->height > LONG * picture->width, order);
    for (size_t i = 0; i < count && status == FID_OK; i++)
        status = write_row(section, picture, &faces[order[i]], &labels[order[i]], error);
    if (count > 0)
        fputs("</table>\n", section->out);
    free(order);
    return status;
}

enum fid_status app_html_section(FILE *out, size_t number, const struct app_frame *frame,
                                 const struct fid_face *faces, const struct fid_label *labels,
                                 size_t count, struct fid_picture *scratch, struct fid_error *error)
{
    const struct section section = {out, scratch};
    const struct fid_picture *picture = frame->picture;
    bool is_long =
        picture->width > LONG * picture->height || picture->height > LONG * picture->width;
    fprintf(out, "<section id=\"p%zu\">\n<h2><bdi>", number);
    app_html_text(out, frame->file);
    fputs("</bdi>", out);
    if (frame->frame >= 0)
        fprintf(out, ", frame %ld", frame->frame);
    fprintf(out, "</h2>\n%s<div class=\"shot\">", is_long ? "<div class=\"long\">" : "");
    enum fid_status status = write_picture(&section, picture, error);
    for (size_t i = 0; i < count; i++)
        write_box(out, picture, &faces[i], &labels[i]);
    fprintf(out, "</div>%s\n", is_long ? "</div>" : "");
    if (status == FID_OK)
        status = write_table(&section, picture, faces, labels, count, error);
    fputs("</section>\n", out);
    return status;
}

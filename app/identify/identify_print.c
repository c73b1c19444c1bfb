/* identify_print.c - prints the faces of a frame as text, JSON or CSV. */
#include "app/identify/identify_print.h"
#include "app/output/csv.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- text ---- */

/* "-" if there is no person with a score. */
static void print_score(const char *name, float score)
{
    if (name[0] != '\0')
        printf("\t%.3f", (double)score);
    else
        fputs("\t-", stdout);
}

static void print_why(const struct app_identify *identify, const struct fid_label *label,
                      const struct fid_quality *quality)
{
    const struct fid_rule *rule = &identify->rule;
    printf("\t%s\t", fid_reason_text(label->reason));
    app_put_visible(stdout, label->nearest);
    fputc('\t', stdout);
    app_put_visible(stdout, label->second);
    print_score(label->second, label->second_score);
    printf("\taccept=%.3f (%s) maybe=%.3f margin=%.3f", (double)rule->accept,
           app_limit_text(identify->limit), (double)rule->maybe, (double)rule->margin);
    printf("\tsize=%.0f sharpness=%.2f brightness=%.2f contrast=%.2f yaw=%.0f pitch=%.0f "
           "quality=%.2f",
           (double)quality->size, (double)quality->sharpness, (double)quality->brightness,
           (double)quality->contrast, app_whole(quality->yaw), app_whole(quality->pitch),
           (double)quality->score);
}

void app_identify_print_text(const struct app_identify *identify, const struct app_frame *frame,
                             const char *name, const struct app_identify_form *form)
{
    for (size_t i = 0; i < identify->faces.count; i++) {
        const struct fid_face *face = &identify->faces.faces[i];
        const struct fid_label *label = &identify->labels[i];
        app_put_visible(stdout, name);
        printf("\t%.0f,%.0f,%.0f,%.0f\t", app_whole(face->box.x), app_whole(face->box.y),
               app_whole(face->box.w), app_whole(face->box.h));
        app_put_visible(stdout, label->known ? label->name : "?");
        print_score(label->nearest, label->score);
        if (form->explain) {
            struct fid_quality quality;
            fid_face_quality(frame->picture, face, &quality);
            print_why(identify, label, &quality);
        }
        fputc('\n', stdout);
    }
}

/* ---- JSON ---- */

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* null if there is no person with a score. */
static void json_score(struct app_json *json, const char *key, const char *name, float score)
{
    app_json_number(json, key, name[0] != '\0' ? (double)score : NAN, 4);
}

static void json_why(struct app_json *json, const struct fid_label *label,
                     const struct fid_quality *quality)
{
    app_json_text(json, "reason", fid_reason_text(label->reason));
    app_json_text(json, "nearest", text_or_null(label->nearest));
    app_json_text(json, "second", text_or_null(label->second));
    json_score(json, "second_score", label->second, label->second_score);
    app_json_open(json, "quality", '{');
    app_json_number(json, "size", (double)quality->size, 1);
    app_json_number(json, "sharpness", (double)quality->sharpness, 3);
    app_json_number(json, "brightness", (double)quality->brightness, 3);
    app_json_number(json, "contrast", (double)quality->contrast, 3);
    app_json_number(json, "yaw", (double)quality->yaw, 1);
    app_json_number(json, "pitch", (double)quality->pitch, 1);
    app_json_number(json, "score", (double)quality->score, 3);
    app_json_close(json, '}');
}

/* null: the detector gives none, and all five points are the same. */
static void json_landmarks(struct app_json *json, const struct fid_face *face)
{
    const float *left = face->landmarks[0], *right = face->landmarks[1];
    if (left[0] == right[0] && left[1] == right[1]) {
        app_json_text(json, "landmarks", NULL);
        return;
    }
    app_json_open(json, "landmarks", '[');
    for (int i = 0; i < 5; i++) {
        app_json_open(json, NULL, '[');
        app_json_number(json, NULL, (double)face->landmarks[i][0], 1);
        app_json_number(json, NULL, (double)face->landmarks[i][1], 1);
        app_json_close(json, ']');
    }
    app_json_close(json, ']');
}

static void json_face(struct app_json *json, const struct fid_face *face,
                      const struct fid_label *label)
{
    const float box[4] = {face->box.x, face->box.y, face->box.w, face->box.h};
    app_json_open(json, "box", '[');
    for (int i = 0; i < 4; i++)
        app_json_number(json, NULL, (double)box[i], 1);
    app_json_close(json, ']');
    app_json_number(json, "detection", (double)face->score, 4);
    json_landmarks(json, face);
    app_json_bool(json, "known", label->known);
    app_json_text(json, "name", label->known ? label->name : NULL);
    json_score(json, "score", label->nearest, label->score);
}

static void json_limits(struct app_json *json, const struct app_identify *identify)
{
    app_json_open(json, "limits", '{');
    app_json_number(json, "accept", (double)identify->rule.accept, 4);
    app_json_number(json, "maybe", (double)identify->rule.maybe, 4);
    app_json_number(json, "margin", (double)identify->rule.margin, 4);
    app_json_text(json, "from", app_limit_text(identify->limit));
    app_json_close(json, '}');
}

void app_identify_print_json(const struct app_identify *identify, const struct app_frame *frame,
                             const struct app_identify_form *form)
{
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_text(&json, "file", frame->file);
    if (frame->frame >= 0)
        app_json_whole(&json, "frame", frame->frame);
    app_json_whole(&json, "width", frame->picture->width);
    app_json_whole(&json, "height", frame->picture->height);
    if (form->explain)
        json_limits(&json, identify);
    app_json_open(&json, "faces", '[');
    for (size_t i = 0; i < identify->faces.count; i++) {
        const struct fid_face *face = &identify->faces.faces[i];
        struct fid_quality quality;
        app_json_open(&json, NULL, '{');
        json_face(&json, face, &identify->labels[i]);
        if (form->explain) {
            fid_face_quality(frame->picture, face, &quality);
            json_why(&json, &identify->labels[i], &quality);
        }
        app_json_close(&json, '}');
    }
    app_json_close(&json, ']');
    if (form->drawn != NULL)
        app_json_text(&json, "drawn", form->drawn);
    app_json_close(&json, '}');
    app_json_line(&json);
}

/* ---- CSV ---- */

void app_identify_print_csv_header(const struct app_identify_form *form)
{
    fputs("file,frame,x,y,w,h,known,name,score", stdout);
    if (form->explain)
        fputs(",reason,nearest,second,second_score,accept,accept_from,maybe,margin,size,sharpness,"
              "brightness,contrast,yaw,pitch,quality",
              stdout);
    fputc('\n', stdout);
}

static void csv_score(struct app_csv *csv, const char *name, float score)
{
    app_csv_number(csv, name[0] != '\0' ? (double)score : NAN, 4);
}

static void csv_why(struct app_csv *csv, const struct app_identify *identify,
                    const struct fid_label *label, const struct fid_quality *quality)
{
    const struct fid_rule *rule = &identify->rule;
    app_csv_text(csv, fid_reason_text(label->reason));
    app_csv_text(csv, label->nearest);
    app_csv_text(csv, label->second);
    csv_score(csv, label->second, label->second_score);
    app_csv_number(csv, (double)rule->accept, 4);
    app_csv_text(csv, app_limit_text(identify->limit));
    app_csv_number(csv, (double)rule->maybe, 4);
    app_csv_number(csv, (double)rule->margin, 4);
    app_csv_number(csv, (double)quality->size, 1);
    app_csv_number(csv, (double)quality->sharpness, 3);
    app_csv_number(csv, (double)quality->brightness, 3);
    app_csv_number(csv, (double)quality->contrast, 3);
    app_csv_number(csv, (double)quality->yaw, 1);
    app_csv_number(csv, (double)quality->pitch, 1);
    app_csv_number(csv, (double)quality->score, 3);
}

void app_identify_print_csv(const struct app_identify *identify, const struct app_frame *frame,
                            const struct app_identify_form *form)
{
    struct app_csv csv = app_csv_begin(stdout);
    for (size_t i = 0; i < identify->faces.count; i++) {
        const struct fid_face *face = &identify->faces.faces[i];
        const struct fid_label *label = &identify->labels[i];
        struct fid_quality quality;
        app_csv_text(&csv, frame->file);
        app_csv_number(&csv, frame->frame >= 0 ? (double)frame->frame : NAN, 0);
        app_csv_number(&csv, (double)face->box.x, 1);
        app_csv_number(&csv, (double)face->box.y, 1);
        app_csv_number(&csv, (double)face->box.w, 1);
        app_csv_number(&csv, (double)face->box.h, 1);
        app_csv_whole(&csv, label->known);
        app_csv_text(&csv, label->name);
        csv_score(&csv, label->nearest, label->score);
        if (form->explain) {
            fid_face_quality(frame->picture, face, &quality);
            csv_why(&csv, identify, label, &quality);
        }
        app_csv_line(&csv);
    }
}

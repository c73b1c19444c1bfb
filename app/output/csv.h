/* csv.h - comma-separated values for spreadsheets and scripts: a header line, fields as RFC 4180
 * quotes them, lines that end with a line feed, always valid UTF-8.
 *
 * Text is quoted if it has a comma, a quotation mark, a line break or tab, blanks at an end, or
 * begins with one of = + - @ (so that no spreadsheet takes it for a formula); a quotation mark
 * inside is doubled. Invalid bytes and other control characters become U+FFFD. */
#ifndef APP_CSV_H
#define APP_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct app_csv {
    FILE *out;      /* borrowed */
    bool not_first; /* in its line */
};

struct app_csv app_csv_begin(FILE *out);

void app_csv_text(struct app_csv *csv, const char *text); /* NULL: an empty field */
void app_csv_field(FILE *out, const char *text);          /* the field alone, without comma */
void app_csv_whole(struct app_csv *csv, int64_t number);
/* With this many decimals; empty if it is not finite. */
void app_csv_number(struct app_csv *csv, double number, int decimals);

/* Ends the line. */
void app_csv_line(struct app_csv *csv);

#endif

/* What is agreed with people: consent, and until when they may be named. */
#include "engine/face/gallery/gallery.h"

#include <stdio.h>
#include <string.h>

/* ---- days ---- */

bool fid_is_date(const char *text)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    char again[32];
    if (strlen(text) != FID_DATE_BYTES - 1 || sscanf(text, "%4u-%2u-%2u", &year, &month, &day) != 3)
        return false;
    snprintf(again, sizeof again, "%04u-%02u-%02u", year, month, day);
    if (strcmp(text, again) != 0 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (unsigned)(month == 2 && leap);
}

static bool is_over(const char *day, const char *today)
{
    return day[0] != '\0' && strcmp(day, today) < 0;
}

bool fid_terms_over(const struct fid_terms *terms)
{
    char today[FID_DATE_BYTES];
    fid_today(today);
    return terms->expires != NULL && is_over(terms->expires, today);
}

bool fid_gallery_expire(struct fid_gallery *gallery)
{
    char today[FID_DATE_BYTES];
    bool changed = false;
    fid_today(today);
    for (size_t i = 0; i < gallery->count; i++) {
        struct fid_person *person = &gallery->people[i].info;
        bool expired = is_over(person->expires, today);
        changed = changed || expired != person->expired;
        person->expired = expired;
    }
    return changed;
}

/* ---- words ---- */

static enum fid_status check_consent(const char *text, struct fid_error *error)
{
    size_t length = strnlen(text, FID_CONSENT_BYTES);
    if (length == 0)
        return fid_fail(error, FID_INVALID, "the consent has no words");
    if (length == FID_CONSENT_BYTES)
        return fid_fail(error, FID_INVALID, "the consent is longer than %d bytes",
                        FID_CONSENT_BYTES - 1);
    return fid_is_text(text, length)
               ? FID_OK
               : fid_fail(error, FID_INVALID, "the consent is not valid UTF-8");
}

enum fid_status fid_terms_check(const struct fid_terms *terms, struct fid_error *error)
{
    if (terms == NULL)
        return FID_OK;
    if (terms->expires != NULL && terms->expires[0] != '\0' && !fid_is_date(terms->expires))
        return fid_fail(error, FID_INVALID, "'%.40s' is no day; write it as 2027-01-31",
                        terms->expires);
    return terms->consent != NULL ? check_consent(terms->consent, error) : FID_OK;
}

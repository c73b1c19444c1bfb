/* verb_table.h - one line a verb, in the order of the help: APP_VERB(name) stands for
 * `const struct app_verb app_verb_name` in verb_name.c; a verb's hyphen is an underline there.
 * Included twice by verbs.c. No include guard. */
APP_VERB(live)
APP_VERB(enroll)
APP_VERB(identify)
APP_VERB(is_known)
APP_VERB(verify)
APP_VERB(list)
APP_VERB(show)
APP_VERB(rename)
APP_VERB(merge)
APP_VERB(remove)
APP_VERB(undo)
APP_VERB(forget)
APP_VERB(cameras)
APP_VERB(model)
APP_VERB(eval)

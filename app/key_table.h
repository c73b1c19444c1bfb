/* key_table.h - one line per key of the live window: APP_KEY(action, character, name, what it
 * does), in the order of the help. The window's help, `faceid live --help` and the manual page are
 * made from it, and a test compares docs/live.md with it. No include guard. */
APP_KEY(QUIT, 'q', "q, Esc", "quit")
APP_KEY(HELP, 'h', "h", "show or hide this list")
APP_KEY(NEXT_FACE, '\t', "Tab", "choose the next face")
APP_KEY(ENROLL, 'e', "e", "enroll the chosen face")
APP_KEY(NOT_THIS, 'x', "x", "this face is not the person named")
APP_KEY(EXPLAIN, 'd', "d", "explain the chosen face's name")
APP_KEY(BLUR, 'p', "p", "blur strangers")
APP_KEY(STRICTER, '+', "+", "fewer names: raise the limit")
APP_KEY(LOOSER, '-', "-", "more names: lower the limit")
APP_KEY(SNAPSHOT, 's', "s", "write a snapshot")
APP_KEY(PAUSE, ' ', "space", "pause")
APP_KEY(NEXT_CAMERA, 'c', "c", "next camera")
APP_KEY(MIRROR, 'm', "m", "mirror")
APP_KEY(FULL_SCREEN, 'f', "f", "full screen")
APP_KEY(FIGURES, 'i', "i", "show or hide the figures")

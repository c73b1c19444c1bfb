"""printable.py - text of unknown origin for a terminal."""


def printable(text):
    """text without anything that moves a terminal's cursor or breaks a line, in any encoding."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def shortened(text, most):
    """text of at most about `most` characters: a long one loses what is in its middle, since it
    begins with the file's name and ends with the next step."""
    if len(text) <= most:
        return text
    return "%s [...] %s" % (text[:most * 2 // 3], text[-(most // 3):])

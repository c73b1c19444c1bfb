"""printable.py - text of unknown origin for a terminal."""


def printable(text):
    """text with nothing in it that moves a terminal or a line, whatever the output can encode."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)

"""The demo's page: one HTML file that needs nothing beside it."""
import base64
import html

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em;
       color: #222; background: #fafafa; }
figure { display: inline-block; margin: 0 1em 1em 0; width: 22em; vertical-align: top; }
img { width: 100%; border-radius: 4px; }
figcaption { font-size: .85em; color: #555; }
.people figure { width: 7em; }
table { border-collapse: collapse; margin: 1em 0; }
td, th { padding: .2em 1em .2em 0; text-align: right; }
td:first-child, th:first-child { text-align: left; }
.note { background: #fff3d0; padding: .7em 1em; border-radius: 4px; }
"""


def _image(path):
    with open(path, "rb") as file:
        return "data:image/jpeg;base64," + base64.b64encode(file.read()).decode("ascii")


def _figure(thumbnail, link, caption):
    return ('<figure><a href="%s"><img src="%s" alt=""></a><figcaption>%s</figcaption></figure>'
            % (html.escape(link), _image(thumbnail), html.escape(caption)))


def _table(rows):
    head, *body = rows
    lines = ["<tr>" + "".join("<th>%s</th>" % html.escape(str(c)) for c in head) + "</tr>"]
    for row in body:
        lines.append("<tr>" + "".join("<td>%s</td>" % html.escape(str(c)) for c in row) + "</tr>")
    return "<table>" + "".join(lines) + "</table>"


def write(path, note, credit, table, people, groups):
    """people: [(thumbnail, link, name)]; groups: [(title, [(thumbnail, link, caption)])]."""
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>faceid: demo</title>",
             "<style>%s</style><h1>faceid: demo</h1>" % STYLE,
             '<p class=note>%s</p>' % html.escape(note), _table(table), "<h2>Enrolled</h2>"]
    parts += ['<div class=people>'] + [_figure(*person) for person in people] + ["</div>"]
    for title, figures in groups:
        parts.append("<h2>%s</h2>" % html.escape(title))
        parts += [_figure(*figure) for figure in figures]
    parts.append("<p>%s</p></html>\n" % html.escape(credit))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))

"""A bar chart as SVG, without a library."""

from xml.sax.saxutils import escape

COLORS = ("#8a8a8a", "#714b67", "#3a7ca5", "#2a9d8f", "#e9a23b", "#d1603d", "#6a994e")
BAR = 14  # pixels
GAP = 26
LEFT = 230
WIDTH = 660
HEAD = 40


def draw(result, labels):
    """Return the milliseconds of each work as bars, its longest over the whole width.

    :param dict result: the figures by work and label
    """
    works = list(dict.fromkeys(work for work, _label in result))
    parts, y = _draw_legend(labels), HEAD
    for work in works:
        rows = [
            (label, result[work, label]["ms"])
            for label in labels
            if (work, label) in result
        ]
        longest = max(ms for _label, ms in rows) or 1
        parts.append(_text(LEFT - 10, y + 12, work, "end"))
        for label, ms in rows:
            width = max(ms / longest * (WIDTH - LEFT - 70), 1)
            color = COLORS[labels.index(label) % len(COLORS)]
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{width:.0f}" height="{BAR - 2}"'
                f' fill="{color}"/>'
            )
            parts.append(_text(LEFT + width + 5, y + 10, f"{ms:.1f} ms"))
            y += BAR
        y += GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}"'
        ' font-family="sans-serif" font-size="11">'
        f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def _draw_legend(labels):
    parts, x = [], 10
    for label, color in zip(labels, COLORS, strict=False):
        parts.append(f'<rect x="{x}" y="10" width="10" height="10" fill="{color}"/>')
        parts.append(_text(x + 14, 19, label))
        x += 26 + 6 * len(label)
    return parts


def _text(x, y, text, anchor="start"):
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="#222222">'
        f"{escape(text)}</text>"
    )

"""Which service points apply to a report; `find_shown.js` does the same while typing.

A point is a dict with `id`, `type`, `audience`, `categories` (the ids of categories of
objects; empty: all objects) and `condition`: None, or a dict with the id of an earlier
`point` and one of `check` (its answer), `options` (the ids of the chosen ones) and
`outside` (its minimum and maximum, each a number or None).
"""

ROLES = ("reporter", "technician")


def find_shown(points, answers, categories, role=None):
    """Return the ids of the points that apply, with the sections they stand in.

    :param points: in their order
    :param answers: by the id of the point: the value of a check, the id of an option, a
        number; None: whatever may be answered
    :param categories: the ids of the category of the object, and of those above it
    :param role: of `ROLES`: leave out what is asked of the other one
    """
    applying = set()
    for point in points:
        if point["type"] != "section" and _applies(
            point, applying, answers, categories
        ):
            applying.add(point["id"])
    asked = {
        point["id"]
        for point in points
        if point["id"] in applying and is_asked_of(point["audience"], role)
    }
    return asked | set(_iterate_sections(points, asked))


def is_asked_of(audience, role):
    """Return whether a point is for this role; without one, for any."""
    return role is None or (audience or "both") in (role, "both")


def _applies(point, applying, answers, categories):
    if point["categories"] and set(point["categories"]).isdisjoint(categories):
        return False
    condition = point["condition"]
    if not condition:
        return True
    return condition["point"] in applying and (
        answers is None or is_met(condition, answers.get(condition["point"]))
    )


def is_met(condition, answer):
    """Return whether the answer to the earlier point meets the condition."""
    if "check" in condition:
        return answer == condition["check"]
    if "options" in condition:
        return answer in condition["options"]
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return False
    minimum, maximum = condition["outside"]
    below = minimum is not None and answer < minimum
    return below or (maximum is not None and answer > maximum)


def _iterate_sections(points, asked):
    """Iterate over the sections with a point that is asked, or without any point."""
    section, inside = None, []
    for point in (*points, {"id": None, "type": "section"}):
        if point["type"] != "section":
            inside.append(point["id"])
            continue
        if section and (not inside or not asked.isdisjoint(inside)):
            yield section
        section, inside = point["id"], []

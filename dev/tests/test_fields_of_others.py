"""No other addon defines a field that one of ours adds to the same model.

Walks the sources of Odoo, of the community's addons at hand and of ours. The fields on
the models that others rely on most are listed in `docs/developer.md`.
"""

import ast
import functools
import re
import unittest
from collections import defaultdict
from pathlib import Path

import odoo.addons

from dev import other_addons
from dev.paths import ROOT

# The fields that we add to them are listed, and keep their names
LISTED = (
    "res.partner",
    "res.users",
    "maintenance.equipment",
    "sale.order",
    "account.move",
)
# A user has the fields of their contact
SAME = {"res.users": "res.partner"}
# Not ours: only changed by us
EXTENDED = {
    ("maintenance.request", "name"): "indexed, to find reports by their orders",
    ("maintenance.equipment", "name"): "indexed, to find reports by their objects",
    ("maintenance.equipment", "serial_no"): "indexed, to find reports by their objects",
}


def find_sources(folders):
    """Return the text of the Python files of the addons' models, by path."""
    return {
        path: path.read_text(errors="replace")
        for folder in folders
        for path in sorted(Path(folder).glob("*/**/*.py"))
        if "tests" not in path.parts
    }


@functools.cache
def get_sources():
    """Return our sources, and those of others."""
    others = {
        *map(Path, odoo.addons.__path__),
        other_addons.get_folder(other_addons.NEIGHBOURS_FILE),
    } - {ROOT}
    own = find_sources([ROOT])
    found = {path: text for path, text in own.items() if "dev" not in path.parts}
    return found, find_sources(others)


@functools.cache
def read_models(text):
    """Return for each model class: the models that it defines or extends, its fields.

    The first of the models has the fields, the others are its parents.
    """
    return [
        (models, {name for name in names if not name.startswith("_")})
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        for models, names in [read_class(node)]
        if models
    ]


def read_class(node):
    values = {
        target.id: item.value
        for item in node.body
        if isinstance(item, ast.Assign)
        for target in item.targets
        if isinstance(target, ast.Name)
    } | {
        item.target.id: item.value
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }
    models = [*read_strings(values.get("_name")), *read_strings(values.get("_inherit"))]
    fields = {name for name, value in values.items() if is_field(value)}
    return list(dict.fromkeys(models)), fields


def read_strings(node):
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [
        item.value
        for item in items
        if isinstance(item, ast.Constant) and isinstance(item.value, str)
    ]


def is_field(node):
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", None) == "fields"
    )


def get_own():
    """Return the fields that we add to models of others, with those of our mixins."""
    parents, fields = defaultdict(set), defaultdict(set)
    for text in get_sources()[0].values():
        for (model, *others), names in read_models(text):
            parents[model].update(others)
            fields[model] |= names

    def collect(model):
        ours = [name for name in parents[model] if name.startswith("fault.report")]
        return fields[model].union(*map(collect, ours))

    found = {name: collect(name) for name in parents if not name.startswith("fault.")}
    extended = defaultdict(set)
    for model, name in EXTENDED:
        extended[model].add(name)
    return {m: names - extended[m] for m, names in found.items() if names - extended[m]}


def find_fields(sources, models):
    """Return (model, field) of all definitions on these models and their parents."""
    wanted, found, done = set(models), set(), set()
    while wanted - done:
        new = wanted - done
        done |= new
        quoted = "|".join(map(re.escape, new))
        pattern = re.compile(rf"_(?:name|inherit)\s*=[^=]*?[\"'](?:{quoted})[\"']")
        for text in sources.values():
            if pattern.search(text):
                for (model, *others), names in read_models(text):
                    if model in new:
                        wanted.update(others)
                        found |= {(model, name) for name in names}
    return found


class TestFieldsOfOthers(unittest.TestCase):
    def test_no_other_addon_has_a_field_of_the_same_name_on_the_same_model(self):
        others = get_sources()[1]
        for model, names in get_own().items():
            group = {model, SAME.get(model, model)}
            group |= {name for name, same in SAME.items() if same == model}
            there = {name for _model, name in find_fields(others, group)}
            self.assertGreater(len(there), 3, f"nothing was found of {model}")
            self.assertFalse(names & there, model)

    def test_the_fields_in_the_documentation_are_those_that_are_defined(self):
        text = (ROOT / "docs" / "developer.md").read_text()
        section = text.split("## Fields on models of others")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `([\w.]+)` \| (.*) \|$", section, re.MULTILINE)
        listed = {model: set(re.findall(r"`(\w+)`", names)) for model, names in rows}
        own = get_own()
        self.assertEqual(listed, {model: own[model] for model in LISTED})

    def test_a_field_is_found_in_each_way_to_define_it(self):
        for body in (
            "_inherit = 'sale.order'\n    x = fields.Char()",
            '_inherit = ["mail.thread", "sale.order"]\n    _name = "sale.order"\n'
            "    x: str = fields.Char(string='X')",
            "_name = _inherit = 'sale.order'\n    x = fields.Many2one(\n'a')",
        ):
            sources = {"a.py": f"class A(models.Model):\n    {body}\n"}
            self.assertEqual(
                find_fields(sources, ["sale.order"]), {("sale.order", "x")}
            )

    def test_a_field_of_a_parent_is_one_of_the_model(self):
        sources = {
            "a.py": "class A(M):\n    _name = 'sale.order'\n    _inherit = 'a.mixin'\n",
            "b.py": "class B(M):\n    _name = 'a.mixin'\n    x = fields.Char()\n",
        }
        self.assertIn(("a.mixin", "x"), find_fields(sources, ["sale.order"]))

"""One place per rule: no addon overrides a method of a model that it defines itself."""

import ast
import unittest
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def get_models(node):
    """Return the names of the models that a class defines or extends."""
    names = set()
    for statement in node.body:
        if not isinstance(statement, ast.Assign):
            continue
        for target in statement.targets:
            if isinstance(target, ast.Name) and target.id in ("_name", "_inherit"):
                value = ast.literal_eval(statement.value)
                names.update([value] if isinstance(value, str) else value)
    return names


def get_name(node):
    """Return the model that the class is: `_name`, else the one it extends."""
    values = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name) and target.id in ("_name", "_inherit"):
                    values[target.id] = ast.literal_eval(statement.value)
    inherit = values.get("_inherit")
    return values.get("_name") or (inherit if isinstance(inherit, str) else None)


def find_classes(addon):
    """Yield each class of a model in the addon with its file; tests left out."""
    for path in sorted(addon.rglob("*.py")):
        if "tests" in path.relative_to(addon).parts:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and get_name(node):
                yield path.relative_to(addon), node


def find_overrides(addon):
    """Return the methods that stand twice: (model, method) and their files."""
    classes = list(find_classes(addon))
    own = {
        get_name(node) for _path, node in classes if get_name(node) not in (None, "")
    }
    defined = defaultdict(list)
    for path, node in classes:
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                defined[get_name(node), item.name].append(str(path))
    return {key: files for key, files in defined.items() if len(files) > 1}


class TestHouse(unittest.TestCase):
    def test_no_addon_overrides_a_method_of_its_own(self):
        for manifest in sorted(ROOT.glob("fault_report*/__manifest__.py")):
            with self.subTest(addon=manifest.parent.name):
                self.assertFalse(find_overrides(manifest.parent))

"""Every `sudo()` of the addons has a comment with its reason.

The comment is within the statement or directly above it.
"""

import ast
import io
import tokenize
import unittest

from dev.tests.test_privilege_lint import ROOT


def get_files():
    """Return the Python files of the addons, without tests and migrations."""
    for path in sorted(ROOT.glob("fault_report*/**/*.py")):
        if {"tests", "migrations"}.isdisjoint(path.relative_to(ROOT).parts):
            yield path


def raises_rights(node):
    """Return whether the node is a `sudo()` call; `sudo(False)` lowers the rights."""
    if not isinstance(node, ast.Call) or getattr(node.func, "attr", None) != "sudo":
        return False
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    return not any(isinstance(v, ast.Constant) and v.value is False for v in values)


def get_own_nodes(statement):
    """Iterate over the nodes of a statement, without the statements inside it."""
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.stmt | ast.excepthandler | ast.match_case)
        ]


def get_commented_lines(source):
    """Return the numbers of lines with a comment, and of lines that are only a comment.

    Directives for linters are not reasons and do not count.
    """
    commented, whole = set(), set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string.lstrip("# ")
        if token.type != tokenize.COMMENT or text.startswith(("noqa", "pylint:")):
            continue
        commented.add(token.start[0])
        if not token.line[: token.start[1]].strip():
            whole.add(token.start[0])
    return commented, whole


def get_statements(source):
    """Return first and last line of each statement with a `sudo()`, in order."""
    found = []
    for statement in ast.walk(ast.parse(source)):
        if isinstance(statement, ast.stmt):
            nodes = [n for n in get_own_nodes(statement) if hasattr(n, "lineno")]
            if any(raises_rights(node) for node in nodes):
                # For a compound statement, the part before its body
                ends = [node.end_lineno for node in nodes if node is not statement]
                end = max(ends) if hasattr(statement, "body") else statement.end_lineno
                found.append((statement.lineno, end))
    return sorted(found)


def find_without_reason(source):
    """Return the lines of the statements with a `sudo()` but without a comment.

    A comment covers consecutive statements with a `sudo()`.
    """
    commented, covered = get_commented_lines(source)
    found = []
    for start, end in get_statements(source):
        if start - 1 in covered or commented & set(range(start, end + 1)):
            covered.add(end)
        else:
            found.append(start)
    return found


class TestSudo(unittest.TestCase):
    def test_every_sudo_has_a_comment_with_its_reason(self):
        for path in get_files():
            lines = find_without_reason(path.read_text())
            with self.subTest(file=str(path.relative_to(ROOT))):
                self.assertFalse(lines, "Give the reason for sudo() in a comment.")

    def test_the_lint_sees_what_it_is_for(self):
        cases = {
            "a = b.sudo()": [1],
            "a = b.sudo(True)": [1],
            "a = b.sudo(False)": [],
            "# Users may not read b.\na = b.sudo()": [],
            "# Users may not read b.\n\na = b.sudo()": [3],
            "a = b.sudo()  # Users may not read b": [],
            "a = b.sudo()  # noqa: F841": [1],
            "a = (\n    b\n    # Users may not read b.\n    .sudo()\n)": [],
            "# Users may not read b.\nif b:\n    a = b.sudo()": [3],
            "# Users may not read b.\na = b.sudo()\nc = d.sudo()": [],
            "# Users may not read b.\na = b.sudo()\nc = d\ne = d.sudo()": [4],
            "if b.sudo():\n    # Not about b\n    pass": [1],
            "for c in b.sudo():\n    d = c.sudo()": [1, 2],
            "x = [c.sudo() for c in b]": [1],
            "def f(c=b.sudo()):\n    return c": [1],
        }
        for source, lines in cases.items():
            with self.subTest(source):
                self.assertEqual(find_without_reason(source), lines)

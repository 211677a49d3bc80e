"""What holds for each addon with a kind of work order, when it is uninstalled."""

from pathlib import Path

from .common_copy import DatabaseCopyCase


class UninstalledKind(DatabaseCopyCase):
    """Subclasses set `kind`, the model, and `module`, the addon."""

    __test__ = False

    def test_reports_of_an_uninstalled_kind_are_handled_anew(self):
        found = self.run_script(
            Path(__file__).with_name("uninstall_kind.py"),
            KIND=self.kind,
            MODULE=self.module,
        )
        self.assertEqual(
            found,
            {
                "before": ["converted"],
                "after": ["new"],
                "kind": "maintenance.request",
                "left": 0,
                "handled": ["converted", "solved", "cancelled"],
                "new kind": "maintenance.request",
            },
        )

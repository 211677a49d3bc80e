"""An Odoo process that evaluates each input line and prints the time it took.

The tests start it as a subprocess and do not import it; see `common_processes.py`.
"""

import logging
import sys
import time

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config
from odoo.tools.safe_eval import safe_eval


def answer(value):
    sys.stdout.write(f"{value}\n")
    sys.stdout.flush()


def main(database, *options):
    config.parse_config([f"--database={database}", *options])
    logging.disable(logging.ERROR)
    registry = Registry(database)
    answer("ready")
    for line in sys.stdin:
        started = time.monotonic()
        # As a scheduled action does; the test itself signals no change
        registry.clear_all_caches()
        with registry.cursor() as cr:
            safe_eval(line.strip(), {"env": api.Environment(cr, SUPERUSER_ID, {})})
        answer(time.monotonic() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A pytest plugin that moves the clock in a quarter of the time.

Each time, freezegun lists the names of all modules, of Odoo thousands, to see whether
there are new ones. Counting them finds the same.
"""

from freezegun import api


def _count_names(module):
    return f"{id(module)}-{len(getattr(module, '__dict__', ()))}"


api._get_module_attributes_hash = _count_names

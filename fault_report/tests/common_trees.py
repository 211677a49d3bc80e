"""Every tree of contacts up to four levels, and whose each of its contacts is."""

from itertools import product

LEVELS = 4
COMPANY, PERSON, FACILITY = "company", "person", "facility"


def get_chains():
    """Return every chain of kinds that contacts below each other can have."""
    return [
        kinds
        for depth in range(1, LEVELS + 1)
        for kinds in product((COMPANY, PERSON, FACILITY), repeat=depth)
        if kinds[0] != FACILITY
        and (FACILITY, FACILITY) not in zip(kinds, kinds[1:], strict=False)
    ]


class TreeData:
    """One contact for each chain: the chains with the same beginning share it."""

    @classmethod
    def make_trees(cls, env):
        cls.nodes = {}
        for kinds in get_chains():
            name = " ".join(kinds)
            cls.nodes[kinds] = env["res.partner"].create(
                {
                    "name": name,
                    "parent_id": cls.nodes[kinds[:-1]].id if kinds[1:] else False,
                    "is_company": kinds[-1] == COMPANY,
                    "is_facility": kinds[-1] == FACILITY,
                    "type": "delivery" if kinds[-1] == FACILITY else "contact",
                    "email": f"{name.replace(' ', '.')}@tree.example",
                    "ref": name,
                }
            )

    @classmethod
    def get_place(cls, kinds):
        """Return the customer, facility and contact of a node, by its chain alone.

        Read from the top: each company and each facility starts anew.
        """
        customer, facility = cls.nodes[kinds[:1]], cls.nodes[kinds].browse()
        for depth, kind in enumerate(kinds, 1):
            if kind == COMPANY:
                customer, facility = cls.nodes[kinds[:depth]], facility.browse()
            elif kind == FACILITY:
                customer = cls.nodes[kinds[: depth - 1]]
                facility = cls.nodes[kinds[:depth]]
        node = cls.nodes[kinds]
        contact = node if node not in customer + facility else node.browse()
        return customer, facility, contact

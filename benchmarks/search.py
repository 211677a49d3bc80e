"""The cost of the search line, for words of any frequency; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database.
"""

import os
from contextlib import contextmanager

from benchmarks._measuring import vacuum

COUNT = int(os.environ.get("N") or 100_000)
WAITING = min(1000, COUNT // 2)
REPEAT = 7
# Words, and how many things have one with it
DESCRIBED = {"pump": 2, "gearbox": 10, "sprinkler": 50, "intercom": 200, "hatch": 900}
PEOPLE = {"Andersson": 20, "Virtanen": 250}
CUSTOMERS = {"Harbour": 10, "Quay": 100, "Pier": 250}
OBJECTS = {"Gate": 10, "Hoist": 100, "Turnstile": 500}
# In the older half only
FORMER = {"paternoster": 20}


# === DATA === #


def with_words(name, number, words):
    return " ".join(
        [name, *(word for word, every in words.items() if not number % every)]
    )


def make_places():
    """Return the ids of the objects of customers, and the customers."""
    customers = env["res.partner"].create(
        [
            {
                "name": with_words(f"Customer {number}", number, CUSTOMERS),
                "is_company": True,
            }
            for number in range(max(COUNT // 500, 1))
        ]
    )
    facilities = env["res.partner"].create(
        [
            {"name": f"House {number}", "parent_id": customer.id, "is_facility": True}
            for customer in customers
            for number in (1, 2)
        ]
    )
    env["res.partner"].create(
        [
            {
                "name": f"Janitor {number}",
                "parent_id": facility.id,
                "phone": f"070-1{number:06}",
            }
            for number, facility in enumerate(facilities)
        ]
    )
    objects = env["maintenance.equipment"].create(
        [
            {
                "name": with_words(f"Lift {number}", number, OBJECTS),
                "serial_no": f"LP-{facility.id}-{number}",
                "facility_id": facility.id,
                "company_id": False,
            }
            for number, facility in enumerate(
                facility for facility in facilities for _number in range(5)
            )
        ]
    )
    return objects, customers


@contextmanager
def without_indexes(table):
    """Drop the indexes of the table, and create them again: faster for many rows."""
    env.cr.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        " AND indexdef NOT LIKE 'CREATE UNIQUE%%'",
        [table],
    )
    found = env.cr.fetchall()
    for name, _definition in found:
        env.cr.execute(f'DROP INDEX "{name}"')
    yield
    for _name, definition in found:
        env.cr.execute(definition.replace("%", "%%"))


def get_words_sql(words):
    """Return SQL that appends words to the text of a row with this `number`."""
    return "".join(
        f" || CASE WHEN number %% {every} = 0 THEN ' {word}' ELSE '' END"
        for word, every in words.items()
    )


def fill(objects, technician):
    """Insert COUNT reports of ten years, each with an order; the newest ones wait."""
    env.flush_all()
    company = env.company
    team = env["maintenance.team"].create({"name": "Team", "company_id": company.id})
    values = {
        "count": COUNT,
        "waiting": WAITING,
        "company": company.id,
        "user": technician.id,
        "team": team.id,
        "objects": len(objects),
        "first": objects[0].id,
    }
    with without_indexes("maintenance_request"):
        env.cr.execute(
            """
            INSERT INTO maintenance_request
                (name, company_id, maintenance_team_id, kanban_state, equipment_id,
                 archive, request_date)
            SELECT 'Order ' || number, %(company)s, %(team)s, 'normal',
                   %(first)s + number %% %(objects)s, FALSE, now()
              FROM generate_series(1, %(count)s) AS number
            """,
            values,
        )
    env.cr.execute("ANALYZE maintenance_request, res_partner, maintenance_equipment")
    with without_indexes("fault_report"):
        env.cr.execute(
            f"""
        INSERT INTO fault_report
            (name, reference, company_id, channel, priority, partner_id,
             commercial_partner_id, facility_id, equipment_id, technician_id,
             assigned_technician_id, state, outcome,
             work_order_model, work_order_id, reported_at, date_assigned, date_handled,
             time_spent, deviation_count, create_date, write_date, contact_id,
             customer_order_ref, contact_name, phone, create_uid)
        SELECT (ARRAY['Stands still', 'Makes a noise', 'Door stays open', 'Too warm',
                      'Light flickers', 'Smells burnt', 'Water drips'])[1 + number %% 7]
               {get_words_sql(DESCRIBED)}
               || CASE WHEN number > %(count)s / 2 AND number %% 20 = 0
                       THEN ' paternoster' ELSE '' END
               || ' ' || left(md5(number::text), 8),
               'OLD/' || number, %(company)s, 'form',
               CASE WHEN number %% 20 = 0 THEN '2' WHEN number %% 6 = 0 THEN '1'
                    ELSE '0' END,
               equipment.customer_id, equipment.customer_id, equipment.facility_id,
               equipment.id,
               CASE WHEN state != 'new' THEN %(user)s END,
               CASE WHEN state != 'new' THEN %(user)s END,
               state,
               CASE WHEN state IN ('solved', 'cancelled') THEN state END,
               CASE WHEN state = 'converted' THEN 'maintenance.request' END,
               CASE WHEN state = 'converted' THEN request.id END,
               reported, CASE WHEN state != 'new' THEN reported END,
               CASE WHEN state NOT IN ('new', 'assigned') THEN reported END,
               0.5, 0, reported, reported, contact.id, 'PO-' || number,
               CASE WHEN number %% 3 = 0
                    THEN 'Reporter ' || number {get_words_sql(PEOPLE)} END,
               CASE WHEN number %% 3 = 0
                    THEN '+46 70 3' || lpad(number::text, 6, '0') END,
               %(user)s
          FROM generate_series(1, %(count)s) AS number
          JOIN LATERAL (
               SELECT now() at time zone 'UTC'
                      - number * (interval '10 years' / %(count)s) AS reported,
                      CASE WHEN number <= %(waiting)s / 2 THEN 'new'
                           WHEN number <= %(waiting)s THEN 'assigned'
                           WHEN number %% 20 = 0 THEN 'cancelled'
                           WHEN number %% 20 < 3 THEN 'solved'
                           ELSE 'converted' END AS state
               ) AS fate ON TRUE
          JOIN maintenance_equipment AS equipment
               ON equipment.id = %(first)s + number %% %(objects)s
          JOIN maintenance_request AS request ON request.name = 'Order ' || number
          JOIN res_partner AS contact ON contact.parent_id = equipment.facility_id
         ORDER BY number DESC
            """,
            values,
        )
    env.cr.commit()
    env.invalidate_all()
    vacuum(env.cr)

"""Searches of the whole database and of the folder with its files."""

from pathlib import Path

from odoo.tools import SQL, config


def find_texts(cr, wanted):
    """Return `table.column` of all columns of the database that contain a text."""
    cr.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea')"
    )
    found = set()
    for table, column, kind in cr.fetchall():
        name = SQL.identifier(column)
        text = SQL("encode(%s, 'escape')", name) if kind == "bytea" else name
        cr.execute(
            SQL(
                "SELECT 1 FROM %s WHERE (%s)::text ILIKE %s LIMIT 1",
                SQL.identifier(table),
                text,
                f"%{wanted}%",
            )
        )
        if cr.fetchone():
            found.add(f"{table}.{column}")
    return found


def find_files(cr, wanted):
    """Return the paths of the stored files of the database that contain a text."""
    folder = Path(config.filestore(cr.dbname))
    return {
        path
        for path in folder.rglob("*")
        if path.is_file() and wanted.encode() in path.read_bytes()
    }

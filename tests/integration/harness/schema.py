"""The tables of schema/ in a database of the test's own, without a daemon."""
import pathlib

SCHEMA = pathlib.Path(__file__).resolve().parents[3] / "schema"


def apply(database):
    """Every migration, in order."""
    database.rows("CREATE SCHEMA fleet")
    for file in sorted(SCHEMA.glob("[0-9]*.sql")):
        # Doubled: `rows` formats what has values, and this has none.
        database.rows(file.read_text())


def add_printers(database, count):
    database.rows(
        "INSERT INTO fleet.printers (printer_id, model_id, model, name, enrolment, bed, first_seen_at) "
        "SELECT md5(n::text), '20021', 'K2Pro', 'p-' || n, 'enrolled', 'clear', '2026-01-01' "
        f"FROM generate_series(1, {count}) n")

"""Plain COPY of the rows that the bridge stored, into a table of the same shape, in transactions of as
many rows as the bridge's batches: what PostgreSQL takes for them and no bridge could go below."""
import io
import time

import psycopg2

from measure.process import Usage

TABLE = "bench.copy_log"
COLUMNS = ("seq, printer_id, received_at, reported_at, type, action, state, code, msgid, payload, "
           "payload_raw")


def stored_rows(conninfo, limit):
    """The newest rows as COPY's own text, a line each."""
    text = io.BytesIO()
    with psycopg2.connect(conninfo) as connection, connection.cursor() as cursor:
        cursor.copy_expert(f"COPY (SELECT {COLUMNS} FROM fleet.report_log ORDER BY seq DESC "
                           f"LIMIT {int(limit)}) TO STDOUT", text)
    connection.close()
    return text.getvalue().splitlines(keepends=True)


class PlainCopy:
    def __init__(self, site, rows, batch):
        self.site = site
        self.connection = psycopg2.connect(site.bridge.addresses()["database"])
        self.lines = stored_rows(site.bridge.addresses()["database"], rows)
        self.pieces = [b"".join(self.lines[at:at + batch]) for at in range(0, len(self.lines), batch)]
        self.rows = len(self.lines)
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS bench")
            cursor.execute(f"CREATE TABLE {TABLE} (LIKE fleet.report_log INCLUDING ALL)")

    def run(self):
        """Rows per second, (user, system) CPU seconds of PostgreSQL a row."""
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {TABLE}")
        usage = Usage(database=self.site.database_pid)
        begin = time.monotonic()
        for piece in self.pieces:
            with self.connection, self.connection.cursor() as cursor:
                cursor.copy_expert(f"COPY {TABLE} ({COLUMNS}) FROM STDIN", io.BytesIO(piece))
        took = time.monotonic() - begin
        return self.rows / took, sum(usage.spent()["database"]) / self.rows

    def close(self):
        self.connection.close()

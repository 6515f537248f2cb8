"""Questions to the daemon's PostgreSQL."""
import psycopg2
import psycopg2.extras


class Database:
    """Read what is stored. A connection is made anew where the server went away."""

    def __init__(self, conninfo):
        self.conninfo = conninfo
        self.connection = None

    def rows(self, statement, *values):
        """A list of dicts."""
        for attempt in (1, 2):
            if self.connection is None or self.connection.closed:
                self.connection = psycopg2.connect(self.conninfo, connect_timeout=10)
                self.connection.autocommit = True
            try:
                with self.connection.cursor(
                        cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                    cursor.execute(statement, values or None)
                    return [dict(row) for row in cursor.fetchall()] if cursor.description else []
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self.close()
                if attempt == 2:
                    raise
        return []

    def one(self, statement, *values):
        """The only value of the only row; None where there is no row."""
        rows = self.rows(statement, *values)
        assert len(rows) <= 1, rows
        return next(iter(rows[0].values())) if rows else None

    def column(self, statement, *values):
        return [next(iter(row.values())) for row in self.rows(statement, *values)]

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

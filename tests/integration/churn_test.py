"""Rows that are updated all the time stay where they are: HOT updates, tables that do not grow.
bench/status_updates.py does the same ten million times."""
import pytest

from harness import churn, external, schema, wait
from harness.sql import Database

PRINTERS = 500
BATCHES = 400


@pytest.fixture(scope="module", name="tables")
def tables_fixture():
    """(as after ten batches, as after all of them)"""
    with external.Cluster() as cluster, Database(cluster.conninfo()) as database:
        schema.apply(database)
        schema.add_printers(database, PRINTERS)
        database.rows(churn.SETUP)
        churn.run(database, 1, 10)
        first = churn.look(database)
        churn.run(database, 11, BATCHES)
        database.close()  # a backend that ends tells what it has counted
        wanted = PRINTERS * (BATCHES - 1)
        wait.until(lambda: churn.look(database)["printer_status"]["updates"] >= wanted, "all are counted", 20)
        yield first, churn.look(database)


@pytest.mark.parametrize("table,hot_min", [
    ("printer_status", 0.99), ("jobs", 0.95), ("command_executions", 0.90), ("ledger", 0.99)])
def test_updates_are_hot(tables, table, hot_min):
    found = tables[1][table]
    assert found["updates"] > 100 and found["hot"] / found["updates"] >= hot_min, found


@pytest.mark.parametrize("table,bytes_a_row", [
    ("printer_status", 4096), ("jobs", 1024), ("command_executions", 1024)])
def test_tables_stay_small(tables, table, bytes_a_row):
    assert tables[1][table]["bytes"] <= PRINTERS * bytes_a_row, tables[1][table]


def test_the_ledger_is_a_page_or_two(tables):
    assert tables[1]["ledger"]["bytes"] <= 4 * 8192, tables[1]["ledger"]

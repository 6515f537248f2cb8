#!/usr/bin/python3
"""Ten million updates of printer_status, with what else a batch updates: how many were HOT, and how large
the tables are afterwards.

    bench/status_updates.py [--updates 10000000] [--printers 1000]

Starts a PostgreSQL of its own with its own defaults (autovacuum, one minute), as the managed one has
them; commits are not synced to the disk. Exit code 1 where fewer than 99 % of the updates of
printer_status were HOT, or the table grew beyond eight times of what it began with.
"""
import argparse
import pathlib
import sys
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))

from harness import churn, external, schema, sql  # noqa: E402

HOT_MIN = 0.99
GROWTH_MAX = 8.0


def show(found):
    for name, table in found.items():
        share = table["hot"] / table["updates"] if table["updates"] else 0
        print(f"  {name:20} {table['updates']:>10} updates, {share:7.2%} HOT, {table['dead']:>6} dead, "
              f"{table['autovacuums']:>3} autovacuums, {table['bytes'] / 1024:8.0f} KiB, indexes "
              f"{table['index_bytes'] / 1024:6.0f} KiB, TOAST {table['toast_bytes'] / 1024:6.0f} KiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--updates", type=int, default=10_000_000)
    parser.add_argument("--printers", type=int, default=1000)
    arguments = parser.parse_args()
    batches = max(20, arguments.updates // arguments.printers)
    with external.Cluster() as cluster, sql.Database(cluster.conninfo()) as database:
        schema.apply(database)
        schema.add_printers(database, arguments.printers)
        database.rows(churn.SETUP)
        churn.run(database, 1, 10)
        first = churn.look(database)["printer_status"]["bytes"]
        begun = time.monotonic()
        step = max(1, batches // 10)
        for start in range(11, batches + 1, step):
            churn.run(database, start, min(batches, start + step - 1))
            print(f"after {time.monotonic() - begun:.0f} s, batch {min(batches, start + step - 1)}:")
            show(churn.look(database))
        # The counters of the statistics come a moment late.
        database.close()
        time.sleep(2)
        found = churn.look(database)
        show(found)
    status = found["printer_status"]
    hot, growth = status["hot"] / status["updates"], status["bytes"] / first
    print(f"printer_status: {status['updates']} updates, {hot:.2%} HOT, {growth:.1f} times its first size")
    return 0 if hot >= HOT_MIN and growth <= GROWTH_MAX else 1


if __name__ == "__main__":
    sys.exit(main())

"""The databases of /io/db: SQLite in a file that goes with the server, or PostgreSQL through whatever driver is installed."""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import Any

from handlers.lab.registry import Busy, Failed, NotHere

SECONDS_FOR_THE_LOCK = 10
DRIVERS = ("psycopg", "psycopg2")

_lock = threading.Lock()
_file: Path | None = None


def _database() -> Path:
    """The file, made by the first request that needs it."""
    global _file
    with _lock:
        if _file is None:
            folder = tempfile.mkdtemp(prefix="baton-lab-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            path = Path(folder) / "lab.sqlite"
            with sqlite3.connect(path) as connection:
                connection.execute("create table visits (count integer)")
                connection.execute("insert into visits values (0)")
            connection.close()
            _file = path
        return _file


def _sqlite(rows: int) -> str:
    connection = sqlite3.connect(_database(), timeout=SECONDS_FOR_THE_LOCK)
    try:
        with connection:
            connection.execute("update visits set count = count + 1")
        count = "with recursive n(i) as (select 1 union all select i + 1 from n limit ?) select count(*), sum(i) from n"
        counted, total = connection.execute(count, (rows,)).fetchone()
        return f"SQLite counted {counted} rows, their sum is {total}\n"
    except sqlite3.OperationalError as problem:
        raise Busy(f"SQLite: {problem}") from None
    finally:
        connection.close()


def _driver() -> Any:
    for name in DRIVERS:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise NotHere(
        f"BATON_LAB_POSTGRES is set, and none of its drivers is installed here ({', '.join(DRIVERS)})"
    )


def _postgres(address: str, rows: int) -> str:
    driver = _driver()
    try:
        connection = driver.connect(address, connect_timeout=10)
        try:
            with connection.cursor() as cursor:
                cursor.execute("select count(*), sum(i) from generate_series(1, %s) as i", (rows,))
                counted, total = cursor.fetchone()
        finally:
            connection.close()
    except driver.Error as problem:
        raise Failed(f"PostgreSQL: {str(problem).strip()}") from None
    return f"PostgreSQL counted {counted} rows, their sum is {total}\n"


def run_query(rows: int) -> str:
    """Let the database count, and say what it found."""
    address = os.environ.get("BATON_LAB_POSTGRES")
    return _postgres(address, rows) if address else _sqlite(rows)

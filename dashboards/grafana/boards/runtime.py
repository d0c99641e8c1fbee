"""The process below the requests: CPU, memory, threads, event loops, garbage, connections."""

from __future__ import annotations

from boards.common import RESTARTS, per_core, quantiles
from boards.parts import Board, Panel, Query, Row, variables

CPU = Row("CPU and memory", [
    per_core(8),
    Panel("CPU by role", "Cores in use. application is what belongs to no thread of Baton's: threads that the application started.",
          "short", [Query("sum by (role) (rate(baton_thread_cpu_seconds_total{@S}@I))", "{{role}}")], width=8, stacked=True),
    Panel("CPU of the process", "Cores in use, by instance.", "short",
          [Query("sum by (instance) (rate(@C{@S}@I))", "{{instance}}")], width=8),
    Panel("Resident memory", "What is in RAM. A line that only rises is a leak, usually in Python.", "bytes",
          [Query("sum by (instance) (process_resident_memory_bytes{@S})", "{{instance}}")], width=8),
    Panel("Descriptors in use", "The share of those that there may be. Every connection is one; at 1 none is accepted.", "percentunit",
          [Query("sum by (instance) (process_open_fds{@S}) / sum by (instance) (process_max_fds{@S})", "{{instance}}")], width=8),
    Panel("Uptime", "Since the process was started.", "s",
          [Query("max by (instance) (time() - process_start_time_seconds{@S})", "{{instance}}")], kind="stat", width=8),
])  # fmt: skip

THREADS = Row("Interpreter threads", [
    Panel("Threads by state", "running Python, waiting for the GIL, off_gil in a request, idle.", "short",
          [Query("sum by (state) (baton_interpreter_threads{@S})", "{{state}}")], stacked=True),
    Panel("Threads in use", "The share of the most that there may be (--threads) that is at work. At 1 requests queue, whether the GIL is "
          "full or not.", "percentunit",
          [Query('sum by (instance) (baton_interpreter_threads{@S, state!="idle"})'
                 ' / sum by (instance) (baton_interpreter_threads_limit{@S, bound="max"})', "{{instance}}")], top=1),
    Panel("Decisions about threads", "Why their number was changed, or left: docs/threads.md has the reasons.", "ops",
          [Query("sum by (reason) (rate(baton_thread_decisions_total{@S}@I))", "{{reason}}")]),
    Panel("Wait in the queue", "Until a thread or a loop takes the request.", "s",
          quantiles('@P_bucket{@R, phase="queue"}')),
])  # fmt: skip

LOOPS = Row("Event loops", [
    Panel("Loop utilization", "1: it never waits for events, and requests wait for it. Nothing here: no loop serves anything.",
          "percentunit",
          [Query('sum by (instance, interpreter) (rate(baton_event_loop_time_seconds_total{@G, state="active"}@I))'
                 " / sum by (instance, interpreter) (rate(baton_event_loop_time_seconds_total{@G}@I))", "{{instance}} {{interpreter}}")],
          width=8, top=1),
    Panel("Loop lag", "How late callbacks run. While one runs, every other request of the loop waits.", "s",
          quantiles("baton_event_loop_lag_seconds_bucket{@G}", "instance", legend="{{instance}}"), width=8),
    Panel("Ready and not running", "Seconds per second that requests on a loop could have run, by route.", "percentunit",
          [Query('sum by (http_route) (rate(@P_sum{@R, phase="ready"}@I))', "{{http_route}}")], width=8),
    Panel("WebSockets", "Open now, by instance; each is one connection.", "short", [Query("sum by (instance) (baton_websockets{@S})", "{{instance}}")]),
    Panel("WebSocket messages", "Whole messages per second.", "ops",
          [Query("sum by (direction) (rate(baton_websocket_messages_total{@S}@I))", "{{direction}}")]),
])  # fmt: skip

GARBAGE = Row("Garbage collector", [
    Panel("Time in the collector", "Seconds per second, with the GIL held.", "percentunit",
          [Query("sum by (instance, generation) (rate(cpython_gc_pause_seconds_sum{@G}@I))", "{{instance}} generation {{generation}}")],
          width=8, stacked=True),
    Panel("Collections", "Per second and generation. Generation 2 looks at every object there is.", "ops",
          [Query("sum by (generation) (rate(cpython_gc_collections_total{@G}@I))", "generation {{generation}}")], width=8),
    Panel("Mean pause", "Of one collection. gc.freeze() after the start makes those of generation 2 shorter.", "s",
          [Query("sum by (instance) (rate(cpython_gc_pause_seconds_sum{@G}@I))"
                 " / (sum by (instance) (rate(cpython_gc_pause_seconds_count{@G}@I)) > 0)", "{{instance}}")], width=8),
])  # fmt: skip

CONNECTIONS = Row("Connections", [
    Panel("Connections", "Open now, with a request or idle.", "short",
          [Query("sum by (state) (baton_connections{@S})", "{{state}}")], width=8, stacked=True),
    Panel("New connections", "Per second. As many as requests: clients do not keep theirs.", "ops",
          [Query("sum by (instance) (rate(baton_connections_total{@S}@I))", "{{instance}}")], width=8),
    Panel("Bytes", "Received from clients and sent to them.", "Bps",
          [Query("sum by (direction) (rate(baton_bytes_total{@S}@I))", "{{direction}}")], width=8),
])  # fmt: skip

BOARD = Board(
    "baton-runtime", "Baton / Runtime", "The process below the requests: CPU, memory, threads, event loops, garbage, connections.",
    [CPU, THREADS, LOOPS, GARBAGE, CONNECTIONS], variables(), annotations=[RESTARTS],
)  # fmt: skip

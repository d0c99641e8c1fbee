"""A run of baton-load beside what the server says about the same seconds."""

from __future__ import annotations

from boards.common import RESTARTS, gil_utilization, per_core, phases, quantile, quantiles
from boards.parts import Annotation, Board, Panel, Query, Row, Variable, variables

EITHER = '__name__=~"baton_runtime_info|baton_load_info"'
CHOSEN = 'job=~"$job", endpoint=~"$endpoint", instance=~"$instance"'


SERVERS = {one.name: one for one in variables()}

# A generator is there for as long as its run: there is no zero before it, and one behind it only with --linger. So what is now is
# compared with what was ten seconds ago, and each of the two marks ten seconds.
RUNNING = "(max by (job, instance) (baton_load_running{@S}) == 1)"
EARLIER = "(max by (job, instance) (baton_load_running{@S} offset 10s) == 1)"
BEGIN = Annotation("Run begins", f"{RUNNING} unless {EARLIER}", "orange", step="5s")
END = Annotation("Run ends", f"{EARLIER} unless {RUNNING}", "purple", step="5s")


def seconds(which: str) -> str:
    return f"baton_load_{which}_seconds_bucket{{{CHOSEN}}}"


DELIVERED = Row("Is it delivered", [
    per_core(),
    Panel("Offered and answered", "Requests that became due, those that ended, those that failed, and what the server counts.", "reqps",
          [Query(f"sum(rate(baton_load_due_total{{{CHOSEN}}}@I))", "due"),
           Query(f"sum(rate(baton_load_requests_total{{{CHOSEN}}}@I))", "ended"),
           Query(f"sum(rate(baton_load_errors_total{{{CHOSEN}}}@I))", "failed"),
           Query("sum(rate(@D_count{@S}@I))", "of the server")]),
    Panel("By endpoint", "Requests that ended, per second.", "reqps",
          [Query(f"sum by (endpoint) (rate(baton_load_requests_total{{{CHOSEN}}}@I))", "{{endpoint}}")], width=8, stacked=True),
    Panel("Answers by status", "Per second, expected or not.", "reqps",
          [Query(f"sum by (http_response_status_code) (rate(baton_load_responses_total{{{CHOSEN}}}@I))",
                 "{{http_response_status_code}}")], width=8, stacked=True),
    Panel("Failures", "Per second and kind: docs/load_scenarios.md has what counts as one.", "reqps",
          [Query(f"sum by (failure) (rate(baton_load_errors_total{{{CHOSEN}}}@I))", "{{failure}}")], width=8, stacked=True),
])  # fmt: skip

LATENCY = Row("How long it takes", [
    Panel("From due and from sent", "Response time counts from the moment a request was due, service time from when it was sent. Where they "
          "part, requests have waited for a connection: the target lags behind.", "s",
          [*quantiles(seconds("response"), legend="response"), *quantiles(seconds("service"), legend="service")]),
    Panel("Client and server", "The client's service time beside the duration in the server; between them are network and kernel.", "s",
          [*quantiles(seconds("service"), of=[0.99], legend="client"), *quantiles("@D_bucket{@S}", of=[0.99], legend="server")]),
    Panel("Response time by endpoint, p99", "99 of 100 requests take no longer, counted from when they were due.", "s",
          [Query(quantile(0.99, seconds("response"), "endpoint"), "{{endpoint}}")]),
    Panel("Distribution of response times", "From due: how many took how long.", "s",
          [Query(f"sum by (le) (increase({seconds('response')}@I))", "{{le}}", heatmap=True)], kind="heatmap"),
])  # fmt: skip

SERVER = Row("In the server meanwhile", [
    gil_utilization(8),
    phases(8),
    Panel("In flight", "Sent and not ended, as the generator sees it; and in the server.", "short",
          [Query("sum(baton_load_in_flight{@S})", "client"), Query("sum(http_server_active_requests{@S})", "server")], width=8),
])  # fmt: skip

ITSELF = Row("The generator itself", [
    Panel("Own lateness", "p99 from due to handed to a connection when one was free: above a millisecond the generator is in the way."
          " And the mean wait for a free connection: the target holds them all.", "s",
          [Query(quantile(0.99, "baton_load_late_seconds_bucket{@S}"), "late"),
           Query("sum(rate(baton_load_blocked_seconds_sum{@S}@I)) / (sum(rate(baton_load_requests_total{@S}@I)) > 0)",
                 "waited for a connection, mean")], width=6),
    Panel("Its CPU", "Cores in use; a thread near 1 is a bottleneck, and the run says so.", "short",
          [Query("sum by (instance) (rate(baton_load_cpu_seconds_total{@S}@I))", "{{instance}}")], width=6),
    Panel("Its connections", "Opened per second. As many as requests: the target keeps none, or the scenario asks for fresh ones.", "ops",
          [Query("sum by (instance) (rate(baton_load_connections_total{@S}@I))", "{{instance}}")], width=6),
    Panel("Its bytes", "Sent to the target and received from it.", "Bps",
          [Query("sum by (direction) (rate(baton_load_bytes_total{@S}@I))", "{{direction}}")], width=6),
])  # fmt: skip

BOARD = Board(
    "baton-load-test", "Baton / Load test", "A run of `baton-load run --metrics` beside what the server says about the same seconds.",
    [DELIVERED, LATENCY, SERVER, ITSELF],
    [
        Variable("job", "Job", f"label_values({{{EITHER}}}, job)"),
        SERVERS["mode"],
        # A load generator has no mode, so it is there whichever is chosen.
        Variable("instance", "Instance", f'label_values({{{EITHER}, job=~"$job", mode=~"$mode|"}}, instance)', everything=None),
        SERVERS["route"], SERVERS["interpreter"],
        Variable("endpoint", "Endpoint", 'label_values(baton_load_requests_total{job=~"$job", instance=~"$instance"}, endpoint)'),
    ],
    span="now-15m", refresh="5s",
    annotations=[RESTARTS, BEGIN, END],
)  # fmt: skip

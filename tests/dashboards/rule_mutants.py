"""What the cases of rule_cases.py are worth: each of these changes to a rule has to fail one of them.

By alert and window: what is replaced in the rule or in a recording rule that it rests on, and by what.
"""

from __future__ import annotations

ERRORS, SLOW = "job:http_server_requests_errors", "job:http_server_requests_slow"
SHARE, WAIT = "instance_route:baton_request_gil_wait:ratio_rate5m", "instance_route:baton_request_gil_wait_seconds:mean_rate5m"

MUTANTS: dict[str, list[tuple[str, str]]] = {
    "GilSaturated": [
        ("> 0.9", "> 0.93"),
        ("> 0.9", "> 0.87"),
        ("10m", "15m"),
        ("10m", "5m"),
        ("ticket", "page"),
        ("(job, instance, interpreter)", "(job, instance)"),
    ],
    "GilConvoy": [
        (f"{SHARE} > 0.5", f"{SHARE} > 0.6"),
        (f"{SHARE} > 0.5", f"{SHARE} > 0.4"),
        (f"{SHARE} > 0.5", f"{SHARE} > 0"),
        ("> 0.005", "> 0.006"),
        ("> 0.005", "> 0.004"),
        (f"and {WAIT} > 0.005", ""),
        ("> 0.25", "> 0.3"),
        ("> 0.25", "> 0.2"),
        ("of_work:ratio_rate5m > 0.5", "of_work:ratio_rate5m > 0.6"),
        ("of_work:ratio_rate5m > 0.5", "of_work:ratio_rate5m > 0.4"),
        ("gil_wait|gil_hold|lock_wait|off_gil", "gil_wait|lock_wait|off_gil"),
        ("gil_wait|gil_hold|lock_wait|off_gil", "gil_wait|gil_hold|off_gil"),
        ("gil_wait|gil_hold|lock_wait|off_gil", ".*"),
        ('phase=~"gil_hold|lock_wait|off_gil"', 'phase=~"gil_hold|off_gil"'),
    ],
    "GilStuck": [
        ('le="5"', 'le="2.5"'),
        ("> 0.5", "> 1.5"),
        ("> 0.5", "> -1"),
        ("(increase(cpython_gil_releases_total[30s])) == 0", "(increase(cpython_gil_releases_total[30s])) >= 0"),
        ("> 0.9", "> 0.93"),
        ("> 0.9", "> 0.87"),
        ("(cpython_gil_waiters) > 0", "(cpython_gil_waiters) > 1"),
        ("(cpython_gil_waiters) > 0", "(cpython_gil_waiters) >= 0"),
        ("page", "ticket"),
    ],
    "QueueRejecting": [
        ("> 0.01", "> 0.013"),
        ("> 0.01", "> 0.007"),
        ("> 0.01", "> 0"),
        ('queue_full|queue_timeout|too_many_connections"}[1m]', 'queue_full|queue_timeout|too_many_connections"}[5m]'),
        ("queue_full|queue_timeout|too", "queue_full|too"),
        ("queue_timeout|too_many_connections", "queue_timeout"),
        ("queue_full|queue_timeout|too_many_connections", ".*"),
        ("2m", "0s"),
        ("2m", "5m"),
    ],
    "EventLoopLag": [
        ("> 0.1", "> 0.15"),
        ("> 0.1", "> 0.05"),
        ("(job, instance, interpreter, le)", "(job, instance, le)"),
        ("5m", "1m"),
    ],
    "EventLoopStuck": [
        ("> 0.95", "> 0.98"),
        ("> 0.95", "> 0.92"),
        ('{state="active"}', ""),
        ("== 0", ">= 0"),
        ("1m", "0s"),
    ],
    "MetricsAbsent": [
        ('up{job="baton"} == 0', 'up{job="baton"} == 2'),
        ('up{job="baton"} == 0', "up == 0"),
        ('or absent(up{job="baton"})', ""),
        ('or up{job="baton"} == 1 unless on (job, instance) baton_runtime_info', ""),
        ("on (job, instance)", "on (instance)"),
        ("on (job, instance)", "on (job)"),
        ("2m", "1m"),
    ],
    "ErrorBudgetBurn 1h": [
        ("ratio_rate1h > 14.4", "ratio_rate1h > 16"),
        ("ratio_rate1h > 14.4", "ratio_rate1h > 13"),
        ("ratio_rate5m > 14.4", "ratio_rate5m > 13"),
        (f"{ERRORS}:ratio_rate1h > 14.4 * 0.001\n  and ", ""),
        (f"and {ERRORS}:ratio_rate5m > 14.4 * 0.001", ""),
        (f"and {ERRORS}:increase1h >= 10", ""),
        (">= 10", ">= 14"),
        ("2m", "1m"),
        ("page", "ticket"),
        ('(rate(baton_responses_total{class="5xx"}[1h]))', '(rate(baton_responses_total{class="4xx"}[1h]))'),
    ],
    "ErrorBudgetBurn 6h": [(f"and {ERRORS}:ratio_rate30m > 6 * 0.001", ""), ("ratio_rate6h > 6", "ratio_rate6h > 7"), (">= 10", ">= 7")],
    "ErrorBudgetBurn 1d": [("ratio_rate1d > 3", "ratio_rate1d > 2.7"), ("1h", "90m"), ("ticket", "page")],
    "ErrorBudgetBurn 3d": [(f"and {ERRORS}:ratio_rate6h > 1 * 0.001", ""), ("3d", "1d"), (">= 10", ">= 0")],
    "LatencyBudgetBurn 1h": [
        ("ratio_rate1h > 14.4", "ratio_rate1h > 16"),
        (f"and {SLOW}:ratio_rate5m > 14.4 * 0.01", ""),
        (f"and {SLOW}:increase1h >= 10", ""),
        ('(rate(http_server_request_duration_seconds_bucket{le="0.25"}[1h]))', '(rate(http_server_request_duration_seconds_bucket{le="0.5"}[1h]))'),
    ],
    "LatencyBudgetBurn 6h": [("ratio_rate30m > 6", "ratio_rate30m > 5"), ("15m", "25m")],
    "LatencyBudgetBurn 1d": [("ratio_rate2h > 3", "ratio_rate2h > 2"), (">= 10", ">= 14")],
    "LatencyBudgetBurn 3d": [("ratio_rate3d > 1", "ratio_rate3d > 0.9"), (f"and {SLOW}:ratio_rate6h > 1 * 0.01", "")],
}

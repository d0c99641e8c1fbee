"""Panels, rows and boards in few words, and their JSON in the many that Grafana wants (classic schema).

Positions follow from the order, ids from the titles: a panel that is put between others changes nothing but their places.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
# Where a browser finds the live page, as docker/compose.yaml publishes it: what Prometheus scrapes is an address for Prometheus,
# and in a network of containers for nobody else.
LIVE_PAGE = "http://localhost:9180"


@dataclass(frozen=True)
class Query:
    """One PromQL expression. S and I stand for the usual selectors and window, see `expand`."""

    expr: str
    legend: str = "__auto"
    instant: bool = False
    heatmap: bool = False


@dataclass(frozen=True)
class Panel:
    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    kind: str = "timeseries"
    width: int = 12
    height: int = 8
    stacked: bool = False
    top: float | None = None  # the axis ends here
    steps: Sequence[tuple[float | None, str]] = ()  # from this value on, that colour
    live: bool = False  # a click on a series leads to the live page
    columns: Sequence[tuple[str, str]] = ()  # of a table: label or "Value #A", and what it is called
    units: Mapping[str, str] = field(default_factory=dict)  # of columns that have another, by what they are called
    rounded: int | None = None


@dataclass(frozen=True)
class Row:
    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Variable:
    name: str
    label: str
    query: str
    multi: bool = True
    # What All stands for; None: all values that there are, where another variable has narrowed them down.
    everything: str | None = ".+"


@dataclass(frozen=True)
class Annotation:
    """Marks the times at which its expression has a value."""

    name: str
    expr: str
    colour: str
    step: str = ""  # between two looks at the most, where Grafana's usual minute is too long


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: Sequence[Variable]
    span: str = "now-30m"
    refresh: str = "10s"
    annotations: Sequence[Annotation] = ()


# What each board selects, as far as its metric has the labels.
SHORT = {
    "@S": 'job=~"$job", instance=~"$instance"',
    "@R": 'job=~"$job", instance=~"$instance", http_route=~"$route"',
    "@G": 'job=~"$job", instance=~"$instance", interpreter=~"$interpreter"',
    "@I": "[$__rate_interval]",
    "@D": "http_server_request_duration_seconds",
    "@P": "baton_request_phase_seconds",
    "@C": "process_cpu_seconds_total",
}


def expand(text: str) -> str:
    """The shorthand of the boards, written out."""
    for short, long in SHORT.items():
        text = text.replace(short, long)
    return text


def variables() -> list[Variable]:
    """Those of every board about the server."""
    selected = 'job=~"$job", instance=~"$instance"'
    return [
        Variable("job", "Job", "label_values(baton_runtime_info, job)"),
        Variable("mode", "Mode", 'label_values(baton_runtime_info{job=~"$job"}, mode)'),
        Variable("instance", "Instance", 'label_values(baton_runtime_info{job=~"$job", mode=~"$mode"}, instance)', everything=None),
        Variable("route", "Route", f"label_values(http_server_request_duration_seconds_count{{{selected}}}, http_route)"),
        Variable("interpreter", "Interpreter", f"label_values(cpython_gil_enabled{{{selected}}}, interpreter)"),
    ]


def _variable(one: Variable) -> Json:
    return {
        "name": one.name,
        "label": one.label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": one.query,
        "query": {"query": one.query, "refId": f"variable-{one.name}", "qryType": 1},
        "refresh": 2,  # whenever the time range changes
        "sort": 1,
        "regex": "",
        "hide": 0,
        "multi": one.multi,
        "includeAll": True,
        "allValue": one.everything,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
        "skipUrlSync": False,
    }


def _datasource() -> Json:
    return {
        "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1, "hide": 0,
        "multi": False, "includeAll": False, "regex": "", "options": [], "skipUrlSync": False, "current": {},
    }  # fmt: skip


def _target(query: Query, number: int) -> Json:
    return {
        "refId": chr(ord("A") + number),
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": expand(query.expr),
        "legendFormat": query.legend,
        "range": not query.instant,
        "instant": query.instant,
        "format": "heatmap" if query.heatmap else "table" if query.instant else "time_series",
    }


def _live_page() -> Json:
    value = {"selected": True, "text": LIVE_PAGE, "value": LIVE_PAGE}
    return {
        "name": "live_page", "label": "Live page", "description": "Its address as your browser reaches it; the links lead there",
        "type": "textbox", "query": LIVE_PAGE, "current": value, "options": [value], "hide": 0, "skipUrlSync": False,
    }  # fmt: skip


def _links(label: str) -> list[Json]:
    return [
        {"title": "Live page", "url": "${live_page:raw}/", "targetBlank": True},
        {"title": "Live page at the instance's own address", "url": f"http://${{{label}}}/", "targetBlank": True},
    ]


def _field_config(panel: Panel) -> Json:
    steps = [{"value": value, "color": colour} for value, colour in panel.steps or [(None, "green")]]
    defaults: Json = {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}, "links": []}
    if panel.rounded is not None:
        defaults["decimals"] = panel.rounded
    if panel.top is not None:
        defaults["max"] = panel.top
    if panel.live:
        defaults["links"] = _links("__field.labels.instance")
    if panel.kind == "timeseries":
        defaults["color"] = {"mode": "palette-classic"}
        defaults["custom"] = {
            "drawStyle": "line", "lineWidth": 1, "fillOpacity": 60 if panel.stacked else 10, "showPoints": "never",
            "spanNulls": False, "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "line" if panel.steps else "off"},
        }  # fmt: skip
    elif panel.kind != "heatmap":
        defaults["color"] = {"mode": "thresholds"}
    overrides: list[Json] = []
    if panel.kind == "table":
        overrides = [
            {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "links", "value": _links("__data.fields.Instance")}]}
            for _, name in panel.columns
            if name == "Instance"
        ]
        overrides += [
            {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]} for name, unit in panel.units.items()
        ]
    return {"defaults": defaults, "overrides": overrides}


def _options(panel: Panel) -> Json:
    if panel.kind == "timeseries":
        legend = {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]}
        return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
    if panel.kind == "stat":
        return {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value", "graphMode": "area",
            "textMode": "auto", "justifyMode": "auto", "orientation": "auto",
        }  # fmt: skip
    if panel.kind == "heatmap":
        return {
            "calculate": False, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5}, "cellGap": 1,
            "yAxis": {"unit": panel.unit, "axisPlacement": "left"}, "tooltip": {"mode": "single", "yHistogram": True},
            "legend": {"show": True}, "rowsFrame": {"layout": "auto"},
        }  # fmt: skip
    return {"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": panel.columns[-1][1], "desc": True}]}


def _transformations(panel: Panel) -> list[Json]:
    if panel.kind != "table":
        return []
    order = {source: place for place, (source, _) in enumerate(panel.columns)}
    keep = {"id": "filterFieldsByName", "options": {"include": {"names": list(order)}}}
    rename = {"id": "organize", "options": {"indexByName": order, "renameByName": dict(panel.columns), "excludeByName": {}}}
    return [{"id": "merge", "options": {}}, keep, rename]


def _panel(board: Board, panel: Panel, x: int, y: int) -> Json:
    return {
        "id": zlib.crc32(f"{board.uid}/{panel.title}".encode()) & 0x7FFFFFFF,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "targets": [_target(query, number) for number, query in enumerate(panel.queries)],
        "fieldConfig": _field_config(panel),
        "options": _options(panel),
        "transformations": _transformations(panel),
    }


def _panels(board: Board) -> list[Json]:
    made: list[Json] = []
    y = 0
    for row in board.rows:
        made.append({
            "id": zlib.crc32(f"{board.uid}//{row.title}".encode()) & 0x7FFFFFFF, "type": "row", "title": row.title,
            "collapsed": False, "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}, "panels": [],
        })  # fmt: skip
        y, x, tallest = y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                y, x, tallest = y + tallest, 0, 0
            made.append(_panel(board, panel, x, y))
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest
    return made


def _annotation(one: Annotation) -> Json:
    return {
        "name": one.name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": one.colour, "expr": expand(one.expr),
        "titleFormat": one.name, "textFormat": "{{instance}}", "step": one.step, "useValueForTime": False,
    }  # fmt: skip


def to_json(board: Board) -> Json:
    """The dashboard as Grafana imports it."""
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["baton"],
        "schemaVersion": 39,
        "version": 1,
        "id": None,
        "editable": False,
        "graphTooltip": 1,  # one crosshair in all panels
        "refresh": board.refresh,
        "time": {"from": board.span, "to": "now"},
        "timepicker": {},
        "timezone": "",
        "fiscalYearStartMonth": 0,
        "liveNow": False,
        "weekStart": "",
        "style": "dark",
        "links": [
            {
                "title": "Baton", "type": "dashboards", "tags": ["baton"], "asDropdown": False, "includeVars": True,
                "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": "",
            },
            {
                "title": "Live page", "type": "link", "url": "${live_page:raw}/", "targetBlank": True, "icon": "bolt",
                "tooltip": "At the address that is given above", "tags": [], "asDropdown": False,
                "includeVars": False, "keepTime": False,
            },
        ],
        "templating": {"list": [_datasource(), *(_variable(one) for one in board.variables), _live_page()]},
        "annotations": {"list": [_annotation(one) for one in board.annotations]},
        "panels": _panels(board),
    }  # fmt: skip

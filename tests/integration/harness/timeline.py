"""Reads recordings of the GIL's timeline: Perfetto's protobuf and the JSON, each without a library of either.

Field numbers are from Perfetto's own .proto files (protos/perfetto/trace), not from the writer.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ENDS_EARLY = "the recording ends here: its memory is full"


@dataclass
class Slice:
    """Times in nanoseconds since the recording began."""

    begin: int
    end: int
    doing: str  # "holding", "waiting", "lock", "off"
    request: str | None = None
    route: str | None = None
    path: str | None = None
    forced: bool = False

    @property
    def length(self) -> int:
        return self.end - self.begin


@dataclass
class Track:
    thread_id: int
    name: str
    slices: list[Slice] = field(default_factory=list)
    forced: list[int] = field(default_factory=list)  # instants

    def total(self, doing: str) -> int:
        return sum(each.length for each in self.slices if each.doing == doing)


@dataclass
class Timeline:
    tracks: list[Track]
    waiters: dict[str, list[tuple[int, int]]]  # by interpreter: (when, how many from then on)
    flows: dict[int, list[Slice]] = field(default_factory=dict)  # what arrows lead through, by their number
    dropped: int = 0

    def all(self, doing: str | None = None) -> Iterator[Slice]:
        for track in self.tracks:
            yield from (each for each in track.slices if doing in (None, each.doing))


# --- protobuf

Fields = dict[int, list[Any]]


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def message(data: bytes) -> Fields:
    """All fields of a message by number, in order: numbers, or bytes."""
    fields: Fields = {}
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        value: Any
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        elif kind == 2:
            length, at = varint(data, at)
            assert at + length <= len(data), "a field runs over its message's end"
            value, at = data[at : at + length], at + length
        else:
            raise AssertionError(f"wire type {kind} at byte {at}")
        fields.setdefault(number, []).append(value)
    return fields


def one(fields: Fields, number: int, default: Any = None) -> Any:
    return fields.get(number, [default])[-1]


class Perfetto:
    """One TrackEvent sequence with interned data, as this is the only kind that is expected."""

    DOING = {"holding": "holding", "waiting": "waiting", "in a lock": "lock", "off the GIL": "off"}

    def __init__(self, data: bytes, ends: bool = True):
        self.names: dict[int, dict[int, str]] = {1: {}, 2: {}, 3: {}, 29: {}}  # by field of InternedData
        self.tracks: dict[int, Track] = {}
        self.counters: dict[int, str] = {}
        self.open: dict[int, Slice] = {}
        self.values: dict[str, list[tuple[int, int]]] = {}
        self.process: int | None = None
        self.began: int | None = None
        self.clocks: dict[int, int] = {}
        self.flows: dict[int, list[Slice]] = {}
        self.process_track: int | None = None
        self.dropped = 0
        trace = message(data)
        assert set(trace) == {1}, "a Trace has packets only"
        for packet in trace[1]:
            if packet:
                self.packet(message(packet))
        assert not (ends and self.open), "slices that never end"

    def packet(self, packet: Fields) -> None:
        assert one(packet, 10) == 1, "trusted_packet_sequence_id"
        if 6 in packet:  # clock_snapshot
            for clock in message(one(packet, 6))[1]:
                fields = message(clock)
                self.clocks[one(fields, 1)] = one(fields, 2)
            self.began = self.clocks[3]  # BUILTIN_CLOCK_MONOTONIC
        if 59 in packet:  # trace_packet_defaults
            assert one(message(one(packet, 59)), 58) == 3, "timestamps are CLOCK_MONOTONIC's"
        if 12 in packet:  # interned_data
            assert one(packet, 13) == 1, "SEQ_INCREMENTAL_STATE_CLEARED"
            for kind, entries in message(one(packet, 12)).items():
                for entry in map(message, entries):
                    self.names[kind][one(entry, 1)] = one(entry, 2).decode()
        if 60 in packet:
            self.descriptor(message(one(packet, 60)))
        if 11 in packet:
            assert one(packet, 13) == 2, "SEQ_NEEDS_INCREMENTAL_STATE"
            assert self.began is not None
            self.event(message(one(packet, 11)), one(packet, 8) - self.began)

    def descriptor(self, track: Fields) -> None:
        uuid = one(track, 1)
        if 3 in track:
            self.process = one(message(one(track, 3)), 1)
            self.process_track = uuid
        elif 8 in track:
            self.counters[uuid] = one(track, 2).decode()
        elif 4 in track:
            thread = message(one(track, 4))
            assert one(thread, 1) == self.process
            self.tracks[uuid] = Track(one(thread, 2), one(thread, 5).decode())
        else:  # the same thread on another interpreter
            self.tracks[uuid] = Track(self.tracks[one(track, 5)].thread_id, one(track, 2).decode())

    def event(self, event: Fields, at: int) -> None:
        kind, uuid = one(event, 9), one(event, 11)
        if kind == 4:
            self.values.setdefault(self.counters[uuid].rpartition(" ")[2], []).append((at, one(event, 30)))
            return
        if uuid == self.process_track:
            assert kind == 3 and self.names[2][one(event, 10)] == ENDS_EARLY
            self.dropped = self.annotations(event)["dropped"]
            return
        track = self.tracks[uuid]
        if kind == 2:
            ended = self.open.pop(uuid)
            ended.end = at
            track.slices.append(ended)
            return
        name = self.names[2][one(event, 10)]
        assert self.names[1][one(event, 3)] == "gil"
        if kind == 3:
            assert name == "forced hand-over"
            track.forced.append(at)
            return
        assert kind == 1 and uuid not in self.open, "slices overlap"
        self.open[uuid] = Slice(at, at, self.DOING[name], **self.annotations(event))
        for flow in event.get(47, []):
            self.flows.setdefault(flow, []).append(self.open[uuid])

    def annotations(self, event: Fields) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for annotation in map(message, event.get(4, [])):
            value: Any = None
            if 2 in annotation:
                value = bool(one(annotation, 2))
            elif 3 in annotation:
                value = one(annotation, 3)
            elif 6 in annotation:
                value = one(annotation, 6).decode()
            elif 17 in annotation:
                value = self.names[29][one(annotation, 17)]
            found[self.names[3][one(annotation, 1)]] = value
        return found


def read_perfetto(data: bytes) -> Timeline:
    read = Perfetto(data)
    return Timeline(list(read.tracks.values()), read.values, read.flows, read.dropped)


def last_instant(data: bytes) -> tuple[str, Any]:
    """The name and the only annotation of the instant at the end of a file that is too large to be read here."""
    head = data[: 1 << 20]
    read = Perfetto(head[: whole(head)], ends=False)
    for size in range(2, 127):
        if data[-size - 2 : -size] == bytes([0x0A, size]):
            event = message(one(message(data[-size:]), 11))
            assert one(event, 9) == 3
            [value] = read.annotations(event).values()
            return read.names[2][one(event, 10)], value
    raise AssertionError("no packet at the end")


def whole(data: bytes) -> int:
    """Where the last packet that is there in full ends."""
    end = 0
    while end < len(data) - 16:
        length, begin = varint(data, end + 1)
        if begin + length > len(data):
            break
        end = begin + length
    return end


# --- JSON


def nanoseconds(microseconds: float) -> int:
    return round(microseconds * 1000)


def read_json(data: bytes) -> Timeline:
    document = json.loads(data)
    tracks = {each["tid"]: Track(each["thread_id"], each["name"]) for each in document["baton"]["tracks"]}
    waiters: dict[str, list[tuple[int, int]]] = {}
    for event in document["traceEvents"]:
        assert event["pid"] == document["baton"]["pid"]
        if event["ph"] == "X":
            begin = nanoseconds(event["ts"])
            end = begin + nanoseconds(event["dur"])
            tracks[event["tid"]].slices.append(Slice(begin, end, event["name"], **event.get("args", {})))
        elif event["ph"] == "i" and event["s"] == "p":
            assert event["name"] == ENDS_EARLY
            assert event["args"]["dropped"] == document["baton"]["dropped"] > 0
        elif event["ph"] == "i":
            assert event["name"] == "forced hand-over"
            tracks[event["tid"]].forced.append(nanoseconds(event["ts"]))
        elif event["ph"] == "C":
            interpreter = event["name"].rpartition(" ")[2]
            waiters.setdefault(interpreter, []).append((nanoseconds(event["ts"]), event["args"]["waiters"]))
        else:
            assert event["ph"] == "M" and event["name"] in ("process_name", "thread_name")
    return Timeline(list(tracks.values()), waiters, dropped=document["baton"]["dropped"])


READERS = {"perfetto": read_perfetto, "json": read_json}

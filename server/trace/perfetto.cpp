#include "server/trace/perfetto.hpp"

#include <array>
#include <map>
#include <string_view>
#include <unordered_map>

#include "server/trace/protobuf.hpp"

namespace baton::trace {

namespace {

// Numbers of fields and values, as in perfetto/protos/perfetto/trace.
namespace trace_file {
enum Field : std::uint32_t { kPacket = 1 };
}
namespace packet {
enum Field : std::uint32_t {
    kClockSnapshot = 6,
    kTimestamp = 8,
    kSequence = 10,
    kTrackEvent = 11,
    kInternedData = 12,
    kSequenceFlags = 13,
    kTimestampClock = 58,  // also in the defaults
    kDefaults = 59,
    kTrackDescriptor = 60
};
enum Flag : std::uint64_t { kStateCleared = 1, kNeedsState = 2 };
}  // namespace packet
namespace clock_snapshot {
enum Field : std::uint32_t { kClocks = 1, kClockId = 1, kTimestamp = 2 };
enum Clock : std::uint64_t { kRealtime = 1, kMonotonic = 3, kBoottime = 6 };
}  // namespace clock_snapshot
namespace descriptor {
enum Field : std::uint32_t { kUuid = 1, kName = 2, kProcess = 3, kThread = 4, kParent = 5, kCounter = 8 };
enum ProcessField : std::uint32_t { kProcessId = 1, kProcessName = 6 };  // the id is a thread's field, too
enum ThreadField : std::uint32_t { kThreadId = 2, kThreadName = 5 };
enum CounterField : std::uint32_t { kCounterUnit = 3 };
enum Unit : std::uint64_t { kUnitCount = 2 };
}  // namespace descriptor
namespace interned {
enum Field : std::uint32_t {
    kCategories = 1,
    kEventNames = 2,
    kAnnotationNames = 3,
    kAnnotationStrings = 29
};
enum EntryField : std::uint32_t { kId = 1, kText = 2 };
}  // namespace interned
namespace event {
enum Field : std::uint32_t {
    kCategory = 3,
    kAnnotation = 4,
    kType = 9,
    kName = 10,
    kTrack = 11,
    kCounterValue = 30,
    kFlow = 47
};
enum Type : std::uint64_t { kBegin = 1, kEnd = 2, kInstant = 3, kCounter = 4 };
}  // namespace event
namespace annotation {
enum Field : std::uint32_t { kName = 1, kFlag = 2, kNumber = 3, kText = 6, kInternedText = 17 };
}

constexpr std::uint64_t kSequence = 1;
constexpr std::uint64_t kCategory = 1;

// Interned: the number is the place, from 1 on. The first four are those of Doing.
constexpr std::array<std::string_view, 6> kNames = {"off the GIL", "waiting",          "holding",
                                                    "in a lock",   "forced hand-over", kEndsEarly};
enum Name : std::uint64_t { kForcedName = 5, kEndsEarlyName };
enum Annotation : std::uint64_t { kRequest = 1, kRoute, kPath, kForced, kDropped };
constexpr std::array<std::string_view, 5> kAnnotations = {"request", "route", "path", "forced", "dropped"};

std::uint64_t name_of(Doing doing) {
    return static_cast<std::uint64_t>(doing) + 1;
}

// Numbers of tracks: any that differ.
constexpr std::uint64_t kProcessTrack = 1;
std::uint64_t track_uuid(std::size_t track) {
    return 1'000 + track;
}
std::uint64_t counter_uuid(std::size_t interpreter) {
    return 2 + interpreter;
}

class Perfetto final : public Format {
  public:
    void begin(std::string& out, const Recording& recording) override {
        put_defaults(out, recording);
        put_process(out, recording);
        put_tracks(out, recording);
        find_flows(recording);
    }

    void slice(std::string& out, const Recording& recording, std::size_t track, const Slice& slice) override {
        start_event(event::kBegin, track_uuid(track), name_of(slice.doing));
        if (slice.request != 0) annotate(recording, slice);
        if (slice.forced) {
            annotation_.clear();
            annotation_.number(annotation::kName, kForced).flag(annotation::kFlag, true);
            event_.message(event::kAnnotation, annotation_);
        }
        put_event(out, slice.begin);
        start_event(event::kEnd, track_uuid(track));
        put_event(out, slice.end);
        if (!slice.forced) return;
        start_event(event::kInstant, track_uuid(track), kForcedName);
        put_event(out, slice.end);
    }

    void waiters(std::string& out, const Recording&, const Waiters& waiters) override {
        start_event(event::kCounter, counter_uuid(waiters.interpreter));
        event_.number(event::kCounterValue, static_cast<std::uint64_t>(waiters.count));
        put_event(out, waiters.at);
    }

    void end(std::string& out, const Recording& recording) override {
        if (recording.dropped == 0) return;
        start_event(event::kInstant, kProcessTrack, kEndsEarlyName);
        annotation_.clear();
        annotation_.number(annotation::kName, kDropped).number(annotation::kNumber, recording.dropped);
        event_.message(event::kAnnotation, annotation_);
        put_event(out, recording.end);
    }

  private:
    static void put_packet(std::string& out, const Message& packet) {
        Message file;
        file.message(trace_file::kPacket, packet);
        out += file.bytes();
    }

    void start_event(event::Type type, std::uint64_t track) {
        event_.clear();
        event_.number(event::kType, type).number(event::kTrack, track);
    }
    void start_event(event::Type type, std::uint64_t track, std::uint64_t name) {
        start_event(type, track);
        event_.number(event::kName, name).number(event::kCategory, kCategory);
    }

    void put_event(std::string& out, std::int64_t at) {
        packet_.clear();
        packet_.number(packet::kTimestamp, static_cast<std::uint64_t>(at));
        packet_.number(packet::kSequence, kSequence).number(packet::kSequenceFlags, packet::kNeedsState);
        packet_.message(packet::kTrackEvent, event_);
        put_packet(out, packet_);
    }

    // The clocks, and everything that is said by number.
    static void put_defaults(std::string& out, const Recording& recording) {
        Message clocks;
        for (const auto& [id, time] : {std::pair(clock_snapshot::kMonotonic, recording.begin),
                                       std::pair(clock_snapshot::kBoottime, recording.begin_boottime),
                                       std::pair(clock_snapshot::kRealtime, recording.begin_realtime)}) {
            Message clock;
            clock.number(clock_snapshot::kClockId, id);
            clock.number(clock_snapshot::kTimestamp, static_cast<std::uint64_t>(time));
            clocks.message(clock_snapshot::kClocks, clock);
        }
        put_packet(out,
                   Message().number(packet::kSequence, kSequence).message(packet::kClockSnapshot, clocks));

        Message data;
        put_names(data, interned::kCategories, std::array<std::string_view, 1>{"gil"});
        put_names(data, interned::kEventNames, kNames);
        put_names(data, interned::kAnnotationNames, kAnnotations);
        put_names(data, interned::kAnnotationStrings, recording.routes);
        Message defaults;
        defaults.number(packet::kTimestampClock, clock_snapshot::kMonotonic);
        Message first;
        first.number(packet::kSequence, kSequence).number(packet::kSequenceFlags, packet::kStateCleared);
        first.message(packet::kDefaults, defaults).message(packet::kInternedData, data);
        put_packet(out, first);
    }

    template <class Names>
    static void put_names(Message& data, std::uint32_t field, const Names& names) {
        std::uint64_t id = 0;
        for (const auto& name : names) {
            Message one;
            one.number(interned::kId, ++id).text(interned::kText, name);
            data.message(field, one);
        }
    }

    static void put_descriptor(std::string& out, const Message& descriptor) {
        put_packet(
            out,
            Message().number(packet::kSequence, kSequence).message(packet::kTrackDescriptor, descriptor));
    }

    static void put_process(std::string& out, const Recording& recording) {
        Message process;
        process.number(descriptor::kProcessId, static_cast<std::uint64_t>(recording.process_id));
        process.text(descriptor::kProcessName, "baton");
        put_descriptor(
            out, Message().number(descriptor::kUuid, kProcessTrack).message(descriptor::kProcess, process));
        for (std::size_t i = 0; i < recording.interpreters.size(); ++i) {
            Message counter;
            counter.number(descriptor::kCounterUnit, descriptor::kUnitCount);
            Message track;
            track.number(descriptor::kUuid, counter_uuid(i)).number(descriptor::kParent, kProcessTrack);
            track.text(descriptor::kName, "GIL waiters, interpreter " + recording.interpreters[i]);
            track.message(descriptor::kCounter, counter);
            put_descriptor(out, track);
        }
    }

    // A thread's first interpreter has the thread's own track; others have tracks below it.
    static void put_tracks(std::string& out, const Recording& recording) {
        std::map<int, std::size_t> threads;
        for (std::size_t i = 0; i < recording.tracks.size(); ++i) {
            const Track& track = recording.tracks[i];
            Message message;
            message.number(descriptor::kUuid, track_uuid(i));
            const auto [first, is_first] = threads.emplace(track.thread_id, i);
            if (is_first) {
                Message thread;
                thread.number(descriptor::kProcessId, static_cast<std::uint64_t>(recording.process_id));
                thread.number(descriptor::kThreadId, static_cast<std::uint64_t>(track.thread_id));
                thread.text(descriptor::kThreadName, track.name);
                message.number(descriptor::kParent, kProcessTrack).message(descriptor::kThread, thread);
            } else {
                message.number(descriptor::kParent, track_uuid(first->second));
                message.text(descriptor::kName,
                             track.name + ", interpreter " + recording.interpreters[track.interpreter]);
            }
            put_descriptor(out, message);
        }
    }

    // A request on an event loop has its turns one by one: arrows lead from each to the next.
    void find_flows(const Recording& recording) {
        std::unordered_map<std::uint32_t, std::size_t> turns;
        for (const Request& request : recording.requests) ++turns[request.number];
        turns[0] = 0;
        flows_.clear();
        for (const Request& request : recording.requests)
            flows_.push_back(turns[request.number] > 1 ? request.number : 0);
    }

    void annotate(const Recording& recording, const Slice& slice) {
        const Request& request = recording.requests[slice.request];
        const auto add = [&](Annotation name, std::string_view text) {
            annotation_.clear();
            annotation_.number(annotation::kName, name).text(annotation::kText, text);
            if (!text.empty()) event_.message(event::kAnnotation, annotation_);
        };
        add(kRequest, recording.id(request));
        annotation_.clear();
        annotation_.number(annotation::kName, kRoute).number(annotation::kInternedText, request.route + 1);
        event_.message(event::kAnnotation, annotation_);
        add(kPath, recording.path(request));
        // At the first slice of each turn.
        if (flows_[slice.request] != 0) event_.fixed64(event::kFlow, flows_[slice.request]);
        flows_[slice.request] = 0;
    }

    std::vector<std::uint32_t> flows_;  // by request; 0: none, or said already
    Message event_;
    Message annotation_;
    Message packet_;
};

}  // namespace

std::unique_ptr<Format> perfetto() {
    return std::make_unique<Perfetto>();
}

}  // namespace baton::trace

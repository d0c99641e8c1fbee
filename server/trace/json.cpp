#include "server/trace/json.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <set>
#include <string_view>

#include "server/http/utf8.hpp"

namespace baton::trace {

namespace {

constexpr std::array<std::string_view, 4> kNames = {"off", "waiting", "holding", "lock"};

// In quotes. What is no UTF-8 came from a client or an application and must not break the document.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        const std::size_t length = http::utf8_length(text);
        const auto byte = static_cast<unsigned char>(text.front());
        if (length == 0) {
            out += http::kReplacement;
        } else if (byte == '"' || byte == '\\') {
            out.append("\\").append(text.substr(0, 1));
        } else if (byte < 0x20 || byte == 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out + '"';
}

// Nanoseconds as microseconds, exactly.
void put_microseconds(std::string& out, std::int64_t nanoseconds) {
    fmt::format_to(std::back_inserter(out), "{}.{:03}", nanoseconds / 1000, nanoseconds % 1000);
}

class Json final : public Format {
  public:
    void begin(std::string& out, const Recording& recording) override {
        choose_lanes(recording);
        fmt::format_to(std::back_inserter(out),
                       "{{\"displayTimeUnit\":\"ms\",\"baton\":{{\"version\":1,\"pid\":{},"
                       "\"began_unix_seconds\":{}.{:09},\"began_monotonic_ns\":{},\"duration_us\":",
                       recording.process_id, recording.begin_realtime / 1'000'000'000,
                       recording.begin_realtime % 1'000'000'000, recording.begin);
        put_microseconds(out, recording.end - recording.begin);
        fmt::format_to(std::back_inserter(out), ",\"dropped\":{},\"interpreters\":[", recording.dropped);
        for (std::size_t i = 0; i < recording.interpreters.size(); ++i)
            out.append(i == 0 ? "" : ",").append(quoted(recording.interpreters[i]));
        out += "],\"tracks\":[";
        for (std::size_t i = 0; i < recording.tracks.size(); ++i) {
            const Track& track = recording.tracks[i];
            fmt::format_to(std::back_inserter(out),
                           "{}{{\"tid\":{},\"thread_id\":{},\"name\":{},\"interpreter\":{}}}",
                           i == 0 ? "" : ",", lanes_[i], track.thread_id, quoted(track.name),
                           quoted(recording.interpreters[track.interpreter]));
        }
        fmt::format_to(std::back_inserter(out),
                       "]}},\n\"traceEvents\":[\n{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{},"
                       "\"args\":{{\"name\":\"baton\"}}}}",
                       recording.process_id);
        for (std::size_t i = 0; i < recording.tracks.size(); ++i)
            fmt::format_to(
                std::back_inserter(out),
                ",\n{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":{},\"tid\":{},\"args\":{{\"name\":{}}}}}",
                recording.process_id, lanes_[i], quoted(label(recording, i)));
        routes_.clear();
        for (const std::string& route : recording.routes) routes_.push_back(quoted(route));
    }

    void slice(std::string& out, const Recording& recording, std::size_t track, const Slice& slice) override {
        fmt::format_to(std::back_inserter(out),
                       ",\n{{\"ph\":\"X\",\"cat\":\"gil\",\"name\":\"{}\",\"pid\":{},\"tid\":{},\"ts\":",
                       kNames[static_cast<std::size_t>(slice.doing)], recording.process_id, lanes_[track]);
        put_microseconds(out, slice.begin - recording.begin);
        out += ",\"dur\":";
        put_microseconds(out, slice.end - slice.begin);
        if (slice.request != 0 || slice.forced) put_arguments(out, recording, slice);
        out += '}';
        if (!slice.forced) return;
        fmt::format_to(
            std::back_inserter(out),
            ",\n{{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"gil\",\"name\":\"forced hand-over\",\"pid\":{},"
            "\"tid\":{},\"ts\":",
            recording.process_id, lanes_[track]);
        put_microseconds(out, slice.end - recording.begin);
        out += '}';
    }

    void waiters(std::string& out, const Recording& recording, const Waiters& waiters) override {
        fmt::format_to(std::back_inserter(out), ",\n{{\"ph\":\"C\",\"name\":{},\"pid\":{},\"ts\":",
                       quoted("GIL waiters, interpreter " + recording.interpreters[waiters.interpreter]),
                       recording.process_id);
        put_microseconds(out, waiters.at - recording.begin);
        fmt::format_to(std::back_inserter(out), ",\"args\":{{\"waiters\":{}}}}}", waiters.count);
    }

    void end(std::string& out, const Recording& recording) override {
        if (recording.dropped > 0) {
            fmt::format_to(std::back_inserter(out),
                           ",\n{{\"ph\":\"i\",\"s\":\"p\",\"cat\":\"gil\",\"name\":\"{}\",\"pid\":{},\"ts\":",
                           kEndsEarly, recording.process_id);
            put_microseconds(out, recording.end - recording.begin);
            fmt::format_to(std::back_inserter(out), ",\"args\":{{\"dropped\":{}}}}}", recording.dropped);
        }
        out += "\n]}\n";
    }

  private:
    // A thread's id is its lane; on a second interpreter it needs another, which is no thread's.
    void choose_lanes(const Recording& recording) {
        constexpr std::int64_t kBeyondThreads = 1'000'000'000;
        std::set<int> taken;
        lanes_.clear();
        for (std::size_t i = 0; i < recording.tracks.size(); ++i) {
            const int id = recording.tracks[i].thread_id;
            lanes_.push_back(taken.insert(id).second ? id : kBeyondThreads + static_cast<std::int64_t>(i));
        }
    }

    static std::string label(const Recording& recording, std::size_t number) {
        const Track& track = recording.tracks[number];
        if (track.interpreter == 0) return track.name;
        return track.name + ", interpreter " + recording.interpreters[track.interpreter];
    }

    void put_arguments(std::string& out, const Recording& recording, const Slice& slice) const {
        const char* separator = ",\"args\":{";
        const auto put = [&](std::string_view name, std::string_view value) {
            out.append(separator).append("\"").append(name).append("\":").append(value);
            separator = ",";
        };
        if (slice.request != 0) {
            const Request& request = recording.requests[slice.request];
            if (request.id_size > 0) put("request", quoted(recording.id(request)));
            put("route", routes_[request.route]);
            if (request.path_size > 0) put("path", quoted(recording.path(request)));
        }
        if (slice.forced) put("forced", "true");
        out += '}';
    }

    std::vector<std::int64_t> lanes_;
    std::vector<std::string> routes_;
};

}  // namespace

std::unique_ptr<Format> json() {
    return std::make_unique<Json>();
}

}  // namespace baton::trace

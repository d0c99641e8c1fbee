#include "server/log/access_line.hpp"

#include <ctime>
#include <iterator>

#include "server/log/escape.hpp"

namespace baton::log {

namespace {

using config::Atom;

constexpr std::string_view kUnknown = "-";

// UTC: no time zone to look up, and no hour that comes twice a year.
struct Moment {
    std::tm utc{};
    int milliseconds = 0;

    explicit Moment(WallTime time) {
        const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
        const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
        const std::time_t t = seconds.count();
        gmtime_r(&t, &utc);
        milliseconds = static_cast<int>((since - seconds).count());
    }
};

template <class... Args>
void append(fmt::memory_buffer& out, fmt::format_string<Args...> format, Args&&... arguments) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(arguments)...);
}

double milliseconds(Nanoseconds time) {
    return static_cast<double>(time) / 1e6;
}

void append_iso_time(fmt::memory_buffer& out, WallTime time) {
    const Moment at(time);
    append(out, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", at.utc.tm_year + 1900, at.utc.tm_mon + 1,
           at.utc.tm_mday, at.utc.tm_hour, at.utc.tm_min, at.utc.tm_sec, at.milliseconds);
}

// [31/Jan/2026:12:00:00 +0000], with English names whatever the locale.
void append_apache_time(fmt::memory_buffer& out, WallTime time) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const Moment at(time);
    append(out, "[{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000]", at.utc.tm_mday,
           kMonths.substr(static_cast<std::size_t>(at.utc.tm_mon) * 3, 3), at.utc.tm_year + 1900,
           at.utc.tm_hour, at.utc.tm_min, at.utc.tm_sec);
}

std::string_view protocol(const AccessEntry& entry) {
    return entry.version == 11 ? "HTTP/1.1" : entry.version == 10 ? "HTTP/1.0" : "";
}

void append_text(fmt::memory_buffer& out, std::string_view text) {
    append_escaped(out, text.empty() ? kUnknown : text);
}

void append_phase(fmt::memory_buffer& out, const AccessEntry& entry, Nanoseconds AccessPhases::* phase) {
    if (entry.phases) {
        append(out, "{:.3f}", milliseconds((*entry.phases).*phase));
    } else {
        append_text(out, kUnknown);
    }
}

void append_atom(fmt::memory_buffer& out, Atom atom, const AccessEntry& entry, WallTime received) {
    switch (atom) {
        case Atom::time:
            return append_iso_time(out, received);
        case Atom::remote:
            return append_text(out, entry.remote);
        case Atom::method:
            return append_text(out, entry.method);
        case Atom::target:
            return append_text(out, entry.target);
        case Atom::protocol:
            return append_text(out, protocol(entry));
        case Atom::status:
            return append(out, "{}", entry.status);
        case Atom::bytes:
            return append(out, "{}", entry.bytes);
        case Atom::id:
            return append_text(out, entry.id);
        case Atom::route:
            return append_text(out, entry.route);
        case Atom::referer:
            return append_text(out, entry.referer);
        case Atom::user_agent:
            return append_text(out, entry.user_agent);
        case Atom::duration_ms:
            return append(out, "{:.3f}", milliseconds(entry.duration));
        case Atom::queue_ms:
            return append_phase(out, entry, &AccessPhases::queue);
        case Atom::gil_wait_ms:
            return append_phase(out, entry, &AccessPhases::gil_wait);
        case Atom::gil_hold_ms:
            return append_phase(out, entry, &AccessPhases::gil_hold);
        case Atom::lock_wait_ms:
            return append_phase(out, entry, &AccessPhases::lock_wait);
        case Atom::ready_ms:
            return append_phase(out, entry, &AccessPhases::ready);
        case Atom::off_gil_ms:
            return append_phase(out, entry, &AccessPhases::off_gil);
        case Atom::send_ms:
            return append_phase(out, entry, &AccessPhases::send);
    }
}

void append_json_text(fmt::memory_buffer& out, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    append(out, ",\"{}\":\"", key);
    append_json(out, text);
    out.push_back('"');
}

}  // namespace

void append_common(fmt::memory_buffer& out, const AccessEntry& entry, WallTime received) {
    append_text(out, entry.remote);
    append(out, " - - ");
    append_apache_time(out, received);
    append(out, " \"");
    append_text(out, entry.method);
    append(out, " ");
    append_text(out, entry.target);
    append(out, " ");
    append_text(out, protocol(entry));
    append(out, "\" {} {} \"", entry.status, entry.bytes);
    append_text(out, entry.referer);
    append(out, "\" \"");
    append_text(out, entry.user_agent);
    append(out, "\" ");
    append_text(out, entry.id);
    append(out, " {:.3f}", milliseconds(entry.duration));
}

void append_json_object(fmt::memory_buffer& out, const AccessEntry& entry, WallTime received) {
    append(out, "{{\"time\":\"");
    append_iso_time(out, received);
    out.push_back('"');
    append_json_text(out, "id", entry.id);
    append_json_text(out, "remote", entry.remote);
    append_json_text(out, "method", entry.method);
    append_json_text(out, "target", entry.target);
    append_json_text(out, "protocol", protocol(entry));
    append_json_text(out, "route", entry.route);
    append(out, ",\"status\":{},\"bytes\":{},\"duration_ms\":{:.3f}", entry.status, entry.bytes,
           milliseconds(entry.duration));
    if (entry.phases) {
        const AccessPhases& p = *entry.phases;
        append(out,
               ",\"queue_ms\":{:.3f},\"gil_wait_ms\":{:.3f},\"gil_hold_ms\":{:.3f},\"lock_wait_ms\":{:.3f},"
               "\"ready_ms\":{:.3f},\"off_gil_ms\":{:.3f},\"send_ms\":{:.3f}",
               milliseconds(p.queue), milliseconds(p.gil_wait), milliseconds(p.gil_hold),
               milliseconds(p.lock_wait), milliseconds(p.ready), milliseconds(p.off_gil),
               milliseconds(p.send));
    }
    append_json_text(out, "referer", entry.referer);
    append_json_text(out, "user_agent", entry.user_agent);
    out.push_back('}');
}

void append_format(fmt::memory_buffer& out, std::span<const config::FormatPiece> format,
                   const AccessEntry& entry, WallTime received) {
    for (const config::FormatPiece& piece : format) {
        if (piece.atom) {
            append_atom(out, *piece.atom, entry, received);
        } else {
            out.append(piece.text.data(), piece.text.data() + piece.text.size());
        }
    }
}

}  // namespace baton::log

// A recording of the GIL's timeline, as the exports see it; docs/gil_timeline.md describes it.
//
// Threads: a plain value. Lifetime: owns everything. Cannot: know Python; the app room fills it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::trace {

enum class Doing : std::uint8_t { off_gil, waiting, holding, in_lock };

// Times in nanoseconds of CLOCK_MONOTONIC.
struct Slice {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::uint32_t request = 0;  // number in Recording::requests; 0: none's
    Doing doing = Doing::off_gil;
    bool forced = false;  // a hold that ended because another thread asked
};

// They are read one by one from wherever they are kept: a long recording has millions, too many for a copy.
class Slices {
  public:
    using At = std::function<Slice(std::size_t number)>;

    Slices() = default;
    Slices(std::size_t size, At at) : size_(size), at_(std::move(at)) {}
    Slices(std::initializer_list<Slice> slices) : Slices(std::vector<Slice>(slices)) {}
    explicit Slices(std::vector<Slice> slices) : size_(slices.size()) {
        at_ = [kept = std::move(slices)](std::size_t number) { return kept[number]; };
    }

    std::size_t size() const { return size_; }
    Slice operator[](std::size_t number) const { return at_(number); }

  private:
    std::size_t size_ = 0;
    At at_;
};

// A thread on one interpreter's GIL; its slices are in order and do not overlap.
struct Track {
    std::size_t interpreter = 0;  // number in Recording::interpreters
    int thread_id = 0;
    std::string name;
    Slices slices;
};

struct Request {
    std::uint32_t route = 0;  // number in Recording::routes
    std::uint8_t id_size = 0;
    std::uint8_t path_size = 0;
    std::uint32_t at = 0;  // in Recording::text: the id, and the path behind it
    // Of requests that have their turns one by one, the server's own number, the same for all turns; 0: of
    // others. Clients may choose one id for many requests.
    std::uint32_t number = 0;
};

struct Recording {
    int process_id = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;             // earlier than asked for when something was dropped
    std::int64_t begin_realtime = 0;  // the same moment on other clocks
    std::int64_t begin_boottime = 0;
    std::uint64_t dropped = 0;  // changes for which there was no room: the recording ends before them
    std::vector<std::string> interpreters;
    std::vector<Track> tracks;
    std::vector<std::string> routes;
    std::vector<Request> requests;  // the first is nobody's
    std::string text;

    std::string_view id(const Request& request) const {
        return std::string_view(text).substr(request.at, request.id_size);
    }
    std::string_view path(const Request& request) const {
        return std::string_view(text).substr(request.at + request.id_size, request.path_size);
    }
};

// Where recordings come from; none of it waits for the GIL. All empty: there are none.
struct Source {
    struct Start {
        enum Outcome : std::uint8_t { begun, busy, impossible };
        // `why` is for what is impossible, and fit for a line.
        Start(Outcome what, std::string reason = {}) : outcome(what), why(std::move(reason)) {}
        Outcome outcome;
        std::string why;
    };
    std::function<Start()> start;
    // Each begun one ends with one of these.
    std::function<Recording()> stop;
    std::function<void()> abandon;
};

}  // namespace baton::trace

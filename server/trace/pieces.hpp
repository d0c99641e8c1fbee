// A recording written in some format, piece by piece, so that whoever sends it does other things in between.
//
// Threads: one at a time. Lifetime: owns the recording and the format's state.
// Cannot: go back: what is written is forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/trace/recording.hpp"

namespace baton::trace {

// What a format calls the moment where a recording's memory was full.
inline constexpr std::string_view kEndsEarly = "the recording ends here: its memory is full";

// How many threads stood in line from a moment on.
struct Waiters {
    std::int64_t at = 0;
    std::uint32_t interpreter = 0;
    std::int32_t count = 0;
};
std::vector<Waiters> waiters(const Recording& recording);

// One format. Its functions add to `out`.
class Format {
  public:
    virtual ~Format() = default;
    virtual void begin(std::string& out, const Recording& recording) = 0;
    // `track` is the number in Recording::tracks.
    virtual void slice(std::string& out, const Recording& recording, std::size_t track,
                       const Slice& slice) = 0;
    virtual void waiters(std::string& out, const Recording& recording, const Waiters& waiters) = 0;
    virtual void end(std::string& out, const Recording& recording) = 0;
};

class Pieces {
  public:
    Pieces(Recording recording, std::unique_ptr<Format> format)
        : recording_(std::move(recording)), format_(std::move(format)) {}

    // Empty when it is over.
    std::string next();

  private:
    static constexpr std::size_t kSize = 64 * 1024;
    void slices(std::string& out);
    void counters(std::string& out);

    Recording recording_;
    const std::unique_ptr<Format> format_;
    bool begun_ = false;
    bool over_ = false;
    std::size_t track_ = 0;
    std::size_t slice_ = 0;
    std::vector<Waiters> waiters_;
    std::size_t waiter_ = 0;
    bool counted_ = false;
};

}  // namespace baton::trace

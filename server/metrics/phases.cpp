#include "server/metrics/phases.hpp"

#include <algorithm>

namespace baton::metrics {
namespace {

// Takes at most `wanted` out of `left`.
Nanoseconds take(Nanoseconds wanted, Nanoseconds& left) {
    const Nanoseconds taken = std::clamp<Nanoseconds>(wanted, 0, left);
    left -= taken;
    return taken;
}

Nanoseconds& at(Phases& phases, Phase phase) {
    return phases.spent[static_cast<std::size_t>(phase)];
}

}  // namespace

Phases phases(const dispatch::Timeline& timeline, const dispatch::Books& books) {
    Phases result;
    if (timeline.claimed == 0) {
        const Nanoseconds end = std::max({timeline.head, timeline.queued, timeline.done, timeline.sent});
        result.duration = end - timeline.head;
        at(result, Phase::queue) = result.duration;
        return result;
    }
    const Nanoseconds claimed = std::max(timeline.claimed, timeline.head);
    const Nanoseconds done = std::max(timeline.done, claimed);
    const Nanoseconds end = std::max(timeline.sent, done);
    result.duration = end - timeline.head;
    at(result, Phase::queue) = claimed - timeline.head;
    Nanoseconds left = done - claimed;
    at(result, Phase::gil_hold) = take(books.gil_hold, left);
    at(result, Phase::gil_wait) = take(books.gil_wait, left);
    at(result, Phase::lock_wait) = take(books.lock_wait, left);
    at(result, Phase::ready) = take(books.ready, left);
    at(result, Phase::off_gil) = left;
    at(result, Phase::send) = end - done;
    return result;
}

Phases handshake_phases(const dispatch::Timeline& timeline, const dispatch::Books& noted, Nanoseconds sent) {
    // Not copied whole: `done` is still the application's to write.
    dispatch::Timeline handshake;
    handshake.head = timeline.head;
    handshake.queued = timeline.queued;
    handshake.claimed = timeline.claimed;
    handshake.done = timeline.noted != 0 ? timeline.noted : sent;
    handshake.sent = sent;
    return phases(handshake, noted);
}

}  // namespace baton::metrics

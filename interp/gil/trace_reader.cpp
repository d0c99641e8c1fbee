#include "interp/gil/trace_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "interp/gil/registry.hpp"

namespace baton::gil::trace {

namespace {

// Of a thread of this process that may have ended: empty then.
std::string name_of_thread(int thread_id) {
    std::array<char, 48> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/task/%d/comm", thread_id);
    const int fd = ::open(path.data(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    std::array<char, 32> name{};
    const ssize_t size = ::read(fd, name.data(), name.size());
    ::close(fd);
    if (size <= 0) return {};
    const std::string_view text(name.data(), static_cast<std::size_t>(size));
    return std::string(text.substr(0, text.find('\n')));
}

std::size_t slots_for(std::size_t bytes) {
    return (bytes + sizeof(Slot) - 1) / sizeof(Slot);
}

}  // namespace

void Reader::read(const Account& account, std::uint32_t recording, const Before* before) {
    track_ = {};
    track_.gil = account.gil().entry();
    name_ = account.name();
    state_ = State::kOff;
    since_ = out_.begin;
    request_ = 0;
    awaiting_ = false;
    const Chunk* const first = account.log.first(recording);
    if (first != nullptr) return read_log(first, before);
    // Also when it found no room at all: what it did then was after the recording's end, and until there it
    // was as before.
    if (before != nullptr) silent(account, *before);
}

void Reader::read_log(const Chunk* chunk, const Before* before) {
    // Enough for the longest track, so that millions of slices are not copied to grow. What is not used of it
    // stays untouched, and costs no memory.
    std::size_t slots = 0;
    for (const Chunk* each = chunk; each != nullptr; each = each->next) slots += each->used;
    track_.slices.reserve(slots + 2);
    for (; chunk != nullptr; chunk = chunk->next) {
        for (std::size_t at = 0; at < chunk->used;) at += apply(chunk->slots[at], before);
    }
    if (track_.thread_id == 0) return;  // its thread has ended
    change(state_, out_.end);
    finish_track();
}

std::size_t Reader::apply(const Slot& slot, const Before* before) {
    switch (slot.event) {
        case Event::attached:
            attached(slot, before);
            return 1;
        case Event::off:
            change(State::kOff, slot.time);
            return 1;
        case Event::waiting:
            change(State::kWaiting, slot.time);
            return 1;
        case Event::held:
            change(State::kHeld, slot.time);
            return 1;
        case Event::in_lock:
            change(State::kLockWait, slot.time);
            return 1;
        case Event::forced:
            change(State::kWaiting, slot.time, true);
            return 1;
        case Event::hand_over:
            state_ = State::kWaiting;
            return 1;
        case Event::begins:
            request_begins(slot.tag, slot.time);
            return 1;
        case Event::named:
            name_request(slot);
            return 1 + slots_for(NameShape::of(slot.value).size);
        case Event::ends:
            change(state_, slot.time);
            no_request();
            return 1;
        case Event::awaits:
            change(state_, slot.time);
            no_request();
            awaiting_ = true;
            awaited_from_ = track_.slices.size();
            return 1;
        case Event::over:
            change(State::kOff, slot.time);
            track_.name = reinterpret_cast<const char*>(&slot + 1);
            finish_track();
            return 2;
    }
    return 1;
}

void Reader::attached(const Slot& slot, const Before* before) {
    track_.thread_id = static_cast<int>(slot.value);
    const auto state = static_cast<State>(slot.detail);
    // It may have changed between the recording's beginning and its own first look at it.
    if (before != nullptr && before->thread_id == track_.thread_id && before->since < slot.time) {
        state_ = before->state;
        since_ = std::max(before->since, out_.begin);
        change(state, slot.time);
    }
    state_ = state;
    since_ = std::max(slot.time, out_.begin);
    if (is_program_tag(slot.tag)) request_begins(slot.tag, since_);
    awaiting_ = slot.tag == kNotKnownYet;
    awaited_from_ = track_.slices.size();
}

// A thread in which nothing happened, or nothing before the recording's end.
void Reader::silent(const Account& account, const Before& before) {
    track_.thread_id = before.thread_id;
    state_ = before.state;
    since_ = std::max(before.since, out_.begin);
    if (is_program_tag(before.tag)) request_begins(before.tag, since_);
    const Account::Reading now = account.read();
    const bool changed = now.since > before.since && now.since < out_.end;
    if (changed && account.thread_id() == before.thread_id) change(now.state, now.since);
    change(state_, out_.end);
    finish_track();
}

// What it did until then becomes a slice.
void Reader::change(State to, std::int64_t at, bool forced) {
    const State was = std::exchange(state_, to);
    const std::int64_t begin = since_;
    const std::int64_t end = std::clamp(at, begin, std::max(begin, out_.end));
    since_ = end;
    std::vector<TraceSlice>& slices = track_.slices;
    // A hold that ends in the moment in which its request does keeps its mark.
    if (forced && begin == end && !slices.empty() && slices.back().doing == Doing::holding &&
        slices.back().end == end && end < out_.end)
        slices.back().forced = true;
    if (begin == end || (was == State::kOff && request_ == 0 && !awaiting_)) return;
    const bool goes_on = slices.size() > (awaiting_ ? awaited_from_ : 0) && slices.back().end == begin &&
                         slices.back().doing == doing(was) && slices.back().request == request_ &&
                         was != State::kHeld;
    if (goes_on) {
        slices.back().end = end;
    } else {
        slices.push_back({begin, end, request_, doing(was), forced && at <= out_.end});
    }
}

void Reader::request_begins(Tag route, std::int64_t at) {
    change(state_, at);
    request_ = static_cast<std::uint32_t>(out_.requests.size());
    out_.requests.push_back({.route = route, .at = static_cast<std::uint32_t>(out_.text.size())});
    if (!std::exchange(awaiting_, false)) return;
    for (std::size_t i = awaited_from_; i < track_.slices.size(); ++i) track_.slices[i].request = request_;
}

void Reader::name_request(const Slot& slot) {
    if (request_ == 0) return;
    TraceRequest& request = out_.requests[request_];
    request.at = static_cast<std::uint32_t>(out_.text.size());
    request.id_size = slot.detail;
    const NameShape shape = NameShape::of(slot.value);
    request.path_size = static_cast<std::uint8_t>(shape.size - slot.detail);
    request.number = shape.number;
    out_.text.append(reinterpret_cast<const char*>(&slot + 1), shape.size);
}

// Off the GIL and for nobody is nothing to show.
void Reader::no_request() {
    request_ = 0;
    if (!std::exchange(awaiting_, false)) return;
    auto& slices = track_.slices;
    slices.erase(std::remove_if(slices.begin() + static_cast<std::ptrdiff_t>(awaited_from_), slices.end(),
                                [](const TraceSlice& slice) { return slice.doing == Doing::off_gil; }),
                 slices.end());
}

void Reader::finish_track() {
    no_request();
    TraceTrack next;
    next.gil = track_.gil;
    if (track_.name.empty()) track_.name = name_of_thread(track_.thread_id);
    if (track_.name.empty()) track_.name = name_of(name_);
    out_.tracks.push_back(std::exchange(track_, std::move(next)));
}

}  // namespace baton::gil::trace

#include "interp/gil/trace.hpp"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "interp/gil/clock.hpp"
#include "interp/gil/protocol.hpp"
#include "interp/gil/registry.hpp"
#include "interp/gil/trace_reader.hpp"

namespace baton::gil {

namespace {

using trace::Before;

struct Recording {
    std::uint32_t number = 0;
    std::int64_t begin = 0;
    std::vector<Before> before;
};

constinit std::atomic<bool> taken{false};
// Of whoever has set `taken`.
constinit Recording* recording = nullptr;
constinit std::uint32_t last_number = 0;

template <typename Each>
void each_account(Each each) {
    for (Gil* gil = registry.first(); gil != nullptr; gil = gil->next()) {
        for (Account* account = gil->accounts(); account != nullptr; account = account->next_of_gil)
            each(*account);
    }
}

// The child records nothing. The memory is the parent's, a copy of which nobody else refers to.
void forked() {
    trace::close();
    trace::drop();
    taken.store(false);
}

void prepare() {
    pthread_atfork(nullptr, nullptr, forked);
}

std::vector<Before> states() {
    std::vector<Before> all;
    each_account([&](const Account& account) {
        if (account.owner() == nullptr) return;
        const Account::Reading now = account.read();
        all.push_back({&account, account.thread_id(), account.tag(), now.state, now.since});
    });
    std::sort(all.begin(), all.end(), [](const Before& a, const Before& b) { return a.account < b.account; });
    return all;
}

const Before* find(const std::vector<Before>& all, const Account& account) {
    const auto at = std::lower_bound(all.begin(), all.end(), &account,
                                     [](const Before& b, const Account* a) { return b.account < a; });
    return at != all.end() && at->account == &account ? &*at : nullptr;
}

// Until nobody writes any more: an entry is some stores, unless its thread is not running now.
void close_logs() {
    trace::close();
    each_account([](const Account& account) {
        while (account.log.busy()) {
            const timespec moment{0, 20'000};
            nanosleep(&moment, nullptr);
        }
    });
}

// Whatever ends a recording, also without memory: the next one can begin.
class Ending {
  public:
    Ending() = default;
    ~Ending() {
        if (!ends_) return;
        close_logs();
        trace::drop();
        taken.store(false);
    }
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    void not_yet() { ends_ = false; }

  private:
    bool ends_ = true;
};

}  // namespace

TraceStart start_trace() {
    if (registry.is_off() || registry.first() == nullptr) return TraceStart::no_books;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    if (taken.exchange(true)) return TraceStart::busy;
    Ending ending;
    if (++last_number == 0) ++last_number;
    auto begun = std::make_unique<Recording>();
    begun->number = last_number;
    begun->begin = now();
    if (!trace::open(begun->number)) return TraceStart::no_memory;
    // Afterwards: who does something from now on writes it down, and this is not asked about him.
    begun->before = states();
    recording = begun.release();
    ending.not_yet();
    return TraceStart::begun;
}

Trace stop_trace() {
    const Ending ending;
    Trace result;
    const std::int64_t end = now();
    close_logs();
    const std::unique_ptr<Recording> ended(std::exchange(recording, nullptr));
    result.begin = ended->begin;
    result.end = std::max(ended->begin, std::min(end, trace::full_at()));
    result.requests.emplace_back();
    trace::Reader reader(result);
    each_account([&](const Account& account) {
        reader.read(account, ended->number, find(ended->before, account));
        result.dropped += account.log.lost(ended->number);
    });
    std::sort(result.tracks.begin(), result.tracks.end(), [](const TraceTrack& a, const TraceTrack& b) {
        return std::pair(a.gil, a.thread_id) < std::pair(b.gil, b.thread_id);
    });
    return result;
}

void abandon_trace() noexcept {
    close_logs();
    delete std::exchange(recording, nullptr);
    trace::drop();
    taken.store(false);
}

void name_request_now(const trace::RequestName& name) noexcept {
    Account* const account = this_thread_state.account;
    if (account != nullptr) account->log.name(*account, name);
}

}  // namespace baton::gil

#include "interp/gil/registry.hpp"

#include <algorithm>
#include <new>

#include "interp/gil/clock.hpp"
#include "interp/gil/fatal.hpp"
#include "interp/gil/spin_lock.hpp"

namespace baton::gil {

constinit Registry registry;

namespace {

// The larger of the two, remembered.
template <typename T>
T never_less(std::atomic<T>& said, T value) noexcept {
    T before = said.load(std::memory_order_relaxed);
    while (before < value && !said.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
    }
    return std::max(before, value);
}

void add(Histogram& sum, const Histogram& more) noexcept {
    for (std::size_t i = 0; i < sum.buckets.size(); ++i) sum.buckets[i] += more.buckets[i];
    sum.sum += more.sum;
}

}  // namespace

Account& Gil::open_account(Thread* owner) {
    for (Account* account = accounts(); account != nullptr; account = account->next_of_gil) {
        if (account->claim(owner)) return *account;
    }
    auto* account = new (std::nothrow) Account(*this);
    if (account == nullptr) fatal("no memory for a thread's account");
    account->claim(owner);
    account->next_of_gil = accounts();
    while (!accounts_.compare_exchange_weak(account->next_of_gil, account, std::memory_order_acq_rel)) {
    }
    return *account;
}

Snapshot Gil::snapshot() {
    Snapshot sum;
    sum.main = is_main();
    sum.entry = entry_;
    sum.alive = objects() != nullptr;
    // Before the accounts: a take that is entered meanwhile begins after this and adds nothing.
    const std::int64_t time = now();
    for (const Account* account = accounts(); account != nullptr; account = account->next_of_gil) {
        Account::Reading reading = account->read();
        if (sum.alive) {
            add_progress(reading.totals, reading.state, reading.since, time);
            if (reading.state == State::kWaiting) ++sum.waiters;
        }
        sum.totals += reading.totals;
        add(sum.holds, reading.holds);
        add(sum.waits, reading.waits);
    }
    sum.blame = blame.all();
    sum.longest = blame.longest();
    sum.kept = blame.kept();
    sum.totals.held = never_less(said_held_, sum.totals.held);
    sum.totals.waited = never_less(said_waited_, sum.totals.waited);
    sum.totals.lock_waited = never_less(said_lock_waited_, sum.totals.lock_waited);
    return sum;
}

void Gil::start_over() noexcept {
    said_held_ = 0;
    said_waited_ = 0;
    said_lock_waited_ = 0;
    blame.start_over();
    begin_anew();
}

void Gil::begin_anew() noexcept {
    schedule.start_over();
    guests = 0;
    closing = false;
}

Gil* Registry::find(const pthread_mutex_t* mutex) const noexcept {
    for (Gil* gil = first(); gil != nullptr; gil = gil->next()) {
        GilObjects* objects = gil->objects();
        if (objects != nullptr && &objects->mutex == mutex) return gil;
    }
    return nullptr;
}

Gil* Registry::find(const pthread_cond_t* cond) const noexcept {
    for (Gil* gil = first(); gil != nullptr; gil = gil->next()) {
        GilObjects* objects = gil->objects();
        if (objects != nullptr && &objects->cond == cond) return gil;
    }
    return nullptr;
}

Gil& Registry::add(GilObjects& objects) {
    const SpinLock lock(changing_);
    Gil& gil = vacant_entry(objects);
    gil.begin_anew();
    gil.objects_.store(&objects, std::memory_order_release);
    rebuild_filter();
    return gil;
}

// The first GIL of a process is the main interpreter's; its entry waits for an interpreter that is
// initialised again.
Gil& Registry::vacant_entry(const GilObjects& objects) {
    Gil* vacant = nullptr;
    for (Gil* gil = first(); gil != nullptr; gil = gil->next()) {
        if (gil->objects() == &objects) return *gil;
        if (gil->objects() == nullptr && (vacant == nullptr || gil->is_main())) vacant = gil;
    }
    if (vacant != nullptr) return *vacant;
    auto* gil = new (std::nothrow) Gil;
    if (gil == nullptr) fatal("no memory for a GIL's entry");
    gil->next_ = first();
    gil->entry_ = gil->next_ == nullptr ? 0 : gil->next_->entry_ + 1;
    gils_.store(gil, std::memory_order_release);
    return *gil;
}

void Registry::retire(Gil& gil) noexcept {
    const SpinLock lock(changing_);
    gil.objects_.store(nullptr, std::memory_order_release);
    rebuild_filter();
}

void Registry::switch_off() noexcept {
    const SpinLock lock(changing_);
    off_.store(true, std::memory_order_relaxed);
    rebuild_filter();
}

// The bits of living GILs stay set throughout: no look-up misses one.
void Registry::rebuild_filter() noexcept {
    std::array<std::uint64_t, 4> bits{};
    for (const Gil* gil = first(); gil != nullptr && !is_off(); gil = gil->next()) {
        const GilObjects* objects = gil->objects();
        if (objects == nullptr) continue;
        for (const pthread_mutex_t* mutex : {&objects->mutex, &objects->switch_mutex}) {
            bits[hash(mutex) / 64] |= std::uint64_t{1} << (hash(mutex) % 64);
        }
    }
    for (std::size_t i = 0; i < bits.size(); ++i) filter_[i].store(bits[i], std::memory_order_relaxed);
}

void Registry::start_over() noexcept {
    changing_.clear(std::memory_order_release);  // the thread that had it is not in this process
    for (Gil* gil = first(); gil != nullptr; gil = gil->next()) gil->start_over();
    rebuild_filter();
}

}  // namespace baton::gil

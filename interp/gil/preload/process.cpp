// What the library does of its own accord in a program, besides keeping the ledger.
//
//   loaded        a Python gets a book at once, with nothing in it; a program without Python is left alone
//   first release of the GIL on the main thread
//                 a thread of ours begins to publish the books; fork handlers are set
//   Python is initialised, at a release of the GIL
//                 the self-test is asked for
//   fork          before: the thread of ours ends. From 3.12 on, Python warns of a fork with threads, and
//                 ours must not be the reason. After it: it begins again at the next release of the GIL on
//                 the thread that forked, in the parent and in the child. A child that only executes another
//                 program never comes to that
//   exit, _exit   the last book
//
// All of it rests on gil::on_release(): called on a thread that has just let go of the GIL, where everything
// is legal.
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "interp/gil/clock.hpp"
#include "interp/gil/ledger.hpp"
#include "interp/gil/preload/book_file.hpp"
#include "interp/gil/preload/check.hpp"
#include "interp/gil/preload/python.hpp"
#include "interp/gil/preload/writer.hpp"
#include "interp/gil/registry.hpp"

namespace baton::gil::preload {

namespace {

using probe::Book;
using probe::GilBook;

static_assert(std::tuple_size_v<decltype(Histogram::buckets)> == probe::kBuckets);

void publish_regularly();
void released(void*);
void before_fork();
void after_fork_in_parent();
void after_fork_in_child();

template <std::size_t N>
void copy(std::array<char, N>& into, const char* text) noexcept {
    std::snprintf(into.data(), N, "%s", text);
}

// Zeroes between the arguments become spaces.
template <std::size_t N>
void read_command_line(std::array<char, N>& into) noexcept {
    const int fd = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    const ssize_t length = ::read(fd, into.data(), N - 1);
    ::close(fd);
    if (length <= 0) return;
    const auto end = into.begin() + length;
    std::replace(into.begin(), end, '\0', ' ');
    *end = '\0';
    for (auto last = end; last != into.begin() && *(last - 1) == ' ';) *--last = '\0';
}

void add(GilBook& book, const Snapshot& gil) {
    book.alive |= gil.alive ? 1 : 0;
    book.held += gil.totals.held;
    book.waited += gil.totals.waited;
    book.lock_waited += gil.totals.lock_waited;
    book.takes += gil.totals.takes;
    book.contended += gil.totals.contended;
    book.forced += gil.totals.forced;
    book.voluntary += gil.totals.voluntary;
    book.waiters += gil.waiters;
    for (std::size_t i = 0; i < probe::kBuckets; ++i) {
        book.holds[i] += gil.holds.buckets[i];
        book.waits[i] += gil.waits.buckets[i];
    }
    book.holds_sum += gil.holds.sum;
    book.waits_sum += gil.waits.sum;
    for (const LongestHold& hold : gil.longest)
        book.longest_hold = std::max(book.longest_hold, hold.nanoseconds);
}

std::int64_t process_cpu() noexcept {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}

class Process {
  public:
    void load(const char* directory) noexcept;
    void released() noexcept;
    void before_fork() noexcept;
    void after_fork_in_parent() noexcept;
    void after_fork_in_child() noexcept;
    void publish_regularly();
    void end() noexcept;

  private:
    void begin_book() noexcept;
    void fill();
    void publish() noexcept;

    const char* directory_ = nullptr;  // null: nobody asked for books
    bool lend_scheduler_ = false;
    bool found_ = false;
    pid_t owner_ = 0;
    std::int64_t started_ = 0;
    Python python_;
    Check check_;
    Writer writer_{preload::publish_regularly};
    BookFile file_;
    Book draft_;
    std::atomic_flag publishing_ = ATOMIC_FLAG_INIT;
    std::atomic<bool> ending_{false};
};

void Process::load(const char* directory) noexcept {
    directory_ = directory;
    const char* policy = std::getenv(probe::kPolicyVariable);
    lend_scheduler_ = policy != nullptr && std::strcmp(policy, "latency") == 0;
    found_ = python_.find();
    begin_book();
    if (found_ && !calls_reach_us("pthread_mutex_lock")) {
        registry.switch_off();
        check_.refuse(
            "the program defines the pthread functions itself (baton has these numbers in its own /metrics)");
    } else {
        on_release(preload::released, nullptr);
    }
    if (found_) publish();
}

// Who runs no Python gets no file. A forked child gets one at once: later it may have given up the
// permission.
void Process::begin_book() noexcept {
    owner_ = getpid();
    started_ = now();
    draft_ = Book{};
    if (found_) file_.open(directory_, owner_, started_);
}

void Process::released() noexcept {
    if (getpid() != owner_) return on_release(nullptr, nullptr);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, [] {
        pthread_atfork(preload::before_fork, preload::after_fork_in_parent, preload::after_fork_in_child);
    });
    // Loaded by the program while it ran.
    if (!found_) {
        found_ = python_.find();
        if (found_) begin_book();
    }
    if (!found_) return;
    writer_.start();
    if (!check_.is_asked() && python_.is_initialized() != 0) check_.ask(python_, lend_scheduler_);
    if (check_.is_asked()) on_release(nullptr, nullptr);
}

void Process::before_fork() noexcept {
    // One that insists may wait for the GIL, which we hold.
    if (!check_.insists()) writer_.stop();
}

void Process::after_fork_in_parent() noexcept {
    if (writer_.is_running()) return;
    if (this_thread().takes > 0) {
        on_release(preload::released, nullptr);
    } else {
        writer_.start();
    }
}

void Process::after_fork_in_child() noexcept {
    writer_.forget();
    publishing_.clear();
    ending_ = false;
    check_.start_over();
    begin_book();
    on_release(preload::released, nullptr);
}

void Process::fill() {
    draft_.pid = owner_;
    draft_.parent = getppid();
    draft_.started = started_;
    draft_.verdict = check_.verdict();
    copy(draft_.fault, check_.fault());
    copy(draft_.version, python_.version());
    read_command_line(draft_.command);
    draft_.gils.fill({});
    draft_.gil_count = 0;
    for (const Snapshot& gil : snapshot()) {
        if (draft_.gil_count < probe::kGils) draft_.gils[draft_.gil_count++].entry = gil.entry;
        add(draft_.gils[draft_.gil_count - 1], gil);
    }
    draft_.python = registry.first() != nullptr ? 1 : 0;
    draft_.ended = ending_ ? 1 : 0;
    draft_.cpu = process_cpu();
    draft_.written = now();
}

void Process::publish() noexcept {
    // A child made by vfork() has our memory, and is not us.
    if (!file_.is_open() || getpid() != owner_) return;
    if (publishing_.test_and_set(std::memory_order_acquire)) return;
    try {
        fill();
        file_.publish(draft_);
    } catch (const std::bad_alloc&) {
        // The book before stays.
        draft_.written = 0;
    }
    publishing_.clear(std::memory_order_release);
}

void Process::publish_regularly() {
    publish();
    if (!ending_) check_.insist();
}

// The thread of ours does it when there is one: somebody may call _exit() from a signal handler, in the midst
// of malloc().
void Process::end() noexcept {
    if (!file_.is_open() || getpid() != owner_ || ending_.exchange(true)) return;
    if (registry.first() == nullptr && check_.verdict() == probe::Verdict::undecided) {
        check_.refuse(
            "no GIL was made: Python was not started, or it does not call the pthread functions through "
            "its symbol table");
    }
    if (writer_.is_running()) return writer_.stop();
    publish();
}

constinit Process process;

void publish_regularly() {
    process.publish_regularly();
}
void released(void*) {
    process.released();
}
void before_fork() {
    process.before_fork();
}
void after_fork_in_parent() {
    process.after_fork_in_parent();
}
void after_fork_in_child() {
    process.after_fork_in_child();
}

[[gnu::constructor]] void load() {
    if (const char* directory = std::getenv(probe::kDirectoryVariable)) process.load(directory);
}
[[gnu::destructor]] void end() {
    process.end();
}

}  // namespace

}  // namespace baton::gil::preload

extern "C" {

// As libc's, with the last book before it. Children of multiprocessing, and workers that were told to end,
// leave this way.
void _exit(int status) {
    baton::gil::preload::end();
    while (true) syscall(SYS_exit_group, status);
}
void _Exit(int status) noexcept {
    _exit(status);
}

}  // extern "C"

// A lock that is made, taken and dropped with the pthread calls of CPython's ceval_gil.c, in their order, and
// nothing else of CPython. Used like the GIL: take() and drop() in turns, from any thread.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstdint>
#include <ctime>

namespace baton::gil::test {

class FakeGil {
  public:
    FakeGil() { create(); }
    ~FakeGil() { destroy(); }
    FakeGil(const FakeGil&) = delete;
    FakeGil& operator=(const FakeGil&) = delete;

    void create() {
        pthread_mutex_init(&mutex_, nullptr);
        pthread_mutex_init(&switch_mutex_, nullptr);
        init(cond_);
        init(switch_cond_);
        locked_ = false;
        holder_ = nullptr;
    }

    void destroy() {
        pthread_cond_destroy(&cond_);
        pthread_mutex_destroy(&mutex_);
        pthread_cond_destroy(&switch_cond_);
        pthread_mutex_destroy(&switch_mutex_);
    }

    // False: the interpreter ends, and this thread with it; it has not got the lock.
    bool take() {
        pthread_mutex_lock(&mutex_);
        while (locked_) {
            const timespec until = deadline();
            const std::uint64_t before = switches_;
            const int result = pthread_cond_timedwait(&cond_, &mutex_, &until);
            if (result == 0 || !locked_ || switches_ != before) continue;
            if (ending_) {
                pthread_mutex_unlock(&mutex_);
                return false;
            }
            drop_request_ = true;
        }
        while (held_back_) sched_yield();
        pthread_mutex_lock(&switch_mutex_);
        locked_ = true;
        if (holder_ != this_thread_mark()) ++switches_;
        holder_ = this_thread_mark();
        pthread_cond_signal(&switch_cond_);
        pthread_mutex_unlock(&switch_mutex_);
        drop_request_ = false;
        pthread_mutex_unlock(&mutex_);
        return true;
    }

    // The switch interval, in nanoseconds.
    void set_patience(std::int64_t patience) { patience_ = patience; }

    // Whoever waits from now on has to end instead of asking.
    void end() { ending_ = true; }

    void drop() {
        pthread_mutex_lock(&mutex_);
        locked_ = false;
        pthread_cond_signal(&cond_);
        pthread_mutex_unlock(&mutex_);
        if (!drop_request_) return;
        pthread_mutex_lock(&switch_mutex_);
        if (holder_ == this_thread_mark()) {
            drop_request_ = false;
            handing_over_ = true;
            pthread_cond_wait(&switch_cond_, &switch_mutex_);
        }
        pthread_mutex_unlock(&switch_mutex_);
    }

    // Another thread has asked for the lock.
    bool drop_requested() const { return drop_request_; }

    // Between hold_back() and let_take() nobody takes the lock, free or not.
    void hold_back() { held_back_ = true; }
    void let_take() { held_back_ = false; }
    // The last holder waits for somebody to take the lock.
    bool handing_over() const { return handing_over_; }

    // signal_active_thread(): a visit that neither takes nor releases.
    void visit() {
        pthread_mutex_lock(&mutex_);
        pthread_mutex_unlock(&mutex_);
    }

  private:
    static void init(pthread_cond_t& cond) {
        pthread_condattr_t attributes;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&cond, &attributes);
        pthread_condattr_destroy(&attributes);
    }
    static const void* this_thread_mark() {
        static thread_local char mark;
        return &mark;
    }
    timespec deadline() const {
        timespec t{};
        clock_gettime(CLOCK_MONOTONIC, &t);
        const std::int64_t end = t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec + patience_;
        return {end / 1'000'000'000, end % 1'000'000'000};
    }

    std::int64_t patience_ = 5'000'000;
    const void* holder_ = nullptr;
    bool locked_ = false;
    std::uint64_t switches_ = 0;
    std::atomic<bool> drop_request_{false};
    std::atomic<bool> handing_over_{false};
    std::atomic<bool> held_back_{false};
    std::atomic<bool> ending_{false};
    // The order in memory is that of CPython's struct _gil_runtime_state.
    pthread_cond_t cond_{};
    pthread_mutex_t mutex_{};
    pthread_cond_t switch_cond_{};
    pthread_mutex_t switch_mutex_{};
};

}  // namespace baton::gil::test

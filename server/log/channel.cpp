#include "server/log/channel.hpp"

#include <pthread.h>
#include <spdlog/pattern_formatter.h>

#include <csignal>

#include "server/log/fd_sink.hpp"

namespace baton::log {

namespace {

// Signals are for the threads that wait for them.
void begin_thread(const std::string& name) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace

Channel::Channel(const std::string& name, const std::string& pattern, int fd, std::size_t capacity)
    : pool_(std::make_shared<spdlog::details::thread_pool>(capacity, 1, [name] { begin_thread(name); })) {
    // The sink runs on the pool's own thread, so the pool is there whenever it asks.
    sink_ = std::make_shared<FdSink>(fd, [pool = pool_.get()] { return pool->queue_size() > 0; });
    sink_->set_formatter(
        std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
    // Not registered: spdlog's global registry would outlive main and its order of ends.
    logger_ = std::make_shared<spdlog::async_logger>(name, sink_, pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
}

Channel::~Channel() {
    close();
}

void Channel::close() {
    pool_.reset();  // works off its queue and joins its thread
    sink_->flush();
}

}  // namespace baton::log

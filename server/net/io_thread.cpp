#include "server/net/io_thread.hpp"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "server/dispatch/time_slice.hpp"
#include "server/net/connection.hpp"

namespace baton::net {

namespace {

// Time-outs are checked this often; they are given in seconds, so a tenth is exact enough.
constexpr std::chrono::milliseconds kTick{100};
// How soon to look whether the queue was claimed, as those expected who left its threads asleep.
constexpr std::chrono::milliseconds kLookAgain{1};
// Handlers in a row before mail and queue are looked at again.
constexpr int kBatch = 32;

}  // namespace

struct IoThread::List : boost::intrusive::list<Connection> {};

IoThread::IoThread(const Surroundings& surroundings, metrics::Recorder& recorder, unsigned index)
    : around_(surroundings),
      recorder_(recorder),
      index_(index),
      connections_(std::make_unique<List>()),
      work_(asio::make_work_guard(context_)),
      inbox_([this] { asio::post(context_, [this] { inbox_.drain(); }); }),
      ticker_(context_) {
    const config::Limits& limits = surroundings.config.limits;
    parser_limits_ = {limits.header_bytes, limits.target_bytes, limits.header_fields, limits.body_bytes};
}

IoThread::~IoThread() {
    stop();
    for (auto i = connections_->begin(); i != connections_->end();) (i++)->let_go();
}

void IoThread::start(std::function<void()> began, std::function<void()> ending) {
    thread_ = std::thread([this, began = std::move(began), ending = std::move(ending)] {
        pthread_setname_np(pthread_self(), ("baton-io-" + std::to_string(index_)).c_str());
        dispatch::ask_for_short_slices();
        began();
        run();
        ending();
    });
}

void IoThread::run() {
    bool look_again = false;
    while (!context_.stopped()) {
        // In a handler, not here: only there do coroutine frames come from Asio's recycled memory.
        if (!inbox_.prepare_sleep(look_again)) asio::post(context_, [this] { inbox_.drain(); });
        if (look_again) {
            context_.run_one_for(kLookAgain);
        } else {
            context_.run_one();
        }
        inbox_.awake();
        for (int i = 0; i < kBatch && context_.poll_one() > 0; ++i) {
        }
        look_again = flush();
    }
}

bool IoThread::flush() {
    bool look_again = false;
    dispatch::Nanoseconds at = 0;  // read once, and only when requests wait
    for (dispatch::Dispatcher* const dispatcher : around_.mounts.dispatchers()) {
        if (at == 0 && dispatcher->length() > 0) at = dispatch::now();
        look_again = dispatcher->flush(at) || look_again;
    }
    return look_again;
}

void IoThread::adopt(Socket socket, std::shared_ptr<const dispatch::Peer> peer) {
    asio::post(context_, [this, socket = std::move(socket), peer = std::move(peer)]() mutable {
        welcome(std::move(socket), std::move(peer));
    });
}

void IoThread::welcome(Socket socket, std::shared_ptr<const dispatch::Peer> peer) {
    if (draining_) {
        recorder_.rejected(metrics::Rejection::draining);
        return;  // closes it
    }
    if (around_.budget.live.load(std::memory_order_relaxed) >= around_.budget.limit && !make_room()) {
        recorder_.rejected(metrics::Rejection::too_many_connections);
        if (around_.tls != nullptr) return;
        error_code ignored;
        socket.native_non_blocking(true, ignored);
        const std::string text =
            http::plain_answer(503, "Too many connections.", date_.get(), {}, "Retry-After: 1\r\n");
        socket.write_some(asio::buffer(text), ignored);
        return;
    }
    std::make_shared<Connection>(*this, std::move(socket), std::move(peer))->start();
}

// At the limit an idle keep-alive connection makes room: its client will connect again when it has something
// to ask.
bool IoThread::make_room() {
    for (Connection& connection : *connections_) {
        if (!connection.idle()) continue;
        connection.drain();
        return true;
    }
    return false;
}

void IoThread::enlist(Connection& connection) {
    connections_->push_back(connection);
    around_.budget.live.fetch_add(1, std::memory_order_relaxed);
    if (!ticking_) tick();
}

void IoThread::delist(Connection& connection) {
    connections_->erase(connections_->iterator_to(connection));
    around_.budget.live.fetch_sub(1, std::memory_order_relaxed);
}

void IoThread::tick() {
    ticking_ = !connections_->empty();
    if (!ticking_) return;
    ticker_.expires_after(kTick);
    ticker_.async_wait([this](error_code error) {
        if (error) return;
        const dispatch::Nanoseconds now = dispatch::now();
        for (auto i = connections_->begin(); i != connections_->end();) (i++)->check_deadlines(now);
        tick();
    });
}

void IoThread::drain() {
    asio::post(context_, [this] {
        draining_ = true;
        for (Connection& connection : *connections_) connection.drain();
    });
}

void IoThread::stop() {
    if (!thread_.joinable()) return;
    context_.stop();
    thread_.join();
}

}  // namespace baton::net

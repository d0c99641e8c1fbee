// The responding half of a connection: waiting for the application, sending, refusing, recording.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "server/metrics/phases.hpp"
#include "server/net/connection.hpp"

namespace baton::net {

using dispatch::Exchange;
using http::Framing;
using metrics::Rejection;

namespace {

// Pieces up to this size are copied behind the head or chunk size, to go out in one system call.
constexpr std::size_t kSmallPiece = 16 * 1024;

// What books and logs say, as nginx does, when a client left before its response.
constexpr int kClientGone = 499;

Rejection rejection_of(http::Fault fault) {
    switch (fault) {
        case http::Fault::body_too_large:
            return Rejection::body_too_large;
        case http::Fault::target_too_long:
            return Rejection::target_too_long;
        case http::Fault::head_too_large:
            return Rejection::header_too_large;
        default:
            return Rejection::malformed;
    }
}

}  // namespace

Task<bool> Connection::await_commit() {
    set_deadline(deadline_, home_.config().timeouts.queue);
    deadline_ = std::min(deadline_, request_deadline_);
    timed_out_ = false;
    bool ready = true;
    while ((exchange_->events() & Exchange::kCommitted) == 0 && !upgraded()) {
        if (body_failed()) break;
        if (by_loop() && !gone_ && prepare_interim()) co_await send_interim();
        if (by_loop() && gone_) {
            client_gone();
            expired_ = exchange_->expire();
            status_ = kClientGone;
            ready = false;
            break;
        }
        if (timed_out_ && co_await give_up_waiting()) {
            ready = false;
            break;
        }
        co_await signal_.wait();
    }
    deadline_ = kNever;
    // Also when the application was quicker to answer what it found in a broken body.
    if (ready && !upgraded() && body_failed()) {
        co_await refuse_body();
        ready = false;
    }
    co_return ready;
}

Task<void> Connection::refuse_body() {
    exchange_->abandon();
    expired_ = exchange_->expire();
    const Outcome outcome = pump_timed_out_ ? Outcome::timed_out : Outcome::fault;
    co_await refuse(outcome, pump_fault_, pump_reason_, Rejection::body_timeout);
}

// The time in the queue, or of the whole request, is over: answers if that is so.
Task<bool> Connection::give_up_waiting() {
    timed_out_ = false;
    expired_ = exchange_->expire();
    if (expired_) {
        home_.recorder().rejected(Rejection::queue_timeout);
        co_await answer(503, "Too long in the queue.", "Retry-After: 1\r\n");
        co_return true;
    }
    deadline_ = request_deadline_;
    if (request_deadline_ == kNever || dispatch::now() < request_deadline_) co_return false;
    exchange_->abandon();
    home_.recorder().rejected(Rejection::request_timeout);
    co_await answer(504, "The application took too long.");
    co_return true;
}

Task<bool> Connection::respond(bool keep_alive) {
    if (!exchange_->path.empty() && !open_path()) {
        exchange_->abandon();
        co_await answer(500, "The file cannot be sent.");
        co_return false;
    }
    const http::ResponseHead& head = exchange_->head;
    const http::Request& request = exchange_->request;
    const unsigned events = exchange_->events();
    // What is complete when the head goes out has a known length, however the application produced it.
    std::string piece;
    std::optional<std::uint64_t> known;
    if ((events & (Exchange::kFinished | Exchange::kIncomplete)) == Exchange::kFinished) {
        exchange_->pipe().try_take(piece);
        // With a length no trailers could follow.
        if (!has_trailers())
            known = exchange_->start.size() + piece.size() + (exchange_->file ? exchange_->file->length : 0);
    }
    const Framing framing = http::choose_framing(head, request.version(), request.method() == "HEAD", known);
    // A body that is still coming may never be read to its end, and then nothing can follow on this
    // connection.
    keep_alive = keep_alive && !draining_ &&
                 (!pumping_ || rest_is_short() || rest_may_come(known.has_value())) && !head.close &&
                 framing != Framing::until_close && (events & Exchange::kIncomplete) == 0;
    status_ = head.status;
    out_.clear();
    if (by_loop()) append_hints();
    serialize(framing, known, keep_alive);
    release_pump();
    const bool at_hand = known && !exchange_->file && *known <= kSmallPiece;
    if (at_hand && framing == Framing::length) {
        body_sent_ = *known;
        out_.append(exchange_->start).append(piece);
    }
    bool complete = false;
    if (framing == Framing::none || at_hand) {
        // The usual response goes out in one system call, and then no coroutine is needed to wait for it.
        complete = send_now(out_);
        if (!complete && !gone_) complete = co_await flush();
    } else {
        complete = co_await send_body(framing, std::move(piece));
    }
    exchange_->timeline.sent = dispatch::now();
    keep_alive = keep_alive && complete;
    while (keep_alive && pumping_ && rest_is_short()) co_await signal_.wait();
    keep_alive = keep_alive && !pumping_;
    body_unread_ = body_unread_ || pumping_;
    co_return keep_alive && !body_unread_ && pump_fault_ == http::Fault::none;
}

void Connection::serialize(Framing framing, std::optional<std::uint64_t> length, bool keep_alive) {
    http::ServerFields fields;
    fields.version = exchange_->request.version();
    fields.keep_alive = keep_alive;
    fields.framing = framing;
    if (framing == Framing::length) fields.length = length;
    fields.date_line = home_.date().get();
    fields.request_id = exchange_->id;
    fields.trailers = !exchange_->head.trailer.empty() && takes_trailers();
    const std::string timing = exchange_->server_timing ? server_timing() : std::string{};
    fields.server_timing = timing;
    http::serialize_head(out_, exchange_->head, fields);
}

std::string Connection::server_timing() const {
    const dispatch::Timeline& known = exchange_->timeline;
    const bool done = (exchange_->events() & Exchange::kDone) != 0;
    // Not copied whole: before kDone `done` is still the interpreter thread's to write.
    dispatch::Timeline timeline;
    timeline.head = known.head;
    timeline.queued = known.queued;
    timeline.claimed = known.claimed;
    timeline.done = done ? known.done : known.noted;
    const metrics::Phases phases =
        metrics::phases(timeline, done ? exchange_->books() : exchange_->noted_books());
    const auto ms = [&](metrics::Phase phase) { return static_cast<double>(phases[phase]) / 1e6; };
    using metrics::Phase;
    std::string text =
        fmt::format("queue;dur={:.4f}, gil-wait;dur={:.4f}, gil-hold;dur={:.4f}, lock-wait;dur={:.4f}, ",
                    ms(Phase::queue), ms(Phase::gil_wait), ms(Phase::gil_hold), ms(Phase::lock_wait));
    const bool by_loop = exchange_->mount != nullptr && exchange_->mount->by_loop;
    if (by_loop) text += fmt::format("ready;dur={:.4f}, ", ms(Phase::ready));
    return text + fmt::format("off-gil;dur={:.4f}", ms(Phase::off_gil));
}

Task<bool> Connection::send_body(Framing framing, std::string piece) {
    if (!exchange_->start.empty() && !co_await send_piece(framing, exchange_->start)) co_return false;
    while (true) {
        if (!piece.empty() && !co_await send_piece(framing, piece)) co_return false;
        piece.clear();
        const http::BodyPipe::Read state = exchange_->pipe().try_take(piece);
        if (state == http::BodyPipe::Read::end) break;
        if (state == http::BodyPipe::Read::broken) {
            co_await flush();
            co_return false;
        }
        // An event loop waits for room only when the pipe was full.
        if (piece.size() >= Exchange::kPipeCapacity) exchange_->tell_application();
        if (!piece.empty()) continue;
        if (!co_await flush()) co_return false;
        deadline_ = request_deadline_;
        co_await signal_.wait();
        deadline_ = kNever;
        if (gone_) co_return false;
        if (timed_out_) {
            home_.recorder().rejected(Rejection::request_timeout);
            client_gone();
            co_return false;
        }
    }
    if (exchange_->file && !co_await send_file(*exchange_->file)) co_return false;
    if (framing == Framing::chunked) append_last_chunk();
    co_return co_await flush();
}

Task<bool> Connection::send_piece(Framing framing, std::string_view piece) {
    body_sent_ += piece.size();
    const bool chunked = framing == Framing::chunked;
    if (chunked) http::append_chunk_head(out_, piece.size());
    if (piece.size() <= kSmallPiece) {
        out_.append(piece);
    } else if (!co_await flush() || !co_await send(piece)) {
        co_return false;
    }
    if (chunked) out_.append(http::kChunkEnd);
    co_return true;
}

Task<bool> Connection::send_file(const dispatch::FileRegion& region) {
    if (!co_await flush()) co_return false;
    for (std::uint64_t done = 0; done < region.length;) {
        set_deadline(deadline_, home_.config().timeouts.send);
        deadline_ = std::min(deadline_, request_deadline_);
        in_io_ = true;
        const auto [error, bytes] =
            co_await stream_.send_file_some(region.fd, region.offset + done, region.length - done);
        in_io_ = false;
        deadline_ = kNever;
        if (error) {
            client_gone();
            co_return false;
        }
        done += bytes;
        body_sent_ += bytes;
        home_.recorder().sent(bytes);
    }
    co_return true;
}

Task<bool> Connection::flush() {
    const bool sent = co_await send(out_);
    out_.clear();
    co_return sent;
}

bool Connection::send_now(std::string& bytes) {
    const auto [error, sent] = stream_.write_now(bytes);
    home_.recorder().sent(sent);
    if (error) client_gone();
    const bool all = sent == bytes.size();
    bytes.erase(0, sent);
    return all;
}

Task<bool> Connection::send(std::string_view bytes) {
    if (gone_) co_return false;
    auto [error, total] = stream_.write_now(bytes);
    home_.recorder().sent(total);
    while (!error && total < bytes.size()) {
        set_deadline(deadline_, home_.config().timeouts.send);
        deadline_ = std::min(deadline_, request_deadline_);
        in_io_ = true;
        const auto [failed, more] = co_await stream_.write_some(bytes.substr(total));
        in_io_ = false;
        deadline_ = kNever;
        error = failed;
        total += more;
        home_.recorder().sent(more);
    }
    if (error) client_gone();
    co_return !error;
}

void Connection::client_gone() {
    gone_ = true;
    exchange_->abandon();
    if (exchange_->body.pipe) exchange_->body.pipe->close(false);
}

Task<void> Connection::refuse(Outcome outcome, http::Fault fault, std::string_view reason,
                              Rejection timeout) {
    if (outcome == Outcome::gone) {
        gone_ = true;
        co_return;
    }
    body_unread_ = true;
    if (outcome == Outcome::timed_out) {
        home_.recorder().rejected(timeout);
        co_await answer(408, "The request did not arrive in time.");
        co_return;
    }
    home_.recorder().rejected(rejection_of(fault));
    home_.around().logger.debug("refused a request from {}: {}", peer_->remote_address, reason);
    co_await answer(http::status_of(fault), reason);
}

Task<void> Connection::answer(int status, std::string_view text, std::string_view extra_fields) {
    status_ = status;
    timed_out_ = false;
    out_ = http::plain_answer(status, text, home_.date().get(), exchange_->id, extra_fields);
    body_sent_ = text.size() + 1;
    if (exchange_->request.method() == "HEAD") {
        out_.resize(out_.size() - body_sent_);
        body_sent_ = 0;
    }
    body_unread_ = body_unread_ || pumping_;
    co_await flush();
    exchange_->timeline.sent = dispatch::now();
}

}  // namespace baton::net

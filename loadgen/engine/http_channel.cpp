#include "loadgen/engine/http_channel.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <type_traits>

namespace loadgen::engine {

namespace asio = boost::asio;
using result::Failure;

namespace {

constexpr std::size_t kFirstBuffer = 8 * 1024;
constexpr std::size_t kLargestBuffer = 128 * 1024;

Socket& socket_of(Socket& stream) {
    return stream;
}
Socket& socket_of(TlsStream& stream) {
    return stream.next_layer();
}

template <typename Stream>
Stream make_stream(const Line& line) {
    if constexpr (std::is_same_v<Stream, Socket>) {
        return Socket(line.io.get_executor());
    } else {
        return TlsStream(Socket(line.io.get_executor()), line.targets.tls());
    }
}

// Both parts from `sent` on, and no more than `most` bytes.
std::array<asio::const_buffer, 2> rest_of(const Prepared& prepared, std::size_t sent, std::size_t most) {
    const std::size_t from_head = std::min(sent, prepared.head.size());
    const asio::const_buffer head = asio::buffer(asio::buffer(prepared.head) + from_head, most);
    const asio::const_buffer body = asio::buffer(prepared.body) + (sent - from_head);
    return {head, asio::buffer(body, most - head.size())};
}

bool is_end(const boost::system::error_code& error) {
    return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

}  // namespace

template <typename Stream>
HttpChannel<Stream>::HttpChannel(const Line& line, const Prepared& first)
    : Channel(first.pool),
      line_(line),
      prepared_(&first),
      stream_(make_stream<Stream>(line)),
      buffer_(kFirstBuffer) {}

template <typename Stream>
void HttpChannel<Stream>::start(const Job& job) {
    job_ = job;
    prepared_ = &line_.prepared[job.endpoint];
    reader_.emplace(*prepared_->endpoint);
    sent_ = 0;
    received_ = 0;
    busy_ = true;
    if (open_) {
        send();
    } else {
        connect();
    }
}

template <typename Stream>
void HttpChannel<Stream>::connect() {
    const Place& place = line_.targets.at(prepared_->where);
    connecting_ = Clock::now();
    Code error;
    open_socket(socket_of(stream_), place, prepared_->endpoint->pace, error);
    if (error) {
        // Its end is told later: who calls start() does not expect it yet.
        asio::post(line_.io, [self = self(), error] {
            if (!self->gone_) self->fail(no_connection(error), error);
        });
        return;
    }
    socket_of(stream_).async_connect(place.address, [self = self()](const Code& failed) {
        if (self->gone_) return;
        if (failed) return self->fail(no_connection(failed), failed);
        self->shake_hands();
    });
}

template <typename Stream>
void HttpChannel<Stream>::shake_hands() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
        expect_peer(stream_, *line_.targets.at(prepared_->where).target);
        stream_.async_handshake(asio::ssl::stream_base::client, [self = self()](const Code& error) {
            if (self->gone_) return;
            if (error) return self->fail(Failure::tls, error);
            self->connected();
        });
    } else {
        connected();
    }
}

template <typename Stream>
void HttpChannel<Stream>::connected() {
    open_ = true;
    line_.owner.opened(Clock::now() - connecting_);
    send();
    read();
}

// --- Sending

template <typename Stream>
void HttpChannel<Stream>::send() {
    if constexpr (std::is_same_v<Stream, Socket>) {
        if (prepared_->endpoint->pace.send == 0) {
            // Nearly always there is room for all of it, and nobody has to be asked first.
            Code error;
            if (prepared_->body.empty()) {
                sent_ = stream_.write_some(asio::buffer(prepared_->head), error);
            } else {
                sent_ = stream_.write_some(rest_of(*prepared_, 0, left()), error);
            }
            // An error shows in the read that is under way, behind what the target may have answered.
            if (left() == 0 || (error && error != asio::error::would_block)) return;
        }
    }
    send_rest();
}

template <typename Stream>
void HttpChannel<Stream>::send_rest() {
    const std::uint64_t pace = prepared_->endpoint->pace.send;
    const std::size_t most = pace > 0 ? std::min(left(), piece_of(pace)) : left();
    stream_.async_write_some(rest_of(*prepared_, sent_, most),
                             [self = self(), number = job_.number](const Code& error, std::size_t bytes) {
                                 // An answer may come, and the next request go, before all has been sent.
                                 if (self->busy_ && self->job_.number == number) self->on_sent(error, bytes);
                             });
}

template <typename Stream>
void HttpChannel<Stream>::on_sent(const Code& error, std::size_t bytes) {
    sent_ += bytes;
    if (error || left() == 0) return;
    if (prepared_->endpoint->pace.send == 0) return send_rest();
    send_later();
}

template <typename Stream>
void HttpChannel<Stream>::send_later() {
    if (!send_timer_) send_timer_.emplace(line_.io);
    send_timer_->expires_after(beat_of(prepared_->endpoint->pace.send));
    send_timer_->async_wait([self = self(), number = job_.number](const Code& error) {
        if (!error && self->busy_ && self->job_.number == number) self->send_rest();
    });
}

// --- Receiving

template <typename Stream>
void HttpChannel<Stream>::read() {
    const std::uint64_t pace = prepared_->endpoint->pace.receive;
    const std::size_t room = buffer_.size() - filled_;
    const std::size_t most = pace > 0 ? std::min(room, piece_of(pace)) : room;
    stream_.async_read_some(asio::buffer(buffer_.data() + filled_, most),
                            [self = self()](const Code& error, std::size_t bytes) {
                                if (!self->gone_) self->on_read(error, bytes);
                            });
}

template <typename Stream>
void HttpChannel<Stream>::read_later() {
    if (!read_timer_) read_timer_.emplace(line_.io);
    read_timer_->expires_after(beat_of(prepared_->endpoint->pace.receive));
    read_timer_->async_wait([self = self()](const Code& error) {
        if (!error && !self->gone_) self->read();
    });
}

template <typename Stream>
void HttpChannel<Stream>::on_read(const Code& error, std::size_t bytes) {
    if (!busy_) return on_idle_read();
    if (received_ == 0 && prepared_->endpoint->first_byte) first_byte_ = Clock::now();
    received_ += bytes;
    filled_ += bytes;
    if (error) return on_end(error);
    digest();
}

// Closed, or bytes that nobody has asked for: of no more use.
template <typename Stream>
void HttpChannel<Stream>::on_idle_read() {
    close();
    line_.owner.closed(*this);
}

template <typename Stream>
void HttpChannel<Stream>::on_end(const Code& error) {
    if (is_end(error) && reader_->feed_end()) return complete(false);
    fail(is_end(error) && reader_->begun() ? Failure::incomplete : Failure::reset, error);
}

template <typename Stream>
void HttpChannel<Stream>::digest() {
    const ResponseReader::Fed fed = reader_->feed(buffer_.data(), filled_);
    if (fed.malformed) return fail(Failure::malformed, fed.error);
    const bool all = buffer_.size() == filled_;
    filled_ -= fed.used;
    if (reader_->complete()) return complete(filled_ == 0 && reader_->reusable());
    if (filled_ > 0) std::memmove(buffer_.data(), buffer_.data() + fed.used, filled_);
    // A full buffer: there is more to come than was thought.
    if (all) make_room();
    if (filled_ == buffer_.size()) return fail(Failure::malformed);
    if (prepared_->endpoint->pace.receive > 0) return read_later();
    read();
}

template <typename Stream>
void HttpChannel<Stream>::make_room() {
    if (buffer_.size() < kLargestBuffer) buffer_.resize(buffer_.size() * 4);
}

// --- The end of a request

template <typename Stream>
void HttpChannel<Stream>::complete(bool reusable) {
    Ended ended;
    ended.failure = reader_->expected() ? Failure::none : Failure::unexpected;
    ended.status = reader_->status();
    end(ended, reusable && left() == 0 && !prepared_->endpoint->fresh_connection);
}

template <typename Stream>
void HttpChannel<Stream>::fail(Failure failure, const Code& error) {
    Ended ended;
    ended.failure = failure;
    ended.error = error;
    ended.stale =
        used_ && !reader_->begun() && failure == Failure::reset && Clock::now() - job_.handed <= kStale;
    end(ended, false);
}

template <typename Stream>
void HttpChannel<Stream>::end(Ended ended, bool open) {
    ended.at = Clock::now();
    ended.bytes_in = received_;
    ended.bytes_out = sent_;
    ended.first_byte = first_byte_;
    busy_ = false;
    used_ = true;
    filled_ = 0;
    const Self keep = self();
    if (!open) close();
    line_.owner.ended(*this, ended, open);
    if (open && !gone_) read();
}

template <typename Stream>
void HttpChannel<Stream>::abort(Failure failure) {
    if (gone_) return;
    if (busy_) return fail(failure);
    close();
}

template <typename Stream>
void HttpChannel<Stream>::close() {
    gone_ = true;
    open_ = false;
    Code ignored;
    socket_of(stream_).close(ignored);
    if (send_timer_) send_timer_->cancel();
    if (read_timer_) read_timer_->cancel();
}

ChannelPtr make_http_channel(const Line& line, const Prepared& prepared) {
    if (prepared.endpoint->target.tls) return {new HttpChannel<TlsStream>(line, prepared)};
    return {new HttpChannel<Socket>(line, prepared)};
}

}  // namespace loadgen::engine

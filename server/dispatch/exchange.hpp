// One request and its response in flight: the only thing that the network world and the Python world share.
//
// Threads: the connection fills `request`, `peer` and `body` and pushes it; from claim() on, one interpreter
// thread owns the response side until done(). Each notify() makes what was written before it visible to the
// I/O thread. Lifetime: counted references; the connection keeps one until done(), also when its client has
// gone. Cannot: touch a socket or Python.
#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "server/dispatch/clock.hpp"
#include "server/dispatch/mounts.hpp"
#include "server/dispatch/web_socket.hpp"
#include "server/http/body_pipe.hpp"
#include "server/http/request.hpp"
#include "server/http/response.hpp"

namespace baton::dispatch {

class Inbox;
class LoopQueue;
class Exchange;
using ExchangePtr = boost::intrusive_ptr<Exchange>;

// Who is at the other end; the same for all requests of a connection.
struct Peer {
    std::string remote_address;  // empty on a unix socket
    std::string remote_port;
    std::string server_name;
    std::string server_port;
    bool tls = false;
    std::string tls_protocol;  // "TLSv1.3"
    std::string tls_cipher;
    std::string client_certificate;  // subject, when one was asked for and given
};

// The request's body: complete in `buffered`, or streamed through `pipe` when it is larger than the buffer
// limit.
struct RequestBody {
    std::string buffered;
    std::unique_ptr<http::BodyPipe> pipe;

    void clear() {
        buffered.clear();
        pipe.reset();
    }
};

// A part of an open file that the I/O thread sends without Python. Owns the descriptor.
struct FileRegion {
    int fd = -1;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    FileRegion(int descriptor, std::uint64_t from, std::uint64_t size)
        : fd(descriptor), offset(from), length(size) {}
    FileRegion(FileRegion&& other) noexcept;
    FileRegion& operator=(FileRegion&& other) noexcept;
    ~FileRegion();
};

// What the ledger says of the time that an interpreter thread had the request, in nanoseconds. off_gil is the
// rest.
struct Books {
    Nanoseconds gil_wait = 0;
    Nanoseconds gil_hold = 0;
    Nanoseconds lock_wait = 0;
    std::uint64_t acquisitions = 0;
    Nanoseconds ready = 0;  // on an event loop: could have run, but the loop was at others
    Nanoseconds cpu = 0;    // of the thread, native code without the GIL included

    friend Books operator-(const Books& a, const Books& b) {
        return {a.gil_wait - b.gil_wait,         a.gil_hold - b.gil_hold, a.lock_wait - b.lock_wait,
                a.acquisitions - b.acquisitions, a.ready - b.ready,       a.cpu - b.cpu};
    }
};

struct Timeline {
    Nanoseconds head = 0;     // request head complete
    Nanoseconds queued = 0;   // put in the queue (body complete up to the buffer limit)
    Nanoseconds claimed = 0;  // an interpreter thread took it
    Nanoseconds noted = 0;    // note_books(), when it was called
    Nanoseconds done = 0;     // the application and its iterable's close() have returned
    Nanoseconds sent = 0;     // last byte handed to the kernel
};

// Who on the I/O thread waits for news of an Exchange.
class ExchangeObserver {
  public:
    virtual void exchange_event() = 0;

  protected:
    ~ExchangeObserver() = default;
};

// Who on an event loop's thread has an Exchange.
class ExchangeClient {
  public:
    // Something has changed that it may wait for: a body, room, or the client has gone.
    virtual void exchange_news() = 0;

  protected:
    ~ExchangeClient() = default;
};

class Exchange {
  public:
    // Bytes of response body that wait for a slow client before the application is made to wait.
    static constexpr std::size_t kPipeCapacity = 256 * 1024;

    explicit Exchange(Inbox& home) : home_(home) {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // --- Request side: written by the connection before push(), constant afterwards.
    http::Request request;
    std::shared_ptr<const Peer> peer;
    RequestBody body;
    std::unique_ptr<WebSocket> web_socket;  // the request is an upgrade to one; else null
    std::string id;                         // request id: the client's when it is well-formed, else ours
    bool server_timing = false;
    const Mount* mount = nullptr;  // the application; null: the only one
    std::uint32_t route = 0;       // a routing::RouteId, when the path is known; 0 when it is not, or not yet

    // --- Claim: exactly one of claim() and expire() succeeds.
    bool claim(Nanoseconds at);
    bool expire();

    // --- Response side: the interpreter thread, between claim() and done().
    Books opening_books;  // the thread's totals when it claimed this
    http::ResponseHead head;
    std::string route_name;          // what the application put in environ["baton.route"], when it did
    std::optional<FileRegion> file;  // sent after `start`, instead of further bytes
    // Body bytes that go out with the head. After commit() all further bytes go through write().
    std::string start;
    // Nothing but the head is needed to begin sending; more bytes follow through write().
    void commit();
    bool committed() const { return (events_.load(std::memory_order_relaxed) & kCommitted) != 0; }
    // Blocks while the client is slow: call it without the GIL. False when the client has gone. Only after
    // commit().
    bool write(std::string_view bytes);
    // Would write() return at once? Then it may be called with the GIL.
    bool can_write(std::size_t bytes) const { return pipe_.has_room(bytes); }
    // For an event loop, instead of write(): takes what there is room for off the front of `bytes`. False:
    // not all; exchange_news() will tell of room.
    bool try_write(std::string_view& bytes);
    // An interim 103 response with these lines ("Link: ...\r\n"), before commit() (RFC 8297).
    void hint(std::string_view fields);
    // Sent instead of further bytes, opened by the I/O thread; ranges that the request asks for are honoured.
    // Before commit().
    std::string path;
    // "Name: value\r\n" lines after the body, where the framing and the client allow them. Before finish().
    std::string trailers;
    // The application asks for body bytes: the moment for a 100 Continue.
    void want_body();
    bool body_wanted() const { return body_wanted_.load(std::memory_order_acquire); }
    // The body is complete (`complete`), or ends before its time and the connection must be closed. Implies
    // commit(). `unhurried`: as for done(). Worth calling when something slow may follow, such as the
    // iterable's close(); done() implies it.
    void finish(bool complete = true, bool unhurried = false);
    bool finished() const { return (events_.load(std::memory_order_relaxed) & kFinished) != 0; }
    // The application has returned: the interpreter thread lets go. Implies finish(). Nothing of the Exchange
    // may be touched afterwards.
    // `unhurried`: the caller ends another request soon; should it not, the I/O thread looks by itself.
    void done(const Books& books, Nanoseconds at, bool unhurried = false) {
        hand_back(ExchangePtr(this), books, at, unhurried);
    }
    // The same with the caller's own reference, so that the connection may use the Exchange again at once.
    static void hand_back(ExchangePtr exchange, const Books& books, Nanoseconds at, bool unhurried = false);
    Inbox& home() { return home_; }
    // With server_timing: the books up to now, for a head that goes out before done(). Call it before
    // commit() or finish().
    void note_books(const Books& books, Nanoseconds at) {
        noted_ = books;
        timeline.noted = at;
    }
    // What client_left() said.
    bool left() const { return left_.load(std::memory_order_acquire); }
    // The client has gone, or the connection has given the request up: what is written is dropped.
    bool abandoned() const { return pipe_.abandoned(); }
    // Tells the I/O thread to have a look; for what it cannot see itself, such as room in the request body's
    // pipe.
    void notify(bool unhurried = false);

    // --- The event loop's thread only, between claim() and done().
    ExchangeClient* client = nullptr;

    // --- I/O thread only.
    // An event loop that has this request, or null; set by its queue.
    LoopQueue* listener = nullptr;
    // Something has changed that an event loop may wait for.
    void tell_application();
    // The client has ended its side of the connection while the application is at work.
    void client_left();
    // Lines of 103 responses that have not been sent yet.
    std::string take_hints();
    // Makes it new for the next request, keeping its memory. False: somebody else still refers to it.
    bool renew();
    static constexpr unsigned kCommitted = 1, kFinished = 2, kDone = 4, kIncomplete = 8;
    unsigned events() const { return events_.load(std::memory_order_acquire); }
    http::BodyPipe& pipe() { return pipe_; }
    void abandon() {
        pipe_.abandon();
        tell_application();
    }
    Timeline timeline;
    const Books& books() const { return books_; }        // after kDone
    const Books& noted_books() const { return noted_; }  // after kCommitted, when timeline.noted is set
    // Told by the inbox of every notify(), coalesced. Set and cleared by the connection.
    ExchangeObserver* observer = nullptr;

  private:
    friend class Inbox;
    friend class LoopQueue;
    void mark_finished(bool complete);
    friend void intrusive_ptr_add_ref(Exchange* x) { x->references_.fetch_add(1, std::memory_order_relaxed); }
    friend void intrusive_ptr_release(Exchange* x) {
        if (x->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete x;
    }
    enum class Stage : std::uint8_t { queued, claimed, expired };

    Inbox& home_;
    http::BodyPipe pipe_{kPipeCapacity};
    Books books_;
    Books noted_;
    std::atomic<std::uint32_t> references_{0};
    std::atomic<unsigned> events_{0};
    std::atomic<Stage> stage_{Stage::queued};
    std::atomic<bool> in_inbox_{false};
    Exchange* next_ = nullptr;  // in the inbox
    std::atomic<bool> in_mail_{false};
    Exchange* next_mail_ = nullptr;  // in the listener's mail
    bool waits_in_mail_ = false;     // nobody has taken it yet; whoever has it in hand reads and writes it
    std::atomic<bool> body_wanted_{false};
    std::atomic<bool> left_{false};
    std::mutex hints_mutex_;
    std::string hints_;
};

}  // namespace baton::dispatch

#include "server/metrics/recorder.hpp"

#include "server/metrics/totals.hpp"

namespace baton::metrics {

// Series of a route form a list per method that only grows, at its end: whoever follows it sees complete
// nodes. Its length is bounded by the status codes that have a label (labels.hpp).
struct Recorder::Series {
    explicit Series(std::uint16_t code) : status(code) {}

    const std::uint16_t status;
    RequestHistogram durations;
    std::atomic<Series*> next{nullptr};
};

struct alignas(64) Recorder::Route {
    std::array<PhaseHistogram, kPhases> phases;
    PhaseHistogram cpu;
    std::atomic<bool> by_loop{false};
    std::array<std::atomic<Series*>, kMethods.size()> series{};

    Route() = default;
    Route(const Route&) = delete;
    Route& operator=(const Route&) = delete;
    ~Route() {
        for (const auto& first : series) {
            for (const Series* s = first.load(); s != nullptr;) {
                const Series* next = s->next.load();
                delete s;
                s = next;
            }
        }
    }

    Series& find(std::uint8_t method, int code) {
        std::atomic<Series*>* link = &series[method];
        Series* s = link->load(std::memory_order_relaxed);
        while (s != nullptr && s->status != code) {
            link = &s->next;
            s = link->load(std::memory_order_relaxed);
        }
        return s != nullptr ? *s : add(method, known_status(code));
    }

  private:
    Series& add(std::uint8_t method, std::uint16_t status) {
        std::atomic<Series*>* link = &series[method];
        for (Series* s = link->load(); s != nullptr; s = link->load()) {
            if (s->status == status) return *s;  // an unknown code, whose series is there
            link = &s->next;
        }
        link->store(new Series(status), std::memory_order_release);
        return *link->load();
    }
};

Recorder::~Recorder() {
    for (const auto& books : books_) delete books.load();
}

routing::RouteId Recorder::request(const dispatch::Exchange& exchange, const Phases& spent, int status) {
    return count(exchange, exchange.books(), spent, status);
}

routing::RouteId Recorder::websocket_opened(const dispatch::Exchange& exchange, Nanoseconds sent) {
    constexpr int kSwitchingProtocols = 101;
    const dispatch::Books& noted = exchange.noted_books();
    const routing::RouteId id =
        count(exchange, noted, handshake_phases(exchange.timeline, noted, sent), kSwitchingProtocols);
    request_ended();
    bump<std::int64_t>(websockets_, 1);
    return id;
}

routing::RouteId Recorder::count(const dispatch::Exchange& exchange, const dispatch::Books& books,
                                 const Phases& spent, int status) {
    const routing::RouteId id = route_of(exchange, status);
    Route& counted = route(id);
    counted.find(method_index(exchange.request.method()), status).durations.observe(spent.duration);
    for (std::size_t i = 0; i < kPhases; ++i) counted.phases[i].observe(spent.spent[i]);
    // Of requests that no interpreter thread took there is nothing to say.
    if (exchange.timeline.claimed != 0) counted.cpu.observe(books.cpu);
    if (exchange.mount != nullptr && exchange.mount->by_loop) {
        counted.by_loop.store(true, std::memory_order_relaxed);
    }
    slow_.note(exchange, spent, id, status);
    bump(requests_);
    return id;
}

routing::RouteId Recorder::route_of(const dispatch::Exchange& exchange, int status) {
    if (!exchange.route_name.empty()) return routes_.of_name(exchange.route_name);
    if (exchange.route != routing::RouteTable::kOther) return exchange.route;
    return routes_.of_path(exchange.request.path(), status == 404);
}

Recorder::Route& Recorder::route(routing::RouteId id) {
    std::atomic<Route*>& books = books_[id];
    if (books.load(std::memory_order_relaxed) == nullptr) books.store(new Route, std::memory_order_release);
    return *books.load(std::memory_order_relaxed);
}

void Recorder::add_to(RequestTotals& totals) const {
    for (std::size_t id = 0; id < books_.size(); ++id) {
        const Route* books = books_[id].load(std::memory_order_acquire);
        if (books == nullptr) continue;
        RouteTotals& route = totals.routes[static_cast<routing::RouteId>(id)];
        for (std::size_t i = 0; i < kPhases; ++i) books->phases[i].add_to(route.phases[i]);
        books->cpu.add_to(route.cpu);
        route.by_loop = route.by_loop || books->by_loop.load(std::memory_order_relaxed);
        for (std::size_t m = 0; m < kMethods.size(); ++m) {
            const Series* s = books->series[m].load(std::memory_order_acquire);
            for (; s != nullptr; s = s->next.load(std::memory_order_acquire)) {
                s->durations.add_to(route.durations[{static_cast<std::uint8_t>(m), s->status}]);
            }
        }
    }
    totals.requests += requests();
    totals.active_requests += active_requests_.load(std::memory_order_relaxed);
    totals.websockets += websockets_.load(std::memory_order_relaxed);
    totals.websocket_messages_in += websocket_messages_in_.load(std::memory_order_relaxed);
    totals.websocket_messages_out += websocket_messages_out_.load(std::memory_order_relaxed);
    totals.connections_active += connections_active_.load(std::memory_order_relaxed);
    totals.connections_idle += connections_idle_.load(std::memory_order_relaxed);
    totals.connections_opened += connections_opened_.load(std::memory_order_relaxed);
    totals.received += received_.load(std::memory_order_relaxed);
    totals.sent += sent_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < rejected_.size(); ++i) {
        totals.rejected[i] += rejected_[i].load(std::memory_order_relaxed);
    }
}

}  // namespace baton::metrics

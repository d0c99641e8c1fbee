// Who is connected to an address, so that there is always room for one more: when there is none, the
// connection that has been idle the longest is closed. Browsers and scrapers keep connections open that they
// may never use again, and must not keep health checks out.
//
// Threads: that of the connections' io_context. Lifetime: shared by the connections, each of which has a
// Place within its socket's life. Cannot: take the place of a stream: those are bounded by who hands them
// out.
#pragma once

#include <boost/beast/core/tcp_stream.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

namespace baton::admin {

class Sessions {
  public:
    static constexpr std::size_t kMost = 64;

    enum class Doing : std::uint8_t { idle, answering, streaming };

    // Also that of a connection which has sent nothing, or half a request: `idle` is whoever is read from.
    class Place {
      public:
        Place(std::shared_ptr<Sessions> sessions, boost::beast::tcp_stream& stream);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        // From now on.
        void is(Doing doing);

      private:
        friend class Sessions;
        const std::shared_ptr<Sessions> sessions_;
        boost::beast::tcp_stream& stream_;
        Doing doing_ = Doing::idle;
        bool closed_ = false;
    };

    // Before a new Place. False: all are taken by streams.
    bool make_room();
    // More than half of the places are taken: who has got his answer should go.
    bool crowded() const { return places_.size() > kMost / 2; }

  private:
    std::list<Place*> places_;  // who has done the same thing for the longest comes first
};

}  // namespace baton::admin

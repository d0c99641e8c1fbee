// Reads one response off the bytes as they come, keeping nothing but what the scenario asks about.
//
// Beast parses; this class only counts, so a response costs no allocation.
//
// Threads: the worker's. Lifetime: one response, interim ones (1xx) included. Cannot: be used for the next
// one.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "loadgen/engine/prepared.hpp"

namespace loadgen::engine {

// Looks for a text in a body that comes in pieces.
class Search {
  public:
    explicit Search(std::string_view wanted) : wanted_(wanted) {}
    void feed(std::string_view piece);
    bool found() const noexcept { return found_ || wanted_.empty(); }

  private:
    std::string_view wanted_;
    std::string tail_;
    bool found_ = false;
};

class ResponseReader {
  public:
    explicit ResponseReader(const plan::Endpoint& endpoint);

    struct Fed {
        std::size_t used = 0;
        bool malformed = false;
        boost::system::error_code error{};  // what of it
    };
    // Takes what it can use. Interim responses are passed over (RFC 9110, 15.2).
    Fed feed(const char* data, std::size_t size);
    // The peer has sent all it had: true when that ends the response properly (RFC 9112, 8).
    bool feed_end();

    bool begun() const noexcept { return begun_; }
    bool complete() const { return parser_->is_done() && !interim(); }
    bool reusable() const { return parser_->keep_alive(); }
    int status() const noexcept { return parser_->status; }
    // Whether it is what the scenario expects, `within` aside.
    bool expected() const;

  private:
    class Parser final : public boost::beast::http::basic_parser<false> {
      public:
        explicit Parser(ResponseReader& reader);
        int status = 0;

      private:
        using Text = boost::beast::string_view;
        using Code = boost::beast::error_code;
        void on_request_impl(boost::beast::http::verb, Text, Text, int, Code&) override {}
        void on_response_impl(int code, Text, int, Code&) override { status = code; }
        void on_field_impl(boost::beast::http::field, Text, Text, Code&) override {}
        void on_header_impl(Code&) override {}
        void on_body_init_impl(boost::optional<std::uint64_t> const&, Code&) override {}
        std::size_t on_body_impl(Text body, Code&) override { return reader_.take(body); }
        void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
        std::size_t on_chunk_body_impl(std::uint64_t, Text body, Code&) override {
            return reader_.take(body);
        }
        void on_finish_impl(Code&) override {}

        ResponseReader& reader_;
    };

    bool interim() const noexcept { return parser_->status / 100 == 1; }
    std::size_t take(std::string_view body);

    const plan::Endpoint& endpoint_;
    Search search_;
    std::optional<Parser> parser_;
    std::uint64_t body_bytes_ = 0;
    bool begun_ = false;
};

// Whether this status is one that the endpoint expects.
bool expects(const plan::Expectation& expectation, int status) noexcept;

}  // namespace loadgen::engine

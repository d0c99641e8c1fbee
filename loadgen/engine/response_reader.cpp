#include "loadgen/engine/response_reader.hpp"

#include <algorithm>
#include <limits>

namespace loadgen::engine {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t kHeadBytes = 64 * 1024;

}  // namespace

void Search::feed(std::string_view piece) {
    if (found()) return;
    // What may begin a match at the end of one piece is kept for the next.
    const std::size_t kept = std::min(piece.size(), wanted_.size() - 1);
    tail_.append(piece.substr(0, kept));
    found_ = tail_.find(wanted_) != std::string::npos || piece.find(wanted_) != std::string_view::npos;
    if (piece.size() > kept) {
        tail_.assign(piece.substr(piece.size() - kept));
    } else if (tail_.size() > wanted_.size() - 1) {
        tail_.erase(0, tail_.size() - (wanted_.size() - 1));
    }
}

ResponseReader::Parser::Parser(ResponseReader& reader) : reader_(reader) {
    eager(true);
    body_limit(boost::none);
    header_limit(kHeadBytes);
    // RFC 9110, 9.3.2: no body, whatever the fields say.
    if (reader.endpoint_.method == "HEAD") skip(true);
}

ResponseReader::ResponseReader(const plan::Endpoint& endpoint)
    : endpoint_(endpoint), search_(endpoint.expect.body_contains) {
    parser_.emplace(*this);
}

ResponseReader::Fed ResponseReader::feed(const char* data, std::size_t size) {
    Fed fed;
    begun_ = begun_ || size > 0;
    while (fed.used < size && !complete()) {
        boost::system::error_code error;
        const std::size_t used =
            parser_->put(boost::asio::const_buffer(data + fed.used, size - fed.used), error);
        fed.used += used;
        if (error == http::error::need_more) break;
        if (error || (parser_->is_header_done() && parser_->status == 101)) {
            fed.malformed = true;  // nobody asked it to switch protocols
            fed.error = error;
            break;
        }
        if (parser_->is_done() && interim()) parser_.emplace(*this);
    }
    return fed;
}

bool ResponseReader::feed_end() {
    if (complete()) return true;
    if (!begun_ || !parser_->is_header_done()) return false;
    boost::system::error_code error;
    parser_->put_eof(error);
    return !error && complete();
}

std::size_t ResponseReader::take(std::string_view body) {
    body_bytes_ += body.size();
    search_.feed(body);
    return body.size();
}

bool ResponseReader::expected() const {
    const plan::Expectation& expect = endpoint_.expect;
    return expects(expect, parser_->status) && search_.found() &&
           (!expect.body_bytes || *expect.body_bytes == body_bytes_);
}

bool expects(const plan::Expectation& expectation, int status) noexcept {
    if (expectation.statuses.empty()) return status >= 100 && status < 400;
    return std::any_of(expectation.statuses.begin(), expectation.statuses.end(),
                       [&](const auto& range) { return status >= range.first && status <= range.second; });
}

}  // namespace loadgen::engine

// One parsed request head.
//
// Threads: filled by one I/O thread, then read by one interpreter thread; never written again after that.
// Lifetime: owns its bytes; every view it returns lives as long as the Request and dies with clear().
// Cannot: hold a body (RequestBody does) or decide what a request means (the parser has refused the
// ambiguous).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::http {

class Request {
  public:
    struct Field {
        std::string_view name;   // as sent
        std::string_view value;  // without surrounding white space
    };

    std::string_view method() const { return view(method_); }
    // The request target as sent, for logs.
    std::string_view target() const { return view(target_); }
    // Path still percent-encoded, and percent-decoded (RFC 3986 section 2.1); both start with '/', or are
    // "*".
    std::string_view raw_path() const { return view(raw_path_); }
    std::string_view path() const { return view(path_); }
    // After the '?', still encoded; empty when there is none.
    std::string_view query() const { return view(query_); }
    // 10 or 11.
    unsigned version() const { return version_; }
    bool keep_alive() const { return keep_alive_; }
    bool expect_continue() const { return expect_continue_; }
    bool chunked() const { return chunked_; }
    // The declared length; nothing for a chunked body and for none at all.
    std::optional<std::uint64_t> content_length() const { return content_length_; }
    bool has_body() const { return chunked_ || content_length_.value_or(0) > 0; }

    std::size_t field_count() const { return fields_.size(); }
    Field field(std::size_t i) const { return {view(fields_[i].name), view(fields_[i].value)}; }
    // The first field of that name (case-insensitive), or nothing.
    std::optional<std::string_view> find(std::string_view name) const;

    // Forgets everything but keeps the memory for the next request.
    void clear();

  private:
    friend class RequestParser;

    struct Slice {
        std::uint32_t offset = 0;
        std::uint32_t length = 0;
    };
    struct FieldSlices {
        Slice name;
        Slice value;
    };

    std::string_view view(Slice s) const { return std::string_view(bytes_).substr(s.offset, s.length); }
    Slice keep(std::string_view text);

    std::string bytes_;
    std::vector<FieldSlices> fields_;
    Slice method_, target_, raw_path_, path_, query_;
    std::optional<std::uint64_t> content_length_;
    unsigned version_ = 11;
    bool keep_alive_ = true;
    bool expect_continue_ = false;
    bool chunked_ = false;
};

}  // namespace baton::http

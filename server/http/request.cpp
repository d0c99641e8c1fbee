#include "server/http/request.hpp"

#include <boost/beast/core/string.hpp>

namespace baton::http {

std::optional<std::string_view> Request::find(std::string_view name) const {
    for (const FieldSlices& f : fields_)
        if (boost::beast::iequals(view(f.name), name)) return view(f.value);
    return std::nullopt;
}

void Request::clear() {
    bytes_.clear();
    fields_.clear();
    method_ = target_ = raw_path_ = path_ = query_ = {};
    content_length_.reset();
    version_ = 11;
    keep_alive_ = true;
    expect_continue_ = false;
    chunked_ = false;
}

Request::Slice Request::keep(std::string_view text) {
    const Slice slice{static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(text.size())};
    bytes_.append(text);
    return slice;
}

}  // namespace baton::http

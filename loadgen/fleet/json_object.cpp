#include "loadgen/fleet/json_object.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <cmath>

namespace loadgen::fleet {

namespace json = boost::json;

namespace {

constexpr double kMostSeconds = 1e9;

// Nothing when the text is no base64 (RFC 4648, 4).
bool decode(std::string_view text, std::string& bytes) {
    if (text.size() % 4 != 0) return false;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    // OpenSSL skips blanks around the text.
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (text.substr(0, text.size() - padding).find_first_not_of(kDigits) != std::string_view::npos)
        return false;
    bytes.resize(text.size() / 4 * 3);
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return false;
    bytes.resize(static_cast<std::size_t>(size) - padding);
    return true;
}

}  // namespace

Object::Object(const json::value& value, std::string_view what) : what_(what), object_(value.if_object()) {
    if (object_ == nullptr) throw Wrong{fmt::format("{} is not an object", what)};
}

void Object::refuse(std::string_view name, std::string_view why) const {
    throw Wrong{fmt::format("{} of {} {}", name, what_, why)};
}

const json::value& Object::at(std::string_view name) {
    const json::value* value = object_->if_contains(name);
    if (value == nullptr) throw Wrong{fmt::format("{} has no {}", what_, name)};
    ++asked_;
    return *value;
}

void Object::end() const {
    if (object_->size() != asked_)
        throw Wrong{fmt::format("{} has {} members instead of {}", what_, object_->size(), asked_)};
}

std::string Object::text(std::string_view name, std::size_t longest) {
    const json::string* text = at(name).if_string();
    if (text == nullptr || text->size() > longest)
        refuse(name, fmt::format("is not a text of at most {} bytes", longest));
    for (const char c : *text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) refuse(name, "has a control character");
    return {text->data(), text->size()};
}

std::string Object::bytes(std::string_view name, std::size_t longest) {
    const json::string* text = at(name).if_string();
    std::string bytes;
    if (text == nullptr || !decode({text->data(), text->size()}, bytes)) refuse(name, "is not base64");
    if (bytes.size() > longest) refuse(name, fmt::format("is longer than {} bytes", longest));
    return bytes;
}

bool Object::truth(std::string_view name) {
    const bool* truth = at(name).if_bool();
    if (truth == nullptr) refuse(name, "is neither true nor false");
    return *truth;
}

bool Object::null(std::string_view name) {
    const json::value* value = object_->if_contains(name);
    if (value == nullptr || !value->is_null()) return false;
    ++asked_;
    return true;
}

std::uint64_t Object::whole(std::string_view name, std::uint64_t least, std::uint64_t most) {
    const json::value& value = at(name);
    const std::uint64_t* positive = value.if_uint64();
    const std::int64_t* whole = value.if_int64();
    std::uint64_t number = 0;
    if (positive != nullptr)
        number = *positive;
    else if (whole != nullptr && *whole >= 0)
        number = static_cast<std::uint64_t>(*whole);
    else
        refuse(name, "is not a whole number");
    if (number < least || number > most) refuse(name, fmt::format("is not from {} to {}", least, most));
    return number;
}

Nanoseconds Object::nanoseconds(std::string_view name, Nanoseconds least, Nanoseconds most) {
    const std::int64_t* count = at(name).if_int64();
    if (count == nullptr || Nanoseconds(*count) < least || Nanoseconds(*count) > most)
        refuse(name, fmt::format("is not a whole number from {} to {}", least.count(), most.count()));
    return Nanoseconds(*count);
}

double Object::seconds(std::string_view name) {
    json::error_code error;
    const auto seconds = at(name).to_number<double>(error);
    if (error || !(seconds >= 0 && seconds <= kMostSeconds)) refuse(name, "is not a number of seconds");
    return seconds;
}

double Object::exact(std::string_view name, double least, double most) {
    return exact_of(at(name), name, least, most);
}

const json::array& Object::array(std::string_view name, std::size_t longest) {
    const json::array* array = at(name).if_array();
    if (array == nullptr || array->size() > longest)
        refuse(name, fmt::format("is not an array of at most {}", longest));
    return *array;
}

double exact_of(const json::value& value, std::string_view what, double least, double most) {
    const json::string* text = value.if_string();
    double number = 0;
    if (text != nullptr) {
        const char* const end = text->data() + text->size();
        const auto [stopped, error] = std::from_chars(text->data(), end, number);
        if (error == std::errc() && stopped == end && number >= least && number <= most) return number;
    }
    throw Wrong{fmt::format("{} is not a number from {} to {}", what, least, most)};
}

std::string exact_text(double value) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end};
}

std::string base64(std::string_view bytes) {
    // OpenSSL adds a zero byte.
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

}  // namespace loadgen::fleet

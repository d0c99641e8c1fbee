#include "loadgen/stats/hdr_log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <ctime>
#include <ostream>
#include <stdexcept>
#include <string_view>

namespace loadgen::stats {

namespace {

// The cookies of the V2 encoding; 0x10 says that the words of the counts are of variable length.
constexpr std::uint32_t kEncoded = 0x1c849303 | 0x10;
constexpr std::uint32_t kCompressed = 0x1c849304 | 0x10;

template <typename Integer>
void put_big_endian(std::string& out, Integer value) {
    for (std::size_t shift = sizeof(Integer) * 8; shift > 0; shift -= 8)
        out.push_back(static_cast<char>((value >> (shift - 8)) & 0xFF));
}

// ZigZag LEB128, in which a ninth byte carries eight bits, so that 64 bits never take ten bytes.
void put_word(std::string& out, std::int64_t value) {
    std::uint64_t bits = (static_cast<std::uint64_t>(value) << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0);
    for (int byte = 0; byte < 8 && bits >= 0x80; ++byte, bits >>= 7)
        out.push_back(static_cast<char>((bits & 0x7F) | 0x80));
    out.push_back(static_cast<char>(bits));
}

// Every cell from the first to the last that is occupied; a negative word stands for that many empty ones.
std::string words_of(const Cells& cells) {
    std::string out;
    std::int64_t next = 0;
    for (const auto& [cell, count] : cells.counts) {
        const std::int64_t empty = std::int64_t{cell} - next;
        if (empty == 1) put_word(out, 0);
        if (empty > 1) put_word(out, -empty);
        put_word(out, static_cast<std::int64_t>(count));
        next = std::int64_t{cell} + 1;
    }
    return out;
}

std::string encoded(const Cells& cells) {
    const std::string words = words_of(cells);
    std::string out;
    put_big_endian(out, kEncoded);
    put_big_endian(out, static_cast<std::uint32_t>(words.size()));
    put_big_endian(out, std::uint32_t{0});  // the offset by which cells are shifted: none
    put_big_endian(out, static_cast<std::uint32_t>(Histogram::kDigits));
    put_big_endian(out, static_cast<std::uint64_t>(Histogram::kFinest.count()));
    put_big_endian(out, static_cast<std::uint64_t>(Histogram::kHighest.count()));
    put_big_endian(out, std::bit_cast<std::uint64_t>(1.0));  // integers to values
    return out + words;
}

std::string deflated(const std::string& plain) {
    std::string out(compressBound(plain.size()), '\0');
    uLongf size = out.size();
    // zlib's own interface is in unsigned bytes.
    const auto* from = reinterpret_cast<const Bytef*>(plain.data());
    const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size, from, plain.size(), 6);
    if (status != Z_OK) throw std::runtime_error("zlib could not compress a histogram");
    out.resize(size);
    return out;
}

std::string base64(const std::string& bytes) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = at; i < at + 3; ++i)
            group = (group << 8) | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out.push_back(at + i <= bytes.size() ? kLetters[(group >> (18 - 6 * i)) & 0x3F] : '=');
    }
    return out;
}

std::string clean(std::string tag) {
    for (char& letter : tag) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte <= ' ' || byte == 0x7F || letter == ',') letter = '_';
    }
    return tag;
}

}  // namespace

std::string hdr_payload(const Cells& cells) {
    const std::string body = deflated(encoded(cells));
    std::string out;
    put_big_endian(out, kCompressed);
    put_big_endian(out, static_cast<std::uint32_t>(body.size()));
    return base64(out + body);
}

void write_hdr_log(std::ostream& out, double started, std::span<const HdrLine> lines) {
    const auto date = fmt::gmtime(static_cast<std::time_t>(std::floor(started)));
    out << "#[Logged by baton-load; times of requests in nanoseconds]\n"
        << "#[Histogram log format version 1.3]\n"
        << fmt::format("#[BaseTime: {:.3f} (seconds since epoch)]\n", started)
        << fmt::format("#[StartTime: {:.3f} (seconds since epoch), {:%a %b %d %H:%M:%S} UTC {:%Y}]\n",
                       started, date, date)
        << "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
    for (const HdrLine& line : lines) {
        if (!line.tag.empty()) out << "Tag=" << clean(line.tag) << ',';
        out << fmt::format("{:.3f},{:.3f},{:.3f},{}\n", line.start, line.length,
                           static_cast<double>(line.cells->most.count()) / 1e6, hdr_payload(*line.cells));
    }
}

}  // namespace loadgen::stats

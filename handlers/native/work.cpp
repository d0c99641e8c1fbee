#include "handlers/native/work.hpp"

#include <zlib.h>

#include <string>

namespace handlers::native {

std::uint64_t hash(std::span<const unsigned char> data, unsigned rounds) {
    constexpr std::uint64_t kBasis = 14695981039346656037U;
    constexpr std::uint64_t kPrime = 1099511628211U;
    std::uint64_t value = kBasis;
    for (unsigned round = 0; round < rounds; ++round) {
        for (const unsigned char byte : data) {
            value = (value ^ byte) * kPrime;
        }
    }
    return value;
}

std::size_t compress(std::span<const unsigned char> data, int level, unsigned rounds) {
    std::vector<unsigned char> out(compressBound(data.size()));
    uLongf length = 0;
    for (unsigned round = 0; round < rounds; ++round) {
        length = out.size();
        const int status = compress2(out.data(), &length, data.data(), data.size(), level);
        if (status != Z_OK) {
            throw CompressError("zlib says " + std::to_string(status));
        }
    }
    return length;
}

Matrix make_matrix(std::size_t size, unsigned seed) {
    Matrix matrix{size, std::vector<double>(size * size)};
    for (std::size_t i = 0; i < matrix.values.size(); ++i) {
        matrix.values[i] = static_cast<double>((i * 7 + seed) % 13);
    }
    return matrix;
}

Matrix multiply(const Matrix& a, const Matrix& b) {
    const std::size_t n = a.size;
    Matrix product{n, std::vector<double>(n * n)};
    for (std::size_t row = 0; row < n; ++row) {
        double* const out = &product.values[row * n];
        for (std::size_t k = 0; k < n; ++k) {
            const double factor = a.values[row * n + k];
            const double* const in = &b.values[k * n];  // along the rows of both: the way that memory lies
            for (std::size_t column = 0; column < n; ++column) {
                out[column] += factor * in[column];
            }
        }
    }
    return product;
}

double trace(const Matrix& matrix) {
    double sum = 0;
    for (std::size_t i = 0; i < matrix.size; ++i) {
        sum += matrix.values[i * matrix.size + i];
    }
    return sum;
}

}  // namespace handlers::native

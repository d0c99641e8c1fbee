// Three pieces of work that need no Python: hashing, compressing, multiplying matrices.
//
// Threads: any number at once; nothing is shared. Lifetime: the views outlive the call. Cannot: call Python,
// or hold the GIL; whether it is held meanwhile is the caller's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace handlers::native {

// zlib refused; the text says why.
class CompressError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// FNV-1a of the data, `rounds` times over.
std::uint64_t hash(std::span<const unsigned char> data, unsigned rounds);

// Bytes that the data becomes in zlib's format, at `level`; done `rounds` times.
std::size_t compress(std::span<const unsigned char> data, int level, unsigned rounds);

// A square matrix, row after row.
struct Matrix {
    std::size_t size;
    std::vector<double> values;
};

// One whose values depend on nothing but its size and `seed`.
Matrix make_matrix(std::size_t size, unsigned seed);

// a times b; both have the same size.
Matrix multiply(const Matrix& a, const Matrix& b);

// The sum of the diagonal.
double trace(const Matrix& matrix);

}  // namespace handlers::native

// The two types in which matrix products read their operands: float, and bfloat16 for `precision: bf16`.
// Sums, norms, softmax, residuals, weights and their gradients are float in both cases.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "pool.h"
#include "scratch.h"

namespace tasklab {

struct BFloat16 {
  uint16_t bits;  // the upper half of a float
};

inline float widen(float x) { return x; }

inline float widen(BFloat16 x) {
  const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// To the nearest value, ties to even; NaN stays NaN. Without branches, so that loops become vector code.
template <class E>
inline E narrow(float x) {
  if constexpr (std::is_same_v<E, float>) {
    return x;
  } else {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
    return {static_cast<uint16_t>(x != x ? 0x7FC0u : rounded)};
  }
}

// out [rows, columns] = x as E; for floats in their place nothing is left to do.
template <class E>
inline void narrow_rows(const float* x, int64_t ldx, E* out, int64_t ldo, int64_t rows, int64_t columns) {
  if (static_cast<const void*>(x) == static_cast<const void*>(out)) return;
  for (int64_t t = 0; t < rows; ++t)
#pragma omp simd
    for (int64_t j = 0; j < columns; ++j) out[t * ldo + j] = narrow<E>(x[t * ldx + j]);
}

// x as operand of a product: itself, or a rounded copy in `scratch`.
template <class E>
inline const E* operand(const float* x, int64_t count, Scratch& scratch) {
  if constexpr (std::is_same_v<E, float>) {
    return x;
  } else {
    constexpr int64_t kBlock = 16384;
    E* copy = scratch.take<E>(count);
    parallel_for(blocks_of(count, kBlock), [&](int64_t block) {
      const int64_t from = block * kBlock, size = count - from < kBlock ? count - from : kBlock;
      narrow_rows(x + from, size, copy + from, size, 1, size);
    });
    return copy;
  }
}

// The same for one thread's block of `count` values, copied to its scratch.
template <class E>
inline const E* thread_operand(const float* x, int64_t count, int slot) {
  if constexpr (std::is_same_v<E, float>) {
    return x;
  } else {
    E* copy = thread_values<E>(slot, count);
    narrow_rows(x, count, copy, count, 1, count);
    return copy;
  }
}

// Where the float result of a product goes on its way to values of E: straight there, or through a thread's scratch.
template <class E>
struct Landing {
  E* to;
  int64_t ldo, rows, columns;
  float* c;
  int64_t ldc;

  Landing(int slot, E* target, int64_t ld, int64_t m, int64_t n) : to(target), ldo(ld), rows(m), columns(n) {
    if constexpr (std::is_same_v<E, float>) {
      c = target;
      ldc = ld;
    } else {
      c = thread_values<float>(slot, m * n);
      ldc = n;
    }
  }
  void settle() const { narrow_rows(c, ldc, to, ldo, rows, columns); }
};

}  // namespace tasklab

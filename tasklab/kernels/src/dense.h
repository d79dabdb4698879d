// A Dense layer and its matrix products: forward, back to its input, and its weight's gradient.
#pragma once
#include <cstdint>
#include <type_traits>

#include "adapter.h"
#include "gemm.h"
#include "number.h"
#include "scratch.h"

namespace tasklab {

struct Dense {
  const float *weight, *bias;  // [out, in], [out]; a bias that is not there is zeros
  Adapter adapter = {};
};

struct DenseGrad {
  float *weight = nullptr, *bias = nullptr;  // null: not wanted, and not computed where that saves work
  AdapterGrad adapter = {};
};

// y [T, out] = x [T, in] weight^T; y null: see Product
template <class E>
Product<E> apply(const E* x, const E* weight, int64_t rows, int64_t in, int64_t out, float* y, int64_t ldy) {
  return {false, true, rows, out, in, x, in, weight, in, 0.0f, y, ldy};
}

// dx [T, in] (+)= dy [T, out] weight
template <class E>
Product<E> back(const E* dy, int64_t ldy, const E* weight, int64_t rows, int64_t in, int64_t out, float beta,
                float* dx) {
  return {false, false, rows, in, out, dy, ldy, weight, in, beta, dx, in};
}

// dweight [out, in] = dy^T x
template <class E>
Product<E> weigh(const E* dy, int64_t ldy, const E* x, int64_t rows, int64_t in, int64_t out, float* dweight) {
  return {true, false, out, in, rows, dy, ldy, x, in, 0.0f, dweight, in};
}

// The target of products whose tiles are finished at once: its own memory for floats, passing tiles otherwise.
inline float* in_place(float* y) { return y; }
inline float* in_place(BFloat16*) { return nullptr; }

// Memory for E values that replace floats one by one: the floats' own, or fresh.
template <class E>
E* replacing(float* x, int64_t count, Scratch& scratch) {
  if constexpr (std::is_same_v<E, float>) return x;
  else return scratch.take<E>(count);
}

// y = c + bias; y may be c
template <class E>
void add_bias(const float* c, int64_t ldc, const float* bias, E* y, int64_t ldy, int64_t rows, int64_t columns) {
  for (int64_t t = 0; t < rows; ++t)
#pragma omp simd
    for (int64_t j = 0; j < columns; ++j) y[t * ldy + j] = narrow<E>(c[t * ldc + j] + bias[j]);
}

}  // namespace tasklab

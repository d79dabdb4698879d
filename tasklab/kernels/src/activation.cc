#include "activation.h"

#include <algorithm>
#include <stdexcept>

#include "pool.h"
#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

constexpr int64_t kRows = 32;

template <class Body>
void with_kind(Activation kind, Body&& body) {
  switch (kind) {
    case kGeluErf: return body(GeluErf{});
    case kGeluTanh: return body(GeluTanh{});
    case kRelu: return body(Relu{});
    case kSilu: return body(Silu{});
  }
  throw std::invalid_argument("unknown activation");
}

}  // namespace

template <class E>
void activate(Activation kind, const float* c, int64_t ldc, const float* bias, E* x, E* y, int64_t ld, int64_t rows,
              int64_t columns) {
  with_kind(kind, [&](auto f) {
    for (int64_t t = 0; t < rows; ++t) {
      const float* in = c + t * ldc;
      E *kept = x + t * ld, *out = y + t * ld;
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) {
        kept[j] = narrow<E>(in[j] + bias[j]);
        out[j] = narrow<E>(f.value(widen(kept[j])));
      }
    }
  });
}

template <class E>
void activate_backward(Activation kind, const E* x, E* y, const float* dy, E* dx, int64_t ldd, float* dbias,
                       int64_t rows, int64_t width) {
  const int64_t pieces = blocks_of(rows, kRows);
  Scratch scratch;
  float* parts = scratch.floats(pieces * width);
  with_kind(kind, [&](auto f) {
    parallel_for(pieces, [&](int64_t block) {
      float* part = parts + block * width;
      std::fill_n(part, width, 0.0f);
      for (int64_t t = block * kRows; t < std::min(rows, (block + 1) * kRows); ++t) {
        const E* in = x + t * width;
        const float* from = dy + t * ldd;
        E *out = y + t * width, *grad = dx + t * ldd;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) {
          const float value = widen(in[j]), slope = from[j] * f.slope(value);
          out[j] = narrow<E>(f.value(value));
          grad[j] = narrow<E>(slope);
          part[j] += slope;
        }
      }
    });
  });
  if (dbias == nullptr) return;
  std::fill_n(dbias, width, 0.0f);
  for (int64_t piece = 0; piece < pieces; ++piece)
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) dbias[j] += parts[piece * width + j];
}

template <class E>
void activate_gate(Activation kind, const float* c, int64_t ldc, const float* bias, E* x, const E* other, E* y,
                   int64_t ld, int64_t rows, int64_t columns) {
  with_kind(kind, [&](auto f) {
    for (int64_t t = 0; t < rows; ++t) {
      const float* in = c + t * ldc;
      const E* factor = other + t * ld;
      E *kept = x + t * ld, *out = y + t * ld;
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) {
        kept[j] = narrow<E>(in[j] + bias[j]);
        out[j] = narrow<E>(f.value(widen(kept[j])) * widen(factor[j]));
      }
    }
  });
}

template <class E>
void activate_gate_backward(Activation kind, const E* x, const E* other, E* y, const float* dy, E* dx, E* dother,
                            int64_t ldd, int64_t rows, int64_t width) {
  with_kind(kind, [&](auto f) {
    parallel_for(blocks_of(rows, kRows), [&](int64_t block) {
      for (int64_t t = block * kRows; t < std::min(rows, (block + 1) * kRows); ++t) {
        const int64_t i = t * width;
        const float* from = dy + t * ldd;
        E *grad = dx + t * ldd, *dfactor = dother + t * ldd;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) {
          const float gate = widen(x[i + j]), factor = widen(other[i + j]), d = from[j], value = f.value(gate);
          y[i + j] = narrow<E>(value * factor);
          dfactor[j] = narrow<E>(d * value);
          grad[j] = narrow<E>(d * factor * f.slope(gate));
        }
      }
    });
  });
}

template void activate(Activation, const float*, int64_t, const float*, float*, float*, int64_t, int64_t, int64_t);
template void activate(Activation, const float*, int64_t, const float*, BFloat16*, BFloat16*, int64_t, int64_t,
                       int64_t);
template void activate_backward(Activation, const float*, float*, const float*, float*, int64_t, float*, int64_t,
                                int64_t);
template void activate_backward(Activation, const BFloat16*, BFloat16*, const float*, BFloat16*, int64_t, float*,
                                int64_t, int64_t);

template void activate_gate(Activation, const float*, int64_t, const float*, float*, const float*, float*, int64_t,
                            int64_t, int64_t);
template void activate_gate(Activation, const float*, int64_t, const float*, BFloat16*, const BFloat16*, BFloat16*,
                            int64_t, int64_t, int64_t);
template void activate_gate_backward(Activation, const float*, const float*, float*, const float*, float*, float*,
                                     int64_t, int64_t, int64_t);
template void activate_gate_backward(Activation, const BFloat16*, const BFloat16*, BFloat16*, const float*, BFloat16*,
                                     BFloat16*, int64_t, int64_t, int64_t);

}  // namespace tasklab

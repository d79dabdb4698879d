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

void activate(Activation kind, float* x, int64_t ldx, const float* bias, float* y, int64_t ldy, int64_t rows,
              int64_t columns) {
  with_kind(kind, [&](auto f) {
    for (int64_t t = 0; t < rows; ++t) {
      float *in = x + t * ldx, *out = y + t * ldy;
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) {
        in[j] += bias[j];
        out[j] = f.value(in[j]);
      }
    }
  });
}

void activate_backward(Activation kind, const float* x, float* y, float* dx, float* dbias, int64_t rows,
                       int64_t width) {
  const int64_t pieces = blocks_of(rows, kRows);
  Scratch scratch;
  float* parts = scratch.floats(pieces * width);
  with_kind(kind, [&](auto f) {
    parallel_for(pieces, [&](int64_t block) {
      float* part = parts + block * width;
      std::fill_n(part, width, 0.0f);
      for (int64_t t = block * kRows; t < std::min(rows, (block + 1) * kRows); ++t) {
        const float* in = x + t * width;
        float *out = y + t * width, *grad = dx + t * width;
#pragma omp simd
        for (int64_t j = 0; j < width; ++j) {
          out[j] = f.value(in[j]);
          grad[j] *= f.slope(in[j]);
          part[j] += grad[j];
        }
      }
    });
  });
  std::fill_n(dbias, width, 0.0f);
  for (int64_t piece = 0; piece < pieces; ++piece)
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) dbias[j] += parts[piece * width + j];
}

}  // namespace tasklab

// The activation between the two feed-forward products, with the bias before it, and its gradient.
#pragma once
#include <cstdint>

#include "number.h"

namespace tasklab {

enum Activation : int32_t { kGeluErf = 0, kGeluTanh = 1, kRelu = 2, kSilu = 3 };

// x = c + bias, then y = activation(x); c has the row stride ldc, x and y have ld; x may be c itself.
template <class E>
void activate(Activation kind, const float* c, int64_t ldc, const float* bias, E* x, E* y, int64_t ld, int64_t rows,
              int64_t columns);

// y = activation(x) and dx = dy * slope(x), for whole matrices [rows, width]; dbias [width] = column sums of dx, or null.
// dy and dx have the row stride ldd; dx may be dy itself.
template <class E>
void activate_backward(Activation kind, const E* x, E* y, const float* dy, E* dx, int64_t ldd, float* dbias,
                       int64_t rows, int64_t width);

// The gated form: x = c + bias, then y = activation(x) * other.
template <class E>
void activate_gate(Activation kind, const float* c, int64_t ldc, const float* bias, E* x, const E* other, E* y,
                   int64_t ld, int64_t rows, int64_t columns);

// y = activation(x) * other, dx and dother its gradients from dy, for whole matrices [rows, width]; gradients have the
// row stride ldd. dx may be dy itself.
template <class E>
void activate_gate_backward(Activation kind, const E* x, const E* other, E* y, const float* dy, E* dx, E* dother,
                            int64_t ldd, int64_t rows, int64_t width);

}  // namespace tasklab

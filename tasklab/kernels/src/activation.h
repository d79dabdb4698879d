// The activation between the two feed-forward products, with the bias before it, and its gradient.
#pragma once
#include <cstdint>

namespace tasklab {

enum Activation { kGeluErf = 0, kGeluTanh = 1, kRelu = 2, kSilu = 3 };

// x [rows, columns] += bias, then y = activation(x); x and y have the row strides ldx and ldy.
void activate(Activation kind, float* x, int64_t ldx, const float* bias, float* y, int64_t ldy, int64_t rows,
              int64_t columns);

// y = activation(x) and dx = dx * slope(x), for whole matrices [rows, width]; dbias [width] = column sums of dx.
void activate_backward(Activation kind, const float* x, float* y, float* dx, float* dbias, int64_t rows,
                       int64_t width);

}  // namespace tasklab

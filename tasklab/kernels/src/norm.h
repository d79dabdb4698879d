// output + bias -> dropout -> + residual -> LayerNorm, in one pass over the rows, and its gradient.
#pragma once
#include <cstdint>

#include "dropout.h"
#include "number.h"

namespace tasklab {

struct NormForward {
  int64_t rows, width;
  const float* residual;  // [T, H]
  const float* bias;      // [H] of the Dense before
  const float *gamma, *beta;
  Dropout dropout;
  const int32_t* flat;    // [T] row of each token in the padded batch: the dropout index is flat * H + h
  float eps;
  float* sum;             // [T, H] in: product of the Dense without bias; out: what is normalised
  float* mean;            // [T]
  float* rstd;            // [T] 1 / sqrt(variance + eps)
  float* y;               // [T, H]
};

void norm_forward(const NormForward& n);

// y [rows, width] again from what norm_forward left in sum, mean and rstd.
void norm_again(int64_t rows, int64_t width, const float* sum, const float* mean, const float* rstd,
                const float* gamma, const float* beta, float* y);

struct NormBackward {
  int64_t rows, width;
  const float* dy;         // [T, H]
  const float *sum, *mean, *rstd, *gamma;
  Dropout dropout;
  const int32_t* flat;
  float* dsum;             // [T, H] gradient of the residual; may be dy itself
  float* dout;             // [T, H] gradient of the Dense's product (dropout applied)
  float *dgamma, *dbeta, *dbias;  // [H]
};

void norm_backward(const NormBackward& n);

// Sums of the columns of x [rows, width] with row stride ld: the gradient of a bias.
template <class E>
void column_sums(const E* x, int64_t rows, int64_t width, int64_t ld, float* sums);

}  // namespace tasklab

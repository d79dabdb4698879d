// output + bias -> dropout -> + residual -> norm, in one pass over the rows, and its gradient; and the parts alone.
#pragma once
#include <cstdint>

#include "dropout.h"
#include "number.h"

namespace tasklab {

// What a norm knows and what it finds: y = (x - mean) * rstd * gamma + beta; not centred (RMS): the mean is taken as 0.
struct RowNorm {
  const float *gamma, *beta;  // [H]
  float eps;
  bool centred;
  float *mean, *rstd;  // [T] found by the forward pass; rstd = 1 / sqrt(variance + eps)
};

struct NormForward {
  int64_t rows, width;
  const float* residual;  // [T, H]
  const float* bias;      // [H] of the Dense before
  Dropout dropout;
  const int32_t* flat;    // [T] row of each token in the padded batch: the dropout index is flat * H + h
  float* sum;             // [T, H] in: product of the Dense without bias; out: what is normalised
  RowNorm norm;
  float* y;               // [T, H]; null: no norm follows
};

void norm_forward(const NormForward& n);

// y = norm(x), [rows, width] both.
void normalise_rows(int64_t rows, int64_t width, const float* x, const RowNorm& norm, float* y);

// y [rows, width] again from what was normalised and what the forward pass found.
void norm_again(int64_t rows, int64_t width, const float* x, const RowNorm& norm, float* y);

struct NormBackward {
  int64_t rows, width;
  const float* dy;         // [T, H]
  const float* sum;        // [T, H] what was normalised
  RowNorm norm;
  Dropout dropout;
  const int32_t* flat;
  const float* along;      // [T, H] a gradient that reaches `sum` past the norm; may be null, or dsum itself
  float* dsum;             // [T, H] gradient of `sum`; may be dy itself
  float* dout;             // [T, H] gradient of the Dense's product (dropout applied); null: there is no Dense before
  float *dgamma, *dbeta, *dbias;  // [H], each null where it is not wanted
};

void norm_backward(const NormBackward& n);

// The gradient of the Dense's product behind a sum without a norm: dout = dropout(dy), dbias its column sums, or null.
void drop_backward(int64_t rows, int64_t width, const float* dy, const Dropout& dropout, const int32_t* flat,
                   float* dout, float* dbias);

// Sums of the columns of x [rows, width] with row stride ld: the gradient of a bias.
template <class E>
void column_sums(const E* x, int64_t rows, int64_t width, int64_t ld, float* sums);

}  // namespace tasklab

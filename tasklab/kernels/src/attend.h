// Attention with the Denses around it: of a layer's tokens among themselves, or across to those of a source.
#pragma once
#include <cstdint>

#include "attention.h"
#include "dense.h"
#include "rotary.h"

namespace tasklab {

struct Projections {
  Dense query, key, value, output;
};

struct ProjectionGrads {
  DenseGrad query, key, value, output;
};

template <class E>
struct Look {
  const Tokens &tokens, &seen;       // T, U of them; one and the same, or a layer's and its source's
  int64_t hidden;                    // H
  int64_t heads, groups, head_size;  // N, G, D
  float scale;
  bool causal;
  RotaryTables rotary;     // for tokens among themselves
  const float* positions;  // see Attention
  const Projections& dense;
  Dropout dropout;  // on the probabilities
  E* qkv;           // values(): [T, (N + 2 G) D] side by side, or across: [T, N D], then [U, 2 G D]
  E* context;       // [T, N D]
  float* log_sum;   // [T, N]

  bool across() const { return &tokens != &seen; }
  int64_t values() const { return (tokens.count() * heads + seen.count() * 2 * groups) * head_size; }
};

// What attention gives before the output's bias, y [T, H], from its inputs x [T, H] and, across, source [U, H].
template <class E>
void attend(const Look<E>& look, const float* x, const float* source, float* y);

// Gradients from those of y, dout [T, H]: dx [T, H] = beta dx + that of x; across also dsource [U, H].
template <class E>
void attend_backward(const Look<E>& look, const float* x, const float* source, const float* dout, float beta, float* dx,
                     float* dsource, const ProjectionGrads& grad, float* dpositions);

}  // namespace tasklab

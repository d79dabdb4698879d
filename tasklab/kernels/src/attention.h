// Softmax attention over packed tokens, a block of query rows at a time: no tensor of scores leaves the caches.
// The gradient computes the probabilities again from q, k and one number per row (Dao et al. 2022, section 3.1).
#pragma once
#include <cstdint>

#include "dropout.h"
#include "tokens.h"

namespace tasklab {

struct Attention {
  const Tokens& tokens;
  int64_t heads, head_size;  // N, D; H = N D
  const float* qkv;          // [T, 3 H]: query, key, value side by side
  Dropout dropout;           // on the probabilities, index ((b N + n) S + i) S + j
  float* log_sum;            // [T, N] log of the row sums of exp(scores); may be null in the forward pass
  float* context;            // [T, H]
};

void attention_forward(const Attention& a);

// dqkv [T, 3 H] from dcontext [T, H]; `a` as the forward pass left it.
void attention_backward(const Attention& a, const float* dcontext, float* dqkv);

}  // namespace tasklab

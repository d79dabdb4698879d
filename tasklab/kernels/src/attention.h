// Softmax attention over packed tokens, a block of query rows at a time: no tensor of scores leaves the caches.
// The gradient computes the probabilities again from q, k and one number per row (Dao et al. 2022, section 3.1).
#pragma once
#include <cstdint>

#include "dropout.h"
#include "number.h"
#include "tokens.h"

namespace tasklab {

template <class E>
struct Attention {
  const Tokens& tokens;
  int64_t heads, head_size;  // N, D; H = N D
  bool causal;               // a token sees itself and what stands before it, else all of its row
  const E* qkv;              // [T, 3 H]: query, key, value side by side
  Dropout dropout;           // on the probabilities, index ((b N + n) S + i) S + j
  float* log_sum;            // [T, N] log of the row sums of exp(scores); may be null in the forward pass
  E* context;                // [T, H]
};

template <class E>
void attention_forward(const Attention<E>& a);

// dqkv [T, 3 H] from dcontext [T, H]; `a` as the forward pass left it.
template <class E>
void attention_backward(const Attention<E>& a, const E* dcontext, E* dqkv);

}  // namespace tasklab

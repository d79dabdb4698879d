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
  const Tokens& seen;                // whose keys and values: `tokens` themselves, or as many stretches of a source
  int64_t heads, groups, head_size;  // N, G, D: N / G heads share a key and a value
  float scale;                       // of the scores
  bool causal;                       // a token sees a prefix, itself and what stands before it, else its stretch
  const E *query, *key, *value;      // [T, N D], [U, G D] twice, U tokens that are seen
  int64_t query_ld, key_ld;          // row strides; values have that of keys
  Dropout dropout;                   // on the probabilities, index ((b N + n) S + i) R + j, R the length of `seen`
  float* log_sum;                    // [T, N] log of the row sums of exp(scores)
  E* context;                        // [T, N D]
  const float* positions;            // [N, 2 S - 1] added to the scaled scores, by key - query + S - 1; or null
};

template <class E>
void attention_forward(const Attention<E>& a);

// Gradients, laid out as what they are of, from dcontext [T, N D]; `a` as the forward pass left it. dpositions
// [N, 2 S - 1], or null.
template <class E>
void attention_backward(const Attention<E>& a, const E* dcontext, E* dquery, E* dkey, E* dvalue, float* dpositions);

}  // namespace tasklab

// A Transformer layer. Post-norm (BERT): x1 = norm(x + drop(attention(x))), y = norm(x1 + drop(feed_forward(x1))).
// Pre-norm (GPT, Llama): x1 = x + drop(attention(norm(x))), y = x1 + drop(feed_forward(norm(x1))).
#pragma once
#include <cstdint>

#include "activation.h"
#include "dropout.h"
#include "number.h"
#include "rotary.h"
#include "tokens.h"

namespace tasklab {

struct Dense {
  const float *weight, *bias;  // [out, in], [out]; a bias that is not there is zeros
};

struct DenseGrad {
  float *weight = nullptr, *bias = nullptr;  // null: not wanted, and not computed where that saves work
};

struct Layer {
  int64_t hidden, inner;             // H, I
  int64_t heads, groups, head_size;  // N, G, D: N / G heads share a key and a value
  bool causal;                       // tokens see what stands before them, as GPT's
  bool norm_first;
  bool centred;                      // LayerNorm; else RMSNorm
  bool gated;                        // the feed-forward's inner values are activation(gate) * up
  Activation activation;
  float eps, scale;                  // scale: of the scores
  RotaryTables rotary;
  const float* positions;            // [N, 2 S - 1] of the attention, or null
  Dropout on_probabilities, on_attention, on_output, on_active;  // on_active: the feed-forward's inner values
  Dense query, key, value, output, attention_norm, up, gate, down, norm;  // norms: weight = gamma, bias = beta

  int64_t context() const { return heads * head_size; }
  int64_t projected() const { return (heads + 2 * groups) * head_size; }
};

// What the backward pass needs, packed rows first to last; pointers into one buffer of saved_floats() floats.
template <class E>
struct Saved {
  E* qkv;          // [T, (N + 2 G) D], turned
  E* context;      // [T, N D]
  E* inner;        // [T, I] before the activation, or what the gate multiplies
  E* gate;         // [T, I] before the activation, if gated
  float* sum1;     // [T, H] x + attention
  float* sum2;     // [T, H] post-norm: what the last norm normalises
  float *mean1, *rstd1, *mean2, *rstd2;  // [T] of attention_norm, of norm
  float* log_sum;  // [T, N]
};

template <class E>
int64_t saved_floats(const Layer& layer, int64_t tokens);
template <class E>
Saved<E> saved_at(const Layer& layer, int64_t tokens, float* buffer);

// x and y are packed [T, H]. Products read their operands as E.
template <class E>
void layer_forward(const Layer& layer, const Tokens& tokens, const float* x, const Saved<E>& saved, float* y);

struct LayerGrad {
  DenseGrad query, key, value, output, attention_norm, up, gate, down, norm;
  float* positions = nullptr;  // [N, 2 S - 1]; null: not wanted
};

// dy and dx are packed [T, H].
template <class E>
void layer_backward(const Layer& layer, const Tokens& tokens, const float* x, const Saved<E>& saved, const float* dy,
                    float* dx, const LayerGrad& grad);

}  // namespace tasklab

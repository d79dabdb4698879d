// A Transformer layer. Post-norm (BERT): x1 = norm(x + drop(attention(x))), y = norm(x1 + drop(feed_forward(x1))).
// Pre-norm (GPT, Llama): x1 = x + drop(attention(norm(x))), y = x1 + drop(feed_forward(norm(x1))).
// A layer that reads a source attends to it between the two, with a dropout, a sum and a norm of its own.
#pragma once
#include <cstdint>

#include "activation.h"
#include "attend.h"
#include "dropout.h"
#include "number.h"
#include "rotary.h"
#include "tokens.h"

namespace tasklab {

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
  bool reads_source;
  Dropout on_probabilities, on_attention, on_output, on_active;  // on_active: the feed-forward's inner values
  Dropout on_source_probabilities, on_source;
  Projections attention, source;
  Dense attention_norm, source_norm, up, gate, down, norm;  // norms: weight = gamma, bias = beta

  int64_t context() const { return heads * head_size; }
  int64_t projected() const { return (heads + 2 * groups) * head_size; }
};

// What a layer reads beside its own tokens, packed [U, H]; one row of the batch for each of these.
struct Source {
  const Tokens& tokens;
  const float* states;
};

// What the backward pass needs, packed rows first to last; pointers into one buffer of saved_floats() floats. What is
// of the source is there in a layer that reads one.
template <class E>
struct Saved {
  E* qkv;           // [T, (N + 2 G) D], turned
  E* context;       // [T, N D]
  E* inner;         // [T, I] before the activation, or what the gate multiplies
  E* gate;          // [T, I] before the activation, if gated
  E* source_qkv;    // [T, N D], [U, 2 G D]
  E* source_context;
  float* sum1;      // [T, H] x + attention
  float* sum2;      // [T, H] post-norm: what the last norm normalises
  float* source_sum;                     // [T, H] the sum behind the attention to the source
  float *mean1, *rstd1, *mean2, *rstd2;  // [T] of attention_norm, of norm
  float *source_mean, *source_rstd;      // [T] of source_norm
  float *log_sum, *source_log_sum;       // [T, N]
};

// For T tokens of a layer and U of its source.
template <class E>
int64_t saved_floats(const Layer& layer, int64_t tokens, int64_t seen);
template <class E>
Saved<E> saved_at(const Layer& layer, int64_t tokens, int64_t seen, float* buffer);

// x and y are packed [T, H]. Products read their operands as E.
template <class E>
void layer_forward(const Layer& layer, const Tokens& tokens, const Source& source, const float* x,
                   const Saved<E>& saved, float* y);

struct LayerGrad {
  ProjectionGrads attention, source;
  DenseGrad attention_norm, source_norm, up, gate, down, norm;
  float* positions = nullptr;  // [N, 2 S - 1]; null: not wanted
  float* states = nullptr;     // [U, H] packed, of a layer that reads a source
};

// dy and dx are packed [T, H].
template <class E>
void layer_backward(const Layer& layer, const Tokens& tokens, const Source& source, const float* x,
                    const Saved<E>& saved, const float* dy, float* dx, const LayerGrad& grad);

}  // namespace tasklab

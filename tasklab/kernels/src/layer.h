// A post-norm BERT encoder layer: x1 = norm(x + drop(attention(x))), y = norm(x1 + drop(W2 act(W1 x1))).
#pragma once
#include <cstdint>

#include "activation.h"
#include "dropout.h"
#include "number.h"
#include "tokens.h"

namespace tasklab {

struct Dense {
  const float *weight, *bias;  // [out, in], [out]
};

struct DenseGrad {
  float *weight, *bias;
};

struct Layer {
  int64_t hidden, inner, heads;  // H, I, N
  bool causal;                   // tokens see what stands before them, as GPT's
  Activation activation;
  float eps;
  Dropout on_probabilities, on_attention, on_output;
  Dense query, key, value, output, attention_norm, up, down, norm;  // norms: weight = gamma, bias = beta
};

// What the backward pass needs, packed rows first to last; pointers into one buffer of saved_floats() floats.
template <class E>
struct Saved {
  E* qkv;          // [T, 3 H]
  E* context;      // [T, H]
  E* inner;        // [T, I] before the activation
  float* sum1;     // [T, H] what attention_norm normalises
  float* sum2;     // [T, H] what the last norm normalises
  float *mean1, *rstd1, *mean2, *rstd2;  // [T]
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
  DenseGrad query, key, value, output, attention_norm, up, down, norm;
};

// dy and dx are packed [T, H] and may be the same memory.
template <class E>
void layer_backward(const Layer& layer, const Tokens& tokens, const float* x, const Saved<E>& saved, const float* dy,
                    float* dx, const LayerGrad& grad);

}  // namespace tasklab

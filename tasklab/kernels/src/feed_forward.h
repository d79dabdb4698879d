// A layer's feed-forward: Dense, activation and perhaps a gate, dropout, Dense.
#pragma once
#include "layer.h"

namespace tasklab {

// s.inner and s.gate from the feed-forward's input `x`; the product with `down` goes to `y`.
template <class E>
void feed_forward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, float* y);

// Gradients of the feed-forward from those of its product, dout [T, H]; dx [T, H] = beta dx + its input's gradient.
template <class E>
void feed_forward_backward(const Layer& l, const Tokens& tokens, const float* x, const Saved<E>& s, const float* dout,
                           float beta, float* dx, const LayerGrad& g);

}  // namespace tasklab

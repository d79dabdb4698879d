// A layer on a padded batch, as the operators of encoder and decoder layers call it: packs, runs, unpacks.
#pragma once
#include <cstdint>
#include <initializer_list>

#include "arguments.h"
#include "layer.h"
#include "tokens.h"

namespace tasklab {

struct LayerCall {
  const float* x;  // [B, S, H]
  Tokens tokens;
  Layer layer;
  bool recompute, bfloat16;
  Tokens source = Tokens(nullptr, 0, 0);  // of a layer that reads one
  const float* states = nullptr;          // [B, R, H] of these
};

// Settings of one dropout as they travel: site, threshold, bits of the scale.
constexpr int kDropoutSettings = 3;
void set_dropouts(std::initializer_list<Dropout*> dropouts, uint32_t seed, const int32_t* settings);

// Floats that the forward pass leaves for the backward pass; 1 with recompute, which leaves nothing.
int64_t kept_floats(const LayerCall& call);

// y [B, S, H], padding 0; `kept` null: there will be no backward pass.
void run_forward(const LayerCall& call, float* kept, float* y);

// dx [B, S, H], padding 0, and what `grad` asks for; its states are padded here too, [B, R, H].
void run_backward(const LayerCall& call, const float* kept, const float* dy, float* dx, const LayerGrad& grad);

}  // namespace tasklab

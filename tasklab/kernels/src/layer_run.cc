#include "layer_run.h"

#include "scratch.h"
#include "vmath.h"

namespace tasklab {
namespace {

// `padded` itself when every token is real, else its packed copy.
const float* packed(const Tokens& tokens, const float* padded, int64_t width, Scratch& scratch) {
  if (tokens.full()) return padded;
  float* copy = scratch.floats(tokens.count() * width);
  tokens.pack(padded, copy, width);
  return copy;
}

// Calls body(E{}) with the type in which the settings want the products' operands.
template <class Body>
void with_operands(const LayerCall& call, Body&& body) {
  if (call.bfloat16) body(BFloat16{});
  else body(float{});
}

}  // namespace

void set_dropouts(std::initializer_list<Dropout*> dropouts, uint32_t seed, const int32_t* settings) {
  for (Dropout* dropout : dropouts) {
    *dropout = make_dropout(seed, settings[0], settings[1], bits_to_float(settings[2]));
    settings += kDropoutSettings;
  }
}

int64_t kept_floats(const LayerCall& call) {
  if (call.recompute) return 1;
  int64_t count = 0;
  with_operands(call, [&](auto e) {
    count = saved_floats<decltype(e)>(call.layer, call.tokens.padded(), call.source.padded());
  });
  return count;
}

void run_forward(const LayerCall& call, float* kept, float* y) {
  with_operands(call, [&](auto e) {
    using E = decltype(e);
    Scratch scratch;
    const int64_t H = call.layer.hidden, T = call.tokens.count(), U = call.source.count();
    if (kept == nullptr || call.recompute) kept = scratch.floats(saved_floats<E>(call.layer, T, U));
    float* out = call.tokens.full() ? y : scratch.floats(T * H);
    const float* x = packed(call.tokens, call.x, H, scratch);
    const Source source{call.source, packed(call.source, call.states, H, scratch)};
    layer_forward(call.layer, call.tokens, source, x, saved_at<E>(call.layer, T, U, kept), out);
    if (out != y) call.tokens.unpack(out, y, H);
  });
}

void run_backward(const LayerCall& call, const float* kept, const float* padded_dy, float* dx, const LayerGrad& grad) {
  with_operands(call, [&](auto e) {
    using E = decltype(e);
    Scratch scratch;
    const int64_t H = call.layer.hidden, T = call.tokens.count(), U = call.source.count();
    const float* x = packed(call.tokens, call.x, H, scratch);
    const float* dy = packed(call.tokens, padded_dy, H, scratch);
    const Source source{call.source, packed(call.source, call.states, H, scratch)};
    float* out = call.tokens.full() ? dx : scratch.floats(T * H);
    LayerGrad own = grad;
    if (!call.source.full()) own.states = scratch.floats(U * H);
    // what was kept is only read below
    float* memory = call.recompute ? scratch.floats(saved_floats<E>(call.layer, T, U)) : const_cast<float*>(kept);
    const Saved<E> saved = saved_at<E>(call.layer, T, U, memory);
    if (call.recompute) layer_forward(call.layer, call.tokens, source, x, saved, out);  // overwritten below
    layer_backward(call.layer, call.tokens, source, x, saved, dy, out, own);
    if (out != dx) call.tokens.unpack(out, dx, H);
    if (own.states != grad.states) call.source.unpack(own.states, grad.states, H);
  });
}

}  // namespace tasklab

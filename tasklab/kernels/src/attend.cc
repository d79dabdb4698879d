#include "attend.h"

#include "gemm.h"
#include "norm.h"
#include "scratch.h"

namespace tasklab {
namespace {

// Queries, keys or values: where they stand, what makes them, and from how many rows.
template <class E>
struct Projection {
  const Dense& dense;
  const DenseGrad* grad;
  E* values;
  int64_t ld, rows, width;
  bool of_source;
};

// In memory laid out as look.qkv.
template <class E>
std::vector<Projection<E>> projections(const Look<E>& look, E* memory, const ProjectionGrads* g = nullptr) {
  const int64_t wide = look.heads * look.head_size, narrow = look.groups * look.head_size;
  const int64_t T = look.tokens.count(), U = look.seen.count();
  const bool across = look.across();
  const int64_t ld = across ? wide : wide + 2 * narrow, seen_ld = across ? 2 * narrow : ld;
  E* keys = across ? memory + T * wide : memory + wide;
  const Projections& d = look.dense;
  return {{d.query, g ? &g->query : nullptr, memory, ld, T, wide, false},
          {d.key, g ? &g->key : nullptr, keys, seen_ld, U, narrow, across},
          {d.value, g ? &g->value : nullptr, keys + narrow, seen_ld, U, narrow, across}};
}

template <class E>
Attention<E> attention_of(const Look<E>& l, const std::vector<Projection<E>>& parts) {
  return {l.tokens, l.seen, l.heads, l.groups, l.head_size, l.scale, l.causal, parts[0].values, parts[1].values,
          parts[2].values, parts[0].ld, parts[1].ld, l.dropout, l.log_sum, l.context, l.positions};
}

template <class E>
void turn(const Look<E>& look, const std::vector<Projection<E>>& parts, bool backwards) {
  look.rotary.turn(look.tokens, parts[0].values, parts[0].ld, look.heads, look.head_size, backwards);
  look.rotary.turn(look.seen, parts[1].values, parts[1].ld, look.groups, look.head_size, backwards);
}

}  // namespace

template <class E>
void attend(const Look<E>& look, const float* x, const float* source, float* y) {
  const int64_t T = look.tokens.count(), H = look.hidden, C = look.heads * look.head_size;
  const std::vector<Projection<E>> parts = projections(look, look.qkv);
  {
    Scratch inputs;
    const E* rows = operand<E>(x, T * H, inputs);
    const E* seen = look.across() ? operand<E>(source, look.seen.count() * H, inputs) : rows;
    std::vector<Product<E>> products;
    std::vector<AdapterForward<E>> adapters;
    for (const Projection<E>& p : parts) {
      const E* read = p.of_source ? seen : rows;
      products.push_back(apply(read, operand<E>(p.dense.weight, p.width * H, inputs), p.rows, H, p.width,
                               in_place(p.values), p.ld));
      adapters.emplace_back(p.dense.adapter, p.of_source ? look.seen : look.tokens, read, inputs);
    }
    multiply_all(products, [&](const Tile& t, float* c, int64_t ldc) {
      const Projection<E>& p = parts[t.job];
      adapters[t.job].add(t, c, ldc);
      add_bias(c, ldc, p.dense.bias + t.column, p.values + t.row * p.ld + t.column, p.ld, t.rows, t.columns);
    });
  }
  turn(look, parts, false);
  attention_forward(attention_of(look, parts));
  Scratch scratch;
  const E* output = operand<E>(look.dense.output.weight, H * C, scratch);
  const AdapterForward<E> adapter(look.dense.output.adapter, look.tokens, look.context, scratch);
  multiply_all<E>({apply<E>(look.context, output, T, C, H, y, H)},
                  [&](const Tile& t, float* c, int64_t ldc) { adapter.add(t, c, ldc); });
}

template <class E>
void attend_backward(const Look<E>& look, const float* x, const float* source, const float* dout, float beta, float* dx,
                     float* dsource, const ProjectionGrads& g, float* dpositions) {
  const int64_t T = look.tokens.count(), U = look.seen.count(), H = look.hidden, C = look.heads * look.head_size;
  Scratch scratch;
  const std::vector<Projection<E>> parts = projections(look, scratch.take<E>(look.values()), &g);  // of gradients
  {
    Scratch narrow;
    const E *dsum = operand<E>(dout, T * H, narrow), *output = operand<E>(look.dense.output.weight, H * C, narrow);
    E* dcontext = narrow.take<E>(T * C);
    std::vector<Product<E>> products{back(dsum, H, output, T, C, H, 0.0f, in_place(dcontext))};
    if (g.output.weight) products.push_back(weigh<E>(dsum, H, look.context, T, C, H, g.output.weight));
    const AdapterBackward<E> adapter(look.dense.output.adapter, look.tokens, dsum, H, narrow);
    multiply_all(products, [&](const Tile& t, float* c, int64_t ldc) {
      if (t.job != 0) return;
      adapter.add(t, c, ldc);
      narrow_rows(c, ldc, dcontext + t.row * C + t.column, C, t.rows, t.columns);
    });
    adapter.learn(look.context, g.output.adapter);
    attention_backward<E>(attention_of(look, projections(look, look.qkv)), dcontext, parts[0].values, parts[1].values,
                          parts[2].values, dpositions);
  }
  turn(look, parts, true);
  const E* rows = operand<E>(x, T * H, scratch);
  const E* seen = look.across() ? operand<E>(source, U * H, scratch) : rows;
  std::vector<Product<E>> products;
  for (const Projection<E>& p : parts) {
    const E* read = p.of_source ? seen : rows;
    if (p.grad->weight) products.push_back(weigh<E>(p.values, p.ld, read, p.rows, H, p.width, p.grad->weight));
    if (p.grad->bias) column_sums<E>(p.values, p.rows, p.width, p.ld, p.grad->bias);
  }
  multiply_all(products);
  float source_beta = 0.0f;
  for (const Projection<E>& p : parts) {
    const E* weight = operand<E>(p.dense.weight, p.width * H, scratch);
    float& before = p.of_source ? source_beta : beta;
    const AdapterBackward<E> adapter(p.dense.adapter, p.of_source ? look.seen : look.tokens, p.values, p.ld, scratch);
    multiply_all<E>({back<E>(p.values, p.ld, weight, p.rows, H, p.width, before, p.of_source ? dsource : dx)},
                    [&](const Tile& t, float* c, int64_t ldc) { adapter.add(t, c, ldc); });
    adapter.learn(p.of_source ? seen : rows, p.grad->adapter);
    before = 1.0f;  // the next one adds
  }
}

template void attend(const Look<float>&, const float*, const float*, float*);
template void attend(const Look<BFloat16>&, const float*, const float*, float*);
template void attend_backward(const Look<float>&, const float*, const float*, const float*, float, float*, float*,
                              const ProjectionGrads&, float*);
template void attend_backward(const Look<BFloat16>&, const float*, const float*, const float*, float, float*, float*,
                              const ProjectionGrads&, float*);

}  // namespace tasklab

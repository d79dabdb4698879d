#include <algorithm>
#include <cmath>

#include "pool.h"
#include "scratch.h"
#include "stack.h"
#include "vmath.h"

namespace tasklab {
namespace {

// The halves of a head turn against each other by the angle of its position (Su et al. 2021, HuggingFace's order).
void rotate(float* head, int64_t half, const float* cosines, const float* sines) {
  for (int64_t j = 0; j < half; ++j) {
    const float a = head[j], b = head[half + j];
    head[j] = a * cosines[j] - b * sines[j];
    head[half + j] = b * cosines[j] + a * sines[j];
  }
}

// scores [count] of a query at `position` += what keys at 0, 1, ... get for standing so far behind it; distances [2
// reach + 1], from -reach on.
void add_distances(const float* distances, int64_t reach, int64_t position, int64_t count, float* scores) {
  const int64_t near = std::clamp<int64_t>(position - reach, 0, count);
  const int64_t far = std::clamp<int64_t>(position + reach + 1, 0, count);
  for (int64_t j = 0; j < near; ++j) scores[j] += distances[0];
  for (int64_t j = near; j < far; ++j) scores[j] += distances[j - position + reach];
  for (int64_t j = far; j < count; ++j) scores[j] += distances[2 * reach];
}

// scores [padded] -> exp(score - largest) of the first `count`, 0 behind them; returns 1 / their sum
float softmax(float* scores, int64_t count, int64_t padded) {
  float top = -INFINITY;
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < count; ++j) top = scores[j] > top ? scores[j] : top;
  for (int64_t j = 0; j < padded; ++j) scores[j] = j < count ? fast_exp(scores[j] - top) : 0.0f;
  return 1 / row_sum(padded, [&](int64_t j) { return scores[j]; });
}

// Pages lie apart in memory: while one is read, the next comes nearer.
Ahead ahead_of(const float* page) { return {reinterpret_cast<const char*>(page), kPanel * 4}; }

// Tokens of one slot as one layer and head has them.
struct Seen {
  const Cache& cache;
  int64_t slot, layer, head;

  const float* keys(int64_t page) const { return cache.keys(slot, page, layer, head); }
  const float* values(int64_t page) const { return cache.values(slot, page, layer, head); }
};

// M rows of queries, `stride` apart -> out; row m sees the first own + m * step tokens. add(m, count, scores): what
// stands beside the products.
template <int M, class Add>
void look(const Seen& seen, int64_t D, const float* rows, int64_t stride, int64_t own, int64_t step, Add&& add,
          float* out, int64_t out_stride) {
  const int64_t last = own + (M - 1) * step, pages = blocks_of(last, kPageTokens), padded = pages * kPageTokens;
  float* scores = thread_values<float>(0, M * padded);  // [M, padded]
  for (int64_t page = 0; page < pages; ++page) {
    const Ahead next = ahead_of(seen.keys(std::min(page + 1, pages - 1)));
    Sums<M> sums;
    add_panel(seen.keys(page), D, rows, stride, next, sums);
    for (int m = 0; m < M; ++m) sums.write(m, scores + m * padded + page * kPageTokens);
  }
  float inverse[M];
  for (int m = 0; m < M; ++m) {
    add(m, own + m * step, scores + m * padded);
    inverse[m] = softmax(scores + m * padded, own + m * step, padded);
  }
  for (int64_t from = 0; from < D; from += kPanel) {
    Sums<M> sums;
    for (int64_t page = 0; page < pages; ++page) {
      const int64_t tokens = std::min(kPageTokens, last - page * kPageTokens), panel = from * kPageTokens;
      const Ahead next = ahead_of(seen.values(std::min(page + 1, pages - 1)) + panel);
      add_panel(seen.values(page) + panel, tokens, scores + page * kPageTokens, padded, next, sums);
    }
    for (int m = 0; m < M; ++m) {
      float values[kPanel];
      sums.write(m, values);
      for (int64_t j = 0; j < std::min(kPanel, D - from); ++j)
        out[m * out_stride + from + j] = values[j] * inverse[m];
    }
  }
}

}  // namespace

void Stack::attend(const std::vector<Span>& spans, const Cache& cache, int64_t layer, float* qkv,
                   float* context) const {
  const int64_t G = shape_.kv_heads, written = sight_ == kAll ? 0 : layer;
  parallel_for(static_cast<int64_t>(spans.size()) * G,
               [&](int64_t piece) { attend_head(spans[piece / G], cache, written, piece % G, qkv, context); });
}

// One head of keys and values, and the heads of queries that share it.
void Stack::attend_head(const Span& span, const Cache& cache, int64_t layer, int64_t head, float* qkv,
                        float* context) const {
  const int64_t D = shape_.head_size, group = shape_.heads / shape_.kv_heads, queries = shape_.heads * D;
  const int64_t width = queries + 2 * shape_.kv_heads * D, reach = shape_.reach;
  float* q = qkv + span.row * width + head * group * D;  // [count, group, D], row stride `width`
  float* k = qkv + span.row * width + queries + head * D;
  const float scale = static_cast<float>(shape_.score_scale);
  for (int64_t t = 0; t < span.count; ++t) {
    float* own_q = q + t * width;
    if (shape_.rotary) {
      const int64_t from = (span.first + t) * (D / 2);
      for (int64_t h = 0; h < group; ++h) rotate(own_q + h * D, D / 2, &cosines_[from], &sines_[from]);
      rotate(k + t * width, D / 2, &cosines_[from], &sines_[from]);
    }
    for (int64_t j = 0; j < group * D; ++j) own_q[j] *= scale;
  }
  write(cache, span, layer, head, k, k + shape_.kv_heads * D, width);
  const Seen seen{cache, span.slot, layer, head};
  float* out = context + span.row * queries + head * group * D;
  const auto beside = [&](int64_t h, int64_t t, int64_t count, float* scores) {  // of a query's head and token
    if (reach > 0)
      add_distances(&distances_[(head * group + h) * (2 * reach + 1)], reach, span.first + t, count, scores);
  };
  if (span.count == 1) {
    for_rows(group, [&](auto block, int64_t h) {
      const auto add = [&](int m, int64_t count, float* scores) { beside(h + m, 0, count, scores); };
      look<decltype(block)::value>(seen, D, q + h * D, D, span.first + 1, 0, add, out + h * D, D);
    });
    return;
  }
  const bool all = sight_ == kAll || is_source(span);
  for (int64_t h = 0; h < group; ++h)
    for_rows(span.count, [&](auto block, int64_t t) {
      const auto add = [&](int m, int64_t count, float* scores) { beside(h, t + m, count, scores); };
      look<decltype(block)::value>(seen, D, q + t * width + h * D, width, all ? span.count : span.first + t + 1,
                                   all ? 0 : 1, add, out + t * queries + h * D, queries);
    });
}

// Slots that share a source, as beams do, look at it together when they stand beside each other.
void Stack::attend_sources(const std::vector<Span>& spans, const Cache& sources, int64_t layer, float* queries,
                           float* context) const {
  const int64_t D = shape_.head_size, group = shape_.heads / shape_.kv_heads, width = shape_.heads * D;
  std::vector<Span> together;
  for (const Span& span : spans) {
    if (!together.empty() && sources.same(together.back().slot, span.slot)) together.back().count += span.count;
    else together.push_back(span);
  }
  const float scale = static_cast<float>(shape_.score_scale);
  const auto nothing = [](int, int64_t, float*) {};
  parallel_for(static_cast<int64_t>(together.size()) * shape_.heads, [&](int64_t piece) {
    const Span& span = together[piece / shape_.heads];
    const int64_t h = piece % shape_.heads, from = span.row * width + h * D;
    for (int64_t t = 0; t < span.count; ++t)
      for (int64_t j = 0; j < D; ++j) queries[from + t * width + j] *= scale;
    const Seen seen{sources, span.slot, layer, h / group};
    for_rows(span.count, [&](auto block, int64_t t) {
      const int64_t row = from + t * width;
      look<decltype(block)::value>(seen, D, queries + row, width, sources.length(span.slot), 0, nothing, context + row,
                                   width);
    });
  });
}

void Stack::write(const Cache& cache, const Span& span, int64_t layer, int64_t head, const float* k, const float* v,
                  int64_t width) const {
  const int64_t D = shape_.head_size;
  for (int64_t t = 0; t < span.count; ++t) {
    const int64_t position = span.first + t, page = position / kPageTokens, column = position % kPageTokens;
    float* keys = cache.keys(span.slot, page, layer, head);
    float* values = cache.values(span.slot, page, layer, head);
    for (int64_t j = 0; j < D; ++j) keys[j * kPageTokens + column] = k[t * width + j];
    for (int64_t j = 0; j < D; ++j)
      values[(j / kPanel * kPageTokens + column) * kPanel + j % kPanel] = v[t * width + j];
  }
}

}  // namespace tasklab

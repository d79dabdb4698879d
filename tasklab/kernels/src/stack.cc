#include "stack.h"

#include <algorithm>
#include <cmath>

#include "pool.h"
#include "scratch.h"

namespace tasklab {
namespace {

constexpr int64_t kNormRows = 4;  // of one piece of work between products

}  // namespace

Stack::Stack(const DecoderShape& s, int64_t layers, Sight sight) : shape_(s), sight_(sight) {
  const Format format = static_cast<Format>(s.format);
  const int64_t queries = s.heads * s.head_size, keys = s.kv_heads * s.head_size;
  layers_.resize(layers);
  for (StackLayer& layer : layers_) {
    layer.qkv = Matrix(queries + 2 * keys, s.hidden, format);
    layer.output = Matrix(s.hidden, queries, format);
    layer.inner = Matrix(s.gated ? 2 * s.intermediate : s.intermediate, s.hidden, format);
    layer.down = Matrix(s.hidden, s.intermediate, format);
    layer.qkv_bias.resize(queries + 2 * keys);
    layer.inner_bias.resize(layer.inner.outputs());
    if (sight != kSource) continue;
    layer.cross_query = Matrix(queries, s.hidden, format);
    layer.cross_kv = Matrix(2 * keys, s.hidden, format);
    layer.cross_output = Matrix(s.hidden, queries, format);
    layer.cross_kv_bias.resize(2 * keys);
  }
}

void Stack::set_matrix(MatrixName name, int64_t index, const float* values, int64_t first, int64_t count) {
  const int64_t queries = shape_.heads * shape_.head_size, keys = shape_.kv_heads * shape_.head_size;
  StackLayer& layer = layers_[index];
  switch (name) {
    case kQuery: return layer.qkv.pack(values, first, count);
    case kKey: return layer.qkv.pack(values, queries + first, count);
    case kValue: return layer.qkv.pack(values, queries + keys + first, count);
    case kOutput: return layer.output.pack(values, first, count);
    case kGate: return layer.inner.pack(values, first, count);
    case kIntermediate: return layer.inner.pack(values, (shape_.gated ? shape_.intermediate : 0) + first, count);
    case kDown: return layer.down.pack(values, first, count);
    case kCrossQuery: return layer.cross_query.pack(values, first, count);
    case kCrossKey: return layer.cross_kv.pack(values, first, count);
    case kCrossValue: return layer.cross_kv.pack(values, keys + first, count);
    case kCrossOutput: return layer.cross_output.pack(values, first, count);
    case kWord: case kVocabulary: return;  // the whole's, not a stack's
  }
}

void Stack::set_vector(VectorName name, int64_t index, const float* values, int64_t count) {
  const int64_t queries = shape_.heads * shape_.head_size, keys = shape_.kv_heads * shape_.head_size;
  StackLayer* layer = index < 0 ? nullptr : &layers_[index];
  const auto part = [&](Vector& whole, int64_t from) { std::copy_n(values, count, whole.begin() + from); };
  switch (name) {
    case kQueryBias: return part(layer->qkv_bias, 0);
    case kKeyBias: return part(layer->qkv_bias, queries);
    case kValueBias: return part(layer->qkv_bias, queries + keys);
    case kOutputBias: return layer->output_bias.assign(values, values + count);
    case kGateBias: return part(layer->inner_bias, 0);
    case kIntermediateBias: return part(layer->inner_bias, shape_.gated ? shape_.intermediate : 0);
    case kDownBias: return layer->down_bias.assign(values, values + count);
    case kCrossQueryBias: return layer->cross_query_bias.assign(values, values + count);
    case kCrossKeyBias: return part(layer->cross_kv_bias, 0);
    case kCrossValueBias: return part(layer->cross_kv_bias, keys);
    case kCrossOutputBias: return layer->cross_output_bias.assign(values, values + count);
    case kAttentionNorm: return layer->attention_norm.weight.assign(values, values + count);
    case kAttentionNormBias: return layer->attention_norm.bias.assign(values, values + count);
    case kFeedNorm: return layer->feed_norm.weight.assign(values, values + count);
    case kFeedNormBias: return layer->feed_norm.bias.assign(values, values + count);
    case kCrossNorm: return layer->cross_norm.weight.assign(values, values + count);
    case kCrossNormBias: return layer->cross_norm.bias.assign(values, values + count);
    case kEmbeddingNorm: return embedding_norm_.weight.assign(values, values + count);
    case kEmbeddingNormBias: return embedding_norm_.bias.assign(values, values + count);
    case kFinalNorm: return final_norm_.weight.assign(values, values + count);
    case kFinalNormBias: return final_norm_.bias.assign(values, values + count);
    case kVocabularyBias: return;  // the whole's, not a stack's
    case kPositions: return positions_.assign(values, values + count);
    case kCosines: return cosines_.assign(values, values + count);
    case kSines: return sines_.assign(values, values + count);
    case kDistances: return distances_.assign(values, values + count);
    case kTypes: return types_.assign(values, values + count);
  }
}

int64_t Stack::bytes() const {
  int64_t total = 0;
  for (const StackLayer& l : layers_)
    total += l.qkv.bytes() + l.output.bytes() + l.inner.bytes() + l.down.bytes() + l.cross_query.bytes() +
             l.cross_kv.bytes() + l.cross_output.bytes();
  return total;
}

void Stack::embed(const Matrix& words, const std::vector<Span>& spans, const int32_t* tokens, float* x) const {
  const int64_t H = shape_.hidden;
  const float scale = static_cast<float>(shape_.embedding_scale);
  for (const Span& span : spans) {
    const float* type = types_.empty() ? nullptr : types_.data() + (shape_.prefix && !is_source(span) ? H : 0);
    for (int64_t t = 0; t < span.count; ++t) {
      float* row = x + (span.row + t) * H;
      words.output(tokens[span.row + t], row);
      if (scale != 1)
        for (int64_t j = 0; j < H; ++j) row[j] *= scale;
      for (int64_t j = 0; type != nullptr && j < H; ++j) row[j] += type[j];
      if (positions_.empty()) continue;
      const float* position = positions_.data() + (span.first + t) * H;
      for (int64_t j = 0; j < H; ++j) row[j] += position[j];
    }
  }
  const int64_t count = spans.back().row + spans.back().count;
  if (shape_.embedding_norm) normalise(embedding_norm_, x, count, x);
}

void Stack::run(const std::vector<Span>& spans, int64_t count, const Cache& cache, const Cache* sources,
                float* x) const {
  const DecoderShape& s = shape_;
  const int64_t H = s.hidden, queries = s.heads * s.head_size;
  const int64_t width = layers_[0].qkv.outputs(), inner_width = layers_[0].inner.outputs();
  Scratch scratch;
  float* y = scratch.floats(count * H);          // [T, H] what a block reads
  float* qkv = scratch.floats(count * width);    // [T, N D + 2 G D]
  float* context = scratch.floats(count * queries);
  float* inner = scratch.floats(count * inner_width);  // [T, I], gated [T, 2 I]
  const auto before = [&](const Norm& norm) -> const float* {  // what the block behind this norm reads
    if (s.norm_first) normalise(norm, x, count, y);
    return s.norm_first ? y : x;
  };
  const auto after = [&](const Norm& norm) {
    if (!s.norm_first) normalise(norm, x, count, x);
  };
  for (int64_t index = 0; index < static_cast<int64_t>(layers_.size()); ++index) {
    const StackLayer& layer = layers_[index];
    layer.qkv.multiply(before(layer.attention_norm), H, count, layer.qkv_bias.data(), false, qkv, width);
    attend(spans, cache, index, qkv, context);
    layer.output.multiply(context, queries, count, or_null(layer.output_bias), true, x, H);
    after(layer.attention_norm);
    if (sources != nullptr) {
      layer.cross_query.multiply(before(layer.cross_norm), H, count, or_null(layer.cross_query_bias), false, qkv,
                                 queries);
      attend_sources(spans, *sources, index, qkv, context);
      layer.cross_output.multiply(context, queries, count, or_null(layer.cross_output_bias), true, x, H);
      after(layer.cross_norm);
    }
    layer.inner.multiply(before(layer.feed_norm), H, count, nullptr, false, inner, inner_width);
    activate_inner(layer, inner, count);
    layer.down.multiply(inner, inner_width, count, or_null(layer.down_bias), true, x, H);
    after(layer.feed_norm);
  }
}

void Stack::final_norm(float* x, int64_t rows) const {
  if (shape_.norm_first) normalise(final_norm_, x, rows, x);
}

void Stack::write_source(const Span& span, const float* states, const Cache& sources) const {
  const int64_t keys = shape_.kv_heads * shape_.head_size;
  Scratch scratch;
  float* kv = scratch.floats(span.count * 2 * keys);  // [T, 2 G D]
  for (int64_t index = 0; index < static_cast<int64_t>(layers_.size()); ++index) {
    const StackLayer& layer = layers_[index];
    layer.cross_kv.multiply(states, shape_.hidden, span.count, layer.cross_kv_bias.data(), false, kv, 2 * keys);
    parallel_for(shape_.kv_heads, [&](int64_t head) {
      const float* k = kv + head * shape_.head_size;
      write(sources, span, index, head, k, k + keys, 2 * keys);
    });
  }
}

void Stack::normalise(const Norm& norm, const float* x, int64_t rows, float* y) const {
  const int64_t H = shape_.hidden;
  parallel_for(blocks_of(rows, kNormRows), [&](int64_t block) {
    for (int64_t t = block * kNormRows; t < std::min(rows, (block + 1) * kNormRows); ++t) {
      const float* from = x + t * H;
      float* to = y + t * H;
      const float mean = shape_.rms ? 0 : row_sum(H, [&](int64_t j) { return from[j]; }) / H;
      const float squares = row_sum(H, [&](int64_t j) { return (from[j] - mean) * (from[j] - mean); });
      const float scale = 1 / std::sqrt(squares / H + static_cast<float>(shape_.eps));
      const float *weight = norm.weight.data(), *bias = or_null(norm.bias);
      for (int64_t j = 0; j < H; ++j) to[j] = (from[j] - mean) * scale * weight[j];
      for (int64_t j = 0; bias != nullptr && j < H; ++j) to[j] += bias[j];
    }
  });
}

// inner [T, I] = act(inner + bias); gated: act(first half + bias) * (second half + bias), in the first half.
void Stack::activate_inner(const StackLayer& layer, float* inner, int64_t count) const {
  const int64_t I = shape_.intermediate, width = layer.inner.outputs();
  const Activation kind = static_cast<Activation>(shape_.activation);
  const float* bias = layer.inner_bias.data();
  parallel_for(blocks_of(count, kNormRows), [&](int64_t block) {
    const int64_t from = block * kNormRows, rows = std::min(count - from, kNormRows);
    float* first = inner + from * width;
    activate(kind, first, width, bias, first, first, width, rows, I);
    for (int64_t t = 0; shape_.gated && t < rows; ++t, first += width)
      for (int64_t j = 0; j < I; ++j) first[j] *= first[I + j] + bias[I + j];
  });
}

}  // namespace tasklab

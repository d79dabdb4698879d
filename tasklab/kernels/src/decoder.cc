#include "decoder.h"

#include <algorithm>
#include <cmath>

#include "pool.h"
#include "scratch.h"

namespace tasklab {
namespace {

constexpr int64_t kPass = 256;     // tokens read together: bounds the working memory of a long prompt
constexpr int64_t kNormRows = 4;   // of one piece of work between products

const float* or_null(const Vector& values) { return values.empty() ? nullptr : values.data(); }

}  // namespace

Decoder::Decoder(const DecoderShape& s) : shape_(s), cache_(s.layers, s.kv_heads, s.head_size) {
  const Format format = static_cast<Format>(s.format);
  const int64_t queries = s.heads * s.head_size, keys = s.kv_heads * s.head_size;
  word_ = Matrix(s.vocab, s.hidden, format);
  if (!s.tied) vocabulary_ = Matrix(s.vocab, s.hidden, format);
  layers_.resize(s.layers);
  for (DecoderLayer& layer : layers_) {
    layer.qkv = Matrix(queries + 2 * keys, s.hidden, format);
    layer.output = Matrix(s.hidden, queries, format);
    layer.inner = Matrix(s.gated ? 2 * s.intermediate : s.intermediate, s.hidden, format);
    layer.down = Matrix(s.hidden, s.intermediate, format);
    layer.qkv_bias.resize(queries + 2 * keys);
    layer.inner_bias.resize(layer.inner.outputs());
  }
}

void Decoder::set_matrix(MatrixName name, int64_t layer, const float* values, int64_t first, int64_t count) {
  const int64_t queries = shape_.heads * shape_.head_size, keys = shape_.kv_heads * shape_.head_size;
  switch (name) {
    case kQuery: return layers_[layer].qkv.pack(values, first, count);
    case kKey: return layers_[layer].qkv.pack(values, queries + first, count);
    case kValue: return layers_[layer].qkv.pack(values, queries + keys + first, count);
    case kOutput: return layers_[layer].output.pack(values, first, count);
    case kGate: return layers_[layer].inner.pack(values, first, count);
    case kIntermediate:
      return layers_[layer].inner.pack(values, (shape_.gated ? shape_.intermediate : 0) + first, count);
    case kDown: return layers_[layer].down.pack(values, first, count);
    case kWord: return word_.pack(values, first, count);
    case kVocabulary: return vocabulary_.pack(values, first, count);
  }
}

void Decoder::set_vector(VectorName name, int64_t index, const float* values, int64_t count) {
  const int64_t queries = shape_.heads * shape_.head_size, keys = shape_.kv_heads * shape_.head_size;
  DecoderLayer* layer = index < 0 ? nullptr : &layers_[index];
  const auto part = [&](Vector& whole, int64_t from) { std::copy_n(values, count, whole.begin() + from); };
  switch (name) {
    case kQueryBias: return part(layer->qkv_bias, 0);
    case kKeyBias: return part(layer->qkv_bias, queries);
    case kValueBias: return part(layer->qkv_bias, queries + keys);
    case kOutputBias: return layer->output_bias.assign(values, values + count);
    case kGateBias: return part(layer->inner_bias, 0);
    case kIntermediateBias: return part(layer->inner_bias, shape_.gated ? shape_.intermediate : 0);
    case kDownBias: return layer->down_bias.assign(values, values + count);
    case kAttentionNorm: return layer->attention_norm.weight.assign(values, values + count);
    case kAttentionNormBias: return layer->attention_norm.bias.assign(values, values + count);
    case kFeedNorm: return layer->feed_norm.weight.assign(values, values + count);
    case kFeedNormBias: return layer->feed_norm.bias.assign(values, values + count);
    case kEmbeddingNorm: return embedding_norm_.weight.assign(values, values + count);
    case kEmbeddingNormBias: return embedding_norm_.bias.assign(values, values + count);
    case kFinalNorm: return final_norm_.weight.assign(values, values + count);
    case kFinalNormBias: return final_norm_.bias.assign(values, values + count);
    case kVocabularyBias: return vocabulary_bias_.assign(values, values + count);
    case kPositions: return positions_.assign(values, values + count);
    case kCosines: return cosines_.assign(values, values + count);
    case kSines: return sines_.assign(values, values + count);
  }
}

int64_t Decoder::bytes() const {
  int64_t total = word_.bytes() + vocabulary_.bytes();
  for (const DecoderLayer& l : layers_) total += l.qkv.bytes() + l.output.bytes() + l.inner.bytes() + l.down.bytes();
  return total + cache_.bytes();
}

void Decoder::extend(int64_t rows, const int64_t* slots, const int64_t* counts, const int32_t* tokens, bool all,
                     float* logits) {
  for (int64_t i = 0; i < rows; ++i) cache_.reserve(slots[i], cache_.length(slots[i]) + counts[i]);
  std::vector<Span> spans;
  std::vector<int64_t> wanted;  // rows of a pass that logits are asked for
  int64_t held = 0;             // tokens of the pass
  const auto pass = [&] {
    read(spans, tokens, held, wanted, logits);
    tokens += held;
    logits += static_cast<int64_t>(wanted.size()) * shape_.vocab;
    spans.clear();
    wanted.clear();
    held = 0;
  };
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t done = 0; done < counts[i];) {
      const int64_t count = std::min(counts[i] - done, kPass - held);
      spans.push_back({slots[i], cache_.length(slots[i]) + done, count, held});
      for (int64_t t = 0; t < count; ++t)
        if (all || done + t + 1 == counts[i]) wanted.push_back(held + t);
      done += count;
      held += count;
      if (held == kPass) pass();
    }
  }
  if (held > 0) pass();
  for (int64_t i = 0; i < rows; ++i) cache_.set_length(slots[i], cache_.length(slots[i]) + counts[i]);
}

void Decoder::read(const std::vector<Span>& spans, const int32_t* tokens, int64_t count,
                   const std::vector<int64_t>& wanted, float* logits) {
  const DecoderShape& s = shape_;
  const int64_t H = s.hidden, queries = s.heads * s.head_size;
  const int64_t width = layers_[0].qkv.outputs(), inner_width = layers_[0].inner.outputs();
  Scratch scratch;
  float* x = scratch.floats(count * H);          // [T, H] the residual
  float* y = scratch.floats(count * H);          // [T, H] what a block reads
  float* qkv = scratch.floats(count * width);    // [T, N D + 2 G D]
  float* context = scratch.floats(count * queries);
  float* inner = scratch.floats(count * inner_width);  // [T, I], gated [T, 2 I]
  embed(spans, tokens, x);
  if (s.embedding_norm) normalise(embedding_norm_, x, count, x);
  for (int64_t index = 0; index < s.layers; ++index) {
    const DecoderLayer& layer = layers_[index];
    if (s.norm_first) normalise(layer.attention_norm, x, count, y);
    layer.qkv.multiply(s.norm_first ? y : x, H, count, layer.qkv_bias.data(), false, qkv, width);
    attend(spans, index, qkv, context);
    layer.output.multiply(context, queries, count, or_null(layer.output_bias), true, x, H);
    if (s.norm_first) normalise(layer.feed_norm, x, count, y);
    else normalise(layer.attention_norm, x, count, x);
    layer.inner.multiply(s.norm_first ? y : x, H, count, nullptr, false, inner, inner_width);
    activate_inner(layer, inner, count);
    layer.down.multiply(inner, inner_width, count, or_null(layer.down_bias), true, x, H);
    if (!s.norm_first) normalise(layer.feed_norm, x, count, x);
  }
  const int64_t rows = wanted.size();
  for (int64_t i = 0; i < rows; ++i) std::copy_n(x + wanted[i] * H, H, y + i * H);
  if (s.norm_first) normalise(final_norm_, y, rows, y);
  const Matrix& table = s.tied ? word_ : vocabulary_;
  if (rows > 0) table.multiply(y, H, rows, or_null(vocabulary_bias_), false, logits, s.vocab);
}

void Decoder::embed(const std::vector<Span>& spans, const int32_t* tokens, float* x) const {
  const int64_t H = shape_.hidden;
  for (const Span& span : spans)
    for (int64_t t = 0; t < span.count; ++t) {
      float* row = x + (span.row + t) * H;
      word_.output(tokens[span.row + t], row);
      if (positions_.empty()) continue;
      const float* position = positions_.data() + (span.first + t) * H;
      for (int64_t j = 0; j < H; ++j) row[j] += position[j];
    }
}

void Decoder::normalise(const Norm& norm, const float* x, int64_t rows, float* y) const {
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
void Decoder::activate_inner(const DecoderLayer& layer, float* inner, int64_t count) const {
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

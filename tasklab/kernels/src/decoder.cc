#include "decoder.h"

#include <algorithm>

#include "pool.h"
#include "scratch.h"

namespace tasklab {
namespace {

constexpr int64_t kPass = 256;  // tokens read together: bounds the working memory of a long prompt

}  // namespace

Decoder::Decoder(const DecoderShape& s)
    : shape_(s),
      stack_(s, s.layers, s.encoder_layers > 0 ? kSource : kBack),
      encoder_(s, s.encoder_layers, kAll),
      cache_(s.layers, s.kv_heads, s.head_size),
      sources_(s.layers, s.kv_heads, s.head_size) {
  const Format format = static_cast<Format>(s.format);
  word_ = Matrix(s.vocab, s.hidden, format);
  if (s.source_vocab > 0) source_word_ = Matrix(s.source_vocab, s.hidden, format);
  if (!s.tied) vocabulary_ = Matrix(s.vocab, s.hidden, format);
}

void Decoder::set_matrix(bool encoder, MatrixName name, int64_t layer, const float* values, int64_t first,
                         int64_t count) {
  if (name == kVocabulary) return vocabulary_.pack(values, first, count);
  if (name == kWord) return (encoder ? source_word_ : word_).pack(values, first, count);
  (encoder ? encoder_ : stack_).set_matrix(name, layer, values, first, count);
}

void Decoder::set_vector(bool encoder, VectorName name, int64_t layer, const float* values, int64_t count) {
  if (name == kVocabularyBias) return vocabulary_bias_.assign(values, values + count);
  (encoder ? encoder_ : stack_).set_vector(name, layer, values, count);
}

int64_t Decoder::bytes() const {
  return word_.bytes() + source_word_.bytes() + vocabulary_.bytes() + stack_.bytes() + encoder_.bytes() +
         cache_.bytes() + sources_.bytes();
}

void Decoder::copy(int64_t count, const int64_t* sources, const int64_t* targets, const int64_t* lengths) {
  cache_.copy(count, sources, targets, lengths);
  if (shape_.encoder_layers == 0) return;
  std::vector<int64_t> whole(count);
  for (int64_t i = 0; i < count; ++i) whole[i] = sources_.length(sources[i]);
  sources_.copy(count, sources, targets, whole.data());
}

void Decoder::cut(int64_t slot, int64_t length) {
  cache_.cut(slot, length);
  if (length == 0) sources_.cut(slot, 0);
}

void Decoder::read(int64_t rows, const int64_t* slots, const int64_t* counts, const int32_t* tokens) {
  try {
    std::vector<Span> spans;
    for (int64_t i = 0, held = 0, first = 0; i < rows; ++i) {
      spans.push_back({i - first, 0, counts[i], held});  // its slot in the cache of this pass
      held += counts[i];
      if (i + 1 < rows && held + counts[i + 1] <= kPass) continue;
      encode(spans, slots + first, tokens, held);
      tokens += held;
      spans.clear();
      held = 0;
      first = i + 1;
    }
  } catch (...) {
    for (int64_t i = 0; i < rows; ++i) sources_.cut(slots[i], 0);
    throw;
  }
}

void Decoder::encode(const std::vector<Span>& spans, const int64_t* slots, const int32_t* tokens, int64_t count) {
  const int64_t H = shape_.hidden;
  Cache own(1, shape_.kv_heads, shape_.head_size);
  for (const Span& span : spans) own.reserve(span.slot, span.count);
  Scratch scratch;
  float* x = scratch.floats(count * H);  // [T, H]
  encoder_.embed(shape_.source_vocab > 0 ? source_word_ : word_, spans, tokens, x);
  encoder_.run(spans, count, own, nullptr, x);
  encoder_.final_norm(x, count);
  for (Span span : spans) {
    span.slot = slots[span.slot];
    sources_.cut(span.slot, 0);
    sources_.reserve(span.slot, span.count);
    stack_.write_source(span, x + span.row * H, sources_);
    sources_.set_length(span.slot, span.count);
  }
}

void Decoder::extend(int64_t rows, const int64_t* slots, const int64_t* counts, const int32_t* tokens, bool all,
                     float* logits) {
  for (int64_t i = 0; i < rows; ++i) cache_.reserve(slots[i], cache_.length(slots[i]) + counts[i]);
  std::vector<Span> spans;
  std::vector<int64_t> wanted;  // rows of a pass that logits are asked for
  int64_t held = 0;             // tokens of the pass
  const auto passed = [&] {
    pass(spans, tokens, held, wanted, logits);
    tokens += held;
    logits += static_cast<int64_t>(wanted.size()) * shape_.vocab;
    spans.clear();
    wanted.clear();
    held = 0;
  };
  for (int64_t i = 0; i < rows; ++i) {
    const bool whole = shape_.prefix && cache_.length(slots[i]) == 0;
    for (int64_t done = 0; done < counts[i];) {
      const int64_t count = whole ? counts[i] : std::min(counts[i] - done, kPass - held);
      spans.push_back({slots[i], cache_.length(slots[i]) + done, count, held});
      for (int64_t t = 0; t < count; ++t)
        if (all || done + t + 1 == counts[i]) wanted.push_back(held + t);
      done += count;
      held += count;
      if (held >= kPass) passed();
    }
  }
  if (held > 0) passed();
  for (int64_t i = 0; i < rows; ++i) cache_.set_length(slots[i], cache_.length(slots[i]) + counts[i]);
}

void Decoder::pass(const std::vector<Span>& spans, const int32_t* tokens, int64_t count,
                   const std::vector<int64_t>& wanted, float* logits) {
  const int64_t H = shape_.hidden, rows = wanted.size();
  Scratch scratch;
  float* x = scratch.floats(count * H);  // [T, H]
  stack_.embed(word_, spans, tokens, x);
  stack_.run(spans, count, cache_, shape_.encoder_layers > 0 ? &sources_ : nullptr, x);
  float* y = scratch.floats(rows * H);
  for (int64_t i = 0; i < rows; ++i) std::copy_n(x + wanted[i] * H, H, y + i * H);
  stack_.final_norm(y, rows);
  const float scale = static_cast<float>(shape_.output_scale);
  for (int64_t j = 0; scale != 1 && j < rows * H; ++j) y[j] *= scale;
  const Matrix& table = shape_.tied ? word_ : vocabulary_;
  if (rows > 0) table.multiply(y, H, rows, or_null(vocabulary_bias_), false, logits, shape_.vocab);
}

}  // namespace tasklab

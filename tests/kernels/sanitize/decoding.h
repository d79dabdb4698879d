// A small decoder through the calls of kernels/decoder.py: two texts in pieces, a copy on shared pages, a cut; and
// where there is an encoder the sources that these answer.
#pragma once
#include <random>
#include <vector>

#include "../../../tasklab/kernels/src/decoder.h"
#include "guarded.h"

extern "C" {
void* tasklab_decoder_new(const tasklab::DecoderShape* shape);
void tasklab_decoder_free(void* decoder);
int tasklab_decoder_matrix(void*, int, int64_t, int64_t, const float*, int64_t, int64_t);
int tasklab_decoder_vector(void*, int, int64_t, int64_t, const float*, int64_t);
int tasklab_decoder_read(void*, int64_t, const int64_t*, const int64_t*, const int32_t*);
int tasklab_decoder_extend(void*, int64_t, const int64_t*, const int64_t*, const int32_t*, int, float*);
int tasklab_decoder_copy(void*, int64_t, const int64_t*, const int64_t*, const int64_t*);
void tasklab_decoder_cut(void*, int64_t, int64_t);
int64_t tasklab_decoder_length(void*, int64_t);
int64_t tasklab_decoder_source_length(void*, int64_t);
int64_t tasklab_decoder_bytes(void*);
}

enum Form { kGPT, kLlama, kT5, kBART, kForms };

inline tasklab::DecoderShape shape_of(Form form, int64_t format) {
  tasklab::DecoderShape s{};
  const bool llama = form == kLlama, rms = llama || form == kT5, encoder = form == kT5 || form == kBART;
  s.vocab = 41;
  s.hidden = 36;
  s.layers = 2;
  s.heads = 4;
  s.kv_heads = llama ? 2 : 4;
  s.head_size = 10;
  s.intermediate = 50;
  s.positions = 80;
  s.format = format;
  s.activation = llama ? 3 : 0;
  s.gated = s.rms = s.norm_first = rms;
  s.embedding_norm = !rms;
  s.rotary = llama;
  s.tied = form != kGPT;
  s.encoder_layers = encoder ? 1 : 0;
  s.source_vocab = form == kBART ? 45 : 0;
  s.reach = form == kT5 ? 9 : 0;
  s.eps = 1e-5;
  s.score_scale = 0.3;
  s.embedding_scale = form == kBART ? 6 : 1;
  s.output_scale = form == kT5 ? 0.2 : 1;
  return s;
}

// Logits of four calls. No size fills a panel, a vector or a page.
inline std::vector<float> decode(int64_t format, Form form, bool unaligned) {
  tasklab::DecoderShape s = shape_of(form, format);
  void* decoder = tasklab_decoder_new(&s);
  std::mt19937 engine(7);
  std::normal_distribution<float> normal(0, 0.3f);
  const auto values = [&](int64_t count, auto&& use) {
    Guarded<float> buffer(count, unaligned);
    for (int64_t i = 0; i < count; ++i) buffer.data()[i] = normal(engine);
    use(buffer.data());
  };
  int encoder = 0;  // whose tensors these are
  const auto matrix = [&](int64_t name, int64_t layer, int64_t outputs, int64_t inputs) {
    for (int64_t first = 0; first < outputs; first += 17) {  // in blocks, as Python does
      const int64_t rows = std::min<int64_t>(17, outputs - first);
      values(rows * inputs, [&](float* w) { tasklab_decoder_matrix(decoder, encoder, name, layer, w, first, rows); });
    }
  };
  const auto vector = [&](int64_t name, int64_t layer, int64_t count) {
    values(count, [&](float* v) { tasklab_decoder_vector(decoder, encoder, name, layer, v, count); });
  };
  const int64_t queries = s.heads * s.head_size, keys = s.kv_heads * s.head_size;
  const auto attention = [&](int64_t first, int64_t layer) {
    matrix(first, layer, queries, s.hidden);
    matrix(first + 1, layer, keys, s.hidden);
    matrix(first + 2, layer, keys, s.hidden);
    matrix(first + 3, layer, s.hidden, queries);
  };
  for (encoder = 0; encoder <= (s.encoder_layers > 0); ++encoder) {
    for (int64_t layer = 0; layer < (encoder ? s.encoder_layers : s.layers); ++layer) {
      attention(tasklab::kQuery, layer);
      if (s.encoder_layers > 0 && !encoder) {
        attention(tasklab::kCrossQuery, layer);
        vector(tasklab::kCrossKeyBias, layer, keys);
        vector(tasklab::kCrossOutputBias, layer, s.hidden);
      }
      if (s.gated) matrix(tasklab::kGate, layer, s.intermediate, s.hidden);
      matrix(tasklab::kIntermediate, layer, s.intermediate, s.hidden);
      matrix(tasklab::kDown, layer, s.hidden, s.intermediate);
      vector(tasklab::kValueBias, layer, keys);
      vector(tasklab::kIntermediateBias, layer, s.intermediate);
      for (int64_t name = tasklab::kAttentionNorm; name <= tasklab::kCrossNormBias; ++name)
        vector(name, layer, s.hidden);
    }
    for (int64_t name = tasklab::kEmbeddingNorm; name <= tasklab::kFinalNormBias; ++name) vector(name, -1, s.hidden);
    if (!s.rotary && s.reach == 0) vector(tasklab::kPositions, -1, s.positions * s.hidden);
    for (int64_t name : {tasklab::kCosines, tasklab::kSines})
      if (s.rotary) vector(name, -1, s.positions * s.head_size / 2);
    if (s.reach > 0) vector(tasklab::kDistances, -1, s.heads * (2 * s.reach + 1));
  }
  encoder = 0;
  matrix(tasklab::kWord, -1, s.vocab, s.hidden);
  if (!s.tied) matrix(tasklab::kVocabulary, -1, s.vocab, s.hidden);
  encoder = 1;
  if (s.source_vocab > 0) matrix(tasklab::kWord, -1, s.source_vocab, s.hidden);

  std::vector<float> results;
  const auto extend = [&](std::vector<int64_t> slots, std::vector<int64_t> counts, int everywhere) {
    int64_t total = 0;
    for (int64_t count : counts) total += count;
    Guarded<int> tokens(total, unaligned);
    for (int64_t i = 0; i < total; ++i) tokens.data()[i] = i * 7 % s.vocab;
    Guarded<float> logits((everywhere ? total : slots.size()) * s.vocab, unaligned);
    if (tasklab_decoder_extend(decoder, slots.size(), slots.data(), counts.data(), tokens.data(), everywhere,
                               logits.data()))
      fail("extend failed", "decoder");
    for (float value : logits.values()) results.push_back(value);
  };
  const auto read = [&](std::vector<int64_t> slots, std::vector<int64_t> counts) {
    if (s.encoder_layers == 0) return;
    int64_t total = 0;
    for (int64_t count : counts) total += count;
    Guarded<int> tokens(total, unaligned);
    for (int64_t i = 0; i < total; ++i) tokens.data()[i] = i * 5 % s.vocab;
    if (tasklab_decoder_read(decoder, slots.size(), slots.data(), counts.data(), tokens.data()))
      fail("read failed", "decoder");
    if (tasklab_decoder_source_length(decoder, slots[0]) != counts[0]) fail("wrong length of a source", "decoder");
  };
  read({0, 3}, {40, 1});
  extend({0, 3}, {45, 11}, 1);
  const int64_t sources[3] = {0, 3, 0}, targets[3] = {3, 0, 5}, lengths[3] = {40, 11, 45};
  tasklab_decoder_copy(decoder, 3, sources, targets, lengths);
  extend({0, 3, 5}, {1, 1, 1}, 0);
  tasklab_decoder_cut(decoder, 3, 20);
  tasklab_decoder_cut(decoder, 0, 0);
  read({0}, {33});
  extend({3, 0}, {60, 33}, 0);
  if (tasklab_decoder_length(decoder, 3) != 80 || tasklab_decoder_bytes(decoder) <= 0) fail("wrong length", "decoder");
  tasklab_decoder_free(decoder);
  for (float value : results)
    if (!std::isfinite(value)) fail("a logit is not finite", "decoder");
  return results;
}

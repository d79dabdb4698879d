// A small decoder through the calls of kernels/decoder.py: two texts in pieces, a copy on shared pages, a cut.
#pragma once
#include <random>
#include <vector>

#include "../../../tasklab/kernels/src/decoder.h"
#include "guarded.h"

extern "C" {
void* tasklab_decoder_new(const tasklab::DecoderShape* shape);
void tasklab_decoder_free(void* decoder);
int tasklab_decoder_matrix(void*, int64_t, int64_t, const float*, int64_t, int64_t);
int tasklab_decoder_vector(void*, int64_t, int64_t, const float*, int64_t);
int tasklab_decoder_extend(void*, int64_t, const int64_t*, const int64_t*, const int32_t*, int, float*);
int tasklab_decoder_copy(void*, int64_t, const int64_t*, const int64_t*, const int64_t*);
void tasklab_decoder_cut(void*, int64_t, int64_t);
int64_t tasklab_decoder_length(void*, int64_t);
int64_t tasklab_decoder_bytes(void*);
}

// Logits of four calls. No size fills a panel, a vector or a page. plain: GPT's first form, else Llama's.
inline std::vector<float> decode(int64_t format, bool plain, bool unaligned) {
  tasklab::DecoderShape s{41, 36, 2, 4, plain ? 4 : 2, 10, 50, 80, format, plain ? 0 : 3, !plain, !plain, !plain, plain,
                          !plain, !plain, 1e-5, 0.3};
  void* decoder = tasklab_decoder_new(&s);
  std::mt19937 engine(7);
  std::normal_distribution<float> normal(0, 0.3f);
  const auto values = [&](int64_t count, auto&& use) {
    Guarded<float> buffer(count, unaligned);
    for (int64_t i = 0; i < count; ++i) buffer.data()[i] = normal(engine);
    use(buffer.data());
  };
  const auto matrix = [&](int64_t name, int64_t layer, int64_t outputs, int64_t inputs) {
    for (int64_t first = 0; first < outputs; first += 17) {  // in blocks, as Python does
      const int64_t rows = std::min<int64_t>(17, outputs - first);
      values(rows * inputs, [&](float* w) { tasklab_decoder_matrix(decoder, name, layer, w, first, rows); });
    }
  };
  const auto vector = [&](int64_t name, int64_t layer, int64_t count) {
    values(count, [&](float* v) { tasklab_decoder_vector(decoder, name, layer, v, count); });
  };
  const int64_t queries = s.heads * s.head_size, keys = s.kv_heads * s.head_size;
  for (int64_t layer = 0; layer < s.layers; ++layer) {
    matrix(tasklab::kQuery, layer, queries, s.hidden);
    matrix(tasklab::kKey, layer, keys, s.hidden);
    matrix(tasklab::kValue, layer, keys, s.hidden);
    matrix(tasklab::kOutput, layer, s.hidden, queries);
    if (s.gated) matrix(tasklab::kGate, layer, s.intermediate, s.hidden);
    matrix(tasklab::kIntermediate, layer, s.intermediate, s.hidden);
    matrix(tasklab::kDown, layer, s.hidden, s.intermediate);
    vector(tasklab::kValueBias, layer, keys);
    vector(tasklab::kIntermediateBias, layer, s.intermediate);
    for (int64_t name = tasklab::kAttentionNorm; name <= tasklab::kFeedNormBias; ++name) vector(name, layer, s.hidden);
  }
  for (int64_t name = tasklab::kEmbeddingNorm; name <= tasklab::kFinalNormBias; ++name) vector(name, -1, s.hidden);
  matrix(tasklab::kWord, -1, s.vocab, s.hidden);
  if (!s.tied) matrix(tasklab::kVocabulary, -1, s.vocab, s.hidden);
  if (plain) vector(tasklab::kPositions, -1, s.positions * s.hidden);
  for (int64_t name : {tasklab::kCosines, tasklab::kSines})
    if (s.rotary) vector(name, -1, s.positions * s.head_size / 2);

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
  extend({0, 3}, {45, 11}, 1);
  const int64_t sources[3] = {0, 3, 0}, targets[3] = {3, 0, 5}, lengths[3] = {40, 11, 45};
  tasklab_decoder_copy(decoder, 3, sources, targets, lengths);
  extend({0, 3, 5}, {1, 1, 1}, 0);
  tasklab_decoder_cut(decoder, 3, 20);
  tasklab_decoder_cut(decoder, 0, 0);
  extend({3, 0}, {60, 33}, 0);
  if (tasklab_decoder_length(decoder, 3) != 80 || tasklab_decoder_bytes(decoder) <= 0) fail("wrong length", "decoder");
  tasklab_decoder_free(decoder);
  for (float value : results)
    if (!std::isfinite(value)) fail("a logit is not finite", "decoder");
  return results;
}

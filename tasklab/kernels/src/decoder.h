// A whole Transformer that gives words, one call per step: token ids in, logits behind the last of them out; perhaps
// with an encoder, whose sources the texts answer. Every number of a row depends on that row's tokens and source alone,
// to the bit: not on its batch, its slot or how its tokens were cut into calls.
#pragma once
#include <cstdint>
#include <vector>

#include "stack.h"

namespace tasklab {

class Decoder {
 public:
  explicit Decoder(const DecoderShape& shape);

  // encoder: of that stack, or its words; some outputs of a matrix
  void set_matrix(bool encoder, MatrixName name, int64_t layer, const float* values, int64_t first, int64_t count);
  void set_vector(bool encoder, VectorName name, int64_t layer, const float* values, int64_t count);

  // What slots[i], `rows` free ones, will answer: counts[i] >= 1 tokens. Throws std::bad_alloc; no slot has one then.
  void read(int64_t rows, const int64_t* slots, const int64_t* counts, const int32_t* tokens);

  // Reads counts[i] >= 1 tokens into slots[i], for `rows` slots, each once. logits: [rows, V] behind the last tokens, or
  // with `all` [sum of counts, V]. Throws std::bad_alloc; slots keep their lengths then.
  void extend(int64_t rows, const int64_t* slots, const int64_t* counts, const int32_t* tokens, bool all,
              float* logits);

  // With what they answer; see Cache.
  void copy(int64_t count, const int64_t* sources, const int64_t* targets, const int64_t* lengths);
  void cut(int64_t slot, int64_t length);
  int64_t length(int64_t slot) const { return cache_.length(slot); }
  int64_t source_length(int64_t slot) const { return sources_.length(slot); }
  int64_t bytes() const;

 private:
  void encode(const std::vector<Span>& spans, const int64_t* slots, const int32_t* tokens, int64_t count);
  void pass(const std::vector<Span>& spans, const int32_t* tokens, int64_t count, const std::vector<int64_t>& wanted,
            float* logits);

  DecoderShape shape_;
  Matrix word_, source_word_, vocabulary_;
  Vector vocabulary_bias_;
  Stack stack_, encoder_;
  Cache cache_, sources_;  // of the texts; of what they answer
};

}  // namespace tasklab

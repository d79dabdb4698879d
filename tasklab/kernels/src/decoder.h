// A whole causal Transformer, one call per step: token ids in, logits behind the last of them out. Every number of a
// row depends on that row's tokens alone, to the bit: not on its batch, its slot or how its tokens were cut into calls.
#pragma once
#include <cstdint>
#include <vector>

#include "activation.h"
#include "cache.h"
#include "matrix.h"

namespace tasklab {

struct DecoderShape {  // as kernels/decoder.py fills it in
  int64_t vocab, hidden, layers, heads, kv_heads, head_size, intermediate;
  int64_t positions;  // tokens that a slot may hold
  int64_t format;     // of the matrices
  int64_t activation, gated, rms, norm_first, embedding_norm, rotary, tied;
  double eps, score_scale;
};

// Matrices of a layer (kWord, kVocabulary: of the whole), in the order of kernels/decoder.py.
enum MatrixName : int64_t { kQuery, kKey, kValue, kOutput, kGate, kIntermediate, kDown, kWord, kVocabulary };
// Vectors of a layer, then those of the whole. A bias that is never set is none.
enum VectorName : int64_t {
  kQueryBias, kKeyBias, kValueBias, kOutputBias, kGateBias, kIntermediateBias, kDownBias,
  kAttentionNorm, kAttentionNormBias, kFeedNorm, kFeedNormBias,
  kEmbeddingNorm, kEmbeddingNormBias, kFinalNorm, kFinalNormBias, kVocabularyBias,
  kPositions, kCosines, kSines,  // [positions, hidden], [positions, head_size / 2] twice
};

using Vector = std::vector<float>;

struct Norm {
  Vector weight, bias;
};

struct DecoderLayer {
  Matrix qkv, output, inner, down;  // inner: gate, then intermediate
  Vector qkv_bias, output_bias, inner_bias, down_bias;
  Norm attention_norm, feed_norm;
};

// Tokens of one slot that are read in one pass.
struct Span {
  int64_t slot, first, count, row;  // first: position of the first of them; row: its place in the pass
};

class Decoder {
 public:
  explicit Decoder(const DecoderShape& shape);

  void set_matrix(MatrixName name, int64_t layer, const float* values, int64_t first, int64_t count);  // some outputs
  void set_vector(VectorName name, int64_t layer, const float* values, int64_t count);

  // Reads counts[i] >= 1 tokens into slots[i], for `rows` slots, each once. logits: [rows, V] behind the last tokens, or
  // with `all` [sum of counts, V]. Throws std::bad_alloc; slots keep their lengths then.
  void extend(int64_t rows, const int64_t* slots, const int64_t* counts, const int32_t* tokens, bool all,
              float* logits);

  Cache& cache() { return cache_; }
  int64_t bytes() const;

 private:
  void read(const std::vector<Span>& spans, const int32_t* tokens, int64_t count, const std::vector<int64_t>& wanted,
            float* logits);
  void embed(const std::vector<Span>& spans, const int32_t* tokens, float* x) const;
  void attend(const std::vector<Span>& spans, int64_t layer, float* qkv, float* context) const;
  void attend_head(const Span& span, int64_t layer, int64_t head, float* qkv, float* context) const;
  void activate_inner(const DecoderLayer& layer, float* inner, int64_t count) const;
  void normalise(const Norm& norm, const float* x, int64_t rows, float* y) const;

  DecoderShape shape_;
  Matrix word_, vocabulary_;
  Vector positions_, cosines_, sines_, vocabulary_bias_;
  Norm embedding_norm_, final_norm_;
  std::vector<DecoderLayer> layers_;
  Cache cache_;
};

}  // namespace tasklab

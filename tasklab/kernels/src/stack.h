// Layers of a Transformer over the tokens of several texts, each in a slot of a cache: a decoder's, whose tokens look
// back and perhaps at a source, or an encoder's, where all tokens of a text see each other.
#pragma once
#include <cstdint>
#include <vector>

#include "activation.h"
#include "cache.h"
#include "matrix.h"

namespace tasklab {

struct DecoderShape {  // as kernels/decoder_shape.py fills it in; both stacks have the same blocks
  int64_t vocab, hidden, layers, heads, kv_heads, head_size, intermediate;
  int64_t positions;  // tokens that a slot may hold
  int64_t format;     // of the matrices
  int64_t activation, gated, rms, norm_first, embedding_norm, rotary, tied;
  int64_t encoder_layers;  // 0: there is no encoder
  int64_t source_vocab;    // 0: the encoder's words are the decoder's
  int64_t reach;           // farther apart than this, tokens count as so far; 0: distances count for nothing
  int64_t prefix;          // tokens that an empty slot reads at once see each other: a source, what follows answers it
  double eps, score_scale, embedding_scale, output_scale;
};

// Matrices of a layer (kWord, kVocabulary: of the whole), in the order of kernels/decoder_shape.py.
enum MatrixName : int64_t {
  kQuery, kKey, kValue, kOutput, kGate, kIntermediate, kDown, kCrossQuery, kCrossKey, kCrossValue, kCrossOutput,
  kWord, kVocabulary,
};
// Vectors of a layer, then those of the whole. A bias that is never set is none.
enum VectorName : int64_t {
  kQueryBias, kKeyBias, kValueBias, kOutputBias, kGateBias, kIntermediateBias, kDownBias, kCrossQueryBias,
  kCrossKeyBias, kCrossValueBias, kCrossOutputBias,
  kAttentionNorm, kAttentionNormBias, kFeedNorm, kFeedNormBias, kCrossNorm, kCrossNormBias,
  kEmbeddingNorm, kEmbeddingNormBias, kFinalNorm, kFinalNormBias, kVocabularyBias,
  kPositions, kCosines, kSines,  // [positions, hidden], [positions, head_size / 2] twice
  kDistances,                    // [heads, 2 reach + 1]: of a key that stands so far behind its query, from -reach on
  kTypes,                        // [2, hidden]: of a text, or of a source and of what answers it
};

using Vector = std::vector<float>;

inline const float* or_null(const Vector& values) { return values.empty() ? nullptr : values.data(); }

struct Norm {
  Vector weight, bias;
};

struct StackLayer {
  Matrix qkv, output, inner, down;  // inner: gate, then intermediate
  Vector qkv_bias, output_bias, inner_bias, down_bias;
  Norm attention_norm, feed_norm;
  Matrix cross_query, cross_kv, cross_output;
  Vector cross_query_bias, cross_kv_bias, cross_output_bias;
  Norm cross_norm;
};

// Tokens of one slot that are read in one pass.
struct Span {
  int64_t slot, first, count, row;  // first: position of the first of them; row: its place in the pass
};

// What a token of a stack sees: those before it (and what DecoderShape::prefix says), these and a source, or all of
// its text.
enum Sight { kBack, kSource, kAll };

class Stack {
 public:
  Stack() = default;
  Stack(const DecoderShape& shape, int64_t layers, Sight sight);

  void set_matrix(MatrixName name, int64_t layer, const float* values, int64_t first, int64_t count);  // some outputs
  void set_vector(VectorName name, int64_t layer, const float* values, int64_t count);

  // x [tokens, H]: what the first layer reads.
  void embed(const Matrix& words, const std::vector<Span>& spans, const int32_t* tokens, float* x) const;

  // x: in, what `embed` gave, out, the states behind the last layer, before the final norm. Keys and values go into
  // `cache`, which has room for them; that of an encoder has one layer, which each of its layers writes anew.
  // sources: what `write_source` gave for the slots, null where there are none.
  void run(const std::vector<Span>& spans, int64_t tokens, const Cache& cache, const Cache* sources, float* x) const;

  void final_norm(float* x, int64_t rows) const;  // where the layers' own norms stand before their sums

  // What the layers see of a source: states [span.count, H], behind the final norm, into the pages of span.slot.
  void write_source(const Span& span, const float* states, const Cache& sources) const;

  int64_t bytes() const;

 private:
  bool is_source(const Span& span) const { return shape_.prefix != 0 && span.first == 0; }
  void attend(const std::vector<Span>& spans, const Cache& cache, int64_t layer, float* qkv, float* context) const;
  void attend_head(const Span& span, const Cache& cache, int64_t layer, int64_t head, float* qkv,
                   float* context) const;
  void attend_sources(const std::vector<Span>& spans, const Cache& sources, int64_t layer, float* queries,
                      float* context) const;
  void write(const Cache& cache, const Span& span, int64_t layer, int64_t head, const float* k, const float* v,
             int64_t width) const;
  void activate_inner(const StackLayer& layer, float* inner, int64_t count) const;
  void normalise(const Norm& norm, const float* x, int64_t rows, float* y) const;

  DecoderShape shape_{};
  Sight sight_ = kBack;
  Vector positions_, cosines_, sines_, distances_, types_;
  Norm embedding_norm_, final_norm_;
  std::vector<StackLayer> layers_;
};

}  // namespace tasklab

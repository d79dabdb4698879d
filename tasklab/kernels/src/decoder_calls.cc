// What kernels/decoder.py calls. It has checked every number: nothing here is a user's own.
#include <new>

#include "arguments.h"
#include "decoder.h"

using tasklab::Decoder;

extern "C" {

void* tasklab_decoder_new(const tasklab::DecoderShape* shape) {
  void* made = nullptr;
  tasklab::guarded("decoder", [&] { made = new Decoder(*shape); });
  return made;
}

void tasklab_decoder_free(void* decoder) { delete static_cast<Decoder*>(decoder); }

int tasklab_decoder_matrix(void* decoder, int encoder, int64_t name, int64_t layer, const float* values,
                           int64_t first, int64_t count) {
  return tasklab::guarded("decoder", [&] {
    static_cast<Decoder*>(decoder)->set_matrix(encoder != 0, static_cast<tasklab::MatrixName>(name), layer, values,
                                               first, count);
  });
}

int tasklab_decoder_vector(void* decoder, int encoder, int64_t name, int64_t layer, const float* values,
                           int64_t count) {
  return tasklab::guarded("decoder", [&] {
    static_cast<Decoder*>(decoder)->set_vector(encoder != 0, static_cast<tasklab::VectorName>(name), layer, values,
                                               count);
  });
}

int tasklab_decoder_read(void* decoder, int64_t rows, const int64_t* slots, const int64_t* counts,
                         const int32_t* tokens) {
  return tasklab::guarded("decoder", [&] { static_cast<Decoder*>(decoder)->read(rows, slots, counts, tokens); });
}

int tasklab_decoder_extend(void* decoder, int64_t rows, const int64_t* slots, const int64_t* counts,
                           const int32_t* tokens, int all, float* logits) {
  return tasklab::guarded("decoder", [&] {
    static_cast<Decoder*>(decoder)->extend(rows, slots, counts, tokens, all != 0, logits);
  });
}

int tasklab_decoder_copy(void* decoder, int64_t count, const int64_t* sources, const int64_t* targets,
                         const int64_t* lengths) {
  return tasklab::guarded("decoder", [&] { static_cast<Decoder*>(decoder)->copy(count, sources, targets, lengths); });
}

void tasklab_decoder_cut(void* decoder, int64_t slot, int64_t length) {
  static_cast<Decoder*>(decoder)->cut(slot, length);
}

int64_t tasklab_decoder_length(void* decoder, int64_t slot) {
  return static_cast<Decoder*>(decoder)->length(slot);
}

int64_t tasklab_decoder_source_length(void* decoder, int64_t slot) {
  return static_cast<Decoder*>(decoder)->source_length(slot);
}

int64_t tasklab_decoder_bytes(void* decoder) { return static_cast<Decoder*>(decoder)->bytes(); }
}

// A matrix of weights in panels, as float32, bfloat16 or int8; sums are float32 in all three. Float32 weights that
// bfloat16 holds exactly, as those of most published models, lie in memory as such: equal bits, half the bytes.
#pragma once
#include <cstdint>
#include <memory>

#include "formats.h"

namespace tasklab {

class Matrix {
 public:
  Matrix() = default;
  Matrix(int64_t outputs, int64_t inputs, Format format);

  // Takes weights [count, inputs] as the outputs from `first` on; the others are 0. Throws std::bad_alloc.
  void pack(const float* weights, int64_t first, int64_t count);

  // y [rows, outputs] = x [rows, inputs] times the matrix + bias (may be null); add: y += that.
  void multiply(const float* x, int64_t ldx, int64_t rows, const float* bias, bool add, float* y, int64_t ldy) const;

  // The weights of one output, [inputs]: a word's vector, where the matrix is the table of words.
  void output(int64_t index, float* weights) const;

  int64_t outputs() const { return outputs_; }
  int64_t inputs() const { return inputs_; }
  int64_t bytes() const { return panels() * panel_bytes_; }

 private:
  void allocate(Format format);
  void widen();  // bfloat16 -> float32
  int64_t panels() const { return (outputs_ + kPanel - 1) / kPanel; }
  char* panel(int64_t index) const { return memory_.get() + index * panel_bytes_; }

  struct Free {
    void operator()(char* memory) const;
  };
  int64_t outputs_ = 0, inputs_ = 0, panel_bytes_ = 0;
  Format format_ = kFloat32;
  bool exact_ = false;  // float32 weights that lie there as bfloat16
  std::unique_ptr<char[], Free> memory_;
};

}  // namespace tasklab

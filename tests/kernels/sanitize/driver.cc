// Calls every exported operator as MindSpore and ctypes do, for a sanitizer to watch. Prints "ok" and how many calls,
// or what went wrong. Results must not depend on threads, alignment, recompute or what else runs: equal to the bit.
//   driver LIBRARY-WITH-MATRIX-PRODUCTS
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "calling.h"
#include "causal.h"
#include "decoding.h"
#include "guarded.h"
#include "searching.h"

extern "C" {
Operator TasklabLayer, TasklabLayerTrain, TasklabLayerGrad;
int tasklab_load_onednn(const char* path);
void tasklab_set_threads(int count);
int tasklab_threads();
double tasklab_adamw(int64_t, float**, const float**, float**, float**, const int64_t*, const uint8_t*, const double*,
                     double, double, double, double, double, double, double, double, double);
double tasklab_norm(int64_t, const float**, const int64_t*);
void tasklab_accumulate(int64_t, float**, const float**, const int64_t*);
}

namespace {

struct Case {
  const char* name;
  int64_t batch, length, hidden, inner, heads;
  std::vector<int> lengths;  // real tokens of each row; empty: all
  int activation = 0;
  bool causal = false;
};

const std::vector<Case> kCases = {
    {"odd sizes", 3, 7, 15, 29, 5, {7, 3, 1}, 0},
    {"one token", 1, 1, 3, 7, 1, {}, 1},
    {"a row without tokens", 3, 5, 8, 12, 2, {5, 0, 2}, 2},
    {"no token at all", 2, 3, 4, 6, 2, {0, 0}, 3},
    {"empty batch", 0, 5, 8, 12, 2, {}, 0},
    {"length 0", 2, 0, 8, 12, 2, {}, 0},
    {"inner size 1", 2, 4, 5, 1, 5, {}, 0},
    {"several query blocks", 2, 150, 20, 33, 2, {150, 131}, 0},
    {"several causal blocks", 2, 150, 20, 33, 2, {150, 0}, 0, true},
};

// prediction, training output, dx, 16 gradients
Results compute(const Case& c, bool bfloat16, Way way) {
  const int64_t B = c.batch, S = c.length, H = c.hidden, I = c.inner;
  const std::vector<Shape> shapes = {{H, H}, {H}, {H, H}, {H}, {H, H}, {H}, {H, H}, {H},
                                     {H},    {H}, {I, H}, {I}, {H, I}, {H}, {H},    {H}};
  Buffers buffers{way.unaligned, {}, {}};
  Guarded<int> mask(B * S, way.unaligned), seed(1, way.unaligned), settings(15, way.unaligned);
  std::vector<int> tokens(B * S, 1);
  for (size_t b = 0; b < c.lengths.size(); ++b)
    for (int64_t s = c.lengths[b]; s < S; ++s) tokens[b * S + s] = 0;
  mask.copy(tokens);
  seed.copy({77});
  const int p = 1 << 28, scale = bits(1 / (1 - 0.125f));  // an eighth is dropped
  settings.copy({(int)c.heads, c.activation, way.recompute, bfloat16, c.causal, bits(1e-12f), 0, p, scale, 1, p, scale,
                 2, p, scale});

  Call inputs;
  inputs.add(*buffers.filled({B, S, H}, 1, 1), {B, S, H});
  inputs.add(mask, {B, S});
  inputs.add(seed, {});
  inputs.add(settings, {15});
  for (size_t i = 0; i < shapes.size(); ++i) inputs.add(*buffers.filled(shapes[i], 2 + i, 0.3f), shapes[i]);

  const int64_t operands = B * S * (4 * H + I);
  const int64_t kept = way.recompute ? 1 : (bfloat16 ? (operands + 1) / 2 : operands) + B * S * (2 * H + 4 + c.heads);
  Guarded<float>* saved = buffers.floats({kept});
  Call predict = inputs, train = inputs, grad;
  buffers.output(predict, {B, S, H});
  buffers.output(train, {B, S, H});
  train.add(*saved, {kept});
  grad.add(*buffers.filled({B, S, H}, 20, 1), {B, S, H});
  grad.add(inputs);
  grad.add(*saved, {kept});
  buffers.output(grad, {B, S, H});
  for (const Shape& shape : shapes) buffers.output(grad, shape);
  if (predict.run(TasklabLayer) || train.run(TasklabLayerTrain) || grad.run(TasklabLayerGrad))
    fail("an operator refused its arguments", c.name);

  return buffers.results(c.name);
}

void need_equal(const Results& a, const Results& b, const char* where) {
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < a[i].size(); ++j)
      if (bits(a[i][j]) != bits(b[i][j])) fail("two ways of computing differ", where);
}

void need_refusal(int code, const char* where) {
  if (code == 0) fail("wrong arguments were accepted", where);
}

// A tensor of the wrong size, type, rank or number is one line on stderr and a code, before any memory is read.
void refuse_wrong_arguments() {
  Guarded<float> x(24, false), parameter(64, false), y(24, false);
  Guarded<int> mask(6, false), seed(1, false), settings(15, false);
  settings.copy({2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  seed.copy({1});
  mask.copy({1, 1, 1, 1, 1, 1});
  Call call;
  call.add(x, {2, 3, 4});
  call.add(mask, {2, 3});
  call.add(seed, {});
  call.add(settings, {15});
  for (const Shape& s : std::vector<Shape>{{4, 4}, {4}, {4, 4}, {4}, {4, 4}, {4}, {4, 4}, {4}, {4}, {4}, {6, 4}, {6},
                                           {4, 6}, {4}, {4}, {4}})
    call.add(parameter, s);
  call.add(y, {2, 3, 4});
  Call wrong = call;
  wrong.shapes[1] = {2, 2};
  need_refusal(wrong.run(TasklabLayer), "mask of another size");
  wrong = call;
  wrong.shapes[0] = {6, 4};
  need_refusal(wrong.run(TasklabLayer), "x of rank 2");
  wrong = call;
  wrong.types[4] = "float64";
  need_refusal(wrong.run(TasklabLayer), "a weight of another type");
  wrong = call;
  wrong.data.pop_back();
  wrong.shapes.pop_back();
  wrong.types.pop_back();
  need_refusal(wrong.run(TasklabLayer), "no output");
  settings.copy({3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  need_refusal(call.run(TasklabLayer), "heads that do not divide");
  settings.copy({2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  need_refusal(call.run(TasklabLayer), "an unknown activation");
}

// parameters, gradients, first, second moments after three steps, and the norms
Results optimise(bool unaligned) {
  const int64_t sizes[5] = {3, 70001, 0, 1, 32768};
  const uint8_t decays[5] = {1, 0, 1, 0, 1};
  const double scales[5] = {1, 0.5, 1, 1, 0.1};
  std::vector<Guarded<float>*> owned;
  float* tensors[4][5];
  for (int kind = 0; kind < 4; ++kind)
    for (int i = 0; i < 5; ++i) {
      auto* buffer = owned.emplace_back(new Guarded<float>(sizes[i], unaligned));
      buffer->copy(kind < 2 ? random_floats(sizes[i], 10 * kind + i, 1) : Floats(sizes[i], 0.0f));
      tensors[kind][i] = buffer->data();
    }
  auto gradients = const_cast<const float**>(tensors[1]);
  Floats norms;
  for (int step = 0; step < 3; ++step) {
    norms.push_back(tasklab_adamw(5, tensors[0], gradients, tensors[2], tensors[3], sizes, decays, scales, 1e-3, 0.9,
                                  0.999, 1e-8, 0.01, 1, 1, 1.0, 0.5));
    tasklab_accumulate(5, tensors[1], const_cast<const float**>(tensors[0]), sizes);
    norms.push_back(tasklab_norm(5, gradients, sizes));
    calls += 3;
  }
  tasklab_norm(0, gradients, sizes);
  Results results{norms};
  for (Guarded<float>* buffer : owned) {
    results.push_back(buffer->values());
    delete buffer;
  }
  return results;
}

// logits of both forms in every format of weights
Results decode_all(bool unaligned) {
  Results results;
  for (int64_t format = 0; format < 3; ++format)
    for (int form = 0; form < kForms; ++form) results.push_back(decode(format, static_cast<Form>(form), unaligned));
  calls += 3 * kForms;
  return results;
}

#if !defined(__SANITIZE_THREAD__)  // it does not follow a process with threads through a fork
void need_equal_in_a_child(const Results& expected) {
  const pid_t child = fork();
  if (child == 0) {
    need_equal(compute(kCases[0], false, {false, false}), expected, "after a fork");
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) fail("the child did not end well", "after a fork");
}
#endif

int threads_of_this_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("Threads:", 0) == 0) return std::stoi(line.substr(8));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2 || tasklab_load_onednn(arguments[1]) == 0) fail("no matrix products", "main");
  const bool has_bf16 = tasklab_load_onednn(arguments[1]) == 3;
  refuse_wrong_arguments();
  tasklab_set_threads(1);
  std::vector<Results> expected[2];
  for (int precision = 0; precision <= has_bf16; ++precision)
    for (const Case& c : kCases) expected[precision].push_back(compute(c, precision, {false, false}));
  std::vector<Results> causal[2];
  for (int precision = 0; precision <= has_bf16; ++precision) causal[precision] = compute_causal(precision, {false, false});
  const Results optimised = optimise(false), decoded = decode_all(false), searched = search_all(false);

  auto all_ways = [&](int from) {
    for (size_t n = 0; n < kCases.size(); ++n) {
      const size_t i = (from + n) % kCases.size();
      for (int precision = 0; precision <= has_bf16; ++precision)
        for (const Way way : {Way{false, true}, Way{true, false}})
          need_equal(compute(kCases[i], precision, way), expected[precision][i], kCases[i].name);
    }
    for (int precision = 0; precision <= has_bf16; ++precision)
      for (const Way way : {Way{false, true}, Way{true, false}}) {
        const std::vector<Results> found = compute_causal(precision, way);
        for (size_t i = 0; i < found.size(); ++i) need_equal(found[i], causal[precision][i], "causal");
      }
    need_equal(optimise(from % 2), optimised, "optimizer");
    need_equal(decode_all(from % 2 == 0), decoded, "decoder");
    need_equal(search_all(from % 2), searched, "search");
  };
  for (int threads = 1; threads <= 8; ++threads) {
    tasklab_set_threads(threads);
    all_ways(0);
  }
#if !defined(__SANITIZE_THREAD__)
  need_equal_in_a_child(expected[0][0]);
#endif
  std::vector<std::thread> callers;  // each with its own work, while another one changes the size of the pool
  for (int i = 0; i < 4; ++i) callers.emplace_back([&, i] { all_ways(i); });
  for (int i = 0; i < 200; ++i) {
    tasklab_set_threads(1 + i % 8);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (std::thread& caller : callers) caller.join();
  if (threads_of_this_process() > 1 + 7 + 1) fail("resizing left threads behind", "pool");  // ThreadSanitizer has one
  std::printf("ok: %d calls, bfloat16 %s\n", calls.load(), has_bf16 ? "too" : "not here");
}

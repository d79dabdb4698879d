// What a decoder trains with, the layer and the loss over words, as MindSpore calls them.
#pragma once
#include "calling.h"

extern "C" Operator TasklabDecoderLayer, TasklabDecoderLayerTrain, TasklabDecoderLayerGrad, TasklabWords,
    TasklabWordsTrain, TasklabWordsGrad;

struct DecoderCase {
  const char* name;
  int64_t batch, length, hidden, heads, groups, head_size, inner;
  std::vector<int> documents;  // lengths of a row's documents, what is left is padding; rows take turns with none of it
  int64_t half;                // pairs that turn
  bool gated, centred, norm_first, biased;
  int wanted;                  // whose gradients
  int64_t source = 0;          // tokens of a source; 0: the layer reads none
  int rank = 0, adapted = 0;   // of adapters; bit i: the i-th matrix has one
};

inline const std::vector<DecoderCase> kDecoderCases = {
    {"Llama's, odd sizes", 3, 9, 15, 6, 2, 5, 11, {4, 1, 3}, 2, true, false, true, false, -1},
    {"GPT's, several blocks", 1, 150, 20, 2, 2, 10, 33, {131, 19}, 0, false, true, true, true, -1},
    {"post-norm, some frozen", 2, 140, 12, 4, 1, 3, 7, {139}, 1, true, true, false, true, 0x2A56C},
    {"no token at all", 2, 3, 4, 2, 1, 2, 6, {}, 1, true, false, true, false, -1},
    {"empty batch", 0, 5, 8, 2, 2, 4, 6, {}, 0, false, true, true, true, -1},
    {"T5's, odd sizes", 3, 7, 15, 6, 2, 5, 11, {6}, 0, true, false, true, false, -1, 9},
    {"BART's, several blocks", 3, 140, 12, 2, 2, 6, 7, {139}, 0, false, true, false, true, 0x0A56C53, 150},
    {"Llama's with adapters", 3, 90, 15, 6, 2, 5, 11, {40, 1, 30}, 2, true, false, true, false, -1, 0, 3, 0xEF},
    {"BART's adapters alone", 3, 7, 12, 2, 2, 6, 7, {6}, 0, false, true, false, true, 1 << 19, 9, 2, 0x3CAF},
    {"no token but a source's", 2, 3, 4, 2, 1, 2, 6, {}, 0, true, false, true, false, -1, 4},
};

// prediction, training output, dx, gradients of the parameters and of a source's states
inline Results decoder_layer(const DecoderCase& c, bool bfloat16, Way way) {
  const int64_t B = c.batch, S = c.length, H = c.hidden, I = c.inner, C = c.heads * c.head_size;
  const int64_t G = c.groups * c.head_size;
  const Shape weights[14] = {{C, H}, {G, H}, {G, H}, {H, C}, {H},    {I, H}, {I, H},
                             {H, I}, {H},    {C, H}, {G, H}, {G, H}, {H, C}, {H}};
  const int64_t R = c.source;
  constexpr size_t own = 20;  // parameters before those that read a source
  std::vector<Shape> shapes;  // a parameter that is not there is one value
  for (int i = 0; i < (R ? 14 : 9); ++i) {
    const bool there = i != 6 || c.gated;
    shapes.push_back(there ? weights[i] : Shape{1});
    shapes.push_back(there && c.biased ? Shape{weights[i][0]} : Shape{1});
    if (i != 8) continue;
    shapes.push_back(c.half ? Shape{1} : Shape{c.heads, 2 * S - 1});  // distances, where nothing turns
    int64_t adapters = 0;
    for (int at = 0; at < 14; ++at)
      if (c.adapted >> (at < 9 ? at : at + 1) & 1) adapters += c.rank * (weights[at][0] + weights[at][1]);
    shapes.push_back({std::max<int64_t>(adapters, 1)});
  }
  Buffers buffers{way.unaligned, {}, {}};
  const int64_t count = R ? 66 : 48;
  Guarded<int> documents(B * S, way.unaligned), seed(1, way.unaligned), settings(count, way.unaligned);
  Guarded<int> seen(B * R, way.unaligned);
  std::vector<int> sources(B * R, 0);
  for (int64_t i = 0; i < B * R; ++i) sources[i] = i < 2 * R && i % 5 != 3;  // a third row has none
  seen.copy(sources);
  std::vector<int> numbers(B * S, 0);
  for (int64_t b = 0; b < B; b += 2) {  // every other row is padding alone
    int64_t at = b * S;
    for (size_t d = 0; d < c.documents.size(); ++d)
      for (int i = 0; i < c.documents[d]; ++i) numbers[at++] = d + 1;
  }
  documents.copy(numbers);
  seed.copy({77});
  const int p = 1 << 28, scale = bits(1 / (1 - 0.125f));  // an eighth is dropped
  std::vector<int> values{(int)c.heads, (int)c.groups, (int)c.head_size, 3, c.gated, c.centred, c.norm_first, 1,
                          way.recompute, bfloat16, c.wanted, c.rank, c.adapted, bits(1e-5f), bits(0.4f)};
  for (int site = 0; (int64_t)values.size() < count; ++site) values.insert(values.end(), {site, p, scale});
  settings.copy(values);
  const Shape table = c.half ? Shape{S, c.half} : Shape{1};

  Call inputs;
  inputs.add(*buffers.filled({B, S, H}, 1, 1), {B, S, H});
  inputs.add(documents, {B, S});
  inputs.add(seed, {});
  inputs.add(settings, {count});
  for (int i = 0; i < 2; ++i) inputs.add(*buffers.filled(table, 40 + i, 1), table);
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (i == own) {
      inputs.add(*buffers.filled({B, R, H}, 50, 1), {B, R, H});
      inputs.add(seen, {B, R});
    }
    inputs.add(*buffers.filled(shapes[i], 2 + i, 0.3f), shapes[i]);
  }

  const int64_t across = R ? B * S * 2 * C + B * R * 2 * G : 0;
  const int64_t operands = B * S * (2 * C + 2 * G + (c.gated ? 2 : 1) * I) + across;
  const int64_t rest = B * S * ((c.norm_first ? 1 : 2) * H + 4 + c.heads + (R ? H + 2 + c.heads : 0));
  const int64_t kept = way.recompute ? 1 : (bfloat16 ? (operands + 1) / 2 : operands) + rest;
  Guarded<float>* saved = buffers.floats({kept});
  Call predict = inputs, train = inputs, grad;
  buffers.output(predict, {B, S, H});
  buffers.output(train, {B, S, H});
  train.add(*saved, {kept});
  grad.add(*buffers.filled({B, S, H}, 30, 1), {B, S, H});
  grad.add(inputs);
  grad.add(*saved, {kept});
  buffers.output(grad, {B, S, H});
  for (size_t i = 0; i < shapes.size(); ++i) buffers.output(grad, c.wanted >> i & 1 ? shapes[i] : Shape{1});
  if (R) buffers.output(grad, {B, R, H});
  if (predict.run(TasklabDecoderLayer) || train.run(TasklabDecoderLayerTrain) || grad.run(TasklabDecoderLayerGrad))
    fail("an operator refused its arguments", c.name);
  return buffers.results(c.name);
}

// log-probability and mean, twice, d hidden, d table; every tenth row asks for nothing. alike: all rows count alike
inline Results word_loss(int64_t rows, int64_t words, int64_t width, bool frozen, bool alike, bool bfloat16,
                         bool unaligned) {
  Buffers buffers{unaligned, {}, {}};
  Guarded<int> targets(rows, unaligned), settings(2, unaligned);
  for (int64_t t = 0; t < rows; ++t) targets.data()[t] = t % 10 == 9 ? -1 : (words - 1) * (t % 7) / 6;
  settings.copy({bfloat16, frozen});
  Call inputs, grad;
  inputs.add(*buffers.filled({rows, width}, 1, 1), {rows, width});
  inputs.add(*buffers.filled({words, width}, 2, 1), {words, width});
  inputs.add(targets, {rows});
  inputs.add(settings, {2});
  Call predict = inputs, train = inputs;
  const Shape hidden{rows, width}, table = frozen ? Shape{1} : Shape{words, width};
  for (Call* forward : {&predict, &train})
    for (int i = 0; i < 2; ++i) buffers.output(*forward, {rows});
  buffers.output(train, hidden);
  buffers.output(train, table);
  const float one[2] = {0.75f, -0.5f};
  for (int i = 0; i < 2; ++i) {
    Guarded<float>* upstream = buffers.filled({rows}, 3 + i, 1);
    if (alike) std::fill_n(upstream->data(), rows, one[i]);
    grad.add(*upstream, {rows});
  }
  grad.add(inputs);
  grad.add(*buffers.outputs[4], hidden);
  grad.add(*buffers.outputs[5], table);
  buffers.output(grad, hidden);
  if (predict.run(TasklabWords) || train.run(TasklabWordsTrain) || grad.run(TasklabWordsGrad))
    fail("an operator refused its arguments", "words");
  return buffers.results("words");
}

// Every case of both; the loss beyond one tile of rows, one group of them and one block of words too.
inline std::vector<Results> compute_causal(bool bfloat16, Way way) {
  std::vector<Results> found;
  for (const DecoderCase& c : kDecoderCases) found.push_back(decoder_layer(c, bfloat16, way));
  found.push_back(word_loss(5, 7, 3, false, true, bfloat16, way.unaligned));
  found.push_back(word_loss(0, 7, 3, false, true, bfloat16, way.unaligned));
  found.push_back(word_loss(300, 4200, 3, true, false, bfloat16, way.unaligned));
  found.push_back(word_loss(290, 4100, 2, false, false, bfloat16, way.unaligned));
  found.push_back(word_loss(600, 100, 2, false, true, bfloat16, way.unaligned));
  return found;
}

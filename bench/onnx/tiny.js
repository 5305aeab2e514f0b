// Writes a tiny text classifier in the form that published ones have: model.onnx,
// tokenizer.json and config.json. It stands in for them in tests, small enough that
// what it answers can be computed by hand:
//
//   node tiny.js FOLDER
//
// Each token has a vector; the mean over the tokens is multiplied by a matrix of one row
// a label. Nobody trained it: words of attacks point one way, all others any way.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "ignore", "previous", "instruction", "##s",
  "reveal", "secret", "please", "paint", "the", "house", "today", "cafe", "a", ".", "!", "中"];
const attackWords = new Set(["ignore", "previous", "instruction", "reveal", "secret"]);
export const width = 8;

// embedding returns the vector of a token: the first number tells attacks from others,
// the rest is noise that follows from the token's number.
export function embedding(id) {
  const noise = (i) => ((id * 31 + i * 17 + 7) % 23) / 23 - 0.5;
  const lead = attackWords.has(vocabulary[id]) ? 6 : id < 4 ? 0 : -6;
  return Array.from({ length: width }, (_, i) => Math.fround(i === 0 ? lead : noise(i)));
}

// labelWeights returns the vector and the bias of a label. The last label is the attack.
export function labelWeights(label, labels) {
  const sign = label === labels - 1 ? 1 : -1;
  return {
    vector: Array.from({ length: width }, (_, i) => Math.fround(sign * (i === 0 ? 1 : 0.1 * i))),
    bias: Math.fround(0.25 * sign),
  };
}

// The wire format of protocol buffers (protobuf.dev, "Encoding") and the field numbers
// of onnx.proto3.
const varint = (n) => {
  const out = [];
  for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) | 128);
  return Buffer.from([...out, n]);
};
const int = (field, n) => Buffer.concat([varint(field << 3), varint(n)]);
const bytes = (field, b) => Buffer.concat([varint((field << 3) | 2), varint(b.length), b]);
const string = (field, s) => bytes(field, Buffer.from(s));
const message = (field, ...parts) => bytes(field, Buffer.concat(parts));

const FLOAT = 1;
const INT64 = 7;
const tensor = (name, dims, type, raw) =>
  message(5, ...dims.map((d) => int(1, d)), int(2, type), string(8, name), bytes(9, Buffer.from(raw.buffer)));
const floats = (name, dims, values) => tensor(name, dims, FLOAT, Float32Array.from(values));
const axes = (name, value) => tensor(name, [1], INT64, BigInt64Array.of(BigInt(value)));
const integer = (name, value) => message(5, string(1, name), int(3, value), int(20, 2));
const node = (type, inputs, output, ...attributes) =>
  message(1, ...inputs.map((i) => string(1, i)), string(2, output), string(4, type), ...attributes);
const dimension = (d) => message(1, typeof d === "string" ? string(2, d) : int(1, d));
const value = (field, name, type, dims) =>
  message(field, string(1, name), message(2, message(1, int(1, type), message(2, ...dims.map(dimension)))));

// graph returns the model: the mean over the vectors of the tokens that the mask lets
// through, and one number a label of it.
function graph(labels, input) {
  const weights = Array.from({ length: labels }, (_, l) => labelWeights(l, labels));
  return message(7,
    node("Gather", ["embeddings", input], "vectors"),
    node("Cast", ["attention_mask"], "mask", integer("to", FLOAT)),
    node("Unsqueeze", ["mask", "last"], "masks"),
    node("Mul", ["vectors", "masks"], "kept"),
    node("ReduceSum", ["kept", "tokens"], "sum", integer("keepdims", 0)),
    node("ReduceSum", ["mask", "tokens"], "count", integer("keepdims", 1)),
    node("Div", ["sum", "count"], "mean"),
    node("Gemm", ["mean", "weights", "bias"], "logits", integer("transB", 1)),
    string(2, "tiny"),
    floats("embeddings", [vocabulary.length, width], vocabulary.flatMap((_, id) => embedding(id))),
    floats("weights", [labels, width], weights.flatMap((w) => w.vector)),
    floats("bias", [labels], weights.map((w) => w.bias)),
    axes("last", 2),
    axes("tokens", 1),
    value(11, input, INT64, ["batch", "sequence"]),
    value(11, "attention_mask", INT64, ["batch", "sequence"]),
    value(12, "logits", FLOAT, ["batch", labels]));
}

// wordPiece is how classifiers of the BERT family take a text apart.
const wordPiece = {
  normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab: Object.fromEntries(vocabulary.map((w, i) => [w, i])) },
};

// unigram is how those of DeBERTa v3 and XLM-R do: ▁ stands for a space, and of all ways
// to write a word as pieces the likeliest counts. Pieces have the numbers of vocabulary.
const piece = (w) => (w.startsWith("##") ? w.slice(2) : /^\w/.test(w) ? "\u2581" + w : w);
const unigram = {
  normalizer: { type: "Sequence", normalizers: [{ type: "NFKC" }, { type: "Lowercase" }, { type: "Replace", pattern: { Regex: "\\s+" }, content: " " }, { type: "Strip", strip_left: true, strip_right: true }] },
  pre_tokenizer: { type: "Metaspace", replacement: "\u2581", prepend_scheme: "always", split: true },
  decoder: { type: "Metaspace", replacement: "\u2581", prepend_scheme: "always", split: true },
  model: { type: "Unigram", unk_id: 1, byte_fallback: false, vocab: vocabulary.map((w, i) => [piece(w), i < 4 ? 0 : -4]) },
};

// tokenizer returns tokenizer.json of one of the two.
function tokenizer(kind) {
  const special = (content) => ({ id: vocabulary.indexOf(content), content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  const frame = (id) => ({ id, ids: [vocabulary.indexOf(id)], tokens: [id] });
  const around = (sequences) => [{ SpecialToken: { id: "[CLS]", type_id: 0 } }, ...sequences.flatMap((id, i) => [{ Sequence: { id, type_id: i } }, { SpecialToken: { id: "[SEP]", type_id: i } }])];
  return {
    version: "1.0", truncation: null, padding: null,
    added_tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map(special),
    post_processor: { type: "TemplateProcessing", single: around(["A"]), pair: around(["A", "B"]), special_tokens: { "[CLS]": frame("[CLS]"), "[SEP]": frame("[SEP]") } },
    ...kind,
  };
}

// write makes a folder with the classifier. labels are the names of its labels, the
// last being the attack; input is what the graph calls the numbers of the tokens; spaced
// says that the pieces of words hold their spaces.
export function write(folder, { labels = ["SAFE", "INJECTION"], input = "input_ids", spaced = false } = {}) {
  const model = Buffer.concat([int(1, 8), string(2, "warder"), graph(labels.length, input), message(8, string(1, ""), int(2, 13))]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "model.onnx"), model);
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer(spaced ? unigram : wordPiece)));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ id2label: Object.fromEntries(labels.entries()) }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.length !== 3) {
    console.error("usage: tiny.js FOLDER");
    process.exit(2);
  }
  write(process.argv[2]);
}

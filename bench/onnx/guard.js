// A classifier of prompt attacks in ONNX, as a guard that `warder eval` can measure:
//
//   npm ci --ignore-scripts        in this folder, once
//   warder eval --corpus DIR --guard 'onnx=exec:node bench/onnx/guard.js FOLDER'
//
// FOLDER holds model.onnx and tokenizer.json and, where they are, config.json with the
// names of the labels (id2label) and tokenizer_config.json, as published text
// classifiers come. The score is the probability that a text is of any label but the
// benign one. A text longer than the model reads is scored in windows of its tokens
// that overlap by half; the highest counts.
//
//   --benign N    number of the label that means no attack; else by its name, else 0
//   --length N    tokens that the model reads at a time; else 512, or less where
//                 config.json or tokenizer_config.json say so
//   --threads N   threads to use; 0 (default) is one for each core
//
// The scripts of the packages would fetch libraries for CUDA; without them the runtime
// computes on the CPU.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Tokenizer } from "@huggingface/tokenizers";
import { InferenceSession, Tensor } from "onnxruntime-node";

const benignNames = new Set(["benign", "safe", "legit", "legitimate", "negative", "label_0"]);
const defaultLength = 512;
const maxLine = 64 << 20; // bytes; what reads rows accepts texts of 4 MiB

// Setup is what is wrong with the folder or the flags: no text can be judged.
class Setup extends Error {}

const whole = (name, value) => {
  const n = Number(value);
  if (!/^\d{1,9}$/.test(value)) throw new Setup(`--${name} ${value}: expected a whole number`);
  return n;
};

// settings reads a JSON file of the folder: an object, or nothing where there is none.
function settings(folder, name, required) {
  const path = join(folder, name);
  if (!existsSync(path)) {
    if (required) throw new Setup(`${path} is not there`);
    return {};
  }
  try {
    return Object(JSON.parse(readFileSync(path, "utf8")));
  } catch (e) {
    throw new Setup(`reading ${path}: ${e.message}`);
  }
}

// benignLabel returns the number of the label that means no attack: by its name, else 0.
function benignLabel(config) {
  const names = Object.entries(config.id2label ?? {});
  const found = names.filter(([, name]) => benignNames.has(String(name).toLowerCase()));
  if (names.length > 1 && found.length !== 1) {
    const all = names.map(([, name]) => name).join(", ");
    throw new Setup(`which of the labels ${all} is the benign one? Say it with --benign NUMBER`);
  }
  return found.length ? Number(found[0][0]) : 0;
}

// positions returns how many tokens the model reads at a time, as far as its files say.
function positions(config, tokenizerConfig) {
  const stated = [config.max_position_embeddings, tokenizerConfig.model_max_length];
  return Math.min(defaultLength, ...stated.filter((n) => Number.isInteger(n) && n > 0));
}

class Guard {
  static async load(folder, flags) {
    const g = new Guard();
    const config = settings(folder, "config.json", false);
    if (config.problem_type === "multi_label_classification") {
      throw new Setup(`${join(folder, "config.json")}: labels that exclude each other are expected, not multi_label_classification`);
    }
    const tokenizerConfig = settings(folder, "tokenizer_config.json", false);
    g.benign = flags.benign === undefined ? benignLabel(config) : whole("benign", flags.benign);
    g.tokenizer = new Tokenizer(settings(folder, "tokenizer.json", true), tokenizerConfig);
    g.frame();
    const length = flags.length === undefined ? positions(config, tokenizerConfig) : whole("length", flags.length);
    g.room = length - g.before.length - g.after.length;
    if (g.room < 2) throw new Setup(`--length ${length} leaves no room for a text`);
    await g.open(join(folder, "model.onnx"), whole("threads", flags.threads));
    return g;
  }

  // frame finds the special tokens that stand around every text.
  frame() {
    const inner = this.tokenizer.encode("a", { add_special_tokens: false }).ids;
    const { ids, token_type_ids: types = [] } = this.tokenizer.encode("a", { return_token_type_ids: true });
    const at = ids.findIndex((_, i) => inner.every((id, j) => ids[i + j] === id));
    if (inner.length === 0 || at < 0) throw new Setup("tokenizer.json: it takes the text apart otherwise with special tokens than without");
    this.before = ids.slice(0, at);
    this.after = ids.slice(at + inner.length);
    this.type = types[at] ?? 0;
    this.afterType = types[at + inner.length] ?? this.type;
  }

  async open(path, threads) {
    if (!existsSync(path)) throw new Setup(`${path} is not there`);
    try {
      this.session = await InferenceSession.create(path, { intraOpNumThreads: threads });
    } catch (e) {
      throw new Setup(`loading ${path}: ${e.message}`);
    }
    for (const { name, type } of this.session.inputMetadata) {
      if (!["input_ids", "attention_mask", "token_type_ids"].includes(name) || type !== "int64") {
        throw new Setup(`${path} wants ${name} (${type}); expected input_ids, attention_mask and token_type_ids (int64) at most`);
      }
    }
    const names = this.session.outputNames;
    this.output = names.includes("logits") ? "logits" : names[0];
  }

  async score(text) {
    const ids = this.tokenizer.encode(text, { add_special_tokens: false }).ids;
    const step = this.room >> 1;
    let highest = 0;
    for (let at = 0; at === 0 || at + step < ids.length; at += step) {
      highest = Math.max(highest, await this.window(ids.slice(at, at + this.room)));
      if (ids.length <= this.room) break;
    }
    return highest;
  }

  // window scores what the model reads at once.
  async window(ids) {
    const row = [...this.before, ...ids, ...this.after];
    const types = row.map((_, i) => (i < row.length - this.after.length ? this.type : this.afterType));
    const known = { input_ids: row, attention_mask: row.map(() => 1), token_type_ids: types };
    const feed = {};
    for (const name of this.session.inputNames) {
      feed[name] = new Tensor("int64", BigInt64Array.from(known[name], BigInt), [1, row.length]);
    }
    const out = (await this.session.run(feed, [this.output]))[this.output];
    return this.probability(out);
  }

  probability(out) {
    const n = out.dims[1];
    if (out.dims.length !== 2 || !/^float(32|64)$/.test(out.type) || (n > 1 && this.benign >= n)) {
      throw new Setup(`the model answers ${out.type} [${out.dims}]; expected float32 [1,labels], more labels than ${this.benign}`);
    }
    const logits = Array.from(out.data);
    if (!logits.every(Number.isFinite)) throw new Error("the model answers what is no number");
    if (n === 1) return 1 / (1 + Math.exp(-logits[0]));
    const highest = Math.max(...logits);
    const e = logits.map((x) => Math.exp(x - highest));
    const others = e.reduce((sum, x, i) => (i === this.benign ? sum : sum + x), 0);
    return others / (others + e[this.benign]);
  }
}

// lines yields the lines of a stream. Only a line feed ends one: U+2028 may stand in JSON.
async function* lines(stream) {
  let parts = [];
  let size = 0;
  for await (let chunk of stream) {
    for (let end; (end = chunk.indexOf(10)) >= 0; chunk = chunk.subarray(end + 1)) {
      yield Buffer.concat([...parts, chunk.subarray(0, end)]).toString("utf8");
      parts = [];
      size = 0;
    }
    parts.push(chunk);
    size += chunk.length;
    if (size > maxLine) throw new Setup(`a line of more than ${maxLine} bytes`);
  }
  if (size > 0) yield Buffer.concat(parts).toString("utf8");
}

async function judge(guard, line) {
  try {
    const { text } = JSON.parse(line);
    if (typeof text !== "string") throw new Error('expected {"text":"…"}');
    return { score: await guard.score(text) };
  } catch (e) {
    if (e instanceof Setup) throw e;
    console.error(`${e.name}: ${e.message}`); // one text without a judgement; the reason is for people
    return { error: e.name };
  }
}

async function main() {
  const option = { type: "string" };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { benign: option, length: option, threads: { ...option, default: "0" } },
  });
  if (positionals.length !== 1) throw new Setup("usage: guard.js FOLDER [--benign N] [--length N] [--threads N]");
  const guard = await Guard.load(positionals[0], values);
  for await (const line of lines(process.stdin)) {
    process.stdout.write(JSON.stringify(await judge(guard, line)) + "\n");
  }
}

try {
  await main();
} catch (e) {
  console.error(`guard.js: ${e.message}`);
  process.exitCode = 2;
}

#!/usr/bin/env python3
"""A classifier of prompt attacks in ONNX, as a guard that `warder eval` can measure:

    warder eval --corpus DIR --guard 'onnx=exec:python3 onnx_guard.py FOLDER'

FOLDER holds model.onnx and tokenizer.json and, if there is one, config.json with the
names of the labels (id2label), as published text classifiers come. The score is the
probability that a text is of any label but the benign one. A text longer than the
model reads is scored in windows that overlap by half; the highest counts.

Needs the packages numpy, onnxruntime and tokenizers.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

BENIGN = {"benign", "safe", "legit", "legitimate", "negative", "label_0"}


class Guard:
    def __init__(self, folder, benign, length, threads):
        for name in ("model.onnx", "tokenizer.json"):
            if not (folder / name).is_file():
                sys.exit(f"{folder / name} is not there")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self.inputs = [i.name for i in self.session.get_inputs()]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.length = length
        self.room = length - len(self.tokenizer.encode("").ids)  # less the special tokens
        if self.room < 2:
            sys.exit(f"--length {length} leaves no room for a text")
        self.benign = benign if benign is not None else benign_label(folder / "config.json")

    def score(self, text):
        at = self.tokenizer.encode(text, add_special_tokens=False).offsets
        if len(at) <= self.room:
            return self.window(text)
        step = self.room // 2
        starts = range(0, len(at) - step, step)
        return max(self.window(text[at[i][0] : at[min(i + self.room, len(at)) - 1][1]]) for i in starts)

    def window(self, text):
        """Returns the score of a text that the model reads at once."""
        part = self.tokenizer.encode(text)
        part.truncate(self.length)  # cut out of its text, a word may be more tokens
        known = {"input_ids": part.ids, "attention_mask": part.attention_mask, "token_type_ids": part.type_ids}
        feed = {name: np.array([known[name]], dtype=np.int64) for name in self.inputs}
        logits = np.asarray(self.session.run(None, feed)[0], dtype=np.float64)[0]
        if logits.size == 1:
            return float(1 / (1 + np.exp(-logits[0])))
        e = np.exp(logits - logits.max())
        return float(np.clip(1 - e[self.benign] / e.sum(), 0, 1))


def benign_label(config):
    """Returns the number of the label that means no attack: by its name, else 0."""
    if not config.exists():
        return 0
    names = json.loads(config.read_text(encoding="utf-8")).get("id2label", {})
    found = [int(i) for i, name in names.items() if name.lower() in BENIGN]
    if names and len(found) != 1:
        sys.exit(f"which of the labels {sorted(names.values())} is the benign one? Say it with --benign NUMBER")
    return found[0] if found else 0


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("folder", type=pathlib.Path)
    args.add_argument("--benign", type=int, help="number of the label that means no attack")
    args.add_argument("--length", type=int, default=512, help="tokens that the model reads at a time (512)")
    args.add_argument("--threads", type=int, default=0, help="threads to use; 0 is one for each core")
    args = args.parse_args()
    guard = Guard(args.folder, args.benign, args.length, args.threads)
    for line in sys.stdin.buffer:
        try:
            answer = {"score": guard.score(json.loads(line)["text"])}
        except Exception as e:  # one text without a judgement; the reason is for people
            print(f"{type(e).__name__}: {e}", file=sys.stderr)
            answer = {"error": type(e).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

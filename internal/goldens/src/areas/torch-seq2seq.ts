/** Tiny attention encoder-decoders of PyTorch: forward, attention, loss, all gradients, greedy ids. */

import { type PairBatch, Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { beamSearch, EncoderDecoder } from "@seq/models";
import * as tf from "@tensorflow/tfjs-core";
import { Checks, differenceOfLists, differenceOfNumbers } from "../check.ts";
import type { Area } from "../types.ts";

interface OracleTensor {
  readonly shape: number[];
  readonly data: number[];
}

export const torchSeq2seq: Area = {
  name: "torch-seq2seq",
  recognises: ({ json }) =>
    json.meta?.tool === "pytorch" && json.cases?.[0]?.expect?.greedy_ids_from_bos !== undefined,
  async run({ json }) {
    const checks = new Checks();
    for (const backend of ["wasm", "cpu"] as const) {
      await loadKernels({ backend });
      for (const [i, golden] of json.cases.entries()) {
        await checks.run(`case ${i} on ${backend}`, () => checkCase(golden));
      }
    }
    await loadKernels({ backend: "wasm" });
    return checks.verdict();
  },
};

// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes
function checkCase(golden: any): string | undefined {
  const { options, expect } = golden;
  const model = new EncoderDecoder(
    {
      sourceVocabSize: options.vs,
      targetVocabSize: options.vt,
      embeddingSize: options.emb,
      encoderHiddenSize: options.hidden,
      encoderLayers: golden.enc_layers,
      cell: options.cell.toLowerCase(),
      attentionScore: options.att,
      outputContext: options.out_context,
    },
    new Rng(0),
  );
  for (const [name, value] of Object.entries<OracleTensor>(golden.state_dict)) {
    model.parameters.get(ourName(name, options.att))?.assign(tf.tensor(value.data, value.shape));
  }
  const batch = toBatch(golden);

  const pass = model.forward(batch);
  const outputs: [string, tf.Tensor, OracleTensor][] = [
    ["encoder outputs", pass.encoderOutputs, expect.encoder_outputs],
    ["attention", pass.attentionWeights, expect.attention],
    ["contexts", pass.contexts, expect.contexts],
    ["decoder h", pass.hiddenStates, expect.decoder_h],
    ["logits", pass.logits, expect.logits],
  ];
  for (const [name, got, expected] of outputs) {
    const difference = differenceOfNumbers(name, got.dataSync(), expected.data, 1e-5);
    if (difference !== undefined) return difference;
  }

  const { value, grads } = tf.variableGrads(
    () => model.loss(batch, { training: false }).mean as tf.Scalar,
    [...model.parameters.values()],
  );
  const loss = differenceOfNumbers("loss", value.dataSync(), [expect.loss], 1e-5);
  if (loss !== undefined) return loss;
  for (const [name, expected] of Object.entries<OracleTensor>(expect.grad_params)) {
    const variable = model.parameters.get(ourName(name, options.att)) as tf.Variable;
    const got = (grads[variable.name] as tf.Tensor).dataSync();
    const difference = differenceOfNumbers(`gradient of ${name}`, got, expected.data, 1e-4);
    if (difference !== undefined) return difference;
  }

  const start = model.start(batch.source);
  const greedy: number[][] = expect.greedy_ids_from_bos;
  const found = beamSearch(model, start, batch.source.batchSize, {
    beginId: 1,
    endId: -1, // the oracle does not stop at the end symbol
    maxLength: (greedy[0] as number[]).length,
    beamWidth: 1,
  });
  for (const [row, ids] of greedy.entries()) {
    const difference = differenceOfLists(
      `greedy ids of row ${row}`,
      found[row]?.[0]?.ids ?? [],
      ids,
    );
    if (difference !== undefined) return difference;
  }
  model.disposeState(start);
  tf.dispose([pass, value, grads]);
  model.dispose();
  return undefined;
}

function ourName(name: string, score: string): string {
  if (name === "src_emb.weight") return "encoder.embedding.weight";
  if (name === "tgt_emb.weight") return "decoder.embedding.weight";
  if (name.startsWith("out.")) return `decoder.output.${name.slice(4)}`;
  if (name.startsWith("decoder.")) return `decoder.cell.${name.slice(8)}`;
  if (name === "att_W")
    return `decoder.attention.${score === "general" ? "weight" : "query_weight"}`;
  if (name === "att_U") return "decoder.attention.key_weight";
  if (name === "att_v") return "decoder.attention.score_weight";
  return name;
}

// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes
function toBatch(golden: any): PairBatch {
  const [batchSize, time] = golden.src.shape;
  const steps: number = golden.tgt_in.shape[1];
  const ids = new Int32Array(batchSize * (steps + 1));
  const lengths = new Int32Array(batchSize);
  for (let row = 0; row < batchSize; row++) {
    ids[row * (steps + 1)] = golden.tgt_in.data[row * steps];
    let length = 1;
    for (let t = 0; t < steps; t++) {
      const id: number = golden.tgt_out.data[row * steps + t];
      ids[row * (steps + 1) + t + 1] = id;
      if (id !== 0) length = t + 2;
    }
    lengths[row] = length;
  }
  return {
    source: {
      ids: Int32Array.from(golden.src.data),
      lengths: Int32Array.from(golden.src_lengths),
      batchSize,
      time,
    },
    target: { ids, lengths, batchSize, time: steps + 1 },
  };
}
